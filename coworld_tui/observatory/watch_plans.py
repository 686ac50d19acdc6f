"""What there is to look at in a league, a division or a round, and in all of my leagues."""

from __future__ import annotations

from collections.abc import AsyncIterator, Container, Mapping, Sequence
from dataclasses import dataclass, replace

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from . import reading
from .client import Reader
from .models.base import ApiModel
from .models.entries import Membership
from .models.episodes import OVER
from .models.rounds import Round
from .models.standings import LeaderboardEntry
from .news import Mine, News, detailed, has_become, mine_of, news_of
from .reading import checked_id
from .watching import LEAST_SECONDS, MOST_SECONDS, Known, Look, Question, Watch

MEMBERSHIPS = "memberships"
SUBMISSIONS = "submissions"
LEAGUES = "leagues"
ROUND = "round"

_ROUNDS_LIMIT = 20
_PAGE = 100
_MOST_EPISODES = 1_000
_MOST_LEAGUES = 8
_MOST_DIVISIONS = 8
_MOST_ROUNDS = 4
_SHOWN = 80
_RUNS = ("claimed", "running")
_EPISODES = "episodes "


@dataclass(frozen=True)
class Scope:
    """What is watched: a round, all of a division, all of a league, or with none of them all that is mine.

    A round has its division and league as well, a division its league. ``about`` is for people.
    """

    league_id: str | None = None
    division_id: str | None = None
    round_id: str | None = None
    about: str = "my leagues"


async def scope_of(reader: Reader, what: str | None) -> Scope:
    """What an id that begins with league_, div_ or round_ names; None is all that is mine.

    Raises ``invalid_request`` for other ids, and what the reader raises.
    """
    if what is None:
        return Scope()
    match what.partition("_")[0]:
        case "league":
            league = await reading.league(reader, checked_id("league", what))
            return Scope(what, about=safe_line(league.name or what, _SHOWN))
        case "div":
            division = await reading.division(reader, checked_id("div", what))
            about = safe_line(division.name or what, _SHOWN)
            return Scope(_known("league", division.league.id), what, about=about)
        case "round":
            row = await reading.round_detail(reader, checked_id("round", what))
            about = f"round {row.round_number} of {safe_line(row.division.name or '', _SHOWN)}"
            league_id = _known("league", row.division.league.id)
            return Scope(league_id, _known("div", row.division.id), what, about)
    raise CoworldError(
        "invalid_request",
        f"{safe_line(what, _SHOWN)} cannot be watched",
        next_step="give an id that begins with league_, div_ or round_, or none",
        exit_code=EXIT_USAGE,
    )


@dataclass(frozen=True)
class Seen:
    """A look, and what of it is news."""

    look: Look
    news: tuple[News, ...]


class Following:
    """A league, division, round, or all that is mine, as it goes on."""

    def __init__(
        self, reader: Reader, scope: Scope, *, least: float = LEAST_SECONDS, most: float = MOST_SECONDS
    ) -> None:
        """``least`` and ``most`` are the seconds between two looks."""
        self.scope = scope
        self.watch = Watch(reader, questions(scope, {}), least=least, most=most)
        self._reader = reader

    async def seen(self) -> AsyncIterator[Seen]:
        """Look, tell and wait, without end. The first two looks find out what there is."""
        is_first = True
        async for look in self.watch.looks():
            me = mine(self.watch.known)
            changes = await detailed(self._reader, look.changes, me)
            asked = {question.name for question in self.watch.questions}
            self.watch.questions = [
                question if is_first or question.name in asked else _from_its_beginning(question)
                for question in questions(self.scope, self.watch.known, _short(look, asked))
            ]
            if is_first and look.problem is None:
                self.watch.look_soon()
                is_first = False
            yield Seen(look, tuple(news_of(changes, me)))


def _from_its_beginning(question: Question) -> Question:
    """A round that was seen to start had no episodes before; of other things nobody knows."""
    return replace(question, begins_empty=question.name.startswith(_EPISODES))


def _short(look: Look, asked: Container[str]) -> list[Round]:
    """Rounds that were not seen to run and are over: their episodes have to be asked for once."""
    rows = [change.after for change in look.changes if has_become(change)]
    return [
        row
        for row in rows
        if isinstance(row, Round) and row.status in OVER and f"{_EPISODES}{row.id}" not in asked
    ]


def questions(scope: Scope, known: Mapping[str, Known], also: Sequence[Round] = ()) -> list[Question]:
    """What to ask next, as far as the answers so far tell: my divisions' standings, running rounds' episodes.

    A round that ran at the last look is asked for once more, for what happened until its end; and so are
    the episodes of the rounds ``also``.
    """
    asked = [_memberships(scope.league_id), _submissions(scope.league_id)]
    if scope.round_id is not None:
        asked.append(_round(scope.round_id))
    elif scope.division_id is not None or scope.league_id is not None:
        asked.append(_rounds(scope.league_id, scope.division_id))
    if scope.division_id is None:
        asked.append(_leagues(scope.league_id))
    seats = _seats(known)
    if scope.league_id is None:
        leagues = dict.fromkeys(seat.league.id for seat in seats if _known("league", seat.league.id))
        asked += (_rounds(league_id, None) for league_id in list(leagues)[:_MOST_LEAGUES])
    divisions = {seat.division.id: seat.division.name for seat in seats if _known("div", seat.division.id)}
    if scope.division_id is not None:
        divisions = {scope.division_id: divisions.get(scope.division_id, scope.about)}
    asked += (_standings(key, name or key) for key, name in list(divisions.items())[:_MOST_DIVISIONS])
    rounds = {row.id: row for row in (*_running(known), *also) if _known("round", row.id)}
    asked += (_episodes(row) for row in list(rounds.values())[:_MOST_ROUNDS])
    return asked


def mine(known: Mapping[str, Known]) -> Mine:
    """Who I am there, as far as the answers tell."""
    rows = known[MEMBERSHIPS].rows.values() if MEMBERSHIPS in known else ()
    return mine_of(row for row in rows if isinstance(row, Membership))


def _seats(known: Mapping[str, Known]) -> list[Membership]:
    rows = known[MEMBERSHIPS].rows.values() if MEMBERSHIPS in known else ()
    return [row for row in rows if isinstance(row, Membership) and row.end_time is None]


def _running(known: Mapping[str, Known]) -> list[Round]:
    rows = (row for answer in known.values() for row in answer.rows.values())
    return [row for row in rows if isinstance(row, Round) and row.status in _RUNS]


def _known(prefix: str, text: str) -> str | None:
    """An id that can be asked for; what else the server may nest is not asked for."""
    try:
        return checked_id(prefix, text)
    except CoworldError:
        return None


def _memberships(league_id: str | None) -> Question:
    async def ask(reader: Reader) -> Sequence[ApiModel]:
        return (await reading.memberships(reader, league_id=league_id, mine=True, limit=1000)).entries

    return Question(MEMBERSHIPS, ask, about="my memberships")


def _submissions(league_id: str | None) -> Question:
    async def ask(reader: Reader) -> Sequence[ApiModel]:
        return (await reading.submissions(reader, league_id=league_id, mine=True, limit=_PAGE)).entries

    return Question(SUBMISSIONS, ask, is_whole=False, about="my submissions")


def _leagues(league_id: str | None) -> Question:
    async def ask(reader: Reader) -> Sequence[ApiModel]:
        found = await reading.leagues(reader)
        return [league for league in found if league_id in (None, league.id)]

    return Question(LEAGUES, ask, about="leagues")


def _rounds(league_id: str | None, division_id: str | None) -> Question:
    async def ask(reader: Reader) -> Sequence[ApiModel]:
        wanted = None if division_id is not None else league_id
        page = await reading.rounds(reader, league_id=wanted, division_id=division_id, limit=_ROUNDS_LIMIT)
        return page.entries

    return Question(f"rounds {division_id or league_id}", ask, is_whole=False, about="rounds")


def _round(round_id: str) -> Question:
    async def ask(reader: Reader) -> Sequence[ApiModel]:
        return [await reading.round_detail(reader, round_id)]

    return Question(ROUND, ask, about="the round")


def _standings(division_id: str, name: str) -> Question:
    async def ask(reader: Reader) -> Sequence[ApiModel]:
        rows = await reading.standings(reader, division_id)
        return [_placed(row, place) for place, row in enumerate(rows, 1)]

    return Question(f"standings {division_id}", ask, about=safe_line(name, _SHOWN))


def _placed(row: LeaderboardEntry, place: int) -> LeaderboardEntry:
    return row if row.rank is not None else row.model_copy(update={"rank": place})


def _episodes(round_: Round) -> Question:
    async def ask(reader: Reader) -> Sequence[ApiModel]:
        return [row async for row in reading.all_of_round(reader, round_.id, most=_MOST_EPISODES)]

    about = f"round {round_.round_number} of {safe_line(round_.division.name or '', _SHOWN)}"
    return Question(f"{_EPISODES}{round_.id}", ask, is_whole=False, about=about)
