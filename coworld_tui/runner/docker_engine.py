"""The connection to a Docker engine: which one, how to call it off the event loop, its errors in words."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from ..contract.errors import EXIT_MISSING, CoworldError
from ..contract.text import safe_line
from .backend import LOOPBACK

T = TypeVar("T")

NETWORK = "coworld-local"
LABEL_RUN = "coworld-tui.run"
LABEL_ROLE = "coworld-tui.role"
LABEL_SLOT = "coworld-tui.slot"
LABEL_OWNER = "coworld-tui.owner"
CONNECT_SECONDS = 10
_CALL_SECONDS = 120
_CONNECTIONS = 64


class DockerEngine:
    """One engine, shared by every episode of this process. ``api`` is the SDK's low-level client.

    ``streams`` is a second client without read timeout, for attach and wait. ``cpus`` is 0 when
    the engine does not say. ``address`` is the machine on which it publishes ports. A remote
    engine sees another disk: files are copied to its containers and back.
    """

    def __init__(self, host: str, api: Any, streams: Any, version: dict[str, Any], cpus: int) -> None:
        self.host = host
        self.api = api
        self.streams = streams
        self.version: str = str(version.get("Version", "?"))
        self.architecture: str = str(version.get("Arch", ""))
        self.cpus = cpus
        self.is_remote = host.startswith(("tcp://", "http://", "https://", "ssh://"))
        self.address = (urlsplit(host).hostname or LOOPBACK) if self.is_remote else LOOPBACK

    async def call(self, function: Callable[..., T], *args: Any, **kwargs: Any) -> T:
        """Run a blocking SDK call off the loop; the engine's errors come out as CoworldError."""
        return await in_daemon_thread(lambda: function(*args, **kwargs))


def in_daemon_thread(function: Callable[[], T]) -> asyncio.Future[T]:
    """Run a call that nothing can interrupt where it holds up neither a cancel nor the program's exit.

    Whatever it raises comes out as CoworldError.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def settle(result: T | None, error: BaseException | None) -> None:
        if future.cancelled():
            return
        if error is None:
            future.set_result(result)  # type: ignore[arg-type]
        else:
            future.set_exception(engine_error(error))

    def run() -> None:
        result: T | None = None
        failure: BaseException | None = None
        try:
            result = function()
        except BaseException as error:  # handed to whoever awaits
            failure = error
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody awaits any more
            loop.call_soon_threadsafe(settle, result, failure)

    threading.Thread(target=run, daemon=True, name="docker-follow").start()
    return future


_engines: dict[str, DockerEngine] = {}
_engines_lock = threading.Lock()


async def connect() -> DockerEngine:
    """The engine that ``DOCKER_HOST``, else the current Docker context, names.

    Raises CoworldError (``engine_unavailable`` or ``engine_not_permitted``, exit 3).
    """
    return await in_daemon_thread(_connect)


def _connect() -> DockerEngine:
    host = os.environ.get("DOCKER_HOST", "")
    with _engines_lock:
        if host not in _engines:
            _engines[host] = _open(host)
        return _engines[host]


def _open(host: str) -> DockerEngine:
    try:
        import docker
        from docker.utils import kwargs_from_env

        settings: dict[str, Any]
        if host:
            settings = dict(kwargs_from_env())
        else:
            context = docker.ContextAPI.get_current_context()
            host = (context.Host if context is not None else "") or "unix:///var/run/docker.sock"
            settings = {"base_url": host}
            tls = context.TLSConfig if context is not None else None
            if tls:
                settings["tls"] = tls
        # An engine that hangs accepts the connection and says nothing: no reason to wait minutes.
        asking = docker.APIClient(version="auto", timeout=CONNECT_SECONDS, **settings)
        version = asking.version()
        asking.close()
        settings["version"] = asking.api_version
        api = docker.APIClient(timeout=_CALL_SECONDS, max_pool_size=_CONNECTIONS, **settings)
        streams = docker.APIClient(timeout=cast(int, None), max_pool_size=_CONNECTIONS, **settings)
        return DockerEngine(host, api, streams, version, cpus=int(api.info().get("NCPU") or 0))
    except Exception as error:
        raise engine_error(error, host) from error


def engine_error(error: BaseException, host: str = "") -> CoworldError:
    """Whatever the SDK raised, as one plain sentence."""
    if isinstance(error, CoworldError):
        return error
    chain = _chain(error)
    if any(isinstance(link, PermissionError) for link in chain):
        return CoworldError(
            "engine_not_permitted",
            "this user may not talk to the Docker engine",
            cause=f"permission denied on {host or 'its socket'}",
            owner="the engine",
            next_step="add yourself to the group docker, or point DOCKER_HOST at an engine of yours",
            exit_code=EXIT_MISSING,
        )
    explanation = getattr(error, "explanation", None)
    status = getattr(getattr(error, "response", None), "status_code", None)
    if explanation is not None or status is not None:
        text = (
            explanation.decode(errors="replace")
            if isinstance(explanation, bytes)
            else str(explanation or error)
        )
        return CoworldError(
            "engine_refused",
            "the Docker engine refused a request",
            cause=safe_line(text, 400),
            owner="the engine",
            next_step="coworld-tui doctor",
        )
    return CoworldError(
        "engine_unavailable",
        "the Docker engine does not answer",
        cause=safe_line(str(chain[-1]) or type(error).__name__, 300),
        owner="the engine",
        next_step="start Docker, then: coworld-tui doctor; the bundled game needs none: coworld-tui demo",
        exit_code=EXIT_MISSING,
    )


def _chain(error: BaseException) -> list[BaseException]:
    links: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and len(links) < 10:
        links.append(at)
        inner = [value for value in at.args if isinstance(value, BaseException)]
        at = inner[0] if inner else at.__cause__ or at.__context__
    return links
