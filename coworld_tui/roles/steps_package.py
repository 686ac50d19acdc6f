"""The steps that only read: the strict loader, the fixture, sources and images (local.md section 4.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from typing import Any

from ..contract.checking import Verdict
from ..contract.errors import CoworldError
from ..contract.findings import Finding
from ..contract.generations import ROLE_SECTIONS, Generation
from ..contract.manifest import ContainerReporter, Manifest, RoleRunnable
from ..contract.package import is_unpublished_image
from ..contract.problems import listed
from ..contract.text import safe_line
from ..runner.docker_engine import DockerEngine, connect
from ..runner.together import together
from .sources import SourceResult

ENGINE_TYPES = frozenset({"engine_unavailable", "engine_not_permitted"})

_REGISTRY_SECONDS = 60.0
_AT_ONCE = 8
_LEAST_TAGS = 3
_FIXTURE_PLACES = ("certification", "variants", "game.config_schema")
_SHOWN = 5


def matriculate(verdict: Verdict, manifest: Manifest, generation: Generation) -> str:
    """The strict loader accepts the manifest; 0.1.64 also wants at least three tags to certify it."""
    if not verdict.accepted_by.get(generation, False):
        raise _invalid(
            f"the strict reader of {generation} refuses the manifest", _errors(verdict, generation)
        )
    if generation == "0.1.64" and len(manifest.tags or ()) < _LEAST_TAGS:
        raise CoworldError(
            "manifest_invalid",
            "certification requires at least three tags",
            cause="the manifest has no tags" if not manifest.tags else "",
            next_step="add three words to tags that say what kind of game it is",
        )
    return f"the strict reader of {generation} accepts the manifest"


def fixture_conforms(verdict: Verdict, manifest: Manifest, generation: Generation) -> str:
    """Certification and variant configs are valid under the config schema, tokens inserted."""
    wrong = [finding for finding in _errors(verdict, generation) if finding.where.startswith(_FIXTURE_PLACES)]
    if wrong:
        raise _invalid("fixture and variants do not fit the config schema", wrong)
    count = len(manifest.variants)
    return f"the fixture and {count} {'variant' if count == 1 else 'variants'} fit game.config_schema"


def declared_sources(manifest: Manifest) -> list[tuple[str, str | None]]:
    """``(runnable, source_url)`` of the game and every container, labelled as the peer does."""
    declared = [("game.runnable", manifest.game.runnable.source_url)]
    return declared + [(label, role.source_url) for label, role in _containers(manifest)]


def sources_feedback(results: Iterable[SourceResult]) -> str:
    """How many resolved, and how many there are of each other kind."""
    statuses = [result.status for result in results]
    counts = {status: statuses.count(status) for status in dict.fromkeys(statuses)}
    others = [
        f"{count} {status.replace('_', ' ')}" for status, count in counts.items() if status != "resolved"
    ]
    return "; ".join([f"{counts.get('resolved', 0)} of {len(statuses)} sources are public", *others])


def declared_images(manifest: Manifest) -> dict[str, str]:
    """Every declared image and the first place that names it."""
    images = {manifest.game.runnable.image: "game.runnable"}
    for label, role in _containers(manifest):
        if role.image is not None:
            images.setdefault(role.image, label)
    return images


async def images_reachable(manifest: Manifest) -> str:
    """Each image is in the engine or in its registry; nothing is pulled.

    CoworldError for those that are not, or when no engine answers.
    """
    engine = await connect()
    turn = asyncio.Semaphore(_AT_ONCE)
    images = declared_images(manifest)
    problems = await together(*(_unreachable(engine, image, label, turn) for image, label in images.items()))
    wrong = [problem for problem in problems if problem]
    if wrong:
        raise CoworldError(
            "image_unreachable",
            "an image cannot be reached" if len(wrong) == 1 else f"{len(wrong)} images cannot be reached",
            cause=listed(wrong),
            next_step="build or pull them, or correct their names",
        )
    return f"{len(images)} {'image is' if len(images) == 1 else 'images are'} reachable"


async def _unreachable(engine: DockerEngine, image: str, label: str, turn: asyncio.Semaphore) -> str:
    """What is wrong with an image; empty when it is there."""
    shown = f"{label} {safe_line(image, 100)}"
    if is_unpublished_image(image):
        return f"{shown}: it is an upload's id and not published yet"
    async with turn:
        try:
            async with asyncio.timeout(_REGISTRY_SECONDS):
                if not await engine.call(_is_local, engine, image):
                    await engine.call(engine.api.inspect_distribution, image)
        except TimeoutError:
            return f"{shown}: its registry gave no answer within {_REGISTRY_SECONDS:g} s"
        except CoworldError as error:
            if error.type in ENGINE_TYPES:
                raise
            return f"{shown}: {error.cause}"
    return ""


def _is_local(engine: DockerEngine, image: str) -> bool:
    from docker.errors import ImageNotFound, NotFound

    try:
        engine.api.inspect_image(image)
    except (ImageNotFound, NotFound):
        return False
    return True


def _containers(manifest: Manifest) -> Iterator[tuple[str, RoleRunnable]]:
    """Every role that is a container, 0.1.11 reporters included, with its place in the manifest."""
    for section in ROLE_SECTIONS:
        for index, role in enumerate(getattr(manifest, section)):
            if section != "reporter" or isinstance(role, ContainerReporter):
                yield f"{section}[{index}]", role


def _errors(verdict: Verdict, generation: Generation) -> list[Finding]:
    return [
        finding
        for finding in verdict.findings
        if finding.severity == "error" and generation in finding.generations
    ]


def _invalid(title: str, findings: list[Finding]) -> CoworldError:
    places = [
        f"{finding.where}: {finding.message}" if finding.where else finding.message for finding in findings
    ]
    return CoworldError(
        "manifest_invalid",
        title,
        cause=listed(places, shown=_SHOWN),
        next_step="coworld-tui validate MANIFEST lists everything",
    )


def log_richness(manifest: Manifest) -> dict[str, Any]:
    """How much of a game's log a viewer can explain, from the manifest alone; it fails nothing.

    ``tier`` is 2 with hints in ``game.log`` or ``x-display`` on results, else 0; ``reason`` says which.
    """
    properties = manifest.game.results_schema.get("properties")
    shown = [
        safe_line(name, 60)
        for name, schema in (properties.items() if isinstance(properties, dict) else ())
        if isinstance(schema, dict) and "x-display" in schema
    ]
    reasons = ["game.log is declared"] if manifest.game.log is not None else []
    if shown:
        reasons.append(f"x-display on {', '.join(sorted(shown)[:_SHOWN])}")
    return {
        "tier": 2 if reasons else 0,
        "reason": "; ".join(reasons) or "no hints; events.json would make it 1",
    }
