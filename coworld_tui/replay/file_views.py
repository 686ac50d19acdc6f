"""What is shown of a file beside the frames: its content, by what it is and not by what it is called."""

from __future__ import annotations

import csv
import io
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from ..contract.errors import CoworldError
from ..contract.measures import size_text
from .decoding import depth_within
from .json_view import (
    DEPTH,
    JsonRows,
    JsonText,
    are_json_lines,
    json_lines,
    loosened,
    without_secrets,
)
from .lenses.choose import decode_frame
from .lenses.hex import HexLines
from .lenses.model import FixedLines, LineModel
from .lenses.spans import Line, Span
from .log_times import LogTimes, Rows, masked_line
from .markup import html_lines, markdown_lines
from .source import ReplayFile
from .tables import arrow_lines, counted, csv_lines, parquet_lines
from .zip_view import DOCUMENT_LIMIT, WHOLE_LIMIT, UnshowableError, joined, zip_model

MIB = 1 << 20
_PIECE = MIB
LIMIT = 8 * MIB
"""Bytes of a file that are shown."""


_SNIFFED = 8_192


@dataclass(frozen=True)
class FileView:
    """A file as lines. ``title`` names it, its kind and its size; ``note`` says what was cut, or is empty.

    ``kind`` is what the content is called: ``Markdown``, ``zip archive``, ``report`` …
    """

    title: str
    lines: LineModel
    note: str = ""
    kind: str = ""


def view_of(file: ReplayFile, limit: int = LIMIT, width: int = 80) -> FileView:
    """Show the first ``limit`` bytes of a file, documents and JSON laid out ``width`` columns wide.

    Secrets are hidden. Never raises for what the file holds, nor when it cannot be read.
    """
    try:
        data = file.read(limit)
        kind = _kind(data)
        note = _cut_note(len(data), file.size)
        if kind in _WHOLE and note:
            data = file.read(WHOLE_LIMIT)
            note = _cut_note(len(data), file.size)
    except (OSError, CoworldError) as error:
        reason = error.title if isinstance(error, CoworldError) else str(error)
        return FileView(_title(file, "unreadable"), _said(f"cannot be read: {reason}", "error"))
    if kind in ("gzip", "zlib"):
        data, more = _inflated(data, limit)
        note = joined(f"inflated from {kind}", f"first {size_text(len(data))}" if more else "", note)
        kind = _kind(data)
    try:
        name, model, said = _model(kind, data, file.name, width, is_cut=bool(note))
        return FileView(_title(file, name), model, joined(said, note), name)
    except UnshowableError as problem:
        return FileView(_title(file, f"damaged {kind}"), HexLines(data[:limit]), joined(str(problem), note))


def _kind(data: bytes) -> str:
    for magic, kind in _MAGIC:
        if data.startswith(magic):
            return kind
    head = data[:2]
    if len(head) == 2 and head[0] & 0x0F == 8 and head[0] >> 4 <= 7 and int.from_bytes(head, "big") % 31 == 0:
        return "zlib" if _inflated(data, 1)[0] else "binary"
    return "text" if _is_text(data[:_SNIFFED]) else "binary"


_MAGIC = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PAR1", "Parquet"),
    (b"ARROW1", "Arrow"),
    (b"\xff\xff\xff\xff", "Arrow"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF8", "GIF"),
    (b"\x1f\x8b", "gzip"),
)


_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


_WHOLE = ("zip", "Parquet", "Arrow")


def _is_text(head: bytes) -> bool:
    if head.startswith(_UTF_16):
        return True
    if b"\0" in head:
        return False
    text = head.decode("utf-8", "replace")
    odd = sum(
        1
        for character in text
        if character == "\ufffd" or (character < " " and character not in "\t\r\n\x1b")
    )
    return odd * 20 <= len(text)


def _model(kind: str, data: bytes, name: str, width: int, is_cut: bool) -> tuple[str, LineModel, str]:
    """What the content is called, its lines, and what to say about it."""
    match kind:
        case "zip":
            return zip_model(data, width)
        case "Parquet" | "Arrow":
            try:
                return kind, parquet_lines(data) if kind == "Parquet" else arrow_lines(data), ""
            except ValueError as error:
                raise UnshowableError(f"this {kind} file cannot be read: {error}") from error
        case "PNG" | "JPEG" | "GIF":
            return f"{kind} image", _said(_image_size(kind, data)), ""
        case "binary":
            return "binary", HexLines(data), ""
    return _text_model(data, name, width, is_cut)


def _text_model(data: bytes, name: str, width: int, is_cut: bool) -> tuple[str, LineModel, str]:
    if data.startswith(_UTF_16):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    data = data.removeprefix(b"\xef\xbb\xbf")
    if not data:
        return "empty", _said("empty", "muted"), ""
    start = data[:_SNIFFED].lstrip()
    suffix = PurePosixPath(name).suffix.lower()
    if start.startswith((b"{", b"[")):
        value = decode_frame(data, "binary")
        if isinstance(value, dict | list) and depth_within(value, DEPTH):
            lines, is_whole = json_lines(without_secrets(value), width)
            return "JSON", JsonText(lines), "" if is_whole else f"first {counted(len(lines), 'line')}"
        rows = Rows(data)
        if are_json_lines(rows):
            return "JSON lines", JsonRows(rows), ""
        said = "" if is_cut else "no valid JSON, shown as it is"
        return "JSON text", LogTimes(loosened(data)), said
    if _HTML.match(start):
        return "HTML", *_document(data, width, html_lines)
    head = data[:_SNIFFED].decode("utf-8", "replace")
    delimiter = _delimiter(head, suffix)
    if delimiter:
        return "CSV", csv_lines(data.decode("utf-8", "replace"), delimiter), ""
    if suffix in (".md", ".markdown") or _MARKDOWN.match(head):
        return "Markdown", *_document(data, width, markdown_lines)
    return "text", LogTimes(data), ""


_HTML = re.compile(
    rb"(?i)(?:(?><!--.*?-->)\s*)*<(?:!doctype\s+html|html|head|body|title|h1|table|div|p)\b", re.DOTALL
)


_MARKDOWN = re.compile(
    r"\s*#{1,6} [^\n]+\n[ \t]*(?:\r?\n|\Z)|[^\0]*^\|[^\n]+\|[ \t]*\r?\n\|[ :|-]+\|[ \t]*$", re.MULTILINE
)


def _document(data: bytes, width: int, lines: Callable[[str, int], list[Line]]) -> tuple[LineModel, str]:
    text = data[:DOCUMENT_LIMIT].decode("utf-8", "replace")
    said = f"first {size_text(DOCUMENT_LIMIT)}" if len(data) > DOCUMENT_LIMIT else ""
    # Nothing but tags, or nested beyond what Markdown readers follow: then the text itself.
    drawn = lines(text, width)
    return FixedLines(drawn) if drawn else LogTimes(data), said


def _delimiter(head: str, suffix: str) -> str:
    """What separates the columns of the text, if they are columns."""
    lines = [line for line in head.splitlines()[:20] if line.strip()]
    if len(head) == _SNIFFED:
        lines = lines[:-1]
    if len(lines) < 2:
        return ""
    for delimiter in ",\t;":
        try:
            rows = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            continue
        counts = {len(row) for row in rows}
        is_named = all(_COLUMN_NAME.fullmatch(cell) for cell in rows[0])
        if (
            len(counts) == 1
            and counts.pop() > 1
            and is_named
            and (len(rows) > 2 or suffix in (".csv", ".tsv"))
        ):
            return delimiter
    return ""


_COLUMN_NAME = re.compile(r"\s*[A-Za-z_][\w .()%/#-]{0,59}")


def _image_size(kind: str, data: bytes) -> str:
    """The kind of a picture and its size, from its header alone."""
    from PIL.GifImagePlugin import GifImageFile
    from PIL.JpegImagePlugin import JpegImageFile
    from PIL.PngImagePlugin import PngImageFile

    readers: dict[str, Callable[[io.BytesIO], Any]]
    readers = {"PNG": PngImageFile, "JPEG": JpegImageFile, "GIF": GifImageFile}
    try:
        width, height = readers[kind](io.BytesIO(data)).size
    except (OSError, ValueError, SyntaxError, TypeError, LookupError, struct.error) as error:
        raise UnshowableError(f"the header of this {kind} image cannot be read") from error
    return f"{kind} image, {width}x{height} pixels"


def _inflated(data: bytes, limit: int) -> tuple[bytes, bool]:
    """What inflates of gzip or zlib data, at most ``limit`` bytes, and whether there is more."""
    unpacker = zlib.decompressobj(wbits=47)
    parts, size = [], 0
    try:
        for at in range(0, len(data), _PIECE):
            parts.append(unpacker.decompress(data[at : at + _PIECE], limit - size))
            size += len(parts[-1])
            if size >= limit or unpacker.eof:
                break
    except zlib.error:
        pass  # cut off or damaged; what came before is there
    return b"".join(parts), size >= limit and not unpacker.eof


def _said(text: str, style: str = "") -> LineModel:
    return FixedLines([(Span(masked_line(text), style),)])


def _title(file: ReplayFile, kind: str) -> str:
    return f"{masked_line(file.name)} · {kind} · {size_text(file.size)}"


def _cut_note(shown: int, size: int) -> str:
    return f"first {size_text(shown)} of {size_text(size)}" if shown < size else ""
