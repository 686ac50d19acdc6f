"""Player tokens in what is looked at: replays of Paint Arena hold them, and so does any ``config.json``."""

from __future__ import annotations

import re

# What is cut off may end anywhere: nothing has to be closed.
_STRING = rb'"(?:[^"\\]|\\.)*+"?+'
_VALUE = rb'"\s*+:\s*+)(%b|[\[{](?:%b|[^"\[\]{}]++)*+)' % (_STRING, _STRING)
# Each begins with letters alone, which the re module finds fast; what stands before them is looked at after.
_MEMBERS = (
    re.compile(rb"(oken(?<=[tT]oken)s?" + _VALUE, re.DOTALL),
    re.compile(rb"(TOKENS?" + _VALUE, re.DOTALL),
)
_LINK = re.compile(rb"(oken=(?<=[tT]oken=))([^\s&\"'<>\\]{8,}+)")
_TEXT = re.compile(rb'"((?:[^"\\]|\\.)*+)("?+)(\s*+:)?+', re.DOTALL)

SHORTEST_TOKEN = 8
"""Shorter texts by that name are pieces of a game; a runner's tokens have 22 characters."""


def hide_tokens(payload: bytes) -> bytes:
    """The payload with asterisks for tokens: as long as it was, and still the JSON or the text it was.

    Tokens are the strings of eight characters or more, without blanks, in members called ``token`` or
    ``tokens`` (also ``player_token``, ``apiTokens``), and what follows ``token=`` in a link. Numbers by
    that name, and the short names of a game's pieces, stay.
    """
    # Two searches in C: nearly all frames hold no such word.
    if b"oken" not in payload and b"TOKEN" not in payload:
        return payload
    for pattern in _MEMBERS:
        payload = pattern.sub(lambda found: found[1] + _TEXT.sub(_starred, found[2]), payload)
    return _LINK.sub(lambda found: found[1] + b"*" * len(found[2]), payload)


def _starred(found: re.Match[bytes]) -> bytes:
    text, end, is_key = found.groups()
    if is_key or len(text) < SHORTEST_TOKEN or len(text.split()) > 1:
        return found[0]
    return b'"%b%b' % (b"*" * len(text), end)
