"""JSON is laid out to be read, and hides its tokens."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings

from coworld_tui.replay import json_view
from coworld_tui.replay.file_views import view_of

from .json_values import values
from .shown_files import file_of, shown, text_shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"token": "q"}, '{\n  "token": "hidden"\n}'),
        ({"a": {"Api-Key": ["q"]}}, '{\n  "a": {"Api-Key": "hidden"}\n}'),
        ({"tokens": {"0": "q"}}, '{\n  "tokens": "hidden"\n}'),
        (
            {"db_password": "q", "max_tokens": 5, "secret": None},
            '{\n  "db_password": "hidden",\n  "max_tokens": 5,\n  "secret": null\n}',
        ),
        ({"value": '{"tokens": ["q"]}'}, '{\n  "value": "{\\"tokens\\": \\"hidden\\"}"\n}'),
        ({"link": "ws://h/?token=q"}, '{\n  "link": "ws://h/?token=[redacted]"\n}'),
        ([1, [2, 3], None, True], "[1, [2, 3], null, true]"),
        ({}, "{}"),
        ([], "[]"),
        ({"a": {}, "b": []}, '{\n  "a": {},\n  "b": []\n}'),
    ],
)
def test_json_is_laid_out_without_secrets(value: object, text: str) -> None:
    assert text_shown(json.dumps(value)) == text


def test_boards_in_json_fill_their_lines() -> None:
    drawn = text_shown(json.dumps({"board": list(range(40))}), width=50).split("\n")
    assert drawn[2:5] == [
        "    0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13,",
        "    14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,",
        "    25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35,",
    ]


@settings(max_examples=60, deadline=None)
@given(values)
def test_laid_out_json_is_the_same_json(value: Any) -> None:
    text = json.dumps(value)
    lines, is_whole = json_view.json_lines(json.loads(text), 40)
    assert is_whole
    assert json.dumps(json.loads("\n".join(lines))) == json.dumps(json.loads(text))


@pytest.mark.parametrize("data", ['{"token": "quiet"', "[1, 2", '{"a": 1} trailing', "[" * 100_000])
def test_broken_json_is_shown_as_it_is(data: str) -> None:
    view = view_of(file_of(data))
    assert (view.title.split(" · ")[1], view.note) == ("JSON text", "no valid JSON, shown as it is")
    assert "quiet" not in shown(view)


def test_json_is_bounded_by_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_view, "MAX_LINES", 5)
    view = view_of(file_of(json.dumps([{"a": at} for at in range(99)])))
    assert (view.lines.row_count, view.note) == (5, "first 5 lines")


def test_json_lines_with_a_broken_one_among_them() -> None:
    view = view_of(file_of('{"a": 1}\n{"token": "q"}\n\n[1]\n{"token": "q\n'))
    assert shown(view).split("\n") == ['{"a": 1}', '{"token": "hidden"}', "", "[1]", '{"token": "hidden"']
    assert "JSON lines" in view_of(file_of('{"version": 2}\n[0.5, "o", "text"]\n[0.6, "o')).title, "asciinema"
    assert "JSON ·" in view_of(file_of('{"a": 1}\n')).title
