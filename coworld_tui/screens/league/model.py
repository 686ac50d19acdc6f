"""What the parts of the league screen share: what is looked at, what is known, and what a tab is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from ...observatory.models.base import ApiModel
from ...replay.lenses.spans import Line
from ...widgets.table import Cell, Column

if TYPE_CHECKING:
    from ...observatory.models.entries import Membership
    from ...observatory.models.episodes import Episode
    from ...observatory.models.leagues import Division, League
    from ...observatory.models.rounds import Round, RoundDetail

Model = TypeVar("Model", bound=ApiModel)


class Scope(NamedTuple):
    """What the lists are about: a league, one of its divisions, or one round of that."""

    league: League
    division: Division | None = None
    round: Round | None = None

    @property
    def key(self) -> str:
        """Tells one scope from another."""
        nearest = self.round or self.division or self.league
        return nearest.id


class Progress(NamedTuple):
    """How far a round is: ``over`` of ``of`` episodes, and so many ``failed``."""

    over: int
    failed: int
    of: int


@dataclass
class Known:
    """What was found out about the rows beyond the rows themselves. Changed on the event loop only."""

    mine: Sequence[Membership] = ()
    """My memberships, ended ones too."""
    champions: dict[str, dict[str, str]] = field(default_factory=dict)
    """By divisions: the label of the policy that stands for a player, by the player's id."""
    division: str = ""
    """The one whose standings are shown."""
    episodes: dict[str, Episode] = field(default_factory=dict)
    rounds: dict[str, RoundDetail] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    """The labels of policy versions by their ids, as far as they were met."""
    progress: dict[str, Progress] = field(default_factory=dict)
    """How far running rounds are, by their ids."""
    changed: set[Hashable] = field(default_factory=set)
    """Ids of rows that changed a moment ago."""
    my_players: frozenset[str] = frozenset()
    my_versions: frozenset[str] = frozenset()
    my_leagues: frozenset[str] = frozenset()
    my_divisions: frozenset[str] = frozenset()

    def learn_mine(self, memberships: Sequence[Membership]) -> None:
        """Take note of what is mine."""
        self.mine = memberships
        self.labels |= {each.policy_version.id: each.policy_version.label for each in memberships}
        self.my_players = frozenset(each.player.id for each in memberships if each.player is not None)
        self.my_versions = frozenset(each.policy_version.id for each in memberships)
        playing = [each for each in memberships if each.end_time is None]
        self.my_leagues = frozenset(each.league.id for each in playing)
        self.my_divisions = frozenset(each.division.id for each in playing)

    def champion_of(self, player_id: str) -> str:
        """The label of the policy that stands for a player where standings are shown; empty if not known."""
        return self.champions.get(self.division, {}).get(player_id, "")

    def learn_episode(self, episode: Episode) -> None:
        """Take note of an episode in full, and of who plays in it."""
        self.episodes[episode.id] = episode
        for seat in episode.participants:
            version = getattr(seat, "policy_version_id", None)
            if version:
                self.labels[version] = seat.label

    def words_of(self, raw: Mapping[str, Any]) -> list[str]:
        """What is shown of a row, and not said in it: labels of policies, and why an episode failed."""
        versions = raw.get("policy_version_ids")
        versions = versions if isinstance(versions, list) else []
        words = [self.labels.get(each, "") for each in versions if isinstance(each, str)]
        episode = self.episodes.get(str(raw.get("id")))
        return words if episode is None else [*words, episode.error_type or "", episode.error or ""]


@dataclass(frozen=True)
class Tab(Generic[Model]):
    """One kind of list.

    ``cells`` says a row, given its place in the list; ``lines`` says it at length, in ``width`` columns.
    ``note`` stands where there are no rows. ``sorts`` are the columns one can sort by, each with the members
    that lead to its value in the server's own row; those in ``largest_first`` begin with the largest.
    """

    id: str
    title: str
    columns: Sequence[Column]
    cells: Callable[[Model, int, Known], Sequence[Cell | None]]
    lines: Callable[[Model, Known, int], Sequence[Line]]
    note: str
    sorts: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    largest_first: frozenset[int] = frozenset()
