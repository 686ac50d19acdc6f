"""What ``league`` shows to people: a table for each kind of list, lines for each single thing.

All text is somebody else's and made safe cell by cell. Scores have four decimals, as everywhere on the
hosted side (hosted.md 2), and no unit but the label the server gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple, TypeVar

from ..contract.text import safe_line
from ..observatory.models.coworlds import Coworld, CoworldRow, Image
from ..observatory.models.entries import Event, Membership, Submission
from ..observatory.models.episodes import Episode, EpisodeRow, HumanParticipant, Participant
from ..observatory.models.leagues import CommissionerDescription, Division, LadderEntry, League
from ..observatory.models.policies import Player, PolicyVersionRow
from ..observatory.models.rounds import Round, RoundDetail, RoundResult
from ..observatory.models.standings import Column, LeaderboardEntry, LeaderboardView, ViewRow
from ..replay.lenses.spans import cell_width, fit

_CELL = 48
_LONG = 100
_NONE = "-"
_LAST_RANK = 2**31
_WITHOUT_REPLAY = ("failed", "cancelled", "canceled")
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))

_Row = TypeVar("_Row")


class _Cells(NamedTuple):
    """A column: its heading, what stands there in a row, and whether that is a number."""

    heading: str
    text: Callable[..., str | None]
    is_number: bool = False
    widest: int = _CELL


def age(moment: datetime | None, now: datetime | None = None) -> str:
    """How long ago: ``5 min``, ``3 h``, ``in 2 d``; ``now`` within a minute, as clocks differ."""
    if moment is None:
        return _NONE
    known = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    seconds = ((now or datetime.now(UTC)) - known).total_seconds()
    for unit, length in _UNITS:
        if abs(seconds) >= length:
            return f"{'in ' if seconds < 0 else ''}{int(abs(seconds) // length)} {unit}"
    return "now"


def score(value: float | None) -> str:
    """Four decimals."""
    return _NONE if value is None else f"{value:.4f}"


def leagues(rows: Sequence[League]) -> Iterator[str]:
    """One line a league."""
    return _table(rows, _LEAGUES)


def league(row: League) -> Iterator[str]:
    """One league."""
    return _fields(
        ("league", row.id),
        ("name", row.name),
        ("state", row.state),
        ("game", row.game.name),
        ("coworld", row.game.coworld_id),
        ("public", _yes(row.public)),
        ("created", _moment(row.created_at)),
        ("guide", row.participation_url),
    )


def divisions(rows: Sequence[Division]) -> Iterator[str]:
    """One line a division."""
    return _table(rows, _DIVISIONS)


def division(row: Division) -> Iterator[str]:
    """One division, and how its rounds are played."""
    said = row.commissioner_description or CommissionerDescription()
    return _fields(
        ("division", row.id),
        ("name", row.name),
        ("level", _number(row.level)),
        ("type", row.type),
        ("state", row.state),
        ("league", f"{row.league.name or _NONE}  {row.league.id}"),
        ("created", _moment(row.created_at)),
        ("rounds", said.round_schedule),
        ("next round", said.next_round),
        ("structure", said.round_structure),
        ("ranking", said.leaderboard_rules),
    )


def ladder(rows: Sequence[LadderEntry]) -> Iterator[str]:
    """One line a division, the top first."""
    return _table(rows, _LADDER)


def standings(rows: Sequence[LeaderboardEntry]) -> Iterator[str]:
    """One line a player. Where no rank is given the place in the list counts."""
    ranked = [
        row if row.rank is not None else row.model_copy(update={"rank": place})
        for place, row in enumerate(rows, 1)
    ]
    return _table(ranked, _STANDINGS)


def view(table: LeaderboardView) -> Iterator[str]:
    """One line a player, with the columns the table itself declares."""
    cells = [_Cells("player", lambda row: row.subject_name or row.subject_id)]
    cells += [_view_column(column) for column in table.columns]
    yield from _fields(("table", table.title or table.key), ("about", table.description))
    yield from _table(table.rows, cells)


def rounds(rows: Sequence[Round]) -> Iterator[str]:
    """One line a round."""
    return _table(rows, _ROUNDS)


def round_detail(row: RoundDetail) -> Iterator[str]:
    """One round and its results, the best first."""
    yield from _fields(
        ("round", row.id),
        ("number", _number(row.round_number)),
        ("status", row.status),
        ("division", f"{row.division.name or _NONE}  {row.division.id}"),
        ("started", _moment(row.started_at)),
        ("completed", _moment(row.completed_at)),
        ("error", row.error),
    )
    yield from round_results(row)


def round_results(row: RoundDetail) -> Iterator[str]:
    """One line a result, the best first."""
    return _table(sorted(row.results, key=_rank), _RESULTS)


def memberships(rows: Sequence[Membership]) -> Iterator[str]:
    """One line a membership; ★ is the version that stands for its player."""
    return _table(rows, _MEMBERSHIPS)


def submissions(rows: Sequence[Submission]) -> Iterator[str]:
    """One line a submission."""
    return _table(rows, _SUBMISSIONS)


def events(rows: Sequence[Event]) -> Iterator[str]:
    """One line an event."""
    return _table(rows, _EVENTS)


def episodes(rows: Sequence[EpisodeRow]) -> Iterator[str]:
    """One line an episode."""
    return _table(rows, _EPISODES)


def episode(row: Episode) -> Iterator[str]:
    """One episode and its seats; ✗ is the seat its failure is blamed on."""
    yield from _fields(
        ("episode", row.id),
        ("status", row.status),
        ("round", row.round_id),
        ("coworld", row.coworld_id),
        ("seed", _number(row.seed)),
        ("created", _moment(row.created_at)),
        ("live", row.live_url),
        ("replay", row.replay_url or _missing_replay(row.status)),
        ("error", " ".join(part for part in (row.error_type, row.error) if part)),
    )
    for seat in row.participants:
        failed = row.failed_policy_index is not None and row.failed_policy_index == seat.position
        cells = (fit(safe_line(text or _NONE, _CELL), 32) for text in (seat.label, _who(seat)))
        mark = "✗" if failed else " "
        yield f"{mark} seat {_number(seat.position):<3}  {'  '.join(cells)}  {score(row.score_of(seat)):>12}"


def coworlds(rows: Sequence[CoworldRow]) -> Iterator[str]:
    """One line a version; ★ is the one its name means."""
    return _table(rows, _COWORLDS)


def coworld(row: Coworld) -> Iterator[str]:
    """One version of a Coworld."""
    return _fields(
        ("coworld", row.id),
        ("name", row.name),
        ("version", row.version),
        ("canonical", _yes(row.canonical)),
        ("visibility", row.visibility),
        ("size", _bytes(row.size_bytes)),
        ("hash", row.manifest_hash),
        ("status", row.certification_status_url),
        ("forum", row.forum_markdown_url),
        ("wiki", row.wiki_markdown_url),
    )


def images(rows: Sequence[Image]) -> Iterator[str]:
    """One line an image."""
    return _table(rows, _IMAGES)


def image(row: Image) -> Iterator[str]:
    """One image."""
    return _fields(
        ("image", row.id),
        ("name", row.name),
        ("version", _number(row.version)),
        ("status", row.status),
        ("uri", row.image_uri),
        ("public uri", row.public_image_uri),
        ("digest", row.image_digest),
        ("hash", row.client_hash),
    )


def policies(rows: Sequence[PolicyVersionRow]) -> Iterator[str]:
    """One line a policy version."""
    return _table(rows, _POLICIES)


def _player(player: Player | None) -> str | None:
    return None if player is None else player.name or player.id


def _who(seat: Participant | HumanParticipant) -> str | None:
    if isinstance(seat, HumanParticipant):
        return "person"
    return "filler" if seat.is_filler else seat.player_name or seat.player_id


def _number(value: int | None) -> str:
    return _NONE if value is None else str(value)


def _missing_replay(status: str | None) -> str:
    return "none" if status in _WITHOUT_REPLAY else "not yet"


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _bytes(value: int | None) -> str:
    return _NONE if value is None else f"{value} bytes"


def _moment(value: datetime | None) -> str:
    return _NONE if value is None else f"{value.isoformat(' ', 'minutes')}  ({age(value)})"


def _rank(row: RoundResult) -> int:
    return _LAST_RANK if row.rank is None else row.rank


def _since(row: Round) -> datetime | None:
    return row.completed_at or row.started_at or row.created_at


def _view_column(column: Column) -> _Cells:
    def text(row: ViewRow) -> str | None:
        value = row.values.get(column.key)
        if isinstance(value, bool):
            return _yes(value)
        if isinstance(value, float):
            return score(value)
        return None if value is None else str(value)

    is_number = column.value_type in ("number", "integer", "percent")
    return _Cells(safe_line(column.label or column.key, _CELL), text, is_number)


def _table(rows: Sequence[_Row], columns: Iterable[_Cells]) -> Iterator[str]:
    """A heading and a line a row, columns as wide as what is in them; of no rows, that there are none."""
    if not rows:
        yield "none"
        return
    drawn = []
    for column in columns:
        cells = [safe_line(column.text(row) or _NONE, column.widest) for row in rows]
        width = max(cell_width(cell) for cell in (column.heading, *cells))
        drawn.append([_padded(cell, width, column.is_number) for cell in (column.heading, *cells)])
    for line in zip(*drawn, strict=True):
        yield "  ".join(line).rstrip()


def _padded(text: str, width: int, is_number: bool) -> str:
    return " " * (width - cell_width(text)) + text if is_number else fit(text, width)


def _fields(*fields: tuple[str, str | None]) -> Iterator[str]:
    """A line a field that has a value."""
    for name, value in fields:
        if value and value != _NONE:
            yield f"{name:<11} {safe_line(value, 1_000)}"


_LEAGUES = (
    _Cells("id", lambda row: row.id),
    _Cells("name", lambda row: row.name),
    _Cells("game", lambda row: row.game.name),
    _Cells("state", lambda row: row.state),
    _Cells("public", lambda row: _yes(row.public)),
    _Cells("age", lambda row: age(row.created_at), is_number=True),
)
_DIVISIONS = (
    _Cells("id", lambda row: row.id),
    _Cells("name", lambda row: row.name),
    _Cells("level", lambda row: _number(row.level), is_number=True),
    _Cells("type", lambda row: row.type),
    _Cells("state", lambda row: row.state),
    _Cells("league", lambda row: row.league.name),
    _Cells(
        "next round", lambda row: row.commissioner_description and row.commissioner_description.next_round
    ),
)
_LADDER = (
    _Cells("id", lambda row: row.id),
    _Cells("division", lambda row: row.name),
    _Cells("level", lambda row: _number(row.level), is_number=True),
    _Cells("members", lambda row: _number(row.member_count), is_number=True),
)
_STANDINGS = (
    _Cells("rank", lambda row: _number(row.rank), is_number=True),
    _Cells("player", lambda row: row.player_name or row.player_id),
    _Cells("policy", lambda row: row.policy_label),
    _Cells("score", lambda row: score(row.score), is_number=True),
    _Cells("measure", lambda row: row.score_label),
    _Cells("rounds", lambda row: _number(row.rounds_played), is_number=True),
    _Cells("win rate", lambda row: score(row.win_rate), is_number=True),
)
_ROUNDS = (
    _Cells("id", lambda row: row.id),
    _Cells("round", lambda row: _number(row.round_number), is_number=True),
    _Cells("status", lambda row: row.status),
    _Cells("division", lambda row: row.division.name),
    _Cells("age", lambda row: age(_since(row)), is_number=True),
    _Cells("error", lambda row: row.error, widest=_LONG),
)
_RESULTS = (
    _Cells("rank", lambda row: _number(row.rank), is_number=True),
    _Cells("player", lambda row: _player(row.player)),
    _Cells("policy", lambda row: row.policy_version.label),
    _Cells("score", lambda row: score(row.score), is_number=True),
)
_MEMBERSHIPS = (
    _Cells("id", lambda row: row.id),
    _Cells("player", lambda row: _player(row.player)),
    _Cells("policy", lambda row: row.policy_version.label),
    _Cells("★", lambda row: "★" if row.is_champion else " "),
    _Cells("division", lambda row: row.division.name),
    _Cells("status", lambda row: row.status),
    _Cells("substatus", lambda row: row.substatus),
    _Cells("age", lambda row: age(row.end_time or row.start_time or row.created_at), is_number=True),
)
_SUBMISSIONS = (
    _Cells("id", lambda row: row.id),
    _Cells("status", lambda row: row.status),
    _Cells("player", lambda row: _player(row.player)),
    _Cells("policy", lambda row: row.policy_version.label),
    _Cells("league", lambda row: row.league.name),
    _Cells("membership", lambda row: row.league_policy_membership_id),
    _Cells("age", lambda row: age(row.created_at), is_number=True),
    _Cells("notes", lambda row: row.notes, widest=_LONG),
)
_EVENTS = (
    _Cells("id", lambda row: row.id),
    _Cells("type", lambda row: row.event_type),
    _Cells("age", lambda row: age(row.created_at), is_number=True),
    _Cells("headline", lambda row: row.headline, widest=_LONG),
    _Cells("summary", lambda row: row.summary, widest=_LONG),
)
_EPISODES = (
    _Cells("id", lambda row: row.id),
    _Cells("status", lambda row: row.status),
    _Cells("round", lambda row: row.round_id),
    _Cells("policies", lambda row: _number(len(row.policy_version_ids)), is_number=True),
    _Cells("replay", lambda row: "yes" if row.replay_url else _missing_replay(row.status)),
    _Cells("age", lambda row: age(row.created_at), is_number=True),
)
_COWORLDS = (
    _Cells("id", lambda row: row.id),
    _Cells("name", lambda row: row.name),
    _Cells("version", lambda row: row.version),
    _Cells("★", lambda row: "★" if row.canonical else " "),
    _Cells("visibility", lambda row: row.visibility),
    _Cells("size", lambda row: _bytes(row.size_bytes), is_number=True),
    _Cells("age", lambda row: age(row.created_at), is_number=True),
    _Cells("about", lambda row: row.manifest_summary.description, widest=_LONG),
)
_IMAGES = (
    _Cells("id", lambda row: row.id),
    _Cells("name", lambda row: row.name),
    _Cells("version", lambda row: _number(row.version), is_number=True),
    _Cells("status", lambda row: row.status),
    _Cells("uri", lambda row: row.public_image_uri or row.image_uri, widest=_LONG),
)
_POLICIES = (
    _Cells("id", lambda row: row.id),
    _Cells("policy", lambda row: row.label),
    _Cells("age", lambda row: age(row.created_at), is_number=True),
)
