"""The rows of the library: which columns there is room for, and what each says of a replay."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

from ..contract.measures import age
from ..contract.text import safe_line
from ..replay.lenses.grid import score_text
from ..replay.lenses.spans import Line, Span
from ..widgets.table import Cell, Column

if TYPE_CHECKING:
    from ..replay.library import LibraryRow, SortKey

SORTS: tuple[SortKey, ...] = ("modified", "game", "scores", "length", "kind")
_LEAST_SCORE, _MOST_SCORE = 7, 20
_GAME, _AGE = Column("game", least=12), Column("age", 5, "right", "muted")
_WIDE = (
    _GAME,
    Column("name", least=16, optional=True),
    _AGE,
    Column("length", 8, "right", optional=True),
    Column("kind", 9, "left", "muted", optional=True),
    Column("players", 36, optional=True),
    Column("where", 30, "left", "muted", optional=True),
)
_NARROW = (_GAME, _AGE._replace(optional=True))
_NAMED = ("file", "bundle", "workspace")
_SORTED = {"modified": "age", "game": "game", "scores": "score", "length": "length", "kind": "kind"}


class LibraryRows:
    """What is known of the replays: in a wide list everything, in a narrow one what tells them apart."""

    def __init__(self) -> None:
        self.shown: Sequence[LibraryRow] = ()
        self.described: dict[str, LibraryRow] = {}
        self.sort: SortKey = SORTS[0]
        self.words = ""
        self.describing = False
        self.searching = False
        self.is_narrow = False
        self._wanted: Sequence[LibraryRow] = ()
        self._score_width = _LEAST_SCORE

    @property
    def columns(self) -> Sequence[Column]:
        score = Column("score", self._score_width, "right", "strong", optional=self.is_narrow)
        return (*_NARROW, score) if self.is_narrow else (*_WIDE[:2], score, *_WIDE[2:])

    @property
    def row_count(self) -> int:
        return len(self.shown)

    @property
    def sorted_by(self) -> tuple[int, bool] | None:
        titles = [column.title for column in self.columns]
        title = _SORTED[self.sort]
        return (titles.index(title), self.is_descending) if title in titles else None

    @property
    def is_descending(self) -> bool:
        """Whether the largest comes first."""
        return self.sort in ("modified", "scores", "length")

    @property
    def note(self) -> str:
        if self.searching:
            return "looking for replays …"
        return f"nothing matches '{self.words}' · escape shows all" if self.words else "no replays here"

    def undescribed(self) -> Sequence[LibraryRow]:
        """The rows in view of which only the name is known."""
        return [row for row in self._wanted if row.where not in self.described]

    def cells(self, start: int, stop: int) -> Sequence[Sequence[Cell | None]]:
        self._wanted = self.shown[start:stop]
        rows = [self.described.get(row.where, row) for row in self._wanted]
        scores = [_score_text(row.scores) for row in rows]
        self._score_width = max([_LEAST_SCORE, *map(len, scores)])
        cells_of = _narrow_cells if self.is_narrow else _wide_cells
        return [cells_of(row, score) for row, score in zip(rows, scores, strict=True)]

    def id_of(self, row: int) -> Hashable:
        return self.shown[row].where


def _narrow_cells(row: LibraryRow, score: str) -> Sequence[Cell | None]:
    if row.problem:
        return (_problem_line(row), None, None)
    return (Span(_title(row)), _age_cell(row), Span(score))


def _wide_cells(row: LibraryRow, score: str) -> Sequence[Cell | None]:
    known = (
        Span(score),
        _age_cell(row),
        Span(str(row.length) if row.length is not None else ""),
        Span(row.kind),
        Span(", ".join(safe_line(player, 30) for player in row.players[:8])),
        Span(safe_line(str(row.path.parent), 200)),
    )
    if not row.problem:
        return (Span(safe_line(row.game, 60)), Span(_name(row)), *known)
    # It may go on over the score, if there is none.
    return (_problem_line(row), None, known[0] if score else None, *known[1:])


def _problem_line(row: LibraryRow) -> Line:
    return Span("✗ ", "error"), Span(_title(row)), Span(f"  {safe_line(row.problem, 200)}", "error")


def _title(row: LibraryRow) -> str:
    """What tells a replay from others by few letters: people name their files, not their runs."""
    return _name(row) if row.kind in _NAMED or not row.game else safe_line(row.game, 60)


def _name(row: LibraryRow) -> str:
    return safe_line(row.where.rpartition("/")[2], 80)


def _age_cell(row: LibraryRow) -> Span:
    return Span(age(row.modified.isoformat()))


def _score_text(scores: Sequence[float]) -> str:
    """Scores by slot; of many the first ones, whole."""
    texts = [score_text(score) for score in scores[:_MOST_SCORE]]
    if len(texts) == len(scores) and len(":".join(texts)) <= _MOST_SCORE:
        return ":".join(texts)
    while texts and len(":".join((*texts, "…"))) > _MOST_SCORE:
        texts.pop()
    return ":".join((*texts, "…"))
