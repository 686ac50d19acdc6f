"""What ``league`` shows to people: a table for each kind of list, lines for each single thing.

All text is somebody else's and made safe cell by cell. Scores have four decimals, as everywhere on the
hosted side (hosted.md 2), and no unit but the label the server gives them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, TypeVar

from ..contract.measures import age
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

_Row = TypeVar("_Row")


class Cells(NamedTuple):
    """A column: its heading, what stands there in a row, and whether that is a number."""

    heading: str
    text: Callable[..., str | None]
    is_number: bool = False
    widest: int = _CELL


def score(value: float | None) -> str:
    """Four decimals."""
    return _NONE if value is None else f"{value:.4f}"


def leagues(rows: Sequence[League]) -> Iterator[str]:
    """One line a league."""
    return table_lines(rows, _LEAGUES)


def league(row: League) -> Iterator[str]:
    """One league."""
    return field_lines(
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
    return table_lines(rows, _DIVISIONS)


def division(row: Division) -> Iterator[str]:
    """One division, and how its rounds are played."""
    said = row.commissioner_description or CommissionerDescription()
    return field_lines(
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
    return table_lines(rows, _LADDER)


def standings(rows: Sequence[LeaderboardEntry]) -> Iterator[str]:
    """One line a player. Where no rank is given the place in the list counts."""
    ranked = [
        row if row.rank is not None else row.model_copy(update={"rank": place})
        for place, row in enumerate(rows, 1)
    ]
    return table_lines(ranked, _STANDINGS)


def view(table: LeaderboardView) -> Iterator[str]:
    """One line a player, with the columns the table itself declares."""
    cells = [Cells("player", lambda row: row.subject_name or row.subject_id)]
    cells += [_view_column(column) for column in table.columns]
    yield from field_lines(("table", table.title or table.key), ("about", table.description))
    yield from table_lines(table.rows, cells)


def rounds(rows: Sequence[Round]) -> Iterator[str]:
    """One line a round."""
    return table_lines(rows, _ROUNDS)


def round_detail(row: RoundDetail) -> Iterator[str]:
    """One round and its results, the best first."""
    yield from field_lines(
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
    return table_lines(sorted(row.results, key=_rank), _RESULTS)


def memberships(rows: Sequence[Membership]) -> Iterator[str]:
    """One line a membership; ★ is the version that stands for its player."""
    return table_lines(rows, _MEMBERSHIPS)


def submissions(rows: Sequence[Submission]) -> Iterator[str]:
    """One line a submission."""
    return table_lines(rows, _SUBMISSIONS)


def events(rows: Sequence[Event]) -> Iterator[str]:
    """One line an event."""
    return table_lines(rows, _EVENTS)


def episodes(rows: Sequence[EpisodeRow]) -> Iterator[str]:
    """One line an episode."""
    return table_lines(rows, _EPISODES)


def episode(row: Episode) -> Iterator[str]:
    """One episode and its seats; ✗ is the seat its failure is blamed on."""
    yield from field_lines(
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
    return table_lines(rows, _COWORLDS)


def coworld(row: Coworld) -> Iterator[str]:
    """One version of a Coworld."""
    return field_lines(
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
    return table_lines(rows, _IMAGES)


def image(row: Image) -> Iterator[str]:
    """One image."""
    return field_lines(
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
    return table_lines(rows, _POLICIES)


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


def _view_column(column: Column) -> Cells:
    def text(row: ViewRow) -> str | None:
        value = row.values.get(column.key)
        if isinstance(value, bool):
            return _yes(value)
        if isinstance(value, float):
            return score(value)
        return None if value is None else str(value)

    is_number = column.value_type in ("number", "integer", "percent")
    return Cells(safe_line(column.label or column.key, _CELL), text, is_number)


def table_lines(rows: Sequence[_Row], columns: Iterable[Cells]) -> Iterator[str]:
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


def field_lines(*fields: tuple[str, str | None]) -> Iterator[str]:
    """A line a field that has a value."""
    for name, value in fields:
        if value and value != _NONE:
            yield f"{name:<11} {safe_line(value, 1_000)}"


_LEAGUES = (
    Cells("id", lambda row: row.id),
    Cells("name", lambda row: row.name),
    Cells("game", lambda row: row.game.name),
    Cells("state", lambda row: row.state),
    Cells("public", lambda row: _yes(row.public)),
    Cells("age", lambda row: age(row.created_at), is_number=True),
)
_DIVISIONS = (
    Cells("id", lambda row: row.id),
    Cells("name", lambda row: row.name),
    Cells("level", lambda row: _number(row.level), is_number=True),
    Cells("type", lambda row: row.type),
    Cells("state", lambda row: row.state),
    Cells("league", lambda row: row.league.name),
    Cells("next round", lambda row: row.commissioner_description and row.commissioner_description.next_round),
)
_LADDER = (
    Cells("id", lambda row: row.id),
    Cells("division", lambda row: row.name),
    Cells("level", lambda row: _number(row.level), is_number=True),
    Cells("members", lambda row: _number(row.member_count), is_number=True),
)
_STANDINGS = (
    Cells("rank", lambda row: _number(row.rank), is_number=True),
    Cells("player", lambda row: row.player_name or row.player_id),
    Cells("policy", lambda row: row.policy_label),
    Cells("score", lambda row: score(row.score), is_number=True),
    Cells("measure", lambda row: row.score_label),
    Cells("rounds", lambda row: _number(row.rounds_played), is_number=True),
    Cells("win rate", lambda row: score(row.win_rate), is_number=True),
)
_ROUNDS = (
    Cells("id", lambda row: row.id),
    Cells("round", lambda row: _number(row.round_number), is_number=True),
    Cells("status", lambda row: row.status),
    Cells("division", lambda row: row.division.name),
    Cells("age", lambda row: age(_since(row)), is_number=True),
    Cells("error", lambda row: row.error, widest=_LONG),
)
_RESULTS = (
    Cells("rank", lambda row: _number(row.rank), is_number=True),
    Cells("player", lambda row: _player(row.player)),
    Cells("policy", lambda row: row.policy_version.label),
    Cells("score", lambda row: score(row.score), is_number=True),
)
_MEMBERSHIPS = (
    Cells("id", lambda row: row.id),
    Cells("player", lambda row: _player(row.player)),
    Cells("policy", lambda row: row.policy_version.label),
    Cells("★", lambda row: "★" if row.is_champion else " "),
    Cells("division", lambda row: row.division.name),
    Cells("status", lambda row: row.status),
    Cells("substatus", lambda row: row.substatus),
    Cells("age", lambda row: age(row.end_time or row.start_time or row.created_at), is_number=True),
)
_SUBMISSIONS = (
    Cells("id", lambda row: row.id),
    Cells("status", lambda row: row.status),
    Cells("player", lambda row: _player(row.player)),
    Cells("policy", lambda row: row.policy_version.label),
    Cells("league", lambda row: row.league.name),
    Cells("membership", lambda row: row.league_policy_membership_id),
    Cells("age", lambda row: age(row.created_at), is_number=True),
    Cells("notes", lambda row: row.notes, widest=_LONG),
)
_EVENTS = (
    Cells("id", lambda row: row.id),
    Cells("type", lambda row: row.event_type),
    Cells("age", lambda row: age(row.created_at), is_number=True),
    Cells("headline", lambda row: row.headline, widest=_LONG),
    Cells("summary", lambda row: row.summary, widest=_LONG),
)
_EPISODES = (
    Cells("id", lambda row: row.id),
    Cells("status", lambda row: row.status),
    Cells("round", lambda row: row.round_id),
    Cells("policies", lambda row: _number(len(row.policy_version_ids)), is_number=True),
    Cells("replay", lambda row: "yes" if row.replay_url else _missing_replay(row.status)),
    Cells("age", lambda row: age(row.created_at), is_number=True),
)
_COWORLDS = (
    Cells("id", lambda row: row.id),
    Cells("name", lambda row: row.name),
    Cells("version", lambda row: row.version),
    Cells("★", lambda row: "★" if row.canonical else " "),
    Cells("visibility", lambda row: row.visibility),
    Cells("size", lambda row: _bytes(row.size_bytes), is_number=True),
    Cells("age", lambda row: age(row.created_at), is_number=True),
    Cells("about", lambda row: row.manifest_summary.description, widest=_LONG),
)
_IMAGES = (
    Cells("id", lambda row: row.id),
    Cells("name", lambda row: row.name),
    Cells("version", lambda row: _number(row.version), is_number=True),
    Cells("status", lambda row: row.status),
    Cells("uri", lambda row: row.public_image_uri or row.image_uri, widest=_LONG),
)
_POLICIES = (
    Cells("id", lambda row: row.id),
    Cells("policy", lambda row: row.label),
    Cells("age", lambda row: age(row.created_at), is_number=True),
)
