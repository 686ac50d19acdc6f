"""A few frames in every form JSON comes in, and what they open as."""

from __future__ import annotations

import json
from typing import Any

from coworld_tui.replay.documents import FileSource, sniff_source
from coworld_tui.replay.lenses.choose import decode_frame

from .blobs import MemoryBlob, scanned
from .paintarena import state

STATES = [state(tick) for tick in range(6)]
DOCUMENT: dict[str, Any] = {
    "config": {"seed": 7, "players": [{"name": "A"}, {"name": "B"}]},
    "player_names": ["A", "B"],
    "frames": STATES,
    "results": {"scores": [1.0, 2.0]},
}
LINES = b"".join(json.dumps(frame).encode() + b"\n" for frame in STATES)
FORMS: dict[str, bytes] = {
    "compact": json.dumps(DOCUMENT, separators=(",", ":")).encode(),
    "indented": json.dumps(DOCUMENT, indent=2).encode(),
    "with a mark": b"\xef\xbb\xbf" + json.dumps(DOCUMENT).encode(),
    "after blanks": b" \r\n\t" * 40_000 + json.dumps(DOCUMENT).encode() + b"\n\n",
    "lines": LINES,
    "lines without the last end": LINES[:-1],
    "lines from Windows": LINES.replace(b"\n", b"\r\n"),
    "lines with blanks between": b"\n \n" + LINES.replace(b"\n", b"\n\n \t\r\n"),
    "lines with a mark": b"\xef\xbb\xbf" + LINES,
    "concatenated": b"".join(json.dumps(frame).encode() for frame in STATES),
    "concatenated, indented": b"\n".join(json.dumps(frame, indent=1).encode() for frame in STATES),
    "text sequence": b"".join(b"\x1e" + json.dumps(frame, indent=1).encode() for frame in STATES)[1:],
    "a plain list": json.dumps(STATES).encode(),
    "a list over lines": b"[\n" + LINES.rstrip().replace(b"\n", b",\n") + b"\n]\n",
    "one level down": json.dumps({"match": {"id": 3, "steps": STATES}, "version": 1}).encode(),
    "in an unnamed list": json.dumps({"version": 1, "rounds": STATES, "players": [{}, {}]}).encode(),
}


def sniffed(data: bytes, **shown: int) -> FileSource:
    """These bytes, read to their end as whatever they are."""
    source, _ = sniff_source(MemoryBlob(data, **shown))
    return scanned(source)


def values(source: FileSource) -> list[Any]:
    """Every frame, decoded."""
    return [decode_frame(source.payload(index), source.kind(index)) for index in range(len(source))]
