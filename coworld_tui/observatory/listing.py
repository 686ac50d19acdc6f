"""A list of the API as it comes into view: first as last seen, then page by page from the server.

What was read is kept in the cache page by page, each under the cursor it was asked with. A cursor says
where the server's list goes on, whatever has been added in front since, so pages once read stay a chain.
Only the head of the list moves: it is kept with all that was added to it, until it is long enough to be
cut at a cursor.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import takewhile
from typing import Any, Generic, overload

from ..contract.errors import CoworldError
from ..runs.redact import Redactor
from .cache import Cache, Cached, question
from .client import Observatory
from .list_sources import Source
from .paging import Page
from .reading import Model

_HEAD_LIMIT = 500
"""Most rows kept in the head beyond its first page: it is written again whenever it changes."""

_MOST_PAGES = 10
"""Most pages read to find where the head of the list meets what is known."""

_LOST = ("conflict", "invalid_request", "not_found")
"""What the server says to a cursor that leads nowhere any more."""

_KEEP_SECONDS = 60.0
"""How often a head that did not change is written again, for its age."""


@dataclass(frozen=True)
class Refreshed:
    """What a look at the server changed: ids of rows, the new and changed ones in the order of the list.

    Rows from place ``at`` on (as it was) have moved by ``shift`` places. ``anew``: the list no longer met
    what was known, and begins again with what was read.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    at: int = 0
    shift: int = 0
    anew: bool = False

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.removed or self.anew)


@dataclass(slots=True, eq=False)
class _Place:
    """A page of the list, wherever its rows stand by now; the head's ``cursor`` is None.

    ``fetched_at`` is that of its oldest row.
    """

    cursor: str | None
    next_cursor: str | None
    fetched_at: datetime


class _Row(Generic[Model]):
    """``model`` is made when the row is looked at: most rows of a long list never are."""

    __slots__ = ("fetched_at", "key", "model", "place", "raw")

    def __init__(self, key: str, raw: dict[str, Any], place: _Place, fetched_at: datetime) -> None:
        self.key = key
        self.raw = raw
        self.place = place
        self.fetched_at = fetched_at
        self.model: Model | None = None


class LiveList(Sequence[Model], Generic[Model]):
    """The rows of ``source``, as far as they were read, in the server's order.

    ``open`` shows what was seen earlier and asks nobody; ``refresh`` asks for the first page or for the
    one around a row; ``more`` adds the next page. None of them raises what the server answers or the
    network does: that is ``problem``, until an answer comes.
    """

    def __init__(self, source: Source[Model], client: Observatory, cache: Cache) -> None:
        """``client`` need not be open before ``refresh`` or ``more`` ask it."""
        self._source = source
        self._client = client
        self._cache = cache
        self._redactor = Redactor([client.identity.token])
        self._rows: list[_Row[Model]] = []
        self._by_key: dict[str, _Row[Model]] = {}
        self._places: list[_Place] = []
        self._turn = asyncio.Lock()
        self._head_kept = -_KEEP_SECONDS
        self.problem: CoworldError | None = None
        """Why there is no answer to what the server was last asked."""
        self.asked_at: datetime | None = None
        """When the server last told the top of the list; None before it did."""
        self.generation = 0
        """How often the list began anew because it no longer met what was known."""

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, at: int) -> Model: ...
    @overload
    def __getitem__(self, at: slice) -> list[Model]: ...
    def __getitem__(self, at: int | slice) -> Model | list[Model]:
        if isinstance(at, slice):
            return [self._model(row) for row in self._rows[at]]
        return self._model(self._rows[at])

    def __iter__(self) -> Iterator[Model]:
        return (self._model(row) for row in self._rows)

    def by_id(self, row_id: str) -> Model | None:
        """The row with this id; in standings the player's."""
        row = self._by_key.get(row_id)
        return None if row is None else self._model(row)

    def raw(self, at: int) -> dict[str, Any]:
        """The row in this place as the server wrote it: to look through many, of which no model is wanted."""
        return self._rows[at].raw

    def place_of(self, row_id: str, near: int = 0) -> int | None:
        """Where the row with this id stands, searched from ``near`` outwards."""
        row = self._by_key.get(row_id)
        if row is None:
            return None
        for away in range(len(self._rows) + abs(near)):
            for at in (near - away, near + away):
                if 0 <= at < len(self._rows) and self._rows[at] is row:
                    return at
        return None

    @property
    def fetched_at(self) -> datetime | None:
        """When the oldest row was told; None before there is any page."""
        return min((place.fetched_at for place in self._places), default=None)

    @property
    def complete(self) -> bool:
        """Whether the end of the list was reached."""
        return bool(self._places) and self._places[-1].next_cursor is None

    async def open(self, least: int = 1000) -> None:
        """Show the pages seen earlier, until ``least`` rows are there. Asks no server."""
        async with self._turn:
            while len(self._rows) < least and await self._take_kept():
                pass

    async def more(self) -> int:
        """Add the next page, as seen earlier or else from the server. Returns how many rows came.

        Called while it is under way, it only waits. 0 at the end, or with a ``problem``.
        """
        end = self._places[-1] if self._places else None
        async with self._turn:
            if self._places and self._places[-1] is not end:
                return 0
            before = len(self._rows)
            for _ in range(_MOST_PAGES):
                if self.complete or len(self._rows) > before:
                    break
                if not await self._take_kept() and not await self._take_asked():
                    break
            return max(0, len(self._rows) - before)

    async def refresh(self, at: int = 0) -> Refreshed:
        """Ask the server for the page of the row in place ``at``, for 0 that of the top."""
        async with self._turn:
            place = self._rows[at].place if at < len(self._rows) else None
            if at == 0 or place is None or place.cursor is None:
                return await self._refresh_head(at)
            return await self._refresh_place(place, at)

    def _model(self, row: _Row[Model]) -> Model:
        if row.model is None:
            row.model = self._source.model.model_validate(row.raw)
        return row.model

    async def _take_kept(self) -> bool:
        """Add the next page from the cache, if it is there."""
        if self.complete:
            return False
        cursor = self._places[-1].next_cursor if self._places else None
        kept = await asyncio.to_thread(self._cache.get, self._question(cursor))
        if kept is None or not isinstance(kept.data, list):
            return False
        self._append(cursor, Page(kept.data, kept.next_cursor), kept.fetched_at)
        return True

    async def _take_asked(self) -> bool:
        """Add the next page from the server; a cursor it does not know any more begins the list anew."""
        cursor = self._places[-1].next_cursor if self._places else None
        page = await self._ask(cursor)
        if page is None:
            is_lost = self.problem is not None and self.problem.type in _LOST and cursor is not None
            return is_lost and (await self._refresh_head(0, anew=True)).anew
        place = self._append(cursor, page, datetime.now(UTC))
        await self._keep(place, page.entries)
        return True

    def _append(self, cursor: str | None, page: Page, fetched_at: datetime) -> _Place:
        following = page.next_cursor
        if following == cursor or any(place.cursor == following for place in self._places):
            following = None  # it leads back: what comes there is known
        place = _Place(cursor, following, fetched_at)
        self._places.append(place)
        for key, raw in _unique(page.entries).items():
            if key not in self._by_key:
                row = self._by_key[key] = _Row[Model](key, raw, place, fetched_at)
                self._rows.append(row)
        return place

    async def _refresh_head(self, at: int, *, anew: bool = False) -> Refreshed:
        """Read from the top until a known row is met and place ``at`` is passed; then put that there."""
        anew = anew or not self._rows
        meets = False
        read: dict[str, dict[str, Any]] = {}
        cursor: str | None = None
        first: tuple[int, str] | None = None
        for _ in range(_MOST_PAGES):
            page = await self._ask(cursor)
            if page is None:
                return Refreshed()
            entries = _unique(page.entries)
            read.update({key: raw for key, raw in entries.items() if key not in read})
            cursor = page.next_cursor
            if cursor is None:
                break
            first = first or (len(read), cursor)
            meets = meets or not self._by_key.keys().isdisjoint(entries)
            if (anew and read) or (meets and len(read) > at):
                break
        self.asked_at = now = datetime.now(UTC)
        meets = meets and cursor is not None and not anew
        done = self._put(0, read, self._places[0], now) if meets else None
        if done is None:
            done = self._begin_anew(read, cursor, now)
        await self._keep_head(first, is_new=bool(done))
        return done

    async def _refresh_place(self, place: _Place, at: int) -> Refreshed:
        page = await self._ask(place.cursor)
        if page is None:
            return Refreshed()
        start = at
        while start > 0 and self._rows[start - 1].place is place:
            start -= 1
        done = self._put(start, _unique(page.entries), place, datetime.now(UTC))
        if done is None:
            return Refreshed()
        if place is self._places[-1]:
            place.next_cursor = page.next_cursor
        end = start
        while end < len(self._rows) and self._rows[end].place is place:
            end += 1
        await self._keep(place, [row.raw for row in self._rows[start:end]])
        return done

    def _put(
        self, start: int, read: dict[str, dict[str, Any]], place: _Place, now: datetime
    ) -> Refreshed | None:
        """Rows from ``start`` to the last one that was read make room for what was read.

        None, with nothing done, when what was read does not belong there: rows stand elsewhere, or more
        would have to go than came.
        """
        missing = sum(key in self._by_key for key in read)
        end = start
        while missing and end < len(self._rows) and end - start <= 2 * len(read):
            missing -= self._rows[end].key in read
            end += 1
        if missing or end == start:
            return None
        done = self._replace(start, end, read, place, now)
        end = start + len(read)
        if end == len(self._rows) or self._rows[end].place is not place:
            place.fetched_at = now
        return done

    def _begin_anew(
        self, read: dict[str, dict[str, Any]], next_cursor: str | None, now: datetime
    ) -> Refreshed:
        """What was read is all there is to show; ``next_cursor`` is None when it is the whole list."""
        is_cut = bool(self._rows) and next_cursor is not None
        head = _Place(None, next_cursor, now)
        self._places = [head]
        done = self._replace(0, len(self._rows), read, head, now)
        self.generation += is_cut
        return replace(done, anew=is_cut)

    def _replace(
        self, start: int, end: int, read: dict[str, dict[str, Any]], place: _Place, now: datetime
    ) -> Refreshed:
        """Put ``read`` where rows stand now; rows that stay are the same objects."""
        old = {row.key: row for row in self._rows[start:end]}
        rows, added, changed = [], [], []
        for key, raw in read.items():
            row = old.get(key)
            if row is None:
                row = self._by_key[key] = _Row[Model](key, raw, place, now)
                added.append(key)
            elif row.raw != raw:
                row.raw, row.model = raw, None
                changed.append(key)
            row.place, row.fetched_at = place, now
            rows.append(row)
        removed = [key for key in old if key not in read]
        for key in removed:
            del self._by_key[key]
        self._rows[start:end] = rows
        shift = len(rows) - len(old)
        return Refreshed(tuple(added), tuple(changed), tuple(removed), end, shift)

    async def _ask(self, cursor: str | None) -> Page | None:
        """A page from the server; None and a problem when there is none."""
        try:
            page = await self._source.page(self._client, cursor)
        except CoworldError as error:
            self.problem = error
            return None
        self.problem = None
        return page

    async def _keep_head(self, first: tuple[int, str] | None, *, is_new: bool) -> None:
        """Keep the head. Of one that has grown long only the first page stays, the others are the next."""
        now = asyncio.get_running_loop().time()
        if not is_new and now - self._head_kept < _KEEP_SECONDS:
            return
        self._head_kept = now
        head = self._places[0]
        rows = list(takewhile(lambda row: row.place is head, self._rows))
        if first is not None and len(rows) > first[0] + _HEAD_LIMIT:
            size, cursor = first
            rest = _Place(cursor, head.next_cursor, head.fetched_at)
            for row in rows[size:]:
                row.place = rest
            head.next_cursor, head.fetched_at = cursor, rows[0].fetched_at
            self._places.insert(1, rest)
            await self._keep(rest, [row.raw for row in rows[size:]])
            rows = rows[:size]
        await self._keep(head, [row.raw for row in rows])

    async def _keep(self, place: _Place, entries: Sequence[Any]) -> None:
        cached = Cached(list(entries), place.next_cursor, place.fetched_at)
        await asyncio.to_thread(self._cache.put, self._question(place.cursor), cached, self._redactor)

    def _question(self, cursor: str | None) -> str:
        return question(self._client.identity, f"list of {self._source.name}", {"cursor": cursor})


def _unique(entries: Sequence[Any]) -> dict[str, dict[str, Any]]:
    """The objects among the entries by id; of several with the same one the first."""
    found: dict[str, dict[str, Any]] = {}
    for raw in entries:
        if isinstance(raw, dict):
            found.setdefault(_key(raw), raw)
    return found


def _key(raw: dict[str, Any]) -> str:
    """Standings have no id but their player's; what has none at all is told apart by all it says."""
    for name in ("id", "player_id"):
        if isinstance(value := raw.get(name), str) and value:
            return value
    return json.dumps(raw, sort_keys=True)
