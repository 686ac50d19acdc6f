"""Finding packages, and what the manifest screen says of one. Plain functions, run off the event loop."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..contract.bundled import bundled_package
from ..contract.errors import CoworldError
from ..contract.manifest import ContainerReporter, ReporterReference, RoleRunnable
from ..contract.package import Package, read_package
from ..contract.request import plan_episode
from ..contract.text import safe_line
from ..replay.lenses.spans import Line, Span, fit
from ..runs.index import RunEntry
from ..runs.paths import config_file

MANIFEST = "coworld_manifest.json"
_STATUS_STYLES = {
    "passed": "good",
    "failed": "error",
    "cancelled": "warning",
    "running": "accent",
    "stale": "warning",
}


@dataclass(frozen=True)
class Found:
    """A package, or a manifest that could not be read and why."""

    source: str
    package: Package | None = None
    error: CoworldError | None = None

    @property
    def name(self) -> str:
        """What the list shows."""
        return self.package.name if self.package is not None else Path(self.source).parent.name or self.source


def discover(opened: Iterable[str]) -> list[Found]:
    """Packages named on start, then of this folder, ``./coworld/*/``, configured folders, and the demo."""
    found: list[Found] = []
    seen: set[Path] = set()
    for path in (*(Path(source) for source in opened), *_places()):
        manifest = path / MANIFEST if path.is_dir() else path
        if not manifest.is_file() or manifest.resolve() in seen:
            continue
        seen.add(manifest.resolve())
        found.append(read(manifest))
    return [*found, Found("demo", bundled_package())]


def read(manifest: Path) -> Found:
    """One package, or the reason why not."""
    try:
        return Found(str(manifest), read_package(manifest))
    except CoworldError as error:
        return Found(str(manifest), error=error)


def _places() -> Iterator[Path]:
    here = Path.cwd()
    yield here
    yield from sorted(here.glob(f"*/{MANIFEST}"))
    yield from sorted((here / "coworld").glob("*/"))
    for folder in _configured():
        yield folder
        yield from sorted(folder.glob("*/"))


def _configured() -> list[Path]:
    try:
        settings = tomllib.loads(config_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    folders = settings.get("package_dirs")
    return (
        [Path(folder).expanduser() for folder in folders if isinstance(folder, str)]
        if isinstance(folders, list)
        else []
    )


def overview_lines(package: Package, images: Mapping[str, str], runs: Iterable[RunEntry]) -> list[Line]:
    """The overview: what it is, how many play, the roles with their images, the latest runs.

    ``images`` maps an image to its size, or to an empty string when the engine lacks it; images
    that were not looked up are missing.
    """
    manifest = package.manifest
    lines: list[Line] = [(Span(text),) for text in _wrapped(manifest.game.description)]
    lines += [(), _fact("slots", _slots_of(package)), _fact("runtime", manifest.game.player_runtime)]
    lines.append(_fact("contract", f"{package.generation} generation"))
    lines.append(_fact("variants", str(len(manifest.variants))))
    if manifest.game.owner:
        lines.append(_fact("owner", manifest.game.owner))
    if manifest.tags:
        lines.append(_fact("tags", " · ".join(manifest.tags)))
    if package.unknown_keys:
        lines.append(_fact("unknown keys", ", ".join(package.unknown_keys), "warning"))
    lines += [(), (Span("roles", "heading"),)]
    lines += [_role_line("game", manifest.game.name, manifest.game.runnable.image, package, images)]
    for role, entries in _roles(package):
        lines += [_role_line(role, entry.name or entry.id, entry.image, package, images) for entry in entries]
    for reporter in manifest.reporter:
        if isinstance(reporter, ReporterReference):
            lines.append(_role_line("reporter", reporter.reporter, None, package, images))
    lines += [(), (Span("last runs", "heading"),)]
    shown = [run_line(run) for run in runs]
    return lines + (
        shown or [(Span("  no runs yet: ", "muted"), Span("r", "accent"), Span(" runs it", "muted"))]
    )


def variant_lines(package: Package) -> list[Line]:
    """Every variant with its description and the plain values of its configuration."""
    lines: list[Line] = []
    for variant in package.manifest.variants:
        lines.append(
            (Span(safe_line(variant.id, 40), "heading"), Span(f"   {safe_line(variant.name, 60)}", "strong"))
        )
        lines += [(Span(f"  {text}"),) for text in _wrapped(variant.description)]
        for key, value in variant.game_config.items():
            if isinstance(value, int | float | str | bool):
                lines.append(
                    (Span(f"  {fit(safe_line(key, 32), 32)} ", "muted"), Span(safe_line(str(value), 80)))
                )
        lines.append(())
    return lines or [(Span("this manifest has no variants", "muted"),)]


def problem_lines(found: Found) -> list[Line]:
    """Why a manifest could not be read, and what to do."""
    error = found.error
    if error is None:
        return []
    return [
        (Span("✗ ", "error"), Span(safe_line(error.title), "strong")),
        (),
        *((Span(text),) for text in _wrapped(error.cause)),
        (),
        (Span("next  ", "muted"), Span(safe_line(error.next_step), "accent")),
        (Span("file  ", "muted"), Span(safe_line(found.source))),
    ]


def run_line(run: RunEntry) -> Line:
    """One run: when, variant, score, status, time or error."""
    status = safe_line(run.status, 12)
    variant = safe_line(run.operation.partition(":")[2], 16)
    scores = run.result.get("scores")
    numbers = [value for value in scores if isinstance(value, int | float)] if isinstance(scores, list) else []
    score = " : ".join(f"{value:g}" for value in numbers[:6]) or "—"
    problem = run.result.get("problem")
    seconds = run.result.get("seconds")
    tail = safe_line(str(problem.get("title", "")), 50) if isinstance(problem, dict) else ""
    if not tail and isinstance(seconds, int | float):
        tail = f"{seconds:.1f} s"
    return (
        Span(f"  {age(run.created_at):>5}  ", "muted"),
        Span(f"{fit(variant, 14)} "),
        Span(f"{score:>12}  ", "strong"),
        Span(f"{fit(status, 10)} ", _STATUS_STYLES.get(status, "muted")),
        Span(tail, "muted"),
    )


def age(moment: str, now: datetime | None = None) -> str:
    """How long ago an ISO time was: ``now``, ``2 m``, ``3 h``, ``5 d``; empty when it is no time."""
    try:
        seconds = ((now or datetime.now(UTC)) - datetime.fromisoformat(moment)).total_seconds()
    except (ValueError, TypeError):
        return ""
    for limit, size, unit in ((60, 0, ""), (3600, 60, "m"), (86400, 3600, "h"), (float("inf"), 86400, "d")):
        if seconds < limit:
            return f"{int(seconds // size)} {unit}" if size else "now"
    return ""


def _slots_of(package: Package) -> str:
    try:
        return str(len(plan_episode(package).seats))
    except CoworldError as error:
        return f"? {safe_line(error.title, 80)}"


def _roles(package: Package) -> list[tuple[str, list[RoleRunnable]]]:
    manifest = package.manifest
    containers: list[RoleRunnable] = [
        entry for entry in manifest.reporter if isinstance(entry, ContainerReporter)
    ]
    return [
        ("player", manifest.player),
        ("commissioner", manifest.commissioner),
        ("reporter", containers),
        ("grader", manifest.grader),
        ("diagnoser", manifest.diagnoser),
        ("optimizer", manifest.optimizer),
    ]


def _role_line(role: str, name: str, image: str | None, package: Package, images: Mapping[str, str]) -> Line:
    if package.builtin:
        state = Span("● built in", "good")
    elif image is None:
        state = Span("○ reference", "muted")
    elif image not in images:
        state = Span("", "muted")
    else:
        state = Span(f"● {images[image]}", "good") if images[image] else Span("✗ absent", "error")
    is_same = role != "game" and image == package.manifest.game.runnable.image
    shown = "" if package.builtin else fit("same image" if is_same else safe_line(image or "", 60), 26)
    return (
        Span(f"  {fit(role, 12)} ", "muted"),
        Span(f"{fit(safe_line(name, 40), 24)} "),
        Span(f"{shown} ", "muted"),
        state,
    )


def _fact(label: str, value: str, style: str = "") -> Line:
    return (Span(f"{fit(label, 13)} ", "muted"), Span(safe_line(value, 200), style))


def _wrapped(text: str, width: int = 76) -> list[str]:
    import textwrap

    return textwrap.wrap(safe_line(text, 1000), width)

