"""What a built manifest calls its images: by content, so that it never means another image (local.md 1.3)."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from ..contract.compose import Service
from ..contract.errors import CoworldError
from ..contract.generations import Generation
from ..contract.template import content_tag, image_name, is_moving, is_pinned
from ..contract.text import safe_line
from .docker_backend import image_missing
from .docker_engine import DockerEngine


class ImageRefs:
    """Finds, pulls and tags images. ``on_line`` hears what each became.

    Images built here get a content tag. Others are pulled first, if their registry answers. For
    0.1.64 a tag in a registry becomes the digest it has there now, and a digest stays.
    """

    def __init__(
        self,
        engine: DockerEngine,
        services: Sequence[Service],
        generation: Generation,
        on_line: Callable[[str], None],
    ) -> None:
        self._engine = engine
        self._services = {service.image: service for service in services}
        platforms = {service.platform for service in services if service.platform}
        self._platform = platforms.pop() if len(platforms) == 1 else ""
        self._keeps_digests = generation == "0.1.64"
        self._on_line = on_line

    async def resolve(self, image: str) -> str:
        """The reference to write for ``image``. CoworldError (``image_unreachable``, exit 3) without one."""
        service = self._services.get(image)
        is_built = service is not None and service.build is not None
        if self._keeps_digests and is_pinned(image):
            return image
        if self._keeps_digests and is_moving(image) and not is_built:
            ref = await self._pinned(image, service)
        else:
            failure = ""
            if service is not None and service.is_pulled and not is_built:
                failure = await self._pull(image, service)
            ref = await self._tagged(image, failure)
        self._on_line(f"{safe_line(image, 100)}  is {safe_line(ref, 200)}")
        return ref

    async def _pinned(self, image: str, service: Service | None) -> str:
        """By the digest its registry has now; when it does not answer, the one the engine has."""
        try:
            answer = await self._engine.call(self._engine.api.inspect_distribution, image)
            ref = f"{image_name(image)}@{answer['Descriptor']['digest']}"
            failure = await self._pull(ref, service)
        except CoworldError as error:
            ref, failure = "", error.cause
        if not failure:
            # Under its tag as well: that is what is found when the registry does not answer next time.
            name, tag = image_name(image), image.removeprefix(image_name(image)).removeprefix(":")
            await self._engine.call(self._engine.api.tag, ref, name, tag or "latest")
            return ref
        details = await self._details(image)
        known = [str(digest) for digest in (details or {}).get("RepoDigests") or []]
        mine = [digest for digest in known if image_name(digest) == image_name(image)]
        if not mine:
            raise image_missing(image, failure)
        self._on_line(f"{safe_line(image, 100)}  as it is here: its registry does not answer")
        return mine[0]

    async def _tagged(self, image: str, pull_failure: str) -> str:
        details = await self._details(image)
        if details is None:
            raise image_missing(image, pull_failure or "the engine does not have it")
        ref = content_tag(image, str(details["Id"]))
        name, _, tag = ref.rpartition(":")
        await self._engine.call(self._engine.api.tag, str(details["Id"]), name, tag)
        return ref

    async def _pull(self, image: str, service: Service | None) -> str:
        """Pull what can be pulled; the reason when it cannot."""
        platform = (service.platform if service is not None else "") or self._platform
        try:
            answer = await self._engine.call(self._engine.streams.pull, image, platform=platform or None)
        except CoworldError as error:
            return error.cause
        last = str(answer).strip().rpartition("\n")[2]
        try:
            message: Any = json.loads(last)
        except ValueError:
            return ""
        return str(message["error"]) if isinstance(message, dict) and "error" in message else ""

    async def _details(self, image: str) -> dict[str, Any] | None:
        from docker.errors import ImageNotFound, NotFound

        def inspect() -> dict[str, Any] | None:
            try:
                details: dict[str, Any] = self._engine.api.inspect_image(image)
            except (ImageNotFound, NotFound):
                return None
            return details

        return await self._engine.call(inspect)
