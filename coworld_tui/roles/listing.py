"""Everybody who takes part in a package, and which of them can be run here on an episode."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.manifest import (
    ContainerReporter,
    ReporterReference,
    Resources,
    RoleRunnable,
    Runnable,
    WasmReporter,
)
from ..contract.package import Package, is_unpublished_image
from ..contract.problems import listed
from ..contract.text import safe_line
from .reporter_references import reporter_problems

RUN_ROLES = ("reporter", "grader", "diagnoser", "optimizer")
"""The roles that take an episode and write something about it (local.md section 8)."""

_NAME_LIMIT = 80


@dataclass(frozen=True)
class RoleEntry:
    """One declared role. ``kind`` is ``container``, ``file`` (a game-hosted player) or ``hosted``.

    ``argv`` empty means the image's own command; ``env`` is the manifest's, which is public. ``can_run``
    says whether it can be run on an episode here. Texts are as written: not yet safe to show, but for
    ``problems``, a line for each thing that is missing or wrong.
    """

    section: str
    id: str
    name: str
    kind: Literal["container", "file", "hosted"]
    description: str = ""
    image: str | None = None
    argv: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    source_url: str | None = None
    problems: tuple[str, ...] = ()
    resources: Resources | None = None

    @property
    def can_run(self) -> bool:
        """Whether ``RoleRun`` takes it: a supporting role with an image or a command."""
        return self.section in RUN_ROLES and self.kind == "container" and bool(self.image or self.argv)


def list_roles(package: Package) -> list[RoleEntry]:
    """Every declared role, the game first, then section by section in the manifest's order."""
    manifest = package.manifest
    game = manifest.game
    entries = [_container("game", game.name, game.name, game.description, game.runnable)]
    entries += (_role("player", role) for role in manifest.player)
    entries += _reporters(package)
    for section, roles in (
        ("commissioner", manifest.commissioner),
        ("grader", manifest.grader),
        ("diagnoser", manifest.diagnoser),
        ("optimizer", manifest.optimizer),
    ):
        entries += (_role(section, role) for role in roles)
    return entries


def find_role(package: Package, section: str, wanted: str | None = None) -> RoleEntry:
    """The role to run: the one with the id ``wanted``, else the first of the section that can be run.

    CoworldError (exit 2) ``role_missing``, or ``role_hosted`` for one that only the platform runs.
    """
    declared = [entry for entry in list_roles(package) if entry.section == section]
    matching = [entry for entry in declared if wanted is None or entry.id == wanted]
    found = next((entry for entry in matching if entry.can_run), None)
    if found is not None:
        return found
    if matching:
        raise _not_here(section, matching[0])
    others = listed([entry.id for entry in declared])
    raise CoworldError(
        "role_missing",
        f"{package.label} has no {section}" + (f" {safe_line(wanted, _NAME_LIMIT)}" if wanted else ""),
        cause=f"declared: {others}" if others else "the manifest declares none",
        next_step="coworld-tui roles list MANIFEST",
        exit_code=EXIT_USAGE,
    )


def _not_here(section: str, entry: RoleEntry) -> CoworldError:
    label = f"the {section} {safe_line(entry.id, _NAME_LIMIT)}"
    if entry.kind == "hosted":
        return CoworldError(
            "role_hosted",
            f"{label} runs on the platform only",
            cause="a reporter of 0.1.64 is a reference or a wasm component, not a container",
            next_step="read its reports where the episode was played",
            exit_code=EXIT_USAGE,
        )
    return CoworldError(
        "role_missing",
        f"{label} cannot be run",
        cause="the manifest gives it neither an image nor a command",
        next_step="give it an image in the manifest",
        exit_code=EXIT_USAGE,
    )


def _reporters(package: Package) -> Iterator[RoleEntry]:
    for index, reporter in enumerate(package.manifest.reporter):
        if isinstance(reporter, ContainerReporter):
            yield _role("reporter", reporter)
            continue
        problems = reporter_problems(package, index)
        if isinstance(reporter, ReporterReference):
            yield RoleEntry("reporter", reporter.reporter, "", "hosted", problems=problems)
        elif isinstance(reporter, WasmReporter):
            yield RoleEntry(
                "reporter",
                reporter.id or reporter.wasm,
                reporter.display_name or "",
                "hosted",
                description=reporter.description or "",
                problems=problems,
            )


def _role(section: str, role: RoleRunnable) -> RoleEntry:
    if role.file is not None and role.image is None:
        return RoleEntry(
            section,
            role.id,
            role.name,
            "file",
            description=role.description,
            env=role.env,
            source_url=role.source_url,
        )
    return _container(section, role.id, role.name, role.description, role)


def _container(
    section: str, role_id: str, name: str, description: str, role: Runnable | RoleRunnable
) -> RoleEntry:
    return RoleEntry(
        section,
        role_id,
        name,
        "container",
        description=description,
        image=role.image,
        argv=tuple(role.run),
        env=role.env,
        source_url=role.source_url,
        problems=tuple(_problems(section, role)),
        resources=role.resources,
    )


def _problems(section: str, role: Runnable | RoleRunnable) -> Iterator[str]:
    if not role.image:
        yield "it has no image" if role.run else "it has neither image nor command"
    elif is_unpublished_image(role.image):
        yield f"{safe_line(role.image, _NAME_LIMIT)} is not published yet"
    if role.type is not None and role.type != section:
        yield f"its type is {safe_line(role.type, 40)!r}, and it stands under {section}"
