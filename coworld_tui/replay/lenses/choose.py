"""From the bytes of a frame to the lenses that can show it."""

from __future__ import annotations

import msgspec

from .shapes import read_grid


def decode_frame(payload: bytes, kind: str) -> object:
    """Return the JSON value of a frame, or its text, or its bytes.

    ``kind`` is ``text`` or ``binary``, as the socket said. What is no strict JSON (NaN, numbers out
    of range, nesting beyond reason, cut off in the middle) comes back as it arrived: text for text
    frames, bytes for others.
    """
    try:
        return msgspec.json.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return payload.decode("utf-8", "replace") if kind == "text" else payload


def lenses_for(frame: object) -> list[str]:
    """Return the names of the lenses that can show a decoded frame, best first."""
    if isinstance(frame, bytes):
        return ["hex"]
    if isinstance(frame, str):
        return ["text"]
    return ["tree"] if read_grid(frame) is None else ["grid", "tree"]
