"""Walking the lists of the hosted API page by page (hosted.md 2)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..contract.errors import EXIT_MISSING, CoworldError
from .client import Answer, Param, Reader

Style = Literal["paged", "whole"]
"""How a list comes.

``paged``: as a bare list with its cursor in the ``X-Next-Cursor`` header, or as ``{entries, next_cursor}``.
``whole``: as a bare list or null, without limit and cursor.
"""


@dataclass(frozen=True)
class Page:
    """Entries of a list, each JSON of any kind. ``next_cursor`` asks for what follows; None at the end."""

    entries: list[Any]
    next_cursor: str | None


async def pages(
    client: Reader,
    path: str,
    params: Mapping[str, Param],
    style: Style,
    *,
    limit: int | None = None,
    page_size: int | None = None,
    cursor: str | None = None,
) -> AsyncIterator[Page]:
    """Yield the pages of a list from ``cursor`` on, until ``limit`` entries came (None: all there are).

    One request asks for at most ``page_size`` entries (None: for ``limit``, without one for as many as the
    server likes); the server's own bound is the caller's to know. Errors as for ``Observatory.get``, and
    ``bad_answer`` for what is no list or never ends.
    """
    if style == "whole":
        answer = await client.get(path, params)
        yield Page(_entries(answer.data)[:limit], None)
        return
    seen = {cursor}
    count = 0
    while limit is None or count < limit:
        size = page_size if limit is None else min(limit - count, page_size or limit)
        answer = await client.get(path, {**params, "limit": size, "cursor": cursor})
        page = _page(answer)
        yield page
        count += len(page.entries)
        cursor = page.next_cursor
        if cursor is None:
            return
        if cursor in seen:
            raise _no_list("it gives the same cursor again")
        seen.add(cursor)


def _page(answer: Answer) -> Page:
    body = answer.data
    if not isinstance(body, dict):
        return Page(_entries(body), answer.next_cursor or None)
    cursor = body.get("next_cursor") or answer.next_cursor or None
    if cursor is not None and not isinstance(cursor, str):
        raise _no_list("its cursor is not a text")
    return Page(_entries(body.get("entries", body)), cursor)


def _entries(value: Any) -> list[Any]:
    if value is None:  # leaderboards without rounds
        return []
    if not isinstance(value, list):
        raise _no_list("it holds no list of entries")
    return value


def _no_list(reason: str) -> CoworldError:
    return CoworldError(
        "bad_answer",
        "The server answers something else than a list",
        cause=reason,
        owner="the server",
        next_step="try again later; if it stays so, a newer coworld-tui may be needed",
        exit_code=EXIT_MISSING,
    )
