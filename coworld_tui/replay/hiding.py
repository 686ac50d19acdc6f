"""Taking tokens and secrets out of an episode's files as they are copied for others.

What is known to be secret is replaced by as many asterisks, so that JSON stays JSON and a binary file
keeps its offsets; what only looks like it is replaced where the kind of file allows it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ..contract.jsontext import DEPTH_LIMIT
from ..runs.redact import MASK, Redactor
from .decoding import depth_within
from .log_times import is_secret_name, masked_text
from .metadata import parsed_object, without_tokens
from .tokens import SHORTEST_TOKEN, hide_tokens

_SHORTEST = 4
_MOST_KNOWN = 10_000
_LONGEST = 8 << 20
_OVERLAP = 64 << 10
_SNIFFED = 8_192
_like_credentials = Redactor().text

Pieces = Iterable[bytes]


class Secrets:
    """What must not be in a copy.

    That is the tokens of the game's own config, however short, and the texts of eight characters or more
    under names of secrets in any document around the frames. A short token, which may be a word of the
    game as well, is replaced only where it stands alone within quotes.
    """

    def __init__(self, config: Any = None, others: Iterable[Any] = ()) -> None:
        tokens = config.get("tokens") if isinstance(config, Mapping) else None
        found = {text for text in (tokens if isinstance(tokens, list) else ()) if _is_secret(text, _SHORTEST)}
        found |= {text for document in (config, *others) for text in secrets_in(document)}
        known = sorted(found, key=len, reverse=True)[:_MOST_KNOWN]
        forms = dict.fromkeys(form for text in known for form in _forms(text))
        self._known = re.compile(b"|".join(forms)) if forms else None
        self.are_known = bool(forms)

    def without_known(self, data: bytes) -> bytes:
        """The data, as long as it was, with asterisks for what is known to be secret."""
        if self._known is None:
            return data
        return self._known.sub(lambda found: b"*" * len(found[0]), data)

    def document(self, data: bytes, *, is_config: bool = False) -> bytes:
        """A JSON object as text, in its shape, with the texts masked that are named like a secret.

        In the game's config its tokens are, however short. What is no JSON object is treated as a replay.
        """
        value, _ = parsed_object(data)
        if value is None or not depth_within(value, DEPTH_LIMIT):
            return self.without_known(hide_tokens(data))
        masked = _masked(without_tokens(value) if is_config else value)
        return self.without_known(json.dumps(masked, indent=2, ensure_ascii=False).encode(errors="replace"))

    def replay(self, pieces: Pieces) -> Iterator[bytes]:
        """A replay as it comes, in pieces of any size; of a binary one only what is known is replaced."""
        # A member that holds tokens ends before the next closing brace.
        return self._by_kind(pieces, b"}", hide_tokens)

    def file(self, pieces: Pieces) -> Iterator[bytes]:
        """Any other file: text as a log, of a binary one only what is known is replaced."""
        return self._by_kind(pieces, b"\n", _log_lines)

    def log(self, pieces: Pieces) -> Iterator[bytes]:
        """A log, line by line: also what follows ``token=``, and JSON members named like a secret."""
        return self._hidden(b"", iter(pieces), b"\n", _log_lines)

    def _by_kind(self, pieces: Pieces, end: bytes, also: Callable[[bytes], bytes]) -> Iterator[bytes]:
        pieces = iter(pieces)
        first = next(pieces, b"")
        if b"\0" in first[:_SNIFFED]:
            return self._hidden(first, pieces, b"", bytes)
        return self._hidden(first, pieces, end, also)

    def _hidden(
        self, rest: bytes, pieces: Pieces, end: bytes, also: Callable[[bytes], bytes]
    ) -> Iterator[bytes]:
        for piece in pieces:
            rest = self.without_known(rest + piece)
            at = rest.rfind(end) + 1 if end else 0
            if at:
                yield also(rest[:at])
                rest = rest[at:]
            elif len(rest) > (_LONGEST if end else _OVERLAP):
                yield rest[:-_OVERLAP]
                rest = rest[-_OVERLAP:]
        yield also(self.without_known(rest))


def secrets_in(document: Any) -> list[str]:
    """The texts of eight characters or more, without blanks, under names of secrets in a JSON value."""
    found: list[str] = []
    left = [(document, False)]
    while left:
        value, is_named = left.pop()
        if isinstance(value, Mapping):
            left += [(item, is_named or is_secret_name(str(key))) for key, item in value.items()]
        elif isinstance(value, list):
            left += [(item, is_named) for item in value if is_named or isinstance(item, Mapping | list)]
        elif is_named and _is_secret(value):
            found.append(value)
    return found


def _is_secret(value: Any, shortest: int = SHORTEST_TOKEN) -> bool:
    return isinstance(value, str) and len(value) >= shortest and len(value.split()) == 1


def _masked(value: Any, is_named: bool = False) -> Any:
    if isinstance(value, Mapping):
        return {key: _masked(item, is_named or is_secret_name(str(key))) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, is_named) for item in value]
    return MASK if is_named and _is_secret(value) else value


def _log_lines(data: bytes) -> bytes:
    text = hide_tokens(data).decode("utf-8", "surrogateescape")
    return masked_text(text, _like_credentials).encode("utf-8", "surrogateescape")


def _forms(secret: str) -> Iterator[bytes]:
    """The secret as it looks in text, in a link and in JSON, as patterns."""
    for form in (secret, quote(secret, safe=""), json.dumps(secret)[1:-1]):
        pattern = re.escape(form.encode(errors="replace"))
        yield pattern if len(secret) >= SHORTEST_TOKEN else b'(?<=")' + pattern + b'(?=")'
