"""Everybody who takes part in a package, section by section, and what is missing of them."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ...contract.package import Package
from ...keys import of_scope
from ...replay.lenses.spans import Line, Span
from ...roles.listing import RoleEntry, list_roles
from ...widgets.listed_rows import ListedRows
from ...widgets.table import Column
from ..facts import facts
from .model import ImageFact
from .overview import image_state

SECTIONS = ("game", "player", "reporter", "commissioner", "grader", "diagnoser", "optimizer")
_COLUMNS = (
    Column("role", 12, style="muted"),
    Column("id", 0, style="strong", least=12),
    Column("name", 0, least=12, optional=True),
    Column("image", 12),
)


@dataclass(frozen=True)
class RolesTab:
    """The seven sections of a manifest, an empty one as a row of its own."""

    package: Package
    images: Mapping[str, ImageFact | None]

    @cached_property
    def _entries(self) -> list[tuple[str, RoleEntry | None]]:
        found = list_roles(self.package)
        entries: list[tuple[str, RoleEntry | None]] = []
        for section in SECTIONS:
            of_section = [(section, entry) for entry in found if entry.section == section]
            entries += of_section or [(section, None)]
        return entries

    @cached_property
    def rows(self) -> ListedRows:
        """One row a role."""
        return ListedRows(
            _COLUMNS,
            [
                ((section, at), self._cells(section, entry))
                for at, (section, entry) in enumerate(self._entries)
            ],
        )

    def lines(self, row: int, width: int) -> Sequence[Line]:
        """How a role is started, where its source is, and what is wrong with it."""
        section, entry = self._entries[row]
        if entry is None:
            return [(Span(f"the manifest declares no {section}", "muted"),)]
        entries = [
            ("about", entry.description, ""),
            ("image", entry.image or "", ""),
            ("platform", self._platform(entry), ""),
            ("run", _command(entry), ""),
            *((f"env {name}", value, "") for name, value in entry.env.items()),
            ("source", entry.source_url or "", "accent"),
            ("run here", f"{_key(section)} in a replay" if entry.can_run else "", ""),
            *(("missing", problem, "warning") for problem in entry.problems),
        ]
        return facts(entries, width)

    def _platform(self, entry: RoleEntry) -> str:
        details = self.images.get(entry.image or "")
        return details.platform if details is not None else ""

    def _cells(self, section: str, entry: RoleEntry | None) -> Sequence[Span]:
        if entry is None:
            return (Span(section), Span("none declared", "muted"), Span(""), Span(""))
        state = image_state(entry.image, self.package, self.images)
        if entry.problems:
            state = Span("! see below", "warning")
        return (Span(section), Span(entry.id), Span(entry.name), state)


def _command(entry: RoleEntry) -> str:
    if entry.argv:
        return shlex.join(entry.argv)
    return "the image's own command" if entry.image else ""


def _key(section: str) -> str:
    """The key that runs a role on the replay in view."""
    return next(key.label for key in of_scope("replay") if key.action == f"judge('{section}')")
