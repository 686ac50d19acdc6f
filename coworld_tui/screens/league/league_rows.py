"""The rows on the left: leagues, mine first, and beneath those that are opened out their divisions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from ...contract.text import safe_line
from ...observatory.listing import LiveList
from ...observatory.models.leagues import Division, League
from ...replay.lenses.spans import Span
from ...widgets.table import Cell, Column
from .model import Known, Scope

_COLUMNS = (Column("", 0, least=10), Column("", 8, "right", "muted", optional=True))


class LeagueRows:
    """``Rows`` of a table. My leagues are opened out until folded, others the other way round."""

    columns = _COLUMNS
    sorted_by = None

    def __init__(self) -> None:
        self.known = Known()
        self.leagues: Sequence[League] = ()
        self.divisions: dict[str, LiveList[Division]] = {}
        self.note = "asking …"
        self.heard: Callable[[], None] = lambda: None
        """Called when other rows come into view."""
        self._scopes: list[Scope] = []
        self._opened: set[str] = set()
        self._folded: set[str] = set()
        self._in_view = (0, 0)

    @property
    def row_count(self) -> int:
        """Number of rows."""
        return len(self._scopes)

    def cells(self, start: int, stop: int) -> Sequence[Sequence[Cell | None]]:
        """The cells of some rows."""
        if (start, stop) != self._in_view:
            self._in_view = start, stop
            self.heard()
        return [
            self._league(each.league) if each.division is None else self._division(each.division)
            for each in self._scopes[start:stop]
        ]

    def id_of(self, row: int) -> Hashable:
        """What stays the same about a row."""
        return self._scopes[row].key

    def scope(self, row: int | None) -> Scope | None:
        """The league or division of a row."""
        return self._scopes[row] if row is not None and row < len(self._scopes) else None

    def row_of(self, key: str) -> int | None:
        """Where a league or a division stands."""
        return next((row for row, scope in enumerate(self._scopes) if scope.key == key), None)

    def in_view(self) -> list[Scope]:
        """The rows that were drawn last."""
        return self._scopes[slice(*self._in_view)]

    def is_open(self, league_id: str) -> bool:
        """Whether the divisions of a league are shown. Without a league of mine the first one is."""
        if league_id in self._opened or league_id in self._folded:
            return league_id in self._opened
        mine = self.known.my_leagues
        return league_id in mine if mine else bool(self._scopes) and league_id == self._scopes[0].league.id

    def open_out(self, league_id: str, *, is_open: bool) -> None:
        """Show or hide the divisions of a league."""
        (self._opened if is_open else self._folded).add(league_id)
        (self._folded if is_open else self._opened).discard(league_id)
        self.arrange()

    def arrange(self) -> None:
        """Take note of leagues and divisions that came, and of what is mine."""
        ordered = sorted(self.leagues, key=self._order)
        self._scopes = [Scope(league) for league in ordered[:1]]
        scopes = []
        for league in ordered:
            scopes.append(Scope(league))
            if self.is_open(league.id):
                divisions = sorted(self.divisions.get(league.id, ()), key=_level)
                scopes += [Scope(league, division) for division in divisions]
        self._scopes = scopes

    def _order(self, league: League) -> tuple[bool, bool, bool]:
        return league.id not in self.known.my_leagues, league.state == "disabled", league.hidden

    def _league(self, league: League) -> Sequence[Cell | None]:
        is_mine = league.id in self.known.my_leagues
        name = Span(
            safe_line(league.name or league.id, 60), "muted" if league.state == "disabled" else "strong"
        )
        said = "" if league.state == "active" else f"‖ {league.state}"
        mark = Span("▾ " if self.is_open(league.id) else "▸ ", "muted")
        return (mark, name, Span(" ●" if is_mine else "", "accent")), Span(said) if said else None

    def _division(self, division: Division) -> Sequence[Cell | None]:
        is_mine = division.id in self.known.my_divisions
        name = Span(f"    {safe_line(division.name or division.id, 60)}", "accent" if is_mine else "")
        return name, None if division.state == "active" else Span(division.state)


def _level(division: Division) -> int:
    return -(division.level or 0)
