"""Sending an image to a registry by its HTTP API, blob by blob (hosted.md 5.1).

Not ``docker push``: it looks for the tag first, which the hosted registry refuses. A blob that the registry
has is not sent again, so a push that broke goes on where it was when it is started anew.
"""

from __future__ import annotations

import asyncio
import json
import re
import threading
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NoReturn, Self

import httpx

from .. import __version__
from ..contract.errors import EXIT_FAILED, EXIT_MISSING, CoworldError
from ..contract.fetching import USER_AGENT
from ..contract.http_body import BadBody, bounded_body
from ..contract.jsontext import UnreadableJson, read_json
from ..contract.text import safe_line
from ..runner.together import together
from ..runs.redact import Redactor
from .image_archive import Blob, ImageArchive
from .layer_packing import chunks, packed
from .models.uploads import PushInfo
from .named_hosts import LAST_PORT, NamedHosts, origin_of

LAYERS_AT_ONCE = 3
"""Most layers packed or under way at a time."""

_ATTEMPTS = 3
_BACKOFF_SECONDS = 0.5
_TIMEOUT = httpx.Timeout(600.0, connect=30.0)
_SAID_LIMIT = 64 * 1024
_SHOWN = 300
_REGISTRY = re.compile(
    r"(?P<host>[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?(:(?P<port>[0-9]{1,5}))?)(/(?P<prefix>[a-z0-9._/-]+))?\Z"
)
_PART = r"[a-z0-9]+((\.|__?|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(/{_PART})*\Z")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}\Z")
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}\Z")

State = Literal["saving", "packing", "pushing", "existing", "done"]


@dataclass(frozen=True)
class PushProgress:
    """How far one part of an image is: ``done`` of ``total`` bytes, ``total`` 0 while it is not known.

    ``part`` is ``image`` while the engine writes its archive, then the first digits of a layer, ``config``
    and ``manifest``. ``existing`` parts were there already and are not sent.
    """

    part: str
    done: int
    total: int
    state: State


OnProgress = Callable[[PushProgress], None]


@dataclass(frozen=True)
class Registry:
    """Where an image goes: ``base`` is ``https://host/v2/<repository>``. ``token`` is never shown."""

    base: str
    tag: str
    token: str = field(repr=False)

    @classmethod
    def of(cls, info: PushInfo) -> Self:
        """What the server named. ``ValueError`` says what of it cannot be used.

        A path after the registry's host comes before the repository; plain http only where the server
        says so.
        """
        registry = _REGISTRY.match(info.registry)
        if registry is None or not 0 < int(registry["port"] or 443) <= LAST_PORT:
            raise ValueError("its registry is no host")
        prefix = registry["prefix"]
        repository = f"{prefix}/{info.repository}" if prefix else info.repository
        if not _REPOSITORY.match(repository) or not _TAG.match(info.tag):
            raise ValueError("its repository and tag are not names")
        if not _TOKEN.match(info.authorization_token):
            raise ValueError("it gives no credentials for the push")
        is_plain = (info.endpoint_url or "").startswith("http://")
        scheme = "http" if is_plain else "https"
        return cls(f"{scheme}://{registry['host']}/v2/{repository}", info.tag, info.authorization_token)


async def push(server: str, registry: Registry, archive: ImageArchive, on_progress: OnProgress) -> None:
    """Send an image: what the registry lacks of layers and config, then the manifest under the tag.

    ``server`` named the registry, which may send us on; ``named_hosts`` says where to. Room for packed
    layers is taken beside the archive. Memory stays within a few MiB. Raises ``registry_refused`` and
    ``registry_unreachable`` (exit code 3), ``registry_failed`` (1), and what ``layer_packing.packed`` and
    ``NamedHosts`` raise.
    """
    stopped = threading.Event()
    try:
        async with _Client(server, registry) as client:
            turn = asyncio.Semaphore(LAYERS_AT_ONCE)
            layers = await together(
                *(
                    _layer(client, archive, number, layer, turn, stopped, on_progress)
                    for number, layer in enumerate(archive.layers)
                )
            )
            await _blob(client, "config", archive.path, archive.config, on_progress)
            document = _manifest(archive, layers)
            await client.put_manifest(document, archive.media_type)
            on_progress(PushProgress("manifest", len(document), len(document), "done"))
    finally:
        stopped.set()


def _manifest(archive: ImageArchive, layers: list[Blob]) -> bytes:
    """The engine's own manifest where it is true of what was sent."""
    if archive.manifest is not None and tuple(layers) == archive.layers:
        return archive.manifest
    document = {
        "schemaVersion": 2,
        "mediaType": archive.media_type,
        "config": archive.config.descriptor(),
        "layers": [layer.descriptor() for layer in layers],
    }
    return json.dumps(document, separators=(",", ":")).encode()


async def _layer(
    client: _Client,
    archive: ImageArchive,
    number: int,
    layer: Blob,
    turn: asyncio.Semaphore,
    stopped: threading.Event,
    on_progress: OnProgress,
) -> Blob:
    """One layer, packed and sent. What is returned is what the manifest names."""
    async with turn:
        part = layer.digest.removeprefix("sha256:")[:12]
        on_progress(PushProgress(part, 0, layer.size, "packing"))
        target = archive.path.with_name(f"layer-{number}.gz")
        path, blob = await asyncio.to_thread(packed, archive.path, layer, target, stopped)
        try:
            await _blob(client, part, path, blob, on_progress)
        finally:
            await asyncio.to_thread(target.unlink, missing_ok=True)
        return blob


async def _blob(client: _Client, part: str, path: Path, blob: Blob, on_progress: OnProgress) -> None:
    """Send a blob that the registry lacks; a connection that breaks is no reason to give up at once."""
    attempt = 0
    while True:
        attempt += 1
        try:
            if await client.has(blob.digest):
                # Also when the answer to an earlier attempt was all that got lost.
                on_progress(PushProgress(part, blob.size, blob.size, "existing" if attempt == 1 else "done"))
                return
            on_progress(PushProgress(part, 0, blob.size, "pushing"))
            await client.send(path, blob, lambda sent: on_progress(_pushing(part, sent, blob)))
            on_progress(PushProgress(part, blob.size, blob.size, "done"))
            return
        except _BrokenError as broken:
            if attempt == _ATTEMPTS:
                raise broken.error from None
        await asyncio.sleep(_BACKOFF_SECONDS * attempt)


def _pushing(part: str, sent: int, blob: Blob) -> PushProgress:
    return PushProgress(part, sent, blob.size, "pushing")


class _BrokenError(Exception):
    """The connection broke, or a gateway stood in for the registry: it may go better next time."""

    def __init__(self, error: CoworldError) -> None:
        super().__init__()
        self.error = error


class _Client:
    """The calls of the registry's API. Its credentials go to its own origin only."""

    def __init__(self, server: str, registry: Registry) -> None:
        self._registry = registry
        self._base = httpx.URL(registry.base)
        self._redactor = Redactor([registry.token])
        self._http = httpx.AsyncClient(
            timeout=_TIMEOUT,
            headers={"User-Agent": f"{USER_AGENT}/{__version__}"},
            transport=NamedHosts(server, LAYERS_AT_ONCE),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def has(self, digest: str) -> bool:
        """Whether the registry has that blob."""
        url = httpx.URL(f"{self._registry.base}/blobs/{digest}")
        status, _ = await self._call("HEAD", url, accepted=(200, 404))
        return status == 200

    async def send(self, path: Path, blob: Blob, on_sent: Callable[[int], None]) -> None:
        """Send a blob the registry does not have: a place for it, its bytes, its digest."""
        _, place = await self._call("POST", httpx.URL(f"{self._registry.base}/blobs/uploads/"))
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(blob.size)}
        _, place = await self._call(
            "PATCH", self._joined(self._base, place), headers, _streamed(path, blob, on_sent), default=place
        )
        target = self._joined(self._base, place).copy_merge_params({"digest": blob.digest})
        await self._call("PUT", target, {"Content-Length": "0"})

    async def put_manifest(self, document: bytes, media_type: str) -> None:
        """Publish the image under its tag."""
        url = httpx.URL(f"{self._registry.base}/manifests/{self._registry.tag}")
        try:
            await self._call("PUT", url, {"Content-Type": media_type}, document)
        except _BrokenError as broken:
            raise broken.error from None

    async def _call(
        self,
        method: str,
        url: httpx.URL,
        headers: dict[str, str] | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
        *,
        accepted: tuple[int, ...] = (200, 201, 202, 204),
        default: str = "",
    ) -> tuple[int, str]:
        """Its status, and the address it names as next; ``default`` when it names none."""
        mine = {"Authorization": f"Basic {self._registry.token}"} if self._is_own(url) else {}
        try:
            async with self._http.stream(
                method, url, headers={**(headers or {}), **mine}, content=content
            ) as response:
                if response.status_code not in accepted:
                    await self._refuse(method, response)
                return response.status_code, response.headers.get("Location", default)
        except (httpx.NetworkError, httpx.RemoteProtocolError, httpx.TimeoutException) as error:
            # The message of an httpx error may repeat the address and headers.
            reason = "the connection broke" if isinstance(error, httpx.NetworkError) else type(error).__name__
            if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
                reason = "nothing answers there"
            raise _BrokenError(self._unreachable(reason)) from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(type(error).__name__) from None

    def _is_own(self, url: httpx.URL) -> bool:
        return origin_of(url) == origin_of(self._base)

    def _joined(self, base: httpx.URL, place: str) -> httpx.URL:
        try:
            url = base.join(place)
        except (httpx.InvalidURL, ValueError):
            raise self._failed("it names no address to send to") from None
        is_less_safe = base.scheme == "https" and url.scheme != "https"
        if not place or url.scheme not in ("http", "https") or is_less_safe or url.userinfo:
            raise self._failed("it names no address to send to")
        return url

    async def _refuse(self, method: str, response: httpx.Response) -> NoReturn:
        try:
            body, _ = await bounded_body(response, _SAID_LIMIT)
        except BadBody:
            body = b""
        status = response.status_code
        said = self._redactor.text(safe_line(_said(body), _SHOWN))
        cause = f"{self._base.netloc.decode()} answered {status} to {method}" + (f": {said}" if said else "")
        if status in (401, 403):
            raise CoworldError(
                "registry_refused",
                "The registry does not accept the push",
                cause=cause,
                owner="the server",
                next_step="run the same command again: it is given new credentials; what arrived stays there",
                exit_code=EXIT_MISSING,
            )
        if status >= 500 or status == 429:
            raise _BrokenError(self._failed(cause, "run the same command again: what arrived stays there"))
        raise self._failed(cause)

    def _failed(self, cause: str, next_step: str = "") -> CoworldError:
        return CoworldError(
            "registry_failed",
            "The registry did not take the image",
            cause=cause,
            owner="the server",
            next_step=next_step or "try again; if it stays so, report it",
            exit_code=EXIT_FAILED,
        )

    def _unreachable(self, reason: str) -> CoworldError:
        return CoworldError(
            "registry_unreachable",
            "The registry cannot be reached" if "answers" in reason else "The push broke off",
            cause=f"{self._base.netloc.decode()}: {reason}",
            owner="the network",
            next_step="run the same command again: layers that arrived are not sent again",
            exit_code=EXIT_MISSING,
        )


async def _streamed(path: Path, blob: Blob, on_sent: Callable[[int], None]) -> AsyncIterator[bytes]:
    sent = 0
    source = chunks(path, blob)
    while chunk := await asyncio.to_thread(next, source, b""):
        yield chunk
        sent += len(chunk)
        on_sent(sent)


def _said(body: bytes) -> str:
    """What a registry gives as its reasons: ``{"errors": [{"code", "message"}]}``."""
    try:
        value: Any = read_json(body)
    except UnreadableJson:
        return ""
    errors = value.get("errors") if isinstance(value, dict) else None
    reasons = errors if isinstance(errors, list) else []
    return "; ".join(
        f"{reason.get('code', '')} {reason.get('message', '')}".strip()
        for reason in reasons[:3]
        if isinstance(reason, dict)
    )
