"""Going through many frames for a few values: whole spans are read, and only what is asked for is decoded."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

import msgspec

from ..contract.errors import EXIT_FAILED, CoworldError
from ..contract.text import safe_line
from .lenses.choose import decode_frame
from .locating import Members
from .paths import MISSING, Path
from .source import FrameSource

_BLOCK_BYTES = 2 * 1024 * 1024
_BLOCK_FRAMES = 1_024

# From that size, and for so few, finding members by their keys beats skipping what is between.
_LARGE = 4_096
_FEW = 12


@runtime_checkable
class _ReadsSpans(Protocol):
    def payloads(self, start: int, stop: int) -> Iterator[bytes]: ...


class FramesGoneError(OSError):
    """Frames could not be read: told from what goes wrong in writing them elsewhere."""


@contextlib.contextmanager
def reading_frames() -> Iterator[None]:
    """Every OSError within is a FramesGoneError."""
    try:
        yield
    except OSError as error:
        raise FramesGoneError(error.strerror or str(error)) from error


def frames_gone(error: OSError) -> CoworldError:
    """Frames that cannot be read any more, in words."""
    return CoworldError(
        "frames_gone",
        "the frames cannot be read any more",
        cause=safe_line(error.strerror or str(error)),
        next_step="see whether the file is still there, and whole",
        exit_code=EXIT_FAILED,
    )


def read_payloads(source: FrameSource, start: int, stop: int) -> list[bytes]:
    """The payloads of the frames from ``start`` up to ``stop``. FramesGoneError when they are gone."""
    with reading_frames():
        if isinstance(source, _ReadsSpans):
            return list(source.payloads(start, stop))
        return [source.payload(index) for index in range(start, stop)]


def blocks(source: FrameSource, start: int, stop: int) -> Iterator[tuple[int, list[bytes]]]:
    """Payloads from ``start`` up to ``stop``, in runs of some 2 MB: what takes a few milliseconds to search.

    Yields the index of the first frame with each run. When ``stop`` lies before ``start`` the runs
    come last first and lead from frame ``start - 1`` down to ``stop``; within a run the order is the same.
    """
    size, at = 1, start
    while at != stop:
        if stop > start:
            first, end = at, min(at + size, stop)
            at = end
        else:
            first, end = max(at - size, stop), at
            at = first
        payloads = read_payloads(source, first, end)
        if not payloads:
            return
        yield first, payloads
        mean = sum(map(len, payloads)) // len(payloads) + 1
        size = max(1, min(size * 4, _BLOCK_BYTES // mean, _BLOCK_FRAMES))


class FieldDecoder:
    """Decodes frames as far as ``paths`` lead: of an object only the members they begin with."""

    def __init__(self, paths: Sequence[Path]) -> None:
        names = {path[0] if path else 0 for path in paths}
        self._names = [name for name in names if isinstance(name, str)]
        # An index may lead into a list or to a key; only the whole frame tells.
        self._decoder = _decoder_of(self._names) if len(self._names) == len(names) else None
        few = self._decoder is not None and len(self._names) <= _FEW
        self._members = Members(self._names, paths) if few else None

    def decode(self, payload: bytes, kind: Callable[[], str]) -> object:
        """The frame, or an object of those of its members that the paths need, as far as they need them.

        ``kind`` is asked only where it matters: to tell it may take as long as decoding does.
        A frame that is broken in a part that is not needed may be decoded all the same.
        """
        if self._decoder is not None:
            if self._members is not None and len(payload) >= _LARGE:
                found = self._members.locate(payload)
                if found is not None:
                    return found
            try:
                record = self._decoder.decode(payload)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                pass  # no object, or no strict JSON
            else:
                values = zip(self._names, msgspec.structs.astuple(record), strict=True)
                return {name: value for name, value in values if value is not MISSING}
        return decode_frame(payload, kind())


def _decoder_of(names: list[str]) -> msgspec.json.Decoder[Any] | None:
    fields = [f"f{index}" for index in range(len(names))]
    try:
        record = msgspec.defstruct(
            "Fields",
            [(field, Any, MISSING) for field in fields],
            rename=dict(zip(fields, names, strict=True)),
        )
        return msgspec.json.Decoder(record)
    except (TypeError, ValueError):  # a name with quotes, control characters or half a surrogate pair
        return None
