"""From the bytes of a frame to the value that lenses look at."""

from __future__ import annotations

from ..decoding import LENIENT_LIMIT, decode_json
from ..paths import MISSING
from ..tokens import hide_tokens


def decode_frame(payload: bytes, kind: str) -> object:
    """Return the JSON value of a frame, or its text, or its bytes.

    ``kind`` is ``json``, ``text`` or ``binary``. NaN, numbers out of range and bytes that are no UTF-8
    are read leniently, up to 16 MiB. What is no JSON (nested beyond reason, cut off in the middle)
    comes back as it arrived: bytes for binary frames, text for others. Player tokens are asterisks
    (``hide_tokens``), but for those in bytes. ``MISSING`` for a frame beyond 16 MiB: as a value it
    would take twenty times the memory.
    """
    if len(payload) > LENIENT_LIMIT:
        return MISSING
    shown = hide_tokens(payload)
    try:
        return decode_json(shown)
    except ValueError:
        return payload if kind == "binary" else shown.decode("utf-8", "replace")
