"""What a file is, told by its content: a document, lines, text or bytes."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from .blob import MIB, Blob
from .collecting import Layout
from .decoding import is_json
from .index_cache import fingerprint, load_index
from .indexed_file import IndexedFile
from .json_document import WHOLE_LIMIT, JsonDocument
from .json_lines import JsonLines, LinesLayout
from .ticks import tick_of

__all__ = ["FileSource", "JsonDocument", "JsonLines", "OneBlob", "sniff_source"]

_HEAD = 64 * 1024
_FIRST_LINE = 8 * MIB
_SAMPLE_LINES = 16
_FIRST_ADVANCES = 128
_LONGEST_WORD = len("-Infinity")
_OBJECT = re.compile(rb'(?:\[\s*)*\{\s*"(?:[^"\\]|\\.)*"\s*:')
_TEXT_SHARE = 16
_TEXT_CONTROLS = frozenset(b"\t\n\r\f\x08\x1b\x1e\x07")


class OneBlob:
    """Bytes that are one frame: text without an order, or binary. Of long ones, the head."""

    def __init__(self, blob: Blob, start: int, kind: str) -> None:
        """``kind`` is ``text`` or ``binary``. An empty blob has no frame."""
        self.format = kind
        self._blob = blob
        self._start = start

    @property
    def is_complete(self) -> bool:
        """Whether all that is shown has been read."""
        return self._blob.is_complete or self._blob.size >= self._start + WHOLE_LIMIT

    @property
    def progress(self) -> float:
        """The share of the input read."""
        return 1.0 if self.is_complete else self._blob.progress

    @property
    def problems(self) -> tuple[str, ...]:
        """What could not be read or is not shown."""
        if self._blob.size > self._start + WHOLE_LIMIT:
            cut = f"is {self.format} without frames; only its first {WHOLE_LIMIT // MIB} MiB are shown"
            return (*self._blob.problems, cut)
        return self._blob.problems

    def __len__(self) -> int:
        return int(self._blob.size > self._start)

    def advance(self) -> bool:
        """Read on, up to what is shown."""
        return not self.is_complete and self._blob.advance()

    def payload(self, index: int) -> bytes:
        """All of it, or its head."""
        if index != 0 or not len(self):
            raise IndexError(index)
        return self._blob.read(self._start, min(self._blob.size, self._start + WHOLE_LIMIT))

    def payloads(self, start: int, stop: int) -> Iterator[bytes]:
        """The frame, if it is among ``start`` to ``stop``."""
        return (self.payload(index) for index in range(max(0, start), min(stop, len(self))))

    def kind(self, index: int) -> str:
        """``text`` or ``binary``."""
        return self.format

    def tick(self, index: int) -> int | None:
        """Text and binary have none."""
        return None

    def time(self, index: int) -> datetime | None:
        """Never known."""
        return None

    def origin(self, index: int) -> str:
        """A single input."""
        return ""

    def members(self) -> dict[str, Any]:
        """Nothing is known around it."""
        return {}

    def close(self) -> None:
        """Close the file."""
        self._blob.close()


FileSource = JsonDocument | JsonLines | OneBlob
"""Frames of a file: FrameSources that also have ``problems``, ``members()`` and ``payloads(start, stop)``."""

_Begun = TypeVar("_Begun", bound=FileSource)


def sniff_source(blob: Blob) -> tuple[FileSource, tuple[str, ...]]:
    """The frames of a file by its content, the first of them counted, and what is wrong so far.

    In a document without any array of frames among its first 64 MiB or more, none is counted yet.
    The source's own ``problems`` says later what turned up since. It closes the blob. OSError when
    the file cannot be read.
    """
    key = fingerprint(blob)
    source = (_restored(blob, key) if key else None) or _source(blob, key)
    problems = source.problems
    if not len(source) and source.is_complete and not problems:
        problems = ("holds nothing but blanks" if blob.size else "is empty",)
    return source, problems


def _restored(blob: Blob, key: str) -> FileSource | None:
    stored = load_index(key)
    if stored is None:
        return None
    try:
        layout = msgspec.json.decode(stored.layout, type=Layout | LinesLayout)
    except msgspec.DecodeError:
        return None
    if isinstance(layout, Layout):
        return JsonDocument.restored(blob, layout, stored)
    return JsonLines.restored(blob, layout, stored)


def _begun(source: _Begun, key: str | None) -> _Begun:
    """``source`` at its first frame, unless that is very far: then whoever drives it gets there."""
    if key and isinstance(source, IndexedFile):
        source.keep_under(key)
    for _ in range(_FIRST_ADVANCES):
        if len(source) or not source.advance():
            break
    return source


def _source(blob: Blob, key: str | None) -> FileSource:
    head = _head(blob, 0, _HEAD)
    start = len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0
    if head[start:].isspace():
        head = _head(blob, 0, _FIRST_LINE)
    start = len(head) - len(head[start:].lstrip())
    head = head[start : start + _HEAD]
    is_json_text = _begins_as_json(head)
    if not is_json_text and _is_binary(head):
        return _begun(OneBlob(blob, 0, "binary"), key)
    lines = _first_lines(blob, start)
    # A document over several lines needs commas between its values, so its lines seldom stand alone.
    frames = [_is_container(text) for _, text in lines]
    if len(lines) >= 2 and 2 * sum(frames) > len(lines):
        return _begun(JsonLines(blob, start, header=_header(lines)), key)
    if not is_json_text:
        return _begun(OneBlob(blob, start, "text"), key)
    document = _begun(JsonDocument(blob, start, flaw=_flaw_in(head, start)), key)
    if document.path is None and document.is_complete and frames == [True] and _ends(blob, *lines[0]):
        return _begun(JsonLines(blob, start), key)  # a line without frames in it: others may follow
    return document


def _ends(blob: Blob, start: int, line: bytes) -> bool:
    """Whether the line at ``start`` is not the last thing in the file so far, but ended."""
    stop = start + len(line)
    return blob.size > stop and blob.read(stop, stop + 1) == b"\n"


def _head(blob: Blob, start: int, size: int) -> bytes:
    while blob.size < start + size and not blob.is_complete and blob.advance():
        pass
    return blob.read(start, min(blob.size, start + size))


def _first_lines(blob: Blob, start: int) -> list[tuple[int, bytes]]:
    """The first lines that are not blank, with their offsets; one without its end only if it is JSON."""
    text = _head(blob, start, _HEAD)
    if text.count(b"\n") < _SAMPLE_LINES:
        text = _head(blob, start, _FIRST_LINE)
    lines: list[tuple[int, bytes]] = []
    at = 0
    while len(lines) < _SAMPLE_LINES and at < len(text):
        end = text.find(b"\n", at)
        line = text[at : end if end >= 0 else len(text)]
        if end < 0 and (blob.size > start + len(text) or not _is_container(line)):
            break
        if line and not line.isspace():
            lines.append((start + at, line))
        at = end + 1 if end >= 0 else len(text)
    return lines


def _is_container(text: bytes) -> bool:
    return text.lstrip().startswith((b"{", b"[")) and is_json(text)


def _header(lines: list[tuple[int, bytes]]) -> tuple[int, int] | None:
    """A first line that is an object describes the arrays that follow (as in asciinema's casts).

    So does one without a tick where all the others have one.
    """
    (start, first), *others = lines
    if len(others) < 2 or first.lstrip()[:1] != b"{" or not is_json(first):
        return None
    is_of_arrays = all(text.lstrip()[:1] == b"[" for _, text in others[:2])
    if is_of_arrays or (tick_of(first) is None and all(tick_of(text) is not None for _, text in others)):
        return start, others[0][0]
    return None


def _begins_as_json(head: bytes) -> bool:
    """Whether ``head`` is an object or array, or the beginning of one."""
    if not head.startswith((b"{", b"[")):
        return False
    text = head.decode("utf-8", "replace")
    try:
        value, end = json.JSONDecoder(strict=False).raw_decode(text)
    except json.JSONDecodeError as error:
        return _is_cut(error) or _OBJECT.match(head) is not None
    except (RecursionError, ValueError):
        return True  # deep, or with a number beyond Python's patience: brackets are all that counts
    if isinstance(value, dict) or any(isinstance(item, dict | list) for item in value):
        return True
    return text[end:].lstrip()[:1] in ("", "{", "[", ",", "\x1e")  # "[1] see below" is text


def _is_cut(error: json.JSONDecodeError) -> bool:
    # Cut short is no mistake: then the complaint is about the very end, or a string without one.
    return error.pos >= len(error.doc) - _LONGEST_WORD or error.msg.startswith("Unterminated string")


def _flaw_in(head: bytes, start: int) -> str:
    """What makes the beginning of a document, which lies at ``start``, no JSON; empty when it may be some."""
    try:
        json.JSONDecoder(strict=False).raw_decode(head.decode("utf-8", "replace"))
    except json.JSONDecodeError as error:
        if not _is_cut(error):
            at = start + len(error.doc[: error.pos].encode())
            return f"is no JSON at byte {at:,}: {error.msg.lower()}"
    except (RecursionError, ValueError):
        pass
    return ""


def _is_binary(head: bytes) -> bool:
    if b"\0" in head:
        return True
    odd = sum(head.count(bytes((code,))) for code in range(32) if code not in _TEXT_CONTROLS)
    return odd + head.decode("utf-8", "replace").count("\ufffd") > len(head) / _TEXT_SHARE
