"""One long request to the engine whose answer comes message by message: a build, a pull."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .docker_engine import DockerEngine

if TYPE_CHECKING:
    from docker.types.daemon import CancellableStream

_MESSAGE_LIMIT = 4 << 20


class EngineStream:
    """Read on a thread of its own; ``cancel`` may be called on another, and ends it in the engine too."""

    def __init__(self, engine: DockerEngine) -> None:
        self.is_cancelled = False
        self._engine = engine
        self._stream: CancellableStream[bytes] | None = None

    def cancel(self) -> None:
        """End it, now or as soon as it begins."""
        self.is_cancelled = True
        if self._stream is not None:
            self._stream.close()

    def messages(self, path: str, what: str, **request: Any) -> Iterator[dict[str, Any]]:
        """Post ``request`` to ``path``; the engine's messages. APIError when it refuses ``what`` that is."""
        from docker.errors import APIError
        from docker.types.daemon import CancellableStream

        api = self._engine.streams
        url = f"{api.base_url}/v{api.api_version}{path}"
        response = api.post(url, stream=True, timeout=None, **request)
        try:
            if not response.ok:
                reason = _message(response.content).get("message") or f"it answered {response.status_code}"
                raise APIError(f"the engine refused the {what}", response, explanation=str(reason))
            self._stream = stream = CancellableStream(response.iter_lines(), response)
            if self.is_cancelled:
                stream.close()
            yield from map(_message, stream)
        finally:
            response.close()


def _message(line: bytes) -> dict[str, Any]:
    """One message of the engine; an empty one for what is none."""
    if len(line) > _MESSAGE_LIMIT:
        return {}
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}
