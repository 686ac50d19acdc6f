"""Taking wrappings off a stream: gzip, zlib, zstd and UTF-16, told by content, two compressions deep."""

from __future__ import annotations

import codecs
import zlib
from collections.abc import Callable
from typing import Protocol

Read = Callable[[int], bytes]
"""At most that many bytes, none at the end."""

_PIECE = 256 * 1024
_MOST_COMPRESSIONS = 2
_HEAD = 4
_TRIAL = 4096
_GZIP = b"\x1f\x8b\x08"
_ZSTD = b"\x28\xb5\x2f\xfd"


class CutOffError(ValueError):
    """Compressed data that ends early or is damaged; what came before it is good."""


class InflatedTooLargeError(ValueError):
    """More bytes than the limit allows."""


class _Stage(Protocol):
    def read(self, limit: int) -> bytes: ...


class Layers:
    """A stream with its wrappings off. ``names`` says which there were, outermost first."""

    def __init__(self, read: Read, limit: int) -> None:
        self.names: tuple[str, ...] = ()
        self._top = _Peekable(read)
        for _ in range(_MOST_COMPRESSIONS):
            name, make = _compression(self._top)
            if make is None:
                break
            self.names = (*self.names, name)
            self._top = _Peekable(_Bounded(make(self._top.read).read, limit).read)
        encoding = _utf16(self._top.peek(_HEAD))
        if encoding:
            self.names = (*self.names, "utf-16")
            self._top = _Peekable(_Transcoded(self._top.read, encoding).read)
        self._bounded = _Bounded(self._top.read, limit)

    def read(self, limit: int) -> bytes:
        """At most ``limit`` bytes, none at the end; ``CutOffError``, ``InflatedTooLargeError``, OSError."""
        return self._bounded.read(limit)


class _Peekable:
    """Looking at what comes next. An error waits until the bytes before it are read."""

    def __init__(self, read: Read) -> None:
        self._read = read
        self._held = b""
        self._error: Exception | None = None

    def peek(self, size: int) -> bytes:
        while len(self._held) < size and self._error is None:
            try:
                piece = self._read(_PIECE)
            except (CutOffError, InflatedTooLargeError, OSError) as error:
                self._error = error
                break
            if not piece:
                break
            self._held += piece
        return self._held[:size]

    def read(self, limit: int) -> bytes:
        if self._held:
            piece, self._held = self._held[:limit], self._held[limit:]
            return piece
        if self._error is not None:
            raise self._error
        return self._read(limit)


class _Bounded:
    """Counts what comes out of one compression, so that no bomb inside another runs forever."""

    def __init__(self, read: Read, limit: int) -> None:
        self._read = read
        self._left = limit

    def read(self, limit: int) -> bytes:
        piece = self._read(min(limit, self._left + 1))
        if len(piece) > self._left:
            piece, self._left = piece[: self._left], 0
            if not piece:
                raise InflatedTooLargeError
            return piece
        self._left -= len(piece)
        return piece


class _Deflated:
    """gzip (also several members in a row) or zlib."""

    def __init__(self, read: Read, window: int) -> None:
        self._read = read
        self._window = window
        self._inflater = zlib.decompressobj(window)
        self._ended = False

    def read(self, limit: int) -> bytes:
        while not self._ended:
            data = self._inflater.unconsumed_tail or self._inflater.unused_data or self._read(_PIECE)
            if self._inflater.eof:
                if self._window < zlib.MAX_WBITS + 16 or not data.startswith(_GZIP[:2]):
                    break
                self._inflater = zlib.decompressobj(self._window)
            if not data:
                self._ended = True
                raise CutOffError
            try:
                piece = self._inflater.decompress(data, limit)
            except zlib.error as error:
                self._ended = True
                raise CutOffError from error
            if piece:
                return piece
        self._ended = True
        return b""


class _Zstandard:
    def __init__(self, read: Read) -> None:
        self._stream = _zstd_stream(read)
        self._ended = False

    def read(self, limit: int) -> bytes:
        if self._ended:
            return b""
        try:
            piece = bytes(self._stream.read(min(limit, _PIECE)))
        except OSError as error:
            self._ended = True
            raise CutOffError from error
        return piece


class _Transcoded:
    def __init__(self, read: Read, encoding: str) -> None:
        self._read = read
        self._decoder = codecs.getincrementaldecoder(encoding)("replace")
        self._held = b""
        self._ended = False

    def read(self, limit: int) -> bytes:
        while not self._held and not self._ended:
            data = self._read(_PIECE)
            self._ended = not data
            self._held = self._decoder.decode(data, final=self._ended).encode("utf-8", "replace")
        piece, self._held = self._held[:limit], self._held[limit:]
        return piece


def _zstd_stream(read: Read) -> _Stage:
    import pyarrow as pa

    stream: _Stage = pa.CompressedInputStream(pa.PythonFile(_Readable(read), mode="r"), "zstd")
    return stream


class _Readable:
    """The least of a file that pyarrow asks for."""

    closed = False

    def __init__(self, read: Read) -> None:
        self.read = read

    def close(self) -> None:
        self.closed = True


def _compression(stream: _Peekable) -> tuple[str, Callable[[Read], _Stage] | None]:
    head = stream.peek(_HEAD)
    if head.startswith(_GZIP):
        return "gzip", lambda read: _Deflated(read, zlib.MAX_WBITS + 16)
    if head == _ZSTD:
        return "zstd", _Zstandard
    if _looks_like_zlib(head) and _inflates(stream.peek(_TRIAL)):
        return "zlib", lambda read: _Deflated(read, zlib.MAX_WBITS)
    return "", None


def _looks_like_zlib(head: bytes) -> bool:
    # local.md 5: low nibble 8, high nibble at most 7, the 16-bit header divisible by 31
    return len(head) >= 2 and head[0] & 0x0F == 8 and head[0] >> 4 <= 7 and int.from_bytes(head[:2]) % 31 == 0


def _inflates(data: bytes) -> bool:
    """Two bytes prove little (text may start with ``x^``): the beginning has to inflate as well."""
    try:
        zlib.decompressobj().decompress(data, _TRIAL)
    except zlib.error:
        return False
    return True


def _utf16(head: bytes) -> str:
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if head[:1] in (b"{", b"[") and head[1:2] == b"\0" and head[2:3] != b"\0":
        return "utf-16-le"
    if head[:1] == b"\0" and head[1:2] in (b"{", b"["):
        return "utf-16-be"
    return ""
