"""Known secrets are in no text that was redacted, whatever form they take there."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.runs.redact import MASK, Redactor

# Nothing of the mask's own letters or brackets, so that the mask cannot complete a secret.
SECRETS = st.text(st.sampled_from('bghjkmnopqsuvwxyzBG0123456789-_/+ "\\é\u2028'), min_size=4, max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(st.lists(SECRETS, min_size=1, max_size=3), st.lists(st.text(max_size=20), min_size=2, max_size=6))
def test_a_secret_is_masked_wherever_it_stands(secrets: list[str], around: list[str]) -> None:
    redactor = Redactor(secrets)
    for secret in secrets:
        shown = redactor.text(secret.join(around))
        assert secret not in shown
        assert quote(secret, safe="") not in redactor.text(f"?key={quote(secret, safe='')}&x")
        assert secret not in json.dumps(redactor.value({"a": [secret, {secret: 1}], "b": f"x{secret}"}))


@given(SECRETS)
def test_a_secret_inside_json_text_is_masked(secret: str) -> None:
    redactor = Redactor([secret])
    for plain in (True, False):
        line = json.dumps({"said": secret}, ensure_ascii=plain)
        assert json.loads(redactor.text(line))["said"] == MASK


@given(JSON)
def test_values_without_secrets_stay_as_they_are(value: Any) -> None:
    assert Redactor(["never in there at all"]).foreign(value) == value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("GET /player?slot=0&token=abc-_123 HTTP", "GET /player?slot=0&token=[redacted] HTTP"),
        ("Authorization: Bearer eyJhbGciOi.J9", "Authorization: Bearer [redacted]"),
        ("https://me:hunter2@example.com/x", "https://[redacted]@example.com/x"),
        ("OPENAI_API_KEY=sk-abc-123 x", "OPENAI_API_KEY=[redacted] x"),
        ("password: 'hunter2 hunter2'", "password: '[redacted]'"),
        ("Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic [redacted]"),
        ("x-api-key: 0123456789", "x-api-key: [redacted]"),
        ("token: abcdefghijklmnop", "token: [redacted]"),
        ("nothing to hide: http://example.com:80/a@b", "nothing to hide: http://example.com:80/a@b"),
    ],
)
def test_what_looks_like_a_credential_is_masked(text: str, shown: str) -> None:
    assert Redactor().text(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "token: 3/4 collected",
        "secret: none",
        "tokens: 123456 of 200000",
        "max_tokens=1234567",
        "tokens_used: 1,234,567",
        "password: incorrect",
        "authorization: required",
        "the secret: elephants are grey",
        "api_key: secret://openai/key-01",
        "OPENAI_API_KEY=$OPENAI_API_KEY_OF_MINE",
        "token: expected str, got int",
        "pin secret: 12345",
        "keyboard: qwertz123",
    ],
)
def test_ordinary_words_and_counts_stay(text: str) -> None:
    assert Redactor().text(text) == text


def test_many_secrets_are_found_as_few_are() -> None:
    many = [f"s\u00e9cret-{at}" for at in range(20_000)]
    redactor = Redactor(many)
    text = " ".join(["x" * 50, many[7], many[19_999], "s\u00e9cre", "\ud800", json.dumps(many[12])] * 200)
    before = time.process_time()
    shown = redactor.text(text)
    assert time.process_time() - before < 1
    assert shown == Redactor([many[7], many[19_999], many[12]]).text(text)


def test_by_key_ours_and_not_the_games() -> None:
    document = {"api_key": "x", "tokens": ["a", "b"], "max_tokens": 5, "name": "y"}
    assert Redactor().value(document) == {
        "api_key": MASK,
        "tokens": [MASK, MASK],
        "max_tokens": MASK,
        "name": "y",
    }
    assert Redactor().foreign(document) == document


def test_short_values_are_left_alone() -> None:
    assert Redactor(["", "1", "abc"]).text("1 abc") == "1 abc"


def test_the_lines_of_a_long_secret_are_masked_one_by_one() -> None:
    key = "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\n}\n-----END KEY-----\n"
    redactor = Redactor([key])
    shown = [redactor.text(line) for line in f"the key is {key}".splitlines()]
    assert shown == [f"the key is {MASK}", MASK, "}", MASK]


def test_the_longer_of_two_secrets_wins() -> None:
    assert Redactor(["abcd", "abcdefgh"]).text("abcdefgh abcd") == f"{MASK} {MASK}"
