"""Keeping player tokens and secret values out of events, messages, manifests and screens."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from .known_texts import KnownTexts

MASK = "[redacted]"

_SECRET_KEY = re.compile(
    r"(?i)(api[-_]?key|authorization|bearer|credential|passw(or)?d|secret|signature|token)s?$"
)
PATTERNS = {
    "token=": re.compile(r"(?i)(?<=token=)[^\s&\"'<>\\]+"),
    "bearer ": re.compile(r"(?i)(?<=bearer )[A-Za-z0-9._~+/=-]+"),
    "://": re.compile(r"(?<=://)[^\s/@:\"\\]+:[^\s/@\"\\]+(?=@)"),
}
"""What looks like a credential by itself, by the small letters before it: never across quotes or escapes."""

STEMS = ("token", "secret", "passw", "passphrase", "credential", "authoriz", "bearer", "://", "key")
"""In small letters, one of them begins whatever looks like a credential."""

# The first letters are looked for before anything else, which takes half the time.
_ASSIGNED = re.compile(
    r"(?i)(?=[acpst])(?P<word>api[-_]?key|access[-_]?key|private[-_]?key|authorization|credential|passphrase|passw(?:or)?d"
    r"|secret|token)(?P<rest>[\w-]{0,24})"
    r"(?P<sign>[\"']?[ \t]{0,3}[=:][ \t]{0,3})(?P<scheme>(?:basic|bearer|digest|token)[ ]+)?"
    r"(?![a-z]*://|//|\$)(?:\"(?P<quoted>[^\"\\\n]{6,})\"|'(?P<single>[^'\\\n]{6,})'"
    r"|[\"']?(?P<plain>[^\s\"'<>&,;(){}\[\]\\]{6,}))"
)
_OF_A_TOKEN = re.compile(r"(?i)s?(?:[_-]?\d{1,3})?\Z")
_NUMBER = re.compile(r"[\d.,:/%+-]+\Z")
_DIGIT = re.compile(r"\d")
_NO_WORD = 16
_SHORTEST_TOKEN = 8
_SHORTEST_SECRET = 4
_FEW = 32
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
        few = 0 < len(forms) <= _FEW
        self._known = re.compile("|".join(map(re.escape, longest_first))) if few else None
        mask = MASK.encode()
        # A pattern of thousands of texts takes minutes for a megabyte.
        many = {form.encode("utf-8", "surrogatepass"): mask for form in forms if len(forms) > _FEW}
        self._many = KnownTexts(many) if many else None
        self.longest = len(longest_first[0]) if forms else 0
        """Length of the longest text it was told to mask."""

    def text(self, text: str) -> str:
        """``text`` with every known secret and every credential-like part masked."""
        return without_credentials(self._without_known(text))

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
        if self._many is not None:
            data = text.encode("utf-8", "surrogatepass")
            return self._many.replaced(data).decode("utf-8", "surrogatepass")
        return self._known.sub(MASK, text) if self._known is not None else text


def without_credentials(text: str) -> str:
    """``text`` with whatever looks like a credential masked, known or not.

    That is what follows ``token=``, a bearer's token, ``user:password@`` in a link, and what a name like
    ``OPENAI_API_KEY`` or ``password`` is said to be, if it has six characters and is no ordinary word.
    """
    lowered = text.lower()
    if not any(stem in lowered for stem in STEMS):
        return text
    text = _ASSIGNED.sub(_without_value, text)
    # Looking for words is many times as fast as looking for a pattern.
    for sign, pattern in PATTERNS.items():
        if sign in lowered:
            text = pattern.sub(MASK, text)
    return text


def _without_value(found: re.Match[str]) -> str:
    group = found.lastgroup or "plain"
    if not _is_credential(found, found[group]):
        return found[0]
    start, stop = (place - found.start() for place in found.span(group))
    return found[0][:start] + MASK + found[0][stop:]


def _is_credential(found: re.Match[str], value: str) -> bool:
    """Whether a value is likely to be what its name says: words and counts (``tokens: 4096``) are not."""
    word = found["word"]
    if word.lower() == "token" and (
        not _OF_A_TOKEN.match(found["rest"]) or len(value) < _SHORTEST_TOKEN or _NUMBER.match(value)
    ):
        return False
    is_header = found["scheme"] is not None and word.lower() == "authorization"
    is_variable = word.isupper() and found["sign"] == "="
    return is_header or is_variable or len(value) >= _NO_WORD or _DIGIT.search(value) is not None


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret, safe=""))
    yield from (line.strip() for line in secret.splitlines() if len(line.strip()) >= _SHORTEST_LINE)
    yield from (json.dumps(secret, ensure_ascii=plain)[1:-1] for plain in (True, False))


def _masked(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [MASK] * len(value)
    return MASK
