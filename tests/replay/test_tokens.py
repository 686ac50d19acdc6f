"""Player tokens in payloads: none is shown, and nothing else is touched."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.lenses.choose import decode_frame
from coworld_tui.replay.lenses.model import FrameView
from coworld_tui.replay.lenses.registry import BUILT_IN
from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.replay.paths import MISSING
from coworld_tui.replay.tokens import hide_tokens

from .json_values import unhurried, values

TOKEN = "-K0JdImZIL4kt8gVcw0lZQ"
STARS = "*" * len(TOKEN)


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ({"tokens": [TOKEN, TOKEN]}, {"tokens": [STARS, STARS]}),
        ({"a": [{"config": {"token": TOKEN, "x": 1}}]}, {"a": [{"config": {"token": STARS, "x": 1}}]}),
        ({"apiTokens": {TOKEN: TOKEN}}, {"apiTokens": {TOKEN: STARS}}),
        ({"player_token": TOKEN, "TOKENS": [TOKEN]}, {"player_token": STARS, "TOKENS": [STARS]}),
        ({"token": 'a"b]c\\d}efg'}, {"token": "*" * 13}),
        ({"tokens": ["a]b", TOKEN, "[", TOKEN]}, {"tokens": ["a]b", STARS, "[", STARS]}),
        (
            {"link": f"ws://h/player?slot=0&token={TOKEN}&x=1"},
            {"link": f"ws://h/player?slot=0&token={STARS}&x=1"},
        ),
    ],
)
def test_tokens_become_asterisks(value: Any, shown: Any) -> None:
    for indent in (None, 2):
        payload = json.dumps(value, indent=indent).encode()
        assert json.loads(hide_tokens(payload)) == shown
        assert len(hide_tokens(payload)) == len(payload)


@pytest.mark.parametrize(
    "value",
    [
        {"tokens": 512, "max_tokens": 12_345_678, "token": None},
        {"tokens": [5, "a", 123_456_789, "b", True]},
        {"token": "king", "players": [{"token": "rook"}]},
        {"broken": TOKEN, "tokenize": TOKEN, "text": "the token is here"},
        {"token": "a sentence is no token"},
        {"type": "token", "x": TOKEN},
    ],
)
def test_what_is_no_token_stays(value: Any) -> None:
    payload = json.dumps(value).encode()
    assert hide_tokens(payload) == payload


def test_no_lens_shows_a_token_however_the_frame_is_cut() -> None:
    config = {"width": 3, "tokens": [TOKEN, TOKEN], "players": [{"name": "Ada", "token": TOKEN}]}
    whole = json.dumps(config).encode()
    for payload in (whole, *(whole[:end] for end in range(20, len(whole), 7))):
        for kind in ("json", "text"):
            for decoded in (decode_frame(payload, kind), MISSING):
                view = FrameView(payload, kind, decoded)
                for lens in BUILT_IN:
                    if lens.fits(view):
                        model = lens.model(view, 200, 50)
                        text = text_of(model.lines(0, model.row_count))
                        assert TOKEN[:8] not in text, lens.name


names = st.sampled_from(["token", "tokens", "Token", "x", "broken"])
nested = st.recursive(
    values | st.text('a*\\" []{}:,é', max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@unhurried
@given(nested)
def test_any_json_stays_json_of_the_same_shape(value: Any) -> None:
    payload = json.dumps(value).encode()
    hidden = hide_tokens(payload)
    assert len(hidden) == len(payload)
    assert shape_of(json.loads(hidden)) == shape_of(value)
    assert hide_tokens(hidden) == hidden


def shape_of(value: Any) -> Any:
    """The value without its texts."""
    if isinstance(value, dict):
        return {key: shape_of(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape_of(item) for item in value]
    return "text" if isinstance(value, str) else repr(value)


@unhurried
@given(
    st.lists(
        st.sampled_from(
            [b'token"', b'"tokens":', b'["', b'"', b"\\", b"{", b"]", b":", b" ", b"\xff", b"a" * 9]
        )
    )
)
def test_any_bytes_keep_their_length(parts: list[bytes]) -> None:
    payload = b"".join(parts)
    assert len(hide_tokens(payload)) == len(payload)


@pytest.mark.parametrize(
    "part", [b'token":["', b'token":"', b'tokens":["a",', b'"token": ', b"token=", b"[[", b'\\"']
)
def test_no_bytes_take_long(part: bytes) -> None:
    payload = b'"tokens":[' + part * (1_000_000 // len(part))
    before = time.process_time()
    hide_tokens(payload)
    assert time.process_time() - before < 2
