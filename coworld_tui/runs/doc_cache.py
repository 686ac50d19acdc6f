"""Documents that manifests point to, fetched when somebody wants to read them and kept for offline reading.

One file per address in the cache folder, named by the hash of the address, which may hold secrets:
the fields of ``FetchedDocument`` as JSON. What does not check out is as good as not there.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..contract.errors import CoworldError
from ..contract.fetching import url_label
from ..contract.jsontext import MIB, UnreadableJson, read_json_object
from ..contract.web_text import FetchLimits, fetch_text
from .cache_room import make_room
from .directory import write_json
from .paths import cache_dir

TOTAL_LIMIT = 64 * MIB
"""Most bytes kept; the documents that were not read for longest go first."""

FRESH = timedelta(hours=1)
"""For how long a kept document is not asked for again."""

_FILE_LIMIT = 16 * MIB  # JSON needs up to six bytes for one of text
_KINDS = {"text": str, "address": str, "fetched_at": str, "is_html": bool, "is_truncated": bool}


@dataclass(frozen=True)
class FetchedDocument:
    """A document as it was at ``fetched_at`` (ISO, UTC). ``text`` is not yet safe to show.

    ``address`` is safe, without credentials and query. ``is_truncated``: there was more than the size
    limit. ``from_cache``: nothing was fetched now; when that is because it could not be, ``problem``
    says why.
    """

    text: str
    address: str
    fetched_at: str
    is_html: bool
    is_truncated: bool
    from_cache: bool = False
    problem: str = ""


async def fetch_document_text(
    url: str, *, allow_private: bool = False, refresh: bool = False, limits: FetchLimits | None = None
) -> FetchedDocument:
    """Return the document at ``url``, from the cache while it is fresh, unless ``refresh`` is asked for.

    When it cannot be fetched, a kept copy of any age is returned, with ``problem`` set; without one,
    errors as for ``contract.web_text.fetch_text``.
    """
    kept = await asyncio.to_thread(kept_document, url)
    if kept is not None and not refresh and _is_fresh(kept):
        return kept
    try:
        fetched = await fetch_text(url, allow_private=allow_private, limits=limits)
    except CoworldError as error:
        if kept is None:
            raise
        return replace(kept, problem=str(error))
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    document = FetchedDocument(fetched.text, url_label(url), moment, fetched.is_html, fetched.is_truncated)
    await asyncio.to_thread(_save, url, document)
    return document


def _is_fresh(document: FetchedDocument) -> bool:
    age = datetime.now(UTC) - datetime.fromisoformat(document.fetched_at)
    return timedelta(0) <= age < FRESH


def kept_document(url: str) -> FetchedDocument | None:
    """The copy that is kept of a document, of any age; None without one. Blocking."""
    path = _path(url)
    try:
        with path.open("rb") as file:
            fields = read_json_object(file.read(_FILE_LIMIT + 1), _FILE_LIMIT)
        if datetime.fromisoformat(fields["fetched_at"]).tzinfo is None:
            return None
    except (OSError, UnreadableJson, KeyError, TypeError, ValueError):
        return None
    if any(type(fields.get(name)) is not kind for name, kind in _KINDS.items()):
        return None
    with contextlib.suppress(OSError):
        os.utime(path)
    return FetchedDocument(**{name: fields[name] for name in _KINDS}, from_cache=True)


def _save(url: str, document: FetchedDocument) -> None:
    """Keep a document. A disk that is full or forbidden is no reason to complain."""
    path = _path(url)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        fields = asdict(document)
        write_json(path, {name: fields[name] for name in _KINDS}, mode=0o600)
        make_room(path.parent, TOTAL_LIMIT)


def _path(url: str) -> Path:
    return cache_dir() / "documents" / hashlib.sha256(url.encode(errors="replace")).hexdigest()
