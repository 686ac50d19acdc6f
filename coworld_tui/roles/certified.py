"""Which packages passed certification on this machine, so that nobody waits for it twice.

Kept in the cache folder by the fingerprint of their content, see ``coworld_upload.UploadPlan``. What cannot
be read or written is as good as not there: the package is certified again.
"""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime

from .. import __version__
from ..contract.jsontext import MIB, UnreadableJson, read_json_object
from ..runs.directory import write_json
from ..runs.paths import cache_dir

_FILE = "certified.json"
_MOST = 500


def certified_at(fingerprint: str) -> str:
    """When this content passed, as an ISO time in UTC; empty when it did not, or not in this version."""
    return _known().get(_key(fingerprint), "")


def remember_certified(fingerprint: str) -> None:
    """Keep that it passed just now; the oldest of many are forgotten."""
    known = {**_known(), _key(fingerprint): datetime.now(UTC).isoformat(timespec="seconds")}
    kept = sorted(known.items(), key=lambda item: item[1])[-_MOST:]
    with contextlib.suppress(OSError):
        cache_dir().mkdir(parents=True, exist_ok=True)
        write_json(cache_dir() / _FILE, dict(kept))


def _key(fingerprint: str) -> str:
    return f"{__version__} {fingerprint}"


def _known() -> dict[str, str]:
    try:
        with (cache_dir() / _FILE).open("rb") as file:
            found = read_json_object(file.read(MIB + 1), MIB)
    except (OSError, UnreadableJson):
        return {}
    return {key: value for key, value in found.items() if isinstance(value, str)}
