"""What the league screen works with: the server, who acts there, and the lists that were looked at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ...contract.errors import CoworldError
from ...observatory import list_sources, reading, whole_lists
from ...observatory.cache import Cache, CachedObservatory
from ...observatory.client import Observatory
from ...observatory.identity import Identity, identity_of
from ...observatory.listing import LiveList
from ...observatory.models.episodes import OVER
from ...observatory.servers import server_key
from .model import Known, Progress, Scope, Tab
from .rows import ListRows
from .tabs.episodes import EPISODES
from .tabs.events import EVENTS
from .tabs.ladder import LADDER
from .tabs.memberships import MEMBERSHIPS
from .tabs.policies import POLICIES
from .tabs.rounds import ROUNDS
from .tabs.standings import STANDINGS
from .tabs.submissions import SUBMISSIONS

if TYPE_CHECKING:
    from ...observatory.evidence import Evidence
    from ...observatory.evidence import Progress as Looking
    from ...observatory.list_sources import Source
    from ...observatory.models.leagues import Division, League
    from ...observatory.reasons import Why
    from ...observatory.whoami import Acting

TABS = (
    ("standings", "Standings"),
    ("rounds", "Rounds"),
    ("episodes", "Episodes"),
    ("memberships", "Memberships"),
    ("submissions", "Submissions"),
    ("events", "Events"),
    ("policies", "Policies"),
)

_AT_A_TIME = 8
_PAGE = 100
_MOST_PAGES = 10
_MOST_LISTS = 32
_MOST_MINE = 1000


class Desk:
    """Open from ``open`` to ``close``. Everything that asks the server is called on the event loop."""

    def __init__(self, server: str) -> None:
        self.server = server_key(server)
        self.known = Known()
        self.identity: Identity
        self.acting: Acting | None = None
        self.is_open = False
        self.client: Observatory
        self.reader: CachedObservatory
        self._cache = Cache()
        self._stack = AsyncExitStack()
        self._lists: dict[str, ListRows[Any]] = {}
        self._turns = asyncio.Semaphore(_AT_A_TIME)
        self._asked: set[str] = set()

    async def open(self) -> None:
        """Find out who acts, and get ready to ask. Raises what ``identity_of`` and ``Observatory`` raise."""
        self.identity = await asyncio.to_thread(identity_of, self.server)
        self.client = await self._stack.enter_async_context(Observatory(self.server, self.identity))
        self.reader = CachedObservatory(self.client, self._cache)
        self.leagues: LiveList[League] = self.live(whole_lists.leagues())
        await self.leagues.open()
        self.is_open = True

    async def close(self) -> None:
        """Let go of the connections."""
        self.is_open = False
        await self._stack.aclose()

    @cached_property
    def evidence(self) -> Evidence:
        """Where reasons are found, and episodes in full."""
        from ...observatory.evidence import Evidence

        return Evidence(self.reader, self.client)

    def live(self, source: Source[Any]) -> LiveList[Any]:
        """A list of this server, not yet opened."""
        return LiveList(source, self.client, self._cache)

    def divisions(self, league_id: str) -> LiveList[Division]:
        """The divisions of a league, not yet opened."""
        return self.live(whole_lists.divisions(league_id))

    async def rows(self, tab: str, scope: Scope) -> ListRows[Any]:
        """The rows of a tab about ``scope``, as they were left or were seen earlier."""
        shape, source = _list_of(tab, scope)
        self.known.division = scope.division.id if scope.division is not None else ""
        key = f"{tab} {source.name}"
        rows = self._lists.pop(key, None)
        if rows is None:
            rows = ListRows(shape, self.live(source), self.known)
            await rows.entries.open()
        self._lists[key] = rows
        if len(self._lists) > _MOST_LISTS:
            del self._lists[next(iter(self._lists))]
        return rows

    @property
    def account(self) -> tuple[str, str]:
        """Who acts, as far as is known, and the style to say it in."""
        host = urlsplit(self.server).hostname or ""
        if self.acting is not None and self.acting.is_anonymous_despite_token:
            return f"✗ login not accepted@{host}", "error"
        if self.identity.kind == "anonymous":
            said = "✗ login expired" if self.identity.has_expired else "not logged in"
            return f"{said}@{host}", "warning"
        name = (self.acting.name if self.acting is not None else "") or self.identity.kind
        if self.identity.has_expired:
            return f"{name} (player's session expired)@{host}", "warning"
        return f"{name}@{host}", "muted"

    async def ask_who(self) -> None:
        """Find out who the server takes us for."""
        from ...observatory.whoami import who

        self.acting = await who(self.client)

    async def learn_mine(self) -> None:
        """Find out which memberships are mine; nobody's without a login."""
        if self.identity.kind != "anonymous":
            found = await reading.memberships(self.reader, mine=True, limit=_MOST_MINE)
            self.known.learn_mine(found.entries)

    async def learn_champions(self, division_id: str) -> None:
        """Find out which policy stands for whom in a division."""
        found = await reading.memberships(
            self.reader, division_id=division_id, champions_only=True, limit=_MOST_MINE
        )
        self.known.champions[division_id] = {
            each.player.id: each.policy_version.label for each in found.entries if each.player is not None
        }

    async def learn_episodes(self, ids: Iterable[str], heard: Callable[[], None]) -> None:
        """Find out players and scores of episodes: of those that are over once, then from the cache."""
        await asyncio.gather(*(self._learn(row_id, self._episode, heard) for row_id in ids))

    async def learn_round(self, round_id: str, heard: Callable[[], None]) -> None:
        """Find out the results of a round."""
        await self._learn(round_id, self._round, heard)

    async def learn_progress(self, round_ids: Iterable[str], heard: Callable[[], None]) -> None:
        """Find out how far rounds are that run."""
        await asyncio.gather(*(self._learn_far(round_id, heard) for round_id in round_ids))

    async def _learn_far(self, round_id: str, heard: Callable[[], None]) -> None:
        statuses: list[str | None] = []
        cursor = None
        try:
            for _ in range(_MOST_PAGES):
                async with self._turns:
                    page = await reading.episodes_of_round(self.reader, round_id, limit=_PAGE, cursor=cursor)
                statuses += [episode.status for episode in page.entries]
                cursor = page.next_cursor
                if cursor is None:
                    break
        except CoworldError:
            return  # the list itself says what is wrong with the server
        over = sum(status in OVER for status in statuses)
        self.known.progress[round_id] = Progress(over, statuses.count("failed"), len(statuses))
        heard()

    async def has_other_login(self) -> bool:
        """Whether somebody else would act now: after a login elsewhere, or when a session ended."""
        try:
            return await asyncio.to_thread(identity_of, self.server) != self.identity
        except CoworldError:
            return False

    def knows(self, row_id: str) -> bool:
        """Whether all is known of an episode or a round that will ever be, or it is being asked for."""
        known = self.known.episodes.get(row_id) or self.known.rounds.get(row_id)
        return row_id in self._asked or (known is not None and known.status in OVER)

    async def _learn(
        self, row_id: str, ask: Callable[[str], Awaitable[None]], heard: Callable[[], None]
    ) -> None:
        if self.knows(row_id):
            return
        self._asked.add(row_id)
        try:
            async with self._turns:
                await ask(row_id)
        except CoworldError:
            return  # the list itself says what is wrong with the server
        finally:
            self._asked.discard(row_id)
        heard()

    async def _episode(self, row_id: str) -> None:
        self.known.learn_episode(await self.evidence.episode(row_id))

    async def _round(self, row_id: str) -> None:
        self.known.rounds[row_id] = await reading.round_detail(self.reader, row_id)

    async def why(self, row_id: str, tell: Callable[[str], None]) -> Why:
        """Why a round, a division, an episode, a membership or a submission is as it is."""
        from ...observatory.why import why

        def progress(now: Looking) -> None:
            tell(f"{now.done} of {now.of} looked at")

        return await why(self.evidence, row_id, progress=progress)


def _list_of(tab: str, scope: Scope) -> tuple[Tab[Any], Source[Any]]:
    """What a tab shows of a league, a division or a round."""
    league, division = scope.league.id, scope.division.id if scope.division is not None else None
    if tab == "standings":
        return (
            (LADDER, whole_lists.ladder(league))
            if division is None
            else (STANDINGS, whole_lists.standings(division))
        )
    if tab == "rounds":
        return ROUNDS, list_sources.rounds(
            **({"league_id": league} if division is None else {"division_id": division})
        )
    if tab == "episodes":
        if scope.round is not None:
            return EPISODES, list_sources.episodes_of_round(scope.round.id)
        if division is not None:
            return EPISODES, list_sources.episodes_of_division(division)
        return EPISODES, list_sources.episodes_of_league(league)
    if tab == "memberships":
        return MEMBERSHIPS, list_sources.memberships(league_id=league, division_id=division)
    if tab == "submissions":
        return SUBMISSIONS, list_sources.submissions(league_id=league)
    if tab == "events":
        return EVENTS, list_sources.events(league_id=league, division_id=division)
    return POLICIES, list_sources.policies()
