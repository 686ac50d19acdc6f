"""The variants of a package, each beside the certification fixture."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from ...contract.config_difference import Difference, config_differences
from ...contract.package import Package
from ...contract.request import FIXTURE
from ...contract.text import safe_line
from ...replay.lenses.spans import Line, Span, fit
from ...widgets.table import Column
from ..facts import paragraph

_COLUMNS = (
    Column("variant", 0, style="strong", least=12),
    Column("name", 0, optional=True),
    Column("differs", 9, "right", "muted"),
)
_STYLES = {"same": "muted", "changed": "changed", "only_here": "good", "only_there": "error"}
_MARKS = {"same": " ", "changed": "≠", "only_here": "+", "only_there": "−"}


class _Entry(NamedTuple):
    id: str
    name: str
    description: str
    config: dict[str, Any]


class _Rows(NamedTuple):
    """One row a variant. How many values differ is counted for those in view: there may be thousands."""

    tab: VariantsTab
    columns: Sequence[Column] = _COLUMNS
    note: str = ""
    sorted_by: tuple[int, bool] | None = None

    @property
    def row_count(self) -> int:
        return len(self.tab.entries)

    def cells(self, start: int, stop: int) -> Sequence[Sequence[Span]]:
        entries = self.tab.entries[start:stop]
        return [
            (Span(entry.id), Span(entry.name), Span(_count(self.tab.differences(row))))
            for row, entry in enumerate(entries, start)
        ]

    def id_of(self, row: int) -> Hashable:
        return self.tab.entries[row].id


@dataclass(frozen=True)
class VariantsTab:
    """The fixture, then the variants; ``r`` launches the one beneath the cursor."""

    package: Package

    _differences: dict[int, Sequence[Difference]] = field(default_factory=dict)

    @cached_property
    def _fixture(self) -> dict[str, Any]:
        certification = self.package.manifest.certification
        return certification.game_config if certification is not None else {}

    @cached_property
    def entries(self) -> list[_Entry]:
        """The fixture and the variants, in the manifest's order."""
        said = "the episode that certification plays, and that runs when no variant is asked for"
        variants = self.package.manifest.variants
        return [
            _Entry(FIXTURE, "the fixture", said, self._fixture),
            *(_Entry(each.id, each.name, each.description, each.game_config) for each in variants),
        ]

    def differences(self, row: int) -> Sequence[Difference]:
        """A configuration beside the fixture's."""
        if row not in self._differences:
            self._differences[row] = config_differences(self._fixture, self.entries[row].config)
        return self._differences[row]

    @property
    def rows(self) -> _Rows:
        """One row a variant, with the number of values that differ."""
        return _Rows(self)

    def id_of(self, row: int) -> str:
        """The id of a variant, by its row."""
        return self.entries[row].id

    def lines(self, row: int, width: int) -> Sequence[Line]:
        """The description, then every value beside the fixture's."""
        entry, differences = self.entries[row], self.differences(row)
        lines = paragraph(entry.description, width)
        if entry.id == FIXTURE:
            return [*lines, (), *(_plain(each, width) for each in differences)]
        heads = (
            Span(f"  {fit('', _name_width(width))} ", "muted"),
            Span(fit(safe_line(entry.id), _value_width(width)), "muted"),
        )
        lines += [(), (*heads, Span(" fixture", "muted"))]
        return lines + [_compared(each, width) for each in differences]


def _name_width(width: int) -> int:
    return max(12, min(34, width // 2 - 4))


def _value_width(width: int) -> int:
    return max(8, (width - _name_width(width) - 5) // 2)


def _plain(each: Difference, width: int) -> Line:
    return (Span(f"  {fit(each.path, _name_width(width))} ", "muted"), Span(each.value))


def _compared(each: Difference, width: int) -> Line:
    style = _STYLES[each.kind]
    return (
        Span(f"{_MARKS[each.kind]} ", style),
        Span(f"{fit(each.path, _name_width(width))} ", "muted"),
        Span(fit(each.value, _value_width(width)), "" if each.kind == "same" else style),
        Span(f" {each.fixture_value}", "muted"),
    )


def _count(differences: Sequence[Difference]) -> str:
    count = sum(each.kind != "same" for each in differences)
    return f"{count} values" if count > 1 else "1 value" if count else "—"
