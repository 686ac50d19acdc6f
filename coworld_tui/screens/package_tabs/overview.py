"""The overview of a package: what it is, who takes part, which images are there, how its last runs went."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...contract.errors import CoworldError
from ...contract.manifest import ContainerReporter, ReporterReference, RoleRunnable, WasmReporter
from ...contract.package import Package
from ...contract.slots import slot_count
from ...contract.text import safe_line
from ...replay.lenses.spans import Line, Span, fit
from ...runs.index import RunEntry
from ..packages import Found
from .model import ImageFact, fact, wrapped
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
        lines: list[Line] = [(Span(text),) for text in wrapped(game.description, width)]
        facts = [
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
        lines.append(())
        lines += [line for label, value, style in facts for line in fact(label, value, width, style)]
        lines += [(), (Span("roles", "heading"),), *_role_lines(self.package, self.images, width)]
        if game.achievements:
            lines += [(), (Span("achievements", "heading"),)]
            lines += [
                line
                for entry in game.achievements
                for line in fact(
                    f"  {entry.points:>4}", f"{entry.name or entry.id}: {entry.description}", width
                )
            ]
        lines += [(), (Span("last runs", "heading"),)]
        return lines + ([run_line(run, width) for run in self.runs] or [_NO_RUNS])


def problem_lines(found: Found, width: int) -> list[Line]:
    """Why a manifest could not be read, and what to do."""
    error = found.error
    if error is None:
        return []
    return [
        (Span("✗ ", "error"), Span(safe_line(error.title), "strong")),
        (),
        *((Span(text),) for text in wrapped(error.cause, width)),
        (),
        (Span("next  ", "muted"), Span(safe_line(error.next_step), "accent")),
        (Span("file  ", "muted"), Span(safe_line(found.source))),
    ]


def _image_words(image: str, package: Package, images: Mapping[str, ImageFact | None]) -> str:
    details = images.get(image)
    return "" if package.builtin else f"{image} · {details.platform}" if details is not None else image


def _place(source: str) -> str:
    """Where a package is, from here or from home if it is there."""
    for start, sign in ((Path.cwd(), ""), (Path.home(), "~/")):
        if Path(source).is_relative_to(start):
            return f"{sign}{Path(source).relative_to(start)}"
    return source


def _slots_of(package: Package) -> str:
    manifest = package.manifest
    config = manifest.certification.game_config if manifest.certification is not None else {}
    try:
        return str(slot_count(manifest, config, is_fixture=True))
    except CoworldError as error:
        return f"? {safe_line(error.title, 80)}"


def _role_lines(package: Package, images: Mapping[str, ImageFact | None], width: int) -> list[Line]:
    manifest = package.manifest
    containers = [entry for entry in manifest.reporter if isinstance(entry, ContainerReporter)]
    sections: list[tuple[str, Iterable[RoleRunnable]]] = [
        ("player", manifest.player),
        ("commissioner", manifest.commissioner),
        ("reporter", containers),
        ("grader", manifest.grader),
        ("diagnoser", manifest.diagnoser),
        ("optimizer", manifest.optimizer),
    ]
    entries: list[tuple[str, str, str | None]] = [("game", manifest.game.name, manifest.game.runnable.image)]
    entries += [(role, entry.name or entry.id, entry.image) for role, found in sections for entry in found]
    for reporter in manifest.reporter:
        if isinstance(reporter, ReporterReference):
            entries.append(("reporter", reporter.reporter, None))
        elif isinstance(reporter, WasmReporter):
            entries.append(("reporter", reporter.display_name or reporter.id or reporter.wasm, None))
    return [_role_line(role, name, image, package, images, width) for role, name, image in entries]


def _role_line(
    role: str,
    name: str,
    image: str | None,
    package: Package,
    images: Mapping[str, ImageFact | None],
    width: int,
) -> Line:
    is_wide = width >= _WITH_IMAGES
    is_same = role != "game" and image == package.manifest.game.runnable.image
    shown = "" if package.builtin else "same image" if is_same else safe_line(image or "", 60)
    return (
        Span(f"  {fit(role, 12)} ", "muted"),
        Span(f"{fit(safe_line(name, 40), 26 if is_wide else 18)} "),
        Span(f"{fit(shown, 26)} " if is_wide and not package.builtin else "", "muted"),
        image_state(image, package, images),
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
