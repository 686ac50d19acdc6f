"""The schemas of a package: how it is configured and what its results say, as an outline or as they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from ...contract.package import Package
from ...contract.schema_outline import OutlineRow, schema_outline
from ...replay.json_view import JsonText, json_lines
from ...replay.lenses.spans import Line, Span, fit
from ...widgets.listed_rows import ListedRows
from ...widgets.table import Column
from ..facts import wrapped

_COLUMNS = (Column("schema", 12, style="strong"), Column("of", 0, style="muted"))
_ENTRIES = (
    ("config", "what an episode is configured with"),
    ("results", "what results.json says of it"),
)


@dataclass(frozen=True)
class SchemasTab:
    """``is_raw`` shows the JSON instead of the outline."""

    package: Package
    is_raw: bool = False

    @cached_property
    def rows(self) -> ListedRows:
        """The two schemas."""
        return ListedRows(_COLUMNS, [(name, (Span(name), Span(what))) for name, what in _ENTRIES])

    def lines(self, row: int, width: int) -> Sequence[Line]:
        """The outline of a schema, or its JSON."""
        game = self.package.manifest.game
        schema = game.config_schema if row == 0 else game.results_schema
        if self.is_raw:
            lines, _ = json_lines(schema, width)
            return JsonText(lines).lines(0, len(lines))
        outline = schema_outline(schema)
        outlined = [line for each in outline for line in _outlined(each, width)]
        return outlined or [(Span("the schema says nothing: anything fits", "muted"),)]


def _outlined(row: OutlineRow, width: int) -> list[Line]:
    margin = "  " * row.depth
    names = max(14, width // 3)
    default = f"  = {row.default}" if row.default else ""
    line = (
        Span(fit(f"{margin}{row.name}", names), "key"),
        Span("* " if row.required else "  ", "accent"),
        Span(fit(row.type, 14), "string"),
        Span(f" {row.rule}" if row.rule else ""),
        Span(default, "number"),
    )
    said = wrapped(row.description, width - len(margin) - 4)
    return [line, *((Span(f"{margin}    {text}", "muted"),) for text in said)]
