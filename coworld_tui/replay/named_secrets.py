"""What a name in JSON says of its value: whether it is a secret, in a document or in the bytes of one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from enum import IntEnum
from functools import lru_cache
from typing import Any

from .tokens import SHORTEST_TOKEN

STEMS = (
    b"token",
    b"secret",
    b"passw",
    b"passphrase",
    b"credential",
    b"authoriz",
    b"api",
    b"access",
    b"private",
)
"""In small letters, one of them is in every name of a secret."""

NAME_LIMIT = 64
"""Bytes of a name that are looked at."""

_WORD = (
    r"(?:api[-_]?key|access[-_]?key|private[-_]?key|authorization|credential|passphrase|passw(?:or)?d"
    r"|secret(?!ar|ion)|token(?!i[sz]))"
)
_NAME = re.compile(rf"(?i){_WORD}")
_SURE_NAME = re.compile(rf"(?i)(?!token){_WORD}")
_COUNTING = re.compile(
    r"(?i)(?:^|[^a-z])(?:n|num|numbers?|counts?|totals?|max|min|limits?|used|left|found|per|rate|len|length|sizes?"
    r"|scores?|points?|seconds|ttl|ticks?|turns?|budget|costs?|has|is)(?:$|[^a-z])"
)
_HUMP = re.compile(r"([a-z])([A-Z])")
_SHORTEST_PHRASE = 12

_KEY = re.compile(rb'(?i)%b[\w .-]{0,40}"\s*+:\s*+' % _WORD.encode())
_PART = re.compile(
    rb'"(?P<text>(?:[^"\\]|\\.)*+)(?P<end>"?+)(?P<key>\s*+:)?+|(?P<open>[\[{])|(?P<close>[\]}])'
    rb'|(?P<number>-?\d[\d.eE+-]*+)|(?P<other>[^"\[\]{}\d-]++|-)',
    re.DOTALL,
)
# JSON within a text of JSON, as a log or a config may be kept.
_WITHIN = re.compile(rb'(?i)(%b[\w .-]{0,40}\\++"\s*+:\s*+\\++")([^"\\]++)' % _WORD.encode())


class Naming(IntEnum):
    """What a value is by its name: nothing secret, a token (or a count of them), or a secret for sure."""

    PLAIN = 0
    LIKELY = 1
    SURE = 2


@lru_cache(4_096)
def naming(name: str) -> Naming:
    """What goes by this name. Counts (``max_tokens``, ``secrets_found``) and tokens are ``LIKELY``."""
    if not _NAME.search(name):
        return Naming.PLAIN
    if not _SURE_NAME.search(name) or _COUNTING.search(_HUMP.sub(r"\1_\2", name)):
        return Naming.LIKELY
    return Naming.SURE


def is_secret(value: Any, named: Naming) -> bool:
    """Whether a scalar is to be masked.

    ``LIKELY`` are texts of eight characters or more without blanks: shorter ones by the name of a token
    are pieces of a game, and numbers are counts. ``SURE`` is any text or number.
    """
    if isinstance(value, str):
        if named is Naming.SURE:
            return bool(value)
        return named is Naming.LIKELY and len(value) >= SHORTEST_TOKEN and len(value.split()) == 1
    return named is Naming.SURE and isinstance(value, int | float) and not isinstance(value, bool)


def masked(value: Any, mask: Callable[[str], str], hidden: str, named: Naming = Naming.PLAIN) -> Any:
    """A copy of a JSON value, ``hidden`` for what is named like a secret; ``mask`` sees all other texts."""
    if isinstance(value, Mapping):
        return {
            mask(str(key)): masked(item, mask, hidden, max(named, naming(str(key))))
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [masked(item, mask, hidden, named) for item in value]
    if is_secret(value, named):
        return hidden
    return mask(value) if isinstance(value, str) else value


def secrets_in(document: Any) -> list[str]:
    """The texts under names of secrets in a JSON value that are secret wherever they turn up.

    They have eight characters or more without blanks, or, named so for sure, twelve with them.
    """
    found: list[str] = []
    left = [(document, Naming.PLAIN)]
    while left:
        value, named = left.pop()
        if isinstance(value, Mapping):
            left += [(item, max(named, naming(str(key)))) for key, item in value.items()]
        elif isinstance(value, list):
            left += [(item, named) for item in value if named or isinstance(item, Mapping | list)]
        elif isinstance(value, str) and _is_known(value, named):
            found.append(value)
    return found


def secrets_in_bytes(data: bytes) -> list[str]:
    """``secrets_in`` for a document too large to be read as one."""
    found = []
    for start, stop, named, is_text in _scalars(data):
        if is_text:
            try:
                value = json.loads(b'"%b"' % data[start:stop], strict=False)
            except ValueError:
                continue
            if _is_known(value, named):
                found.append(value)
    return found


def hide_named(data: bytes) -> bytes:
    """JSON text, whole or cut anywhere, with asterisks for what is named like a secret.

    It stays as long as it was, and the JSON it was; a number becomes a text (of a single digit: 0).
    """
    lowered = data.lower()
    if not any(stem in lowered for stem in STEMS):
        return data
    parts = []
    at = 0
    for start, stop, _, is_text in _scalars(data):
        size = stop - start
        hidden = b"*" * size if is_text else b'"%b"' % (b"*" * (size - 2)) if size > 1 else b"0"
        parts += [data[at:start], hidden]
        at = stop
    data = b"".join([*parts, data[at:]])
    return _WITHIN.sub(lambda found: found[1] + b"*" * len(found[2]), data)


def _is_known(value: str, named: Naming) -> bool:
    if len(value.split()) == 1:
        return named is not Naming.PLAIN and len(value) >= SHORTEST_TOKEN
    return named is Naming.SURE and len(value.strip()) >= _SHORTEST_PHRASE


def _scalars(data: bytes) -> Iterator[tuple[int, int, Naming, bool]]:
    """Texts (without quotes) and numbers to be masked: start, stop, what they are named, whether a text."""
    at = 0
    while key := _KEY.search(data, at):
        start = data.rfind(b'"', max(0, key.start() - NAME_LIMIT), key.start()) + 1 or key.start()
        name = data[start : data.index(b'"', key.start())]
        at = key.end()
        for found, named in _value(data, at, naming(name.decode("utf-8", "replace"))):
            at = found.end()
            if found["number"] is not None:
                if named is Naming.SURE:
                    yield *found.span("number"), named, False
            elif found["text"] and not found["key"] and _is_text(found["text"], named):
                yield *found.span("text"), named, True


def _is_text(text: bytes, named: Naming) -> bool:
    return named is Naming.SURE or (len(text) >= SHORTEST_TOKEN and len(text.split()) == 1)


def _value(data: bytes, at: int, named: Naming) -> Iterator[tuple[re.Match[bytes], Naming]]:
    """The parts of the value that begins at ``at``, each with what it is named by all names around it."""
    around = [named]
    own = named
    for found in _PART.finditer(data, at):
        if found["close"]:
            around.pop()
            own = around[-1] if around else named
        elif found["open"]:
            around.append(own)
        elif found["key"]:
            own = max(around[-1], naming(found["text"][:NAME_LIMIT].decode("utf-8", "replace")))
        yield found, own
        if len(around) <= 1:
            return
        if found["other"] and b"," in found["other"]:
            own = around[-1]
