"""What the manifest screen says of a package, as lines."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping

from ..contract.errors import CoworldError
from ..contract.manifest import ContainerReporter, ReporterReference, RoleRunnable
from ..contract.measures import age
from ..contract.package import Package
from ..contract.request import plan_episode
from ..contract.text import safe_line
from ..replay.lenses.spans import Line, Span, fit
from ..runs.index import RunEntry
from .packages import Found

_STATUS_STYLES = {
    "passed": "good",
    "failed": "error",
    "cancelled": "warning",
    "running": "accent",
    "stale": "warning",
}
_LABEL = 13
_LONGEST_LINE = 90
_WITH_IMAGES = 72
_NO_RUNS: Line = (Span("  no runs yet: ", "muted"), Span("r", "accent"), Span(" runs it", "muted"))


def overview_lines(
    package: Package, images: Mapping[str, str], runs: Iterable[RunEntry], width: int
) -> list[Line]:
    """The overview: what it is, how many play, the roles with their images, the latest runs.

    ``images`` maps an image to its size, or to an empty string when the engine lacks it; images
    that were not looked up are missing. ``width`` is the room in columns.
    """
    manifest = package.manifest
    lines: list[Line] = [(Span(text),) for text in _wrapped(manifest.game.description, width)]
    facts = [
        ("slots", _slots_of(package), ""),
        ("runtime", manifest.game.player_runtime, ""),
        ("contract", f"{package.generation} generation", ""),
        ("variants", str(len(manifest.variants)), ""),
        ("owner", manifest.game.owner, ""),
        ("tags", " · ".join(manifest.tags or ()), ""),
        ("unknown keys", ", ".join(package.unknown_keys), "warning"),
    ]
    lines.append(())
    for label, value, style in facts:
        lines += _fact(label, value, style, width) if value else []
    lines += [(), (Span("roles", "heading"),), *_role_lines(package, images, width)]
    lines += [(), (Span("last runs", "heading"),)]
    return lines + ([run_line(run, width) for run in runs] or [_NO_RUNS])


def variant_lines(package: Package, width: int) -> list[Line]:
    """Every variant with its description and the plain values of its configuration."""
    lines: list[Line] = []
    for variant in package.manifest.variants:
        name = Span(f"   {safe_line(variant.name, 60)}", "strong")
        lines.append((Span(safe_line(variant.id, 40), "heading"), name))
        lines += [(Span(f"  {text}"),) for text in _wrapped(variant.description, width - 2)]
        for key, value in variant.game_config.items():
            if isinstance(value, int | float | str | bool):
                label = Span(f"  {fit(safe_line(key, 32), 32)} ", "muted")
                lines.append((label, Span(safe_line(str(value), 80))))
        lines.append(())
    return lines or [(Span("this manifest has no variants", "muted"),)]


def runs_lines(runs: Iterable[RunEntry], width: int) -> list[Line]:
    """The folder the latest runs lie in, and each run with the name of its own."""
    lines: list[Line] = []
    for run in runs:
        if not lines:
            lines += [(Span(f"in {safe_line(str(run.path.parent), 200)}", "muted"),), ()]
        lines += [run_line(run, width), (Span(f"         {run.run_id}", "muted"),)]
    return lines or [_NO_RUNS]


def problem_lines(found: Found, width: int) -> list[Line]:
    """Why a manifest could not be read, and what to do."""
    error = found.error
    if error is None:
        return []
    return [
        (Span("✗ ", "error"), Span(safe_line(error.title), "strong")),
        (),
        *((Span(text),) for text in _wrapped(error.cause, width)),
        (),
        (Span("next  ", "muted"), Span(safe_line(error.next_step), "accent")),
        (Span("file  ", "muted"), Span(safe_line(found.source))),
    ]


def run_line(run: RunEntry, width: int) -> Line:
    """One run: when, variant, score, status, time or error."""
    status = safe_line(run.status, 12)
    variant = safe_line(run.operation.partition(":")[2], 16)
    roomy = width >= _WITH_IMAGES
    return (
        Span(f"  {age(run.created_at):>5}  ", "muted"),
        Span(f"{fit(variant, 14 if roomy else 9)} "),
        Span(f"{_score(run.result.get('scores')):>{16 if roomy else 10}}  ", "strong"),
        Span(f"{fit(status, 10 if roomy else 9)} ", _STATUS_STYLES.get(status, "muted")),
        Span(_remark(run), "muted"),
    )


def _score(scores: object) -> str:
    if not isinstance(scores, list):
        return "—"
    return " : ".join(f"{value:g}" for value in scores[:6] if isinstance(value, int | float)) or "—"


def _remark(run: RunEntry) -> str:
    problem, seconds = run.result.get("problem"), run.result.get("seconds")
    if isinstance(problem, dict):
        return safe_line(str(problem.get("title", "")), 50)
    return f"{seconds:.1f} s" if isinstance(seconds, int | float) else run.problem


def _slots_of(package: Package) -> str:
    try:
        return str(len(plan_episode(package).seats))
    except CoworldError as error:
        return f"? {safe_line(error.title, 80)}"


def _role_lines(package: Package, images: Mapping[str, str], width: int) -> list[Line]:
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
    references = [entry for entry in manifest.reporter if isinstance(entry, ReporterReference)]
    entries += [("reporter", entry.reporter, None) for entry in references]
    return [_role_line(role, name, image, package, images, width) for role, name, image in entries]


def _role_line(
    role: str, name: str, image: str | None, package: Package, images: Mapping[str, str], width: int
) -> Line:
    is_wide = width >= _WITH_IMAGES
    is_same = role != "game" and image == package.manifest.game.runnable.image
    shown = "" if package.builtin else "same image" if is_same else safe_line(image or "", 60)
    return (
        Span(f"  {fit(role, 12)} ", "muted"),
        Span(f"{fit(safe_line(name, 40), 26 if is_wide else 18)} "),
        Span(f"{fit(shown, 26)} " if is_wide and not package.builtin else "", "muted"),
        _image_state(image, package, images),
    )


def _image_state(image: str | None, package: Package, images: Mapping[str, str]) -> Span:
    if package.builtin:
        return Span("● built in", "good")
    if image is None:
        return Span("○ reference", "muted")
    if image not in images:
        return Span("")
    return Span(f"● {images[image]}", "good") if images[image] else Span("✗ absent", "error")


def _fact(label: str, value: str, style: str, width: int) -> list[Line]:
    """A label and its value, which goes on beneath itself where it is long."""
    parts = _wrapped(value, width - _LABEL - 1)
    labels = [label, *[""] * (len(parts) - 1)]
    return [
        (Span(f"{fit(name, _LABEL)} ", "muted"), Span(part, style))
        for name, part in zip(labels, parts, strict=True)
    ]


def _wrapped(text: str, width: int) -> list[str]:
    return textwrap.wrap(safe_line(text, 1000), max(20, min(width, _LONGEST_LINE)))
