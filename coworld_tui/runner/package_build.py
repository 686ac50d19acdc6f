"""``build``: a compose file and a manifest template become images and a manifest (local.md 1.3).

As the published client does it, with these differences: the engine's own builder makes the images,
base images are pulled only when they are absent, an image that is built here is never looked up in
a registry, and without a network what the engine has is used.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

from ..contract.checking import check_raw
from ..contract.compose import Service, read_compose
from ..contract.errors import EXIT_MISSING, EXIT_USAGE, CoworldError
from ..contract.generations import Generation
from ..contract.jsontext import SIZE_LIMIT
from ..contract.package import MANIFEST_FILENAME, Package, parse_package
from ..contract.problems import listed, manifest_invalid
from ..contract.template import hydrated, images_of, read_template, with_images
from ..contract.text import safe_line
from ..runs.directory import write_json
from .docker_engine import DockerEngine, connect
from .image_build import ImageBuilder
from .image_refs import ImageRefs
from .package_files import PackageFiles
from .source_links import with_pinned_sources

COMPOSE_FILENAME = "compose.yaml"
TEMPLATE_FILENAME = "coworld_manifest_template.json"
OUTPUT_FILENAME = f"dist/{MANIFEST_FILENAME}"


@dataclass(frozen=True)
class BuildOutcome:
    """What a build made: the manifest, and of each service the manifest uses the image in it."""

    path: Path
    version: str
    images: dict[str, str]
    seconds: float

    def as_dict(self) -> dict[str, Any]:
        """The JSON form: ``status ok manifest version images seconds``."""
        return {
            "status": "passed",
            "ok": True,
            "manifest": str(self.path),
            "version": self.version,
            "images": self.images,
            "seconds": round(self.seconds, 3),
        }


class Build:
    """One build of ``project``. The other paths start from it; ``environment`` fills in variables."""

    def __init__(
        self,
        project: Path,
        version: str,
        *,
        compose: str = COMPOSE_FILENAME,
        template: str = TEMPLATE_FILENAME,
        output: str = OUTPUT_FILENAME,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self._version = version
        self._compose = (project / compose).absolute()
        self._template = (project / template).absolute()
        self._output = (project / output).absolute()
        self._environment = os.environ if environment is None else environment

    async def run(self, on_line: Callable[[str], None] = lambda line: None) -> BuildOutcome:
        """Build and write the manifest; ``on_line`` hears of each step as one safe line.

        What can be checked is checked before anything is built. Nothing is written before all
        images are there; then come the package's files and the manifest last. A cancel ends the
        build in the engine, or leaves the files it got to. Raises CoworldError: exit 2 for the
        project's own files, 3 without an engine or an image, 1 when a build fails.
        """
        began = monotonic()
        services, package, document = await asyncio.to_thread(self._read, on_line)
        files = await asyncio.to_thread(PackageFiles, package.manifest, self._template.parent, self._output)
        engine = await connect()
        used = [service for service in services if service.image in images_of(document)]
        for service in services:
            if service.build is not None:
                await ImageBuilder(engine, service, on_line).run()
        refs = await self._resolved(engine, document, services, package.generation, on_line)
        document = with_images(document, refs)
        await asyncio.to_thread(self._make_folder)
        await files.make(on_line)
        await asyncio.to_thread(self._write, document)
        images = {service.name: refs[service.image] for service in used}
        return BuildOutcome(self._output, self._version, images, monotonic() - began)

    def _read(self, on_line: Callable[[str], None]) -> tuple[Sequence[Service], Package, dict[str, Any]]:
        if self._output in (self._template, self._compose):
            raise _unwritable(self._output, "it is one of the files the build reads")
        package = read_template(_template_bytes(self._template), str(self._template), self._version)
        services = read_compose(self._compose, self._environment)
        document = hydrated(package.raw, services)
        if package.generation == "0.1.64":
            document, unpinned = with_pinned_sources(document, self._compose.parent)
            for link in unpinned:
                on_line(f"{safe_line(link, 200)}  stays as it is: no git repository with an origin here")
        _require_accepted(document)
        return services, package, document

    async def _resolved(
        self,
        engine: DockerEngine,
        document: Mapping[str, Any],
        services: Sequence[Service],
        generation: Generation,
        on_line: Callable[[str], None],
    ) -> dict[str, str]:
        refs = ImageRefs(engine, services, generation, on_line)
        return {image: await refs.resolve(image) for image in images_of(document)}

    def _make_folder(self) -> None:
        try:
            self._output.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise _unwritable(self._output, error.strerror or str(error)) from None

    def _write(self, document: dict[str, Any]) -> None:
        data = json.dumps(document, ensure_ascii=False).encode()
        parse_package(data, str(self._output), self._output.parent)
        try:
            write_json(self._output, document)
        except OSError as error:
            raise _unwritable(self._output, error.strerror or str(error)) from None


def _require_accepted(document: dict[str, Any]) -> None:
    """Refuse what no generation would load, before anything is built."""
    verdict = check_raw(document)
    if not verdict.ok:
        errors = [
            f"{error.where}: {error.message}" for error in verdict.findings if error.severity == "error"
        ]
        raise manifest_invalid(
            "No contract generation accepts the manifest this template makes",
            listed(errors),
            "correct the template",
        )


def _template_bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise FileNotFoundError(errno.ENOENT, "it is no file")
        with path.open("rb") as file:
            return file.read(SIZE_LIMIT + 1)
    except OSError as error:
        raise CoworldError(
            "manifest_missing",
            f"there is no manifest template {safe_line(path.name, 100)}",
            cause=f"{safe_line(str(path), 200)}: {error.strerror or error}",
            next_step="give the project's folder as --project, or the file as --template",
            exit_code=EXIT_USAGE,
        ) from None


def _unwritable(path: Path, cause: str) -> CoworldError:
    return CoworldError(
        "output_unwritable",
        f"{safe_line(str(path), 200)} cannot be written",
        cause=cause,
        next_step="give another --output",
        exit_code=EXIT_MISSING if "space" in cause else EXIT_USAGE,
    )
