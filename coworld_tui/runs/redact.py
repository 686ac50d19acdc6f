"""Keeping player tokens and secret values out of events, messages, manifests and screens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

MASK = "[redacted]"

_SECRET_KEY = re.compile(
    r"(?i)(api[-_]?key|authorization|bearer|credential|passw(or)?d|secret|signature|token)s?$"
)
_PATTERNS = (
    re.compile(r"(?i)(?<=token=)[^\s&\"'<>]+"),
    re.compile(r"(?i)(?<=bearer )[A-Za-z0-9._~+/=-]+"),
    re.compile(r"(?<=://)[^\s/@:]+:[^\s/@]+(?=@)"),
)
_SHORTEST_SECRET = 4
_SHORTEST_LINE = 8


class Redactor:
    """Masks the values it was told about wherever they occur, and what looks like a credential.

    Values shorter than four characters are left alone: masking every ``1`` would hide more
    than it protects. A value is also found as it looks inside JSON and inside a URL, and a value
    of several lines by each line that says something (eight characters).
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        forms = {form for secret in secrets for form in _forms(secret) if len(form) >= _SHORTEST_SECRET}
        longest_first = sorted(forms, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if forms else None
        self.longest = len(longest_first[0]) if forms else 0
        """Length of the longest text it was told to mask."""

    def text(self, text: str) -> str:
        """``text`` with every known secret and every credential-like part masked."""
        text = self._without_known(text)
        for pattern in _PATTERNS:
            text = pattern.sub(MASK, text)
        return text

    def value(self, value: Any) -> Any:
        """A copy of a JSON value of ours, redacted: by key for mappings, by content for strings."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {
                self.text(str(key)): _masked(item) if _SECRET_KEY.search(str(key)) else self.value(item)
                for key, item in value.items()
            }
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def foreign(self, value: Any) -> Any:
        """A copy of a game's own JSON value without known secrets; its ``tokens`` may be any number."""
        if isinstance(value, str):
            return self._without_known(value)
        if isinstance(value, Mapping):
            return {self._without_known(str(key)): self.foreign(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.foreign(item) for item in value]
        return value

    def _without_known(self, text: str) -> str:
        return self._known.sub(MASK, text) if self._known is not None else text


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret, safe=""))
    yield from (line.strip() for line in secret.splitlines() if len(line.strip()) >= _SHORTEST_LINE)
    yield from (json.dumps(secret, ensure_ascii=plain)[1:-1] for plain in (True, False))


def _masked(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [MASK] * len(value)
    return MASK
