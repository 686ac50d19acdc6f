"""Player tokens in what is looked at: replays of Paint Arena hold them, and so does any ``config.json``."""

from __future__ import annotations

import re

_STRING = rb'"(?:[^"\\]|\\.)*+"'
_VALUE = rb'\s*+:\s*+(?:%b|\[(?:%b|[^"\[\]{}]++)*+\])' % (_STRING, _STRING)
_TOKENS = re.compile(rb'(?:(?<=[tT]oken)|(?<=[tT]okens)|(?<=TOKEN)|(?<=TOKENS))"%b' % _VALUE, re.DOTALL)
_TEXT = re.compile(rb'(?<=")(?:[^"\\\s]|\\.){8,}+(?=")')
_LINK = re.compile(rb"(?<=[tT]oken=)[^\s&\"'<>\\]{8,}+")


def hide_tokens(payload: bytes) -> bytes:
    """The payload with asterisks for tokens: as long as it was, and still the JSON or the text it was.

    Tokens are the strings of eight characters or more, without blanks, of members called ``token`` or
    ``tokens`` (also ``player_token``, ``apiTokens``), and what follows ``token=`` in a link. Numbers by
    that name, and the short names of a game's pieces, stay.
    """
    # Two searches in C: nearly all frames hold no such word.
    if b"oken" not in payload and b"TOKEN" not in payload:
        return payload
    hidden = _TOKENS.sub(lambda found: found[0][:1] + _TEXT.sub(_starred, found[0][1:]), payload)
    return _LINK.sub(_starred, hidden)


def _starred(found: re.Match[bytes]) -> bytes:
    return b"*" * len(found[0])
