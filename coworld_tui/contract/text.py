"""Making outside text safe to show: one line, bounded, nothing a terminal would obey."""

from __future__ import annotations

import re
import unicodedata

LINE_LIMIT = 2_000

_SEQUENCES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor, modes
    r"|\x1b[\]PX^_].*?(?:\x1b\\|\x07|\x9c|$)"  # OSC, DCS, SOS, PM, APC up to their end
    r"|\x9b[0-?]*[ -/]*[@-~]"
    r"|\x1b[ -/]*[0-~]?",
    re.DOTALL,
)
# Controls, bidirectional overrides and zero-width; private, surrogate, unassigned; line breaks.
_INVISIBLE = frozenset({"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"})
_PLAIN = re.compile(r"[\x20-\x7e]*\Z")


def _visible(character: str) -> str:
    if character == "\t":
        return "    "
    code = ord(character)
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    category = unicodedata.category(character)
    if category in _INVISIBLE:
        return "\ufffd"
    return " " if category == "Zs" else character


def safe_line(text: str, limit: int = LINE_LIMIT) -> str:
    """Return ``text`` as one printable line of at most ``limit`` characters, an ellipsis last when cut.

    Escape sequences vanish; remaining control, bidirectional and invisible characters
    become visible stand-ins and spaces of every kind plain ones, so neither the terminal nor the
    reader is misled.
    """
    cut = len(text) > limit
    if cut:
        text = text[: limit - 1]
    if not _PLAIN.match(text):
        text = "".join(map(_visible, _SEQUENCES.sub("", text)))
        if len(text) > limit - cut:
            cut, text = True, text[: limit - 1]
    return text + "\u2026" if cut else text
