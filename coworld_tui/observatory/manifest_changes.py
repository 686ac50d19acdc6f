"""A new version out of one that the server has: its manifest, changed in places (hosted.md 5.3)."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..contract.errors import EXIT_FAILED, EXIT_USAGE, CoworldError
from ..contract.generations import ROLE_SECTIONS
from ..contract.package import Package, parse_package
from ..contract.text import safe_line
from .client import Reader
from .models.coworlds import Coworld
from .paging import pages
from .reading import coworld

_PLACE = re.compile(r"(?P<role>[a-z]+)(\[(?P<index>[0-9]{1,4})\]|\.(?P<id>.+))?\Z")
_MOST_PAGES = 200
_PAGE = 200


async def stored_coworld(reader: Reader, ref: str) -> Coworld:
    """A Coworld of the server with its manifest, by id, or the canonical version by name.

    Names that differ only in ``-`` and ``_`` are the same. Raises ``not_found`` (exit code 1).
    """
    if ref.startswith("cow_"):
        return await coworld(reader, ref)
    wanted = ref.replace("_", "-")
    async for page in pages(
        reader, "/v2/coworlds/summaries", {}, "paged", limit=_MOST_PAGES * _PAGE, page_size=_PAGE
    ):
        for row in page.entries:
            if isinstance(row, dict) and row.get("canonical") is True:
                name, coworld_id = row.get("name"), row.get("id")
                if isinstance(name, str) and name.replace("_", "-") == wanted and isinstance(coworld_id, str):
                    return await coworld(reader, coworld_id)
    raise CoworldError(
        "not_found",
        f"no Coworld is called {safe_line(ref, 100)}",
        cause="no canonical version has that name",
        next_step="coworld-tui league coworlds lists them; give an id for one that is not canonical",
        exit_code=EXIT_FAILED,
    )


def changed(
    source: Coworld,
    *,
    version: str | None = None,
    patch: Mapping[str, Any] | None = None,
    images: Sequence[tuple[str, str]] = (),
) -> Package:
    """The manifest of ``source`` as a package: ``patch`` merged into it, then ``version``, then images.

    ``patch`` is a JSON merge patch. ``images`` are pairs of a place and an image: ``game``, a role's name
    where there is one of it, ``ROLE.ID`` or ``ROLE[N]``. Raises ``invalid_request`` and
    ``manifest_invalid`` (exit code 2).
    """
    document = _merged(source.manifest, patch or {})
    if version is not None:
        _object(document, "game")["version"] = version
    for place, image in images:
        _entry(document, place)["image"] = image
    return parse_package(json.dumps(document).encode(), source.id, None)


def _merged(target: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    result = copy.deepcopy(dict(target)) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping):
            result[key] = _merged(result.get(key), value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def _entry(document: dict[str, Any], place: str) -> dict[str, Any]:
    """The object of the manifest whose image a place means."""
    if place == "game":
        return _object(_object(document, "game"), "runnable")
    found = _PLACE.match(place)
    if found is None or found["role"] not in ROLE_SECTIONS:
        raise _no_place(place, f"give game or one of {', '.join(ROLE_SECTIONS)}")
    entries = document.get(found["role"])
    rows = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    if found["index"] is not None:
        rows = rows[int(found["index"]) :][:1]
    elif found["id"] is not None:
        rows = [entry for entry in rows if entry.get("id") == found["id"]]
    if len(rows) != 1 or not isinstance(rows[0].get("image"), str):
        raise _no_place(place, f"it means {len(rows)} entries, and must mean one that has an image")
    return rows[0]


def _object(document: dict[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name)
    if not isinstance(value, dict):
        raise _no_place(name, "the manifest has no such object")
    return value


def _no_place(place: str, cause: str) -> CoworldError:
    return CoworldError(
        "invalid_request",
        f"the manifest has no place {safe_line(place, 100)} for that",
        cause=cause,
        next_step="write WHERE=IMAGE, such as game=IMAGE or player.NAME=IMAGE",
        exit_code=EXIT_USAGE,
    )
