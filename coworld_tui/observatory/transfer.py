"""Downloading files: several at a time, gone on with where an earlier try ended, whole or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import stat
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx

from ..contract.http_body import BadBody, bounded_body
from ..contract.jsontext import MIB
from .client import Observatory
from .download_answers import (
    OutdatedError,
    Patience,
    TryAgainError,
    begins_later,
    continues,
    info_of,
    meaning,
    not_given,
    refused,
)
from .part_file import MEMORY_LIMIT, PartFile, PartInfo, damaged, not_saved, too_large
from .storage import ApiFile, Source, Storage, key_of, suffix_of

AT_ONCE = 8
"""Most downloads under way at a time; the others wait for their turn."""

SIZE_LIMIT = 4096 * MIB
"""Largest file taken, in bytes as it comes."""

UNWRAPPED_LIMIT = 4096 * MIB
"""Largest file that a compressed one may become, in bytes."""

_WRITE_BYTES = MIB
_PROGRESS_SECONDS = 0.1
_SKIP_LIMIT = 256 * MIB


@dataclass(frozen=True)
class Progress:
    """How far a download is: ``done`` of ``total`` bytes (None: nobody knows), ``rate`` in bytes a second."""

    done: int
    total: int | None
    rate: float

    @property
    def remaining(self) -> float | None:
        """Seconds left at this rate; None when that cannot be told."""
        if self.total is None or self.rate <= 0:
            return None
        return max(0.0, (self.total - self.done) / self.rate)


@dataclass(frozen=True)
class Expected:
    """What the bytes as they come must be, where that is known: ``size``, ``sha256`` (hex), ``etag``."""

    size: int | None = None
    sha256: str | None = None
    etag: str | None = None


@dataclass(frozen=True)
class Saved:
    """A file that is there: ``size`` in bytes, unwrapped. One that was there before is not ``is_new``."""

    path: Path
    size: int
    is_new: bool


@dataclass(frozen=True)
class Excerpt:
    """Bytes of a file: ``is_cut`` when there are more than these."""

    data: bytes
    is_cut: bool


_Result = TypeVar("_Result")

OnProgress = Callable[[Progress], None]
Renewed = Callable[[], Awaitable[Source]]


class Transfers:
    """Downloads as the identity of ``client``, inside ``async with``; ``at_once`` of them at a time."""

    def __init__(self, client: Observatory, *, at_once: int = AT_ONCE) -> None:
        self.client = client
        self.at_once = at_once
        self.storage = Storage(client, at_once)
        self._room = asyncio.Semaphore(at_once)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.storage.aclose()

    async def save(
        self,
        source: Source,
        target: Path,
        *,
        expected: Expected | None = None,
        renewed: Renewed | None = None,
        unpack: bool = True,
        replacing: bool = False,
        progress: OnProgress | None = None,
    ) -> Saved:
        """Put the file at ``target``, whose folder exists. What is there already stays unless ``replacing``.

        A compressed one (``.z``, ``.gz``) is inflated, unless ``unpack`` is false. ``renewed`` is asked once
        for another address when this one does not work any more. Cancelled or failed, what has arrived
        stays in ``NAME.part`` for the next time. Raises ``address_refused``, ``download_refused``,
        ``download_damaged``, ``download_too_large``, ``download_busy``, ``not_found`` (exit code 1),
        ``unreachable``, ``login_needed``, ``disk_full`` (3) and what else a refusal means.
        """
        expected = expected or Expected()
        suffix = suffix_of(source) if unpack else None
        async with self._room:
            part = PartFile(target, key_of(source))
            try:
                there = await _in_thread(target, part, _open, part, target, replacing)
                if there is not None:
                    return Saved(target, there, is_new=False)
                if not part.is_whole:
                    if (local := self.storage.local_path(source)) is not None:
                        await _in_thread(target, part, _copy, local, part, target)
                    else:
                        await _Download(self, part, target, expected, renewed, progress).run(source)
                size = await _in_thread(
                    target,
                    part,
                    lambda: part.finish(
                        suffix=suffix, limit=UNWRAPPED_LIMIT, size=expected.size, sha256=expected.sha256
                    ),
                )
            finally:
                if part.is_to_close:
                    await _in_thread(target, part, part.close)
        return Saved(target, size, is_new=True)

    async def read(self, source: Source, *, limit: int, tail: bool = False) -> Excerpt:
        """The first ``limit`` bytes of a file, the last ones for ``tail``. Errors as for ``save``."""
        headers = {"Range": f"bytes=-{limit}"} if tail else {}
        async with self._room:
            again = Patience()
            while True:
                try:
                    async with self.storage.opened(source, headers) as response:
                        return await self._excerpt(response, source, limit, tail)
                except BadBody as error:
                    raise damaged(Path(key_of(source)), f"the body {error}") from None
                except Exception as error:
                    await again.wait_after(meaning(error, self.client.server, source))

    async def _excerpt(self, response: httpx.Response, source: Source, limit: int, tail: bool) -> Excerpt:
        if response.status_code == 416:
            return Excerpt(b"", False)  # an empty file has no range
        if response.status_code not in (200, 206):
            raise await refused(self.client.identity, response, source)
        if not tail or response.status_code == 206:
            data, is_cut = await bounded_body(response, limit)
            return Excerpt(data, is_cut or begins_later(response))
        kept = bytearray()
        skipped = 0
        async for chunk in response.aiter_raw():
            kept += chunk
            if len(kept) > 2 * limit + MIB:
                skipped += len(kept) - limit
                del kept[:-limit]
            if skipped > _SKIP_LIMIT:
                break
        return Excerpt(bytes(kept[-limit:]), skipped > 0 or len(kept) > limit)


class _Download:
    """One file into its part."""

    def __init__(
        self,
        transfers: Transfers,
        part: PartFile,
        target: Path,
        expected: Expected,
        renewed: Renewed | None,
        progress: OnProgress | None,
    ) -> None:
        self._transfers = transfers
        self._part = part
        self._target = target
        self._expected = expected
        self._renewed = renewed
        self._progress = progress
        self._told = 0.0

    async def run(self, source: Source) -> None:
        again = Patience()
        renewed = self._renewed
        while True:
            before = self._part.offset
            try:
                await self._once(source)
                return
            except OutdatedError as error:
                if renewed is None:
                    raise error.error from None
                source, renewed = await renewed(), None
            except Exception as error:
                if self._part.offset > before:
                    again.went_on()
                await again.wait_after(meaning(error, self._transfers.client.server, source))

    async def _once(self, source: Source) -> None:
        part = self._part
        headers = {}
        if self._expected.etag is not None and not isinstance(source, ApiFile):
            if not (self._expected.etag.isascii() and self._expected.etag.isprintable()):
                raise damaged(self._target, "the server's mark of it cannot be asked for")
            headers["If-Match"] = self._expected.etag
        if part.offset and part.info.etag:
            headers |= {"Range": f"bytes={part.offset}-", "If-Range": part.info.etag}
        async with self._transfers.storage.opened(source, headers) as response:
            status = response.status_code
            if status == 206 and part.offset and continues(response, part):
                pass
            elif status == 200:
                await self._restart(info_of(response, part.info.source, self._target))
            elif status in (206, 416):
                await self._restart()
                raise TryAgainError(damaged(self._target, "another part of it came than was asked for"), 0)
            else:
                raise await refused(self._transfers.client.identity, response, source)
            await self._check(part.info.total)
            await self._take(response)
        if part.info.total is not None and part.offset != part.info.total:
            reason = f"{part.offset} bytes came, it has {part.info.total}"
            await self._restart()
            raise damaged(self._target, reason)

    async def _check(self, total: int | None) -> None:
        """Take nothing of a file that is too large, or another one than was promised."""
        if total is not None and total > SIZE_LIMIT:
            raise too_large(self._target, SIZE_LIMIT)
        if total is not None and self._expected.size not in (None, total):
            await self._restart()
            raise damaged(self._target, f"it has {total} bytes, not {self._expected.size}")

    async def _restart(self, info: PartInfo | None = None) -> None:
        info = info or PartInfo(self._part.info.source)
        if self._part.is_on_disk:
            await _in_thread(self._target, self._part, self._part.restart, info)
        else:
            self._part.restart(info)

    async def _take(self, response: httpx.Response) -> None:
        """The body, written by a thread while the next of it comes."""
        part = self._part
        loop = asyncio.get_running_loop()
        begun, first = loop.time(), part.offset
        arrived = part.offset
        pieces: list[bytes] = []
        held = 0
        writing: asyncio.Future[None] | None = None

        def tell(is_over: bool = False) -> None:
            now = loop.time()
            if self._progress is not None and (is_over or now - self._told >= _PROGRESS_SECONDS):
                self._told = now
                rate = (arrived - first) / max(now - begun, 1e-6)
                self._progress(Progress(arrived, part.info.total, rate))

        try:
            async for chunk in response.aiter_raw():
                pieces.append(chunk)
                held += len(chunk)
                arrived += len(chunk)
                if arrived > SIZE_LIMIT:
                    raise too_large(self._target, SIZE_LIMIT)
                if held >= (_WRITE_BYTES if part.is_on_disk or writing else MEMORY_LIMIT):
                    if writing is not None:
                        await asyncio.shield(writing)  # a cancel would let it go on unseen
                    writing = loop.run_in_executor(None, part.write, pieces)
                    pieces, held = [], 0
                tell()
        finally:
            # Also when it ends early: what has come is kept.
            if writing is not None:
                await _to_the_end(self._target, part, writing)
            part.hold(pieces)
        tell(is_over=True)


async def all_of(calls: Iterable[Coroutine[Any, Any, _Result]]) -> list[_Result]:
    """What all of them return, in their order. The first that fails ends the others and is raised."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(call) for call in calls]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]


def _copy(local: Path, part: PartFile, target: Path) -> None:
    """A file on this machine into the part."""
    try:
        # What is no file may never end, or never begin.
        stream = local.open("rb") if local.is_file() else None
    except (OSError, ValueError):
        stream = None
    if stream is None:
        raise not_given(str(local), 404)
    with stream:
        part.restart(PartInfo(part.info.source))
        while piece := stream.read(_WRITE_BYTES):
            if part.is_stopped:
                raise InterruptedError
            if part.offset + len(piece) > SIZE_LIMIT:
                raise too_large(target, SIZE_LIMIT)
            part.write([piece])


def _open(part: PartFile, target: Path, replacing: bool) -> int | None:
    """The size of the file when it is there and stays, else None, and its part is open."""
    if not replacing:
        with contextlib.suppress(OSError):
            status = target.stat()
            if stat.S_ISREG(status.st_mode):
                return status.st_size
    part.open()
    return None


async def _in_thread(
    target: Path, part: PartFile, function: Callable[..., _Result], *arguments: object
) -> _Result:
    return await _to_the_end(target, part, asyncio.to_thread(function, *arguments))


async def _to_the_end(target: Path, part: PartFile, call: Awaitable[_Result]) -> _Result:
    """What a thread does with the part. A cancel asks it to stop, and waits: the file is in use."""
    task = asyncio.ensure_future(call)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
            part.is_stopped = True
    if cancelled is not None:
        task.exception()  # nobody else will ask for it
        raise cancelled
    try:
        return task.result()
    except OSError as error:
        raise not_saved(target, error) from error
