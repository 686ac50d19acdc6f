"""One image, built by the engine itself: no Docker command and no compose plugin is needed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from ..contract.compose import ImageBuild, Service
from ..contract.errors import CoworldError
from ..contract.text import safe_line
from .build_context import BuildContext
from .docker_engine import DockerEngine, in_daemon_thread
from .engine_stream import EngineStream

OnLine = Callable[[str], None]

_STEP = re.compile(r"Step (\d+)/(\d+) : (.*)")
_BUILDKIT_ONLY = re.compile(r"(?im)^\s*(RUN|COPY|ADD)\s.*(--mount=|--link\b|--parents\b|<<-?['\"]?\w)")
_LAST_LINES = 12
_LINE_LIMIT = 300


class ImageBuilder:
    """Builds the image of one service. ``on_line`` hears of each step, in the event loop."""

    def __init__(self, engine: DockerEngine, service: Service, on_line: OnLine) -> None:
        assert service.build is not None
        self._service = service
        self._build: ImageBuild = service.build
        self._loop = asyncio.get_running_loop()
        self._on_line = on_line
        self._stream = EngineStream(engine)
        self._last: deque[str] = deque(maxlen=_LAST_LINES)

    async def run(self) -> None:
        """Build and tag the image. A cancel ends the build in the engine as well.

        Raises CoworldError: ``build_context`` (exit 2), ``build_failed`` (exit 1) and what
        the engine raises.
        """
        try:
            await in_daemon_thread(self._run)
        except asyncio.CancelledError:
            self._stream.cancel()
            raise

    def _run(self) -> None:
        from docker.errors import APIError

        context = BuildContext(self._build)
        try:
            failure = self._follow(self._answer(context))
        except APIError as error:
            failure = str(error.explanation or error)
        if self._stream.is_cancelled or not failure:
            return
        for line in self._last:
            self._say(f"  | {line}")
        raise self._failed(failure, needs_buildkit=_BUILDKIT_ONLY.search(context.instructions()) is not None)

    def _answer(self, context: BuildContext) -> Iterator[dict[str, Any]]:
        """Send the context; the engine's messages."""
        parameters = {
            "t": self._service.image,
            "dockerfile": context.dockerfile,
            "buildargs": json.dumps(self._build.args),
            "target": self._build.target,
            "platform": self._build.platform,
            "rm": "1",
            "forcerm": "1",
        }
        return self._stream.messages(
            "/build",
            "build",
            data=self._sent(context),
            params={name: value for name, value in parameters.items() if value},
            headers={"Content-Type": "application/x-tar", **_credentials()},
        )

    def _sent(self, context: BuildContext) -> Iterator[bytes]:
        for chunk in context:
            if self._stream.is_cancelled:
                raise CoworldError("cancelled", "the build was cancelled")
            yield chunk

    def _follow(self, messages: Iterator[dict[str, Any]]) -> str:
        """Tell of each step until the engine is done; why it failed, or nothing."""
        has_image = False
        for message in messages:
            if error := message.get("error"):
                return str(error)
            details = message.get("aux")
            has_image |= isinstance(details, dict) and "ID" in details
            for text in str(message.get("stream") or "").splitlines():
                self._hear(safe_line(text.rstrip(), _LINE_LIMIT))
        return "" if has_image else "the engine ended the build without an image"

    def _hear(self, line: str) -> None:
        if not line:
            return
        if step := _STEP.match(line):
            self._last.clear()
            self._say(f"step {step[1]}/{step[2]}  {step[3]}")
        else:
            self._last.append(line)

    def _say(self, line: str) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._on_line, f"{self._service.name}  {line}")

    def _failed(self, reason: str, *, needs_buildkit: bool) -> CoworldError:
        """``needs_buildkit`` says that the Dockerfile uses what the engine's own builder does not know."""
        last = " | ".join(list(self._last)[-3:])
        image = safe_line(self._service.image, 100)
        return CoworldError(
            "build_failed",
            f"the image of service {self._service.name} could not be built",
            cause=safe_line(reason, 400) + (f"; it last said: {safe_line(last, 600)}" if last else ""),
            next_step=(
                f"this Dockerfile needs BuildKit, which is not used here: make the image with "
                f"`docker buildx build -t {image}`, and leave `build` out of the service"
                if needs_buildkit
                else f"correct {safe_line(str(self._build.context / self._build.dockerfile), 200)}"
            ),
        )


def _credentials() -> dict[str, str]:
    """What this user has stored for registries: base images may need it."""
    from docker import auth
    from docker.errors import DockerException

    try:
        stored: Any = auth.load_config().get_all_credentials()  # type: ignore[no-untyped-call]
    except DockerException:
        return {}
    return {"X-Registry-Config": auth.encode_header(stored).decode()} if stored else {}
