"""How a line of a log is drawn, while it is written and when it is looked back at."""

from __future__ import annotations

import re

from .lenses.spans import Line, Span

_STAMP = re.compile(
    r"[\[(]?(?:\d{4}-\d\d-\d\d[T ])?\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d))?[\])]?\s+"
)
_WORD = re.compile(
    r"\b(?:(ERROR|CRITICAL|FATAL|Error|Traceback|\w*Exception|\w+Error)"
    r"|(WARN(?:ING)?|Warning|\w+Warning)|(DEBUG|INFO|TRACE))\b"
)
_WORD_STYLES = ("error", "warning", "muted")
_WORD_WITHIN = 48


def log_line(text: str) -> Line:
    """Draw one printable line of a log: the time muted, the rest in the colour of its level."""
    stamp = _STAMP.match(text)
    start = stamp.end() if stamp else 0
    word = _WORD.search(text, start, start + _WORD_WITHIN)
    style = _WORD_STYLES[(word.lastindex or 1) - 1] if word else ""
    return (Span(text[:start], "muted"), Span(text[start:], style))
