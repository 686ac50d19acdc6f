"""Pulling the images of a downloaded Coworld, layer by layer, and giving them their local names."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..contract.errors import EXIT_MISSING, CoworldError
from ..contract.package import is_unpublished_image
from ..contract.text import safe_line
from ..runner.docker_backend import image_missing
from ..runner.docker_engine import DockerEngine, in_daemon_thread
from ..runner.engine_stream import EngineStream
from .packages import PackageImage

_ANONYMOUS = "public.ecr.aws/"
_SHOWN = 200
_DONE = frozenset({"Pull complete", "Already exists"})


@dataclass(frozen=True)
class Layer:
    """A layer on its way: ``done`` of ``total`` bytes (0: not known), in a state of the engine's words."""

    id: str
    state: str
    done: int
    total: int

    @property
    def is_done(self) -> bool:
        """It is there."""
        return self.state in _DONE


@dataclass(frozen=True)
class PullProgress:
    """How far an image is: ``layers`` in the order the engine named them."""

    image: PackageImage
    layers: tuple[Layer, ...]

    @property
    def done(self) -> int:
        """Bytes that have come."""
        return sum(layer.total if layer.is_done else layer.done for layer in self.layers)

    @property
    def total(self) -> int:
        """Bytes of all layers whose size is known."""
        return sum(layer.total for layer in self.layers)


@dataclass(frozen=True)
class Pulled:
    """An image that is there under its local name: it was already (``present``), or is new."""

    image: PackageImage
    state: Literal["present", "pulled"]


async def pull_images(
    engine: DockerEngine,
    images: Sequence[PackageImage],
    progress: Callable[[PullProgress], None] | None = None,
) -> list[Pulled]:
    """Pull, one after the other, the images whose local name is missing.

    A cancel ends the pull in the engine. Raises ``image_unreachable`` (exit code 3) with the registry's
    reason, and what the engine raises.
    """
    done: list[Pulled] = []
    for image in images:
        if await _is_here(engine, image.local_image):
            done.append(Pulled(image, "present"))
            continue
        if is_unpublished_image(image.public_image_uri):
            raise CoworldError(
                "image_unreachable",
                f"{safe_line(image.public_image_uri, _SHOWN)} cannot be pulled",
                cause="the server has not published this image",
                owner="the server",
                next_step="try again later: coworld-tui league download --refresh",
                exit_code=EXIT_MISSING,
            )
        await _Pull(engine, image, progress).run()
        name, _, tag = image.local_image.rpartition(":")
        await engine.call(engine.api.tag, image.public_image_uri, name, tag)
        done.append(Pulled(image, "pulled"))
    return done


async def _is_here(engine: DockerEngine, ref: str) -> bool:
    from docker.errors import ImageNotFound, NotFound

    def inspect() -> bool:
        try:
            engine.api.inspect_image(ref)
        except (ImageNotFound, NotFound):
            return False
        return True

    return await engine.call(inspect)


class _Pull:
    """One image."""

    def __init__(
        self,
        engine: DockerEngine,
        image: PackageImage,
        progress: Callable[[PullProgress], None] | None,
    ) -> None:
        self._engine = engine
        self._image = image
        self._loop = asyncio.get_running_loop()
        self._progress = progress
        self._layers: dict[str, Layer] = {}
        self._stream = EngineStream(engine)

    async def run(self) -> None:
        """Pull it."""
        try:
            failure = await in_daemon_thread(self._run)
        except asyncio.CancelledError:
            self._stream.cancel()
            raise
        if failure:
            raise image_missing(self._image.public_image_uri, safe_line(failure, _SHOWN * 2))

    def _run(self) -> str:
        """Why it could not be pulled; empty when it was."""
        from docker.errors import APIError

        try:
            for message in self._answer():
                if error := message.get("error"):
                    return str(error)
                self._hear(message)
        except APIError as error:
            return str(error.explanation or error)
        return ""

    def _answer(self) -> Iterator[dict[str, Any]]:
        from docker import auth
        from docker.utils import parse_repository_tag

        ref = self._image.public_image_uri
        repository, tag = parse_repository_tag(ref)
        headers = {}
        # What is public is asked for without a login: one that has expired would be refused.
        if not ref.startswith(_ANONYMOUS):
            registry, _ = auth.resolve_repository_name(repository)
            header = auth.get_config_header(self._engine.api, registry)
            if header:
                headers["X-Registry-Auth"] = header
        params = {"fromImage": repository, "tag": tag or "latest"}
        return self._stream.messages("/images/create", "pull", params=params, headers=headers)

    def _hear(self, message: dict[str, Any]) -> None:
        name, state = message.get("id"), message.get("status")
        if not isinstance(name, str) or not isinstance(state, str) or state.startswith("Pulling from"):
            return
        before = self._layers.get(name)
        detail = message.get("progressDetail")
        known = detail if isinstance(detail, dict) and state == "Downloading" else {}
        done, total = known.get("current"), known.get("total")
        self._layers[name] = Layer(
            safe_line(name, _SHOWN),
            safe_line(state, _SHOWN),
            done if isinstance(done, int) else before.done if before else 0,
            total if isinstance(total, int) else before.total if before else 0,
        )
        if self._progress is not None:
            told = PullProgress(self._image, tuple(self._layers.values()))
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
                self._loop.call_soon_threadsafe(self._progress, told)
