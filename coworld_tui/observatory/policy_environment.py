"""What a policy asks of the platform by reserved names among its secrets (hosted.md 5.2)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line

LLM_ENABLED = "COWORLD_LLM_ENABLED"
LLM_MODEL = "COWORLD_LLM_MODEL"
LLM_ROUTE = "COWORLD_LLM_EXTERNAL_ROUTE"
HTTPS_HOSTS = "COWORLD_HTTPS_HOSTS"

_HOST = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")
_MOST_HOSTS = 32
_ROUTE_SECONDS = 60.0


def llm_names(model: str | None = None, endpoint: str | None = None, api_key: str = "") -> dict[str, str]:
    """The names that attach a language model: the platform's, or one at an ``endpoint`` of one's own.

    Raises ``invalid_request`` (exit code 2) for an endpoint that is no public https address.
    """
    names = {LLM_ENABLED: "true"}
    if model is not None:
        names[LLM_MODEL] = model
    if endpoint is not None:
        _require_endpoint(endpoint)
        route = {"base_url": endpoint, "model": model, "api_key": api_key, "timeout_seconds": _ROUTE_SECONDS}
        names[LLM_ROUTE] = json.dumps(route)
        told = json.dumps([endpoint.rstrip("/"), model], separators=(",", ":"))
        names[LLM_MODEL] = f"self-hosted/external-{hashlib.sha256(told.encode()).hexdigest()}"
    return names


def never_shown(names: Mapping[str, str]) -> list[str]:
    """The values of these names, and of a model's route also the key within."""
    values = list(names.values())
    if LLM_ROUTE in names:
        # Somebody may have written it by hand, in another way.
        with contextlib.suppress(ValueError, LookupError, TypeError, RecursionError):
            values.append(str(json.loads(names[LLM_ROUTE])["api_key"]))
    return values


def https_names(hosts: Sequence[str]) -> dict[str, str]:
    """The name that lets a policy reach these public hosts over https; none without hosts.

    Raises ``invalid_request`` (exit code 2) for what is no host's name in small letters.
    """
    for host in hosts:
        if not _is_host(host):
            raise _invalid(
                "--https-host takes names of hosts", safe_line(host, 100), "write one like api.example.com"
            )
    if len(hosts) > _MOST_HOSTS:
        raise _invalid("too many --https-host", f"{len(hosts)} were given", f"give at most {_MOST_HOSTS}")
    return {HTTPS_HOSTS: json.dumps(sorted(set(hosts)), separators=(",", ":"))} if hosts else {}


def _require_endpoint(endpoint: str) -> None:
    try:
        parts = urlsplit(endpoint)
        is_plain = parts.username is None and parts.password is None and parts.port in (None, 443)
        host = parts.hostname or ""
    except ValueError:
        is_plain, host = False, ""
    if not is_plain or parts.scheme != "https" or parts.query or parts.fragment or not _is_host(host):
        raise _invalid(
            "--llm-endpoint takes a public https address",
            "it has another scheme, a port, a user, a query or no host's name",
            "write one like https://llm.example.com/v1",
        )


def _is_host(name: str) -> bool:
    """Whether it is a host's name in small letters, and no number."""
    return _HOST.match(name) is not None and len(name) <= 253 and not name.replace(".", "").isdecimal()


def _invalid(title: str, cause: str, next_step: str) -> CoworldError:
    return CoworldError("invalid_request", title, cause=cause, next_step=next_step, exit_code=EXIT_USAGE)
