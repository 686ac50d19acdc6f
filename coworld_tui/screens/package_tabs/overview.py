"""The overview of a package: what it is, who takes part, which images are there, how its last runs went."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...contract.errors import CoworldError
from ...contract.package import Package
from ...contract.slots import slot_count
from ...contract.text import safe_line
from ...replay.lenses.spans import Line, Span, fit
from ...roles.listing import RoleEntry, list_roles
from ...runs.index import RunEntry
from ..facts import error_lines, fact, facts, paragraph
from ..packages import Found
from .model import ImageFact
from .runs import run_line

_WITH_IMAGES = 72
_NO_RUNS: Line = (Span("  no runs yet: ", "muted"), Span("r", "accent"), Span(" runs it", "muted"))


@dataclass(frozen=True)
class OverviewTab:
    """``images`` maps an image to what the engine knows of it, to None when it lacks it.

    Images that were not looked up are missing.
    """

    package: Package
    images: Mapping[str, ImageFact | None]
    runs: Sequence[RunEntry]
    rows: None = None

    def lines(self, row: int, width: int) -> Sequence[Line]:
        """Description, facts, roles with their images, achievements, the latest runs."""
        del row
        manifest, game = self.package.manifest, self.package.manifest.game
        entries = [
            ("slots", _slots_of(self.package), ""),
            ("runtime", game.player_runtime, ""),
            ("contract", f"{self.package.generation} generation", ""),
            ("variants", str(len(manifest.variants)), ""),
            ("image", _image_words(game.runnable.image, self.package, self.images), ""),
            ("owner", game.owner, ""),
            ("tags", " · ".join(manifest.tags or ()), ""),
            ("from", "" if self.package.builtin else _place(self.package.source), "muted"),
            ("unknown keys", ", ".join(self.package.unknown_keys), "warning"),
        ]
        lines = [*paragraph(game.description, width), (), *facts(entries, width)]
        lines += [(), (Span("roles", "heading"),)]
        lines += [_role_line(role, self.package, self.images, width) for role in list_roles(self.package)]
        if game.achievements:
            lines += [(), (Span("achievements", "heading"),)]
            for each in game.achievements:
                lines += fact(f"  {each.points:>4}", f"{each.name or each.id}: {each.description}", width)
        lines += [(), (Span("last runs", "heading"),)]
        return lines + ([run_line(run, width) for run in self.runs] or [_NO_RUNS])


def problem_lines(found: Found, width: int) -> list[Line]:
    """Why a manifest could not be read, and what to do."""
    if found.error is None:
        return []
    return [*error_lines(found.error, width), *fact("file", found.source, width)]


def _image_words(image: str, package: Package, images: Mapping[str, ImageFact | None]) -> str:
    details = images.get(image)
    return "" if package.builtin else f"{image} · {details.platform}" if details is not None else image


def _place(source: str) -> str:
    """Where a package is, from here or from home if it is there."""
    for start, sign in ((Path.cwd, ""), (Path.home, "~/")):
        # Not there, or deleted beneath us (OSError), or the home of nobody (RuntimeError).
        with contextlib.suppress(ValueError, OSError, RuntimeError):
            return f"{sign}{Path(source).relative_to(start())}"
    return source


def _slots_of(package: Package) -> str:
    manifest = package.manifest
    config = manifest.certification.game_config if manifest.certification is not None else {}
    try:
        return str(slot_count(manifest, config, is_fixture=True))
    except CoworldError as error:
        return f"? {safe_line(error.title, 80)}"


def _role_line(role: RoleEntry, package: Package, images: Mapping[str, ImageFact | None], width: int) -> Line:
    is_wide = width >= _WITH_IMAGES
    is_same = role.section != "game" and role.image == package.manifest.game.runnable.image
    image = "" if package.builtin else "same image" if is_same else safe_line(role.image or "", 60)
    return (
        Span(f"  {fit(role.section, 12)} ", "muted"),
        Span(f"{fit(safe_line(role.name or role.id, 40), 26 if is_wide else 18)} "),
        Span(f"{fit(image, 26)} " if is_wide and not package.builtin else "", "muted"),
        image_state(role.image, package, images),
    )


def image_state(image: str | None, package: Package, images: Mapping[str, ImageFact | None]) -> Span:
    """One word on an image, with its size; nothing before it was looked up."""
    if package.builtin:
        return Span("● built in", "good")
    if image is None:
        return Span("○ hosted", "muted")
    if image not in images:
        return Span("")
    details = images[image]
    if details is None:
        return Span("✗ absent", "error")
    return Span(f"● {details.size / 1e6:.0f} MB", "good")
