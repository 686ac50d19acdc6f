"""Keeping player tokens and secret values out of events, messages, manifests and screens."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

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


class Redactor:
    """Masks the values it was told about wherever they occur, and what looks like a credential.

    Values shorter than four characters are left alone: masking every ``1`` would hide more
    than it protects.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets: set[str] = set()
        self._known: re.Pattern[str] | None = None
        self.add(secrets)

    def add(self, secrets: Iterable[str]) -> None:
        """Learn more values to mask."""
        self._secrets.update(value for value in secrets if len(value) >= _SHORTEST_SECRET)
        longest_first = sorted(self._secrets, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """``text`` with every known secret and every credential-like part masked."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        for pattern in _PATTERNS:
            text = pattern.sub(MASK, text)
        return text

    def value(self, value: Any) -> Any:
        """A copy of a JSON value, redacted: by key for mappings, by content for strings."""
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


def _masked(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [MASK] * len(value)
    return MASK
