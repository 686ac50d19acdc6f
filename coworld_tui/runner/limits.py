"""From a manifest's resources to a container's limits (local.md section 3.5)."""

from __future__ import annotations

import re
from typing import Any

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.manifest import Resources
from ..contract.text import safe_line

_QUANTITY = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(m|[kKMGTP]i?|)\Z", re.ASCII)
_FACTORS = {
    "": 1.0,
    "m": 1e-3,
    **{unit: 1000.0**power for power, unit in enumerate("kMGTP", 1)},
    **{f"{unit}i": 1024.0**power for power, unit in enumerate("KMGTP", 1)},
}
_CPUS, _FEWEST_CPUS = 1.0, 0.01
_MEMORY, _LEAST_MEMORY = 1 << 30, 6 << 20
_ONE_GPU = {"Driver": "", "Count": 1, "Capabilities": [["gpu"]]}


def quantity(text: str) -> float:
    """A Kubernetes quantity as a plain number: ``500m`` is 0.5, ``1Gi`` is 2**30. CoworldError otherwise."""
    match = _QUANTITY.match(text.strip())
    if match is None or match[2] not in _FACTORS:
        raise CoworldError(
            "config_error",
            f"{safe_line(text, 40)!r} is no quantity",
            cause="resources are written as 500m, 2, 512Mi or 1Gi",
            next_step="correct `resources` in the manifest",
            exit_code=EXIT_USAGE,
        )
    return float(match[1]) * _FACTORS[match[2]]


def container_limits(resources: Resources | None, engine_cpus: int) -> dict[str, Any]:
    """The engine's limits: ``limits``, else ``requests``, else 1 CPU and 1 GiB, never below the floors.

    An engine refuses more CPUs than it has; a manifest written for a bigger machine gets those.
    ``engine_cpus`` 0 means that their number is not known. A GPU is given when one is requested.
    """
    cpus, memory = _CPUS, float(_MEMORY)
    if resources is not None:
        limits, requests = resources.limits, resources.requests
        cpu_text = (limits.cpu if limits is not None else None) or requests.cpu
        memory_text = (limits.memory if limits is not None else None) or requests.memory
        cpus = quantity(cpu_text) if cpu_text else cpus
        memory = quantity(memory_text) if memory_text else memory
    cpus = min(cpus, engine_cpus or cpus)
    size = max(int(memory), _LEAST_MEMORY)
    wants_gpu = resources is not None and bool(resources.requests.gpu)
    return {
        "nano_cpus": int(max(cpus, _FEWEST_CPUS) * 1e9),
        "mem_limit": size,
        "memswap_limit": size,
        "device_requests": [_ONE_GPU] if wants_gpu else None,
    }
