"""Zip archives as a listing, as a report, and as the files within."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import islice

from ..contract.errors import CoworldError
from ..contract.measures import size_text
from ..contract.text import safe_line
from .lenses.choose import decode_frame
from .lenses.model import FixedLines, LineModel
from .lenses.spans import Line, Span, cell_width, fit
from .log_times import masked_line
from .markup import html_lines, markdown_lines
from .source import ReplayFile

MIB = 1 << 20

WHOLE_LIMIT = 256 * MIB
"""Bytes read of a file that says only at its end what it holds: archives and tables."""


MAX_ENTRIES = 10_000
"""Most entries of an archive that are listed."""


ARCHIVE = "zip archive"
"""What an archive without a document to read first is called."""

DOCUMENT_LIMIT = MIB // 4
"""Bytes of a document that are laid out."""


_MOST_ENTRIES = 100_000
_ENCRYPTED = 0x1


class UnshowableError(ValueError):
    """Content of a known kind that cannot be read; the message is a sentence for the note."""


def members(file: ReplayFile) -> list[ReplayFile]:
    """The entries of a zip archive as files, at most 10 000; none for anything else.

    Reading one reads the archive again and inflates no more than asked for; OSError, in words, when it
    cannot be. Names are whatever the archive says: they name, and lead nowhere.
    """
    try:
        if not file.read(4).startswith((b"PK\x03\x04", b"PK\x05\x06")):
            return []
        with _archive(file.read(WHOLE_LIMIT)) as archive:
            files = (entry for entry in archive.infolist() if not entry.filename.endswith("/"))
            entries = list(islice(files, MAX_ENTRIES))
    except (OSError, CoworldError, UnshowableError):
        return []
    return [ReplayFile(entry.filename, entry.file_size, _entry_reader(file, entry)) for entry in entries]


def zip_model(data: bytes, width: int) -> tuple[str, LineModel, str]:
    """What an archive is called, its lines, and what to say about them."""
    with _archive(data) as archive:
        entries = archive.infolist()
        listed = entries[:MAX_ENTRIES]
        size = sum(entry.file_size for entry in entries)
        rows = [["name", "size", "packed"]]
        rows += [[masked_line(entry.filename), size_text(entry.file_size), _ratio(entry)] for entry in listed]
        rendered, name = _rendered(archive, width)
    summary = f"{_entries(len(entries))}, {size_text(size)} unpacked"
    listing: list[Line] = [(Span(summary, "muted"),), *_listing(rows)]
    said = f"first {_entries(MAX_ENTRIES)} of {len(entries)}" if len(entries) > MAX_ENTRIES else ""
    if rendered:
        rule: Line = (Span("─" * 40, "line"),)
        return "report", FixedLines([*rendered, (), rule, *listing]), joined(f"shows {name}", said)
    return ARCHIVE, FixedLines(listing), said


def _entries(number: int) -> str:
    return "1 entry" if number == 1 else f"{number:,} entries".replace(",", " ")


def _listing(rows: list[list[str]]) -> list[Line]:
    widths = [max(map(cell_width, column)) for column in zip(*rows, strict=True)]
    widths[0] = min(widths[0], 60)
    return [
        (
            Span(fit(name, widths[0]), "" if at else "heading"),
            Span("  " + size.rjust(widths[1]), "number" if at else "heading"),
            Span("  " + packed.rjust(widths[2]), "muted" if at else "heading"),
        )
        for at, (name, size, packed) in enumerate(rows)
    ]


def _ratio(entry: zipfile.ZipInfo) -> str:
    return f"{100 * entry.compress_size / entry.file_size:.0f} %" if entry.file_size else "-"


def _rendered(archive: zipfile.ZipFile, width: int) -> tuple[list[Line], str]:
    """What a report, by its manifest or by custom, wants to be read first, and the name of that."""
    names = {entry.filename: entry for entry in archive.infolist()[:MAX_ENTRIES]}
    for name in _renderable(archive, names):
        lines = html_lines if name.lower().endswith((".html", ".htm")) else markdown_lines
        if name in names and name.lower().endswith((".md", ".markdown", ".html", ".htm")):
            try:
                text = _entry_bytes(archive, names[name], DOCUMENT_LIMIT).decode("utf-8", "replace")
            except OSError:
                continue
            return lines(text, width), masked_line(name)
    return [], ""


def _renderable(archive: zipfile.ZipFile, names: Mapping[str, zipfile.ZipInfo]) -> Iterator[str]:
    def small(name: str) -> bytes:
        try:
            return _entry_bytes(archive, names[name], DOCUMENT_LIMIT) if name in names else b""
        except OSError:
            return b""

    manifest = decode_frame(small("manifest.json"), "binary")
    if isinstance(manifest, dict):
        yield str(manifest.get("render"))
        if "files" in manifest:
            return
    yield small("render.txt").decode("utf-8", "replace").strip()
    yield from (name for name in names if "/" not in name)


def _archive(data: bytes) -> zipfile.ZipFile:
    """The archive; ``UnshowableError`` when its list of entries is missing or beyond reason."""
    # Each entry takes far more memory than these four bytes, and an archive may hold millions.
    if data.count(b"PK\x01\x02") > _MOST_ENTRIES:
        raise UnshowableError("this archive lists too many entries")
    try:
        return zipfile.ZipFile(io.BytesIO(data))
    except _ZIP_FAILURES as error:
        raise UnshowableError(f"this archive is cut off or damaged: {safe_line(str(error), 120)}") from error


def _entry_reader(file: ReplayFile, entry: zipfile.ZipInfo) -> Callable[[int], bytes]:
    def read(limit: int) -> bytes:
        try:
            with _archive(file.read(WHOLE_LIMIT)) as archive:
                return _entry_bytes(archive, entry, limit)
        except UnshowableError as error:
            raise OSError(str(error)) from error

    return read


def _entry_bytes(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> bytes:
    """The first bytes of an entry. OSError, in words, when it cannot be read."""
    if entry.flag_bits & _ENCRYPTED:
        raise OSError("it needs a password")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise OSError("it is packed in a way that is not read here")
    try:
        with archive.open(entry) as stream:
            return stream.read(limit)
    except _ZIP_FAILURES as error:
        raise OSError(f"it is damaged: {safe_line(str(error), 120)}") from error


_ZIP_FAILURES = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, RuntimeError, ValueError, OSError)


def joined(*parts: str) -> str:
    """The parts of a note that say something."""
    return ", ".join(part for part in parts if part)
