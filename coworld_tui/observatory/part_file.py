"""A download on its way: ``NAME.part`` grows beside the place of ``NAME`` and takes it once it is whole.

``NAME.part.info`` says what the part belongs to, so that a later download goes on where this one ended.
Everything here blocks.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import io
import json
import os
import zlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from ..contract.errors import EXIT_FAILED, EXIT_MISSING, EXIT_USAGE, CoworldError
from ..contract.jsontext import MIB
from ..contract.text import safe_line
from ..runs.directory import replacing

MEMORY_LIMIT = 4 * MIB
"""Files up to this size are written once, when they are whole."""

_PIECE = MIB
_INFO_LIMIT = 64 * 1024
_SHOWN = 200
_WINDOWS = {".z": zlib.MAX_WBITS, ".gz": zlib.MAX_WBITS + 16, "deflate": zlib.MAX_WBITS + 32}
_WINDOWS["gzip"] = _WINDOWS["x-gzip"] = _WINDOWS["deflate"]


@dataclass(frozen=True)
class PartInfo:
    """What a part belongs to: ``source`` names the file, ``etag`` (strong, or empty) this state of it.

    ``total`` is its size in bytes where the server said so, ``encoding`` how the bytes are wrapped.
    """

    source: str
    etag: str = ""
    total: int | None = None
    encoding: str = ""


class PartFile:
    """The part for ``target``: ``offset`` bytes are there. ``info`` says of what.

    A small file is only kept in memory: it gets its part when it cannot be finished.
    """

    def __init__(self, target: Path, source: str) -> None:
        self._target = target
        self._path = target.with_name(f"{target.name}.part")
        self._info_path = target.with_name(f"{target.name}.part.info")
        self._handle = -1
        self._held: list[bytes] = []
        self.info = PartInfo(source)
        self.offset = 0
        self.is_stopped = False
        """Set from another thread to end what goes on here, which then raises InterruptedError."""

    @property
    def is_whole(self) -> bool:
        """Whether an earlier download got everything and could only not finish."""
        return self.info.total is not None and 0 < self.offset == self.info.total

    def open(self) -> None:
        """Find what an earlier download left. ``download_busy`` when one is under way, OSError."""
        if not self._path.exists() and not self._path.is_symlink():
            return
        self._handle = _locked(self._path)
        self.info = _read_info(self._info_path, self.info.source)
        self.offset = os.fstat(self._handle).st_size if self.info.etag else 0

    def restart(self, info: PartInfo) -> None:
        """Forget what is there: the file has changed, or cannot be continued."""
        self._held = []
        self.offset = 0
        self.info = info
        if self.is_on_disk:
            os.ftruncate(self._handle, 0)
            self._write_info()

    @property
    def is_on_disk(self) -> bool:
        """Whether there is a part already."""
        return self._handle >= 0

    @property
    def is_to_close(self) -> bool:
        """Whether ``close`` has anything to do."""
        return self.is_on_disk or bool(self._held)

    def hold(self, pieces: Sequence[bytes]) -> None:
        """Add bytes in memory only; takes no time."""
        self._held += pieces
        self.offset += sum(map(len, pieces))

    def write(self, pieces: Sequence[bytes] = ()) -> None:
        """Add bytes, on the disk with all before them. ``download_busy``, OSError."""
        if not self.is_on_disk:
            self._handle = _locked(self._path)
            os.ftruncate(self._handle, 0)
            self._write_info()
        at = self.offset - sum(map(len, self._held))
        view = memoryview(b"".join([*self._held, *pieces]))
        self._held = []
        self.offset = at
        while view:
            written = os.pwrite(self._handle, view, self.offset)
            self.offset += written
            view = view[written:]

    def finish(self, *, suffix: str | None, limit: int, size: int | None, sha256: str | None) -> int:
        """Check, unwrap and put the file in its place; returns its size in bytes.

        ``suffix`` is ``.z`` or ``.gz`` for a compressed file, None to leave it as it came; ``limit`` how
        large it may become, ``size`` and ``sha256`` what it must be before that. ``download_damaged`` and
        ``download_too_large``, after which nothing of it is left.
        """
        wrappings = [] if suffix is None else [kind for kind in (self.info.encoding, suffix) if kind]
        try:
            if self._held and self.is_on_disk:
                self.write()
            if size is not None and size != self.offset:
                raise damaged(self._target, f"{self.offset} bytes came, it has {size}")
            with self._stream() as stream:
                if sha256 is not None and hashlib.file_digest(stream, "sha256").hexdigest() != sha256:
                    raise damaged(self._target, "its checksum is another one")
                stream.seek(0)
                if wrappings or not self.is_on_disk:
                    written = self._unwrap(stream, wrappings, limit)
                    self.discard()
                else:
                    os.ftruncate(self._handle, self.offset)
                    self._path.replace(self._target)
                    self._info_path.unlink(missing_ok=True)
                    written = self.offset
        except CoworldError:
            self.discard()
            raise
        self._held = []
        self.offset = 0
        return written

    def _stream(self) -> io.BytesIO | io.BufferedReader:
        if not self.is_on_disk:
            return io.BytesIO(self._held[0] if len(self._held) == 1 else b"".join(self._held))
        stream = open(os.dup(self._handle), "rb")  # noqa: PTH123, SIM115 - it is open already
        stream.seek(0)
        return stream

    def _unwrap(self, stream: io.BytesIO | io.BufferedReader, wrappings: Sequence[str], limit: int) -> int:
        written = 0
        inflating = [_Inflating(_WINDOWS[kind]) for kind in wrappings]
        with replacing(self._target) as output:
            while piece := stream.read(_PIECE):
                if self.is_stopped:
                    raise InterruptedError
                pieces = [piece]
                for stage in inflating:
                    pieces = [out for each in pieces for out in stage.inflate(each, limit, self._target)]
                for out in pieces:
                    output.write(out)
                    written += len(out)
            if not all(stage.is_complete for stage in inflating):
                raise damaged(self._target, "its compressed data ends early")
        return written

    def discard(self) -> None:
        """Leave nothing."""
        self._held = []
        self.offset = 0
        if self.is_on_disk:
            for path in (self._path, self._info_path):
                path.unlink(missing_ok=True)

    def close(self) -> None:
        """Let go. What has come and can be continued stays on the disk, as far as that takes it."""
        with contextlib.suppress(OSError, CoworldError):
            if self._held and self.info.etag:
                self.write()
        if not self.is_on_disk:
            return
        with contextlib.suppress(OSError):
            if self.offset == 0 and _is_same(self._path, self._handle):
                self.discard()
        os.close(self._handle)
        self._handle = -1

    def _write_info(self) -> None:
        with replacing(self._info_path) as stream:
            stream.write(json.dumps(asdict(self.info)).encode())


class _Inflating:
    """Takes off one compression, piece by piece."""

    def __init__(self, window: int) -> None:
        self._window = window
        self._inflater = zlib.decompressobj(window)
        self._count = 0

    @property
    def is_complete(self) -> bool:
        return self._inflater.eof

    def inflate(self, data: bytes, limit: int, target: Path) -> list[bytes]:
        out: list[bytes] = []
        while data:
            if self._inflater.eof:
                if self._window == zlib.MAX_WBITS or not data.lstrip(b"\0"):
                    break  # what follows the end means nothing
                self._inflater = zlib.decompressobj(self._window)
            try:
                piece = self._inflater.decompress(data, _PIECE)
            except zlib.error:
                raise damaged(target, "its compressed data cannot be read") from None
            data = self._inflater.unconsumed_tail or self._inflater.unused_data
            self._count += len(piece)
            if self._count > limit:
                raise too_large(target, limit)
            out.append(piece)
        return out


def damaged(target: Path, reason: str) -> CoworldError:
    """What came is not the file."""
    return CoworldError(
        "download_damaged",
        f"{safe_line(target.name, _SHOWN)} did not come as it is on the server",
        cause=reason,
        owner="the network",
        next_step="try again; if it stays so, the file on the server is damaged",
        exit_code=EXIT_FAILED,
    )


def too_large(target: Path, limit: int) -> CoworldError:
    """It is more than is taken."""
    return CoworldError(
        "download_too_large",
        f"{safe_line(target.name, _SHOWN)} is too large",
        cause=f"it has more than {limit // MIB} MiB",
        owner="the server",
        next_step="download it with another program",
        exit_code=EXIT_FAILED,
    )


def not_saved(target: Path, error: OSError) -> CoworldError:
    """The disk refuses."""
    is_full = error.errno in (errno.ENOSPC, errno.EDQUOT)
    return CoworldError(
        "disk_full" if is_full else "output_lost",
        "The disk is full" if is_full else f"{safe_line(str(target), _SHOWN)} cannot be written",
        cause=error.strerror or type(error).__name__,
        next_step="free some space, then repeat the command: what has arrived is kept"
        if is_full
        else "choose another place",
        exit_code=EXIT_MISSING if is_full else EXIT_USAGE,
    )


def _locked(path: Path) -> int:
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_same(path, handle):
                return handle
        except BlockingIOError:
            os.close(handle)
            raise CoworldError(
                "download_busy",
                f"{safe_line(path.name, _SHOWN)} is being written by another download",
                next_step="wait for it, or choose another folder",
                exit_code=EXIT_FAILED,
            ) from None
        except OSError:
            os.close(handle)
            raise
        os.close(handle)


def _is_same(path: Path, handle: int) -> bool:
    """Whether the name still means the open file: it may have been put in its place meanwhile."""
    try:
        named = path.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(named, os.fstat(handle))


def _read_info(path: Path, source: str) -> PartInfo:
    """What is known of the part; nothing when it is of another file."""
    try:
        with path.open("rb") as stream:
            fields = json.loads(stream.read(_INFO_LIMIT))
        info = PartInfo(**fields)
    except (OSError, ValueError, TypeError, RecursionError):
        return PartInfo(source)
    texts = all(isinstance(text, str) for text in (info.source, info.etag, info.encoding))
    is_ours = texts and isinstance(info.total, int | None) and info.source == source
    return info if is_ours and info.encoding in ("", *_WINDOWS) else PartInfo(source)
