"""Taking tokens and secrets out of an episode's files as they are copied for others.

What is known to be secret is replaced by as many asterisks, so that JSON stays JSON and a binary file
keeps its offsets; what only looks like it, or is named so, is replaced where the kind of file allows it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from ..contract.jsontext import DEPTH_LIMIT
from ..runs.known_texts import KnownTexts
from ..runs.redact import MASK, PATTERNS, without_credentials
from ..runs.redact import STEMS as CREDENTIAL_STEMS
from .decoding import depth_within
from .log_times import masked_text
from .metadata import parsed_object, without_tokens
from .named_secrets import STEMS as NAME_STEMS
from .named_secrets import hide_named, masked, secrets_in
from .tokens import SHORTEST_TOKEN, hide_tokens

_SHORTEST = 4
_LONGEST_KNOWN = 64 << 10
_OVERLAP = 64 << 10
_AROUND_OVERLAP = 1 << 20
_LONGEST_STEM = 16
_OF_NAME = 64
_SNIFFED = 8_192
_STEMS = tuple({*NAME_STEMS, *(stem.encode() for stem in CREDENTIAL_STEMS)})
_LINKS = {sign.encode(): re.compile(pattern.pattern.encode()) for sign, pattern in PATTERNS.items()}
# What may stand in JSON outside its texts.
_SYNTAX = re.compile(r"(?:true|false|null|NaN|Infinity|[\d\s.,:eE+\-\[\]{}\"])+\Z")

Pieces = Iterable[bytes]
Span = tuple[int, int]


class Secrets:
    """What must not be in a copy.

    That is the tokens of the game's own config, however short, and what is named like a secret in any
    document around the frames (``secrets_in``), or is among ``texts``. What is short, and may be a word of
    the game as well, or may be JSON itself, is replaced only where it stands alone within quotes.
    """

    def __init__(self, config: Any = None, others: Iterable[Any] = (), texts: Iterable[str] = ()) -> None:
        tokens = config.get("tokens") if isinstance(config, Mapping) else None
        found = {text for text in (tokens if isinstance(tokens, list) else ()) if _is_token(text)}
        found |= {text for document in (config, *others) for text in secrets_in(document)}
        found |= set(texts)
        forms = {
            form: hidden for text in found for form, hidden in _forms(text) if len(form) <= _LONGEST_KNOWN
        }
        self._known = KnownTexts(forms)
        # With quotes of its own a text stands so in a log; in JSON that would be what is between two texts.
        quoted = {
            text.encode(errors="replace") for text in found if '"' in text and len(text) >= SHORTEST_TOKEN
        }
        self._in_text = KnownTexts({**forms, **{text: b"*" * len(text) for text in quoted}})

    def without_known(self, data: bytes) -> bytes:
        """The data, as long as it was, with asterisks for what is known to be secret."""
        return self._known.replaced(data)

    def document(self, data: bytes, *, is_config: bool = False) -> bytes:
        """A JSON object as text, in its shape, with every text and number masked that is named like a secret.

        In the game's config its tokens are, however short. What is no JSON object, or larger than is read
        at once, is treated as the part of a replay around its frames.
        """
        value, _ = parsed_object(data)
        if value is None or not depth_within(value, DEPTH_LIMIT):
            return _hide_around(self.without_known(data))
        shown = masked(without_tokens(value) if is_config else value, without_credentials, MASK)
        return self.without_known(json.dumps(shown, indent=2, ensure_ascii=False).encode(errors="replace"))

    def replay(self, pieces: Pieces, frames: Span = (0, 0)) -> Iterator[bytes]:
        """A replay as it comes, in pieces of any size; of a binary one only what is known is replaced.

        ``frames`` is where its frames begin and end: what is named like a secret there may be a piece of
        the game, so that of those names only tokens are replaced.
        """
        first, pieces = _begun(pieces)
        known = _without(pieces, self._known)
        if b"\0" in first:
            yield from known
            return
        stream = _Stream(known)
        yield from _hidden(stream.take(frames[0]), _hide_around, _AROUND_OVERLAP)
        yield from _hidden(stream.take(frames[1] - frames[0]), hide_tokens, _OVERLAP)
        yield from _hidden(stream.take(None), _hide_around, _AROUND_OVERLAP)

    def file(self, pieces: Pieces) -> Iterator[bytes]:
        """Any other file: text as a log, of a binary one only what is known is replaced."""
        first, pieces = _begun(pieces)
        return _without(pieces, self._in_text) if b"\0" in first else self.log(pieces)

    def log(self, pieces: Pieces) -> Iterator[bytes]:
        """A log: also what looks like a credential, and JSON members named like a secret."""
        return _hidden(_without(pieces, self._in_text), _hide_in_log, _OVERLAP)


def _without(pieces: Pieces, known: KnownTexts) -> Iterator[bytes]:
    held = max(0, known.longest - 1)
    rest = b""
    for piece in pieces:
        rest = known.replaced(rest + piece)
        if len(rest) > held:
            yield rest[: len(rest) - held]
            rest = rest[len(rest) - held :]
    yield rest


class _Stream:
    """Pieces, taken by numbers of bytes."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def take(self, size: int | None) -> Iterator[bytes]:
        """The next ``size`` bytes; ``None`` for all that are left."""
        while size is None or size > 0:
            piece = self._rest or next(self._pieces, None)
            if piece is None:
                return
            stop = len(piece) if size is None else min(size, len(piece))
            self._rest = piece[stop:]
            size = size if size is None else size - stop
            yield piece[:stop]


def _begun(pieces: Pieces) -> tuple[bytes, Iterator[bytes]]:
    """The beginning of a file, and all its pieces."""
    left = iter(pieces)
    taken = []
    size = 0
    for piece in left:
        taken.append(piece)
        size += len(piece)
        if size >= _SNIFFED:
            break

    def again() -> Iterator[bytes]:
        yield from taken
        yield from left

    return b"".join(taken)[:_SNIFFED], again()


def _hidden(pieces: Pieces, hide: Callable[[bytes], bytes], overlap: int) -> Iterator[bytes]:
    """The pieces through ``hide``, cut only where no secret begins within ``overlap`` bytes before."""
    rest = b""
    for piece in pieces:
        rest += piece
        if len(rest) <= _LONGEST_STEM:
            continue
        cut = _cut(rest, overlap)
        if cut > 0:
            yield hide(rest[:cut])
            rest = rest[cut:]
    yield hide(rest)


def _cut(data: bytes, overlap: int) -> int:
    stop = len(data) - _LONGEST_STEM
    start = max(0, stop - overlap)
    # A stem that begins before ``stop`` may end after it.
    near = data[start:].lower()
    found = [at for stem in _STEMS if 0 <= (at := near.find(stem)) < stop - start]
    if not found:
        return stop
    # The name that the stem is in begins before it, with its quote.
    return max(0, start + min(found) - _OF_NAME)


def _hide_around(data: bytes) -> bytes:
    data = hide_tokens(hide_named(data))
    lowered = data.lower()
    for sign, pattern in _LINKS.items():
        if sign in lowered:
            data = pattern.sub(lambda found: b"*" * len(found[0]), data)
    return data


def _hide_in_log(data: bytes) -> bytes:
    text = hide_tokens(data).decode("utf-8", "surrogateescape")
    return masked_text(text, without_credentials).encode("utf-8", "surrogateescape")


def _is_token(value: Any) -> bool:
    return isinstance(value, str) and len(value) >= _SHORTEST and len(value.split()) == 1


def _forms(secret: str) -> Iterator[tuple[bytes, bytes]]:
    """The secret as it looks in text, in a link and in JSON, each with what is put in its place."""
    escaped = (json.dumps(secret, ensure_ascii=plain)[1:-1] for plain in (True, False))
    for form in {quote(secret, safe=""), *escaped}:
        data = form.encode(errors="replace")
        stars = b"*" * len(data)
        if len(secret) >= SHORTEST_TOKEN and not _SYNTAX.match(form):
            yield data, stars
        else:
            yield b'"%b"' % data, b'"%b"' % stars
