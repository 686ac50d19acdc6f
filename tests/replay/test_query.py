"""Questions: how they are read, and which frames answer them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.replay.paths import MISSING, Path
from coworld_tui.replay.query import Condition, PathQuery, TextQuery, parse_query

from .json_values import unhurried, values
from .paintarena import state


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("scores.0 > 10", [[(("scores", 0), ">", 10)]]),
        ("scores.0>=10.5", [[(("scores", 0), ">=", 10.5)]]),
        ("done = true", [[(("done",), "==", True)]]),
        ("done != null", [[(("done",), "!=", None)]]),
        ("status == over", [[(("status",), "==", "over", ("over",))]]),
        ('status == "game over"', [[(("status",), "==", "game over")]]),
        ('"a key".x ~ Ada', [[(("a key", "x"), "~", "Ada", ("Ada",))]]),
        ("player__score <= -3", [[(("player", "score"), "<=", -3)]]),
        ("positions.1 == [1, 2]", [[(("positions", 1), "==", [1, 2])]]),
        ("tick in [1, 2]", [[(("tick",), "in", [1, 2])]]),
        ("tick in 1,2", [[(("tick",), "in", [1, 2])]]),
        ("tick in 5", [[(("tick",), "in", [5])]]),
        ("status in over,done", [[(("status",), "in", ["over", "done"])]]),
        ("positions.1 changed", [[(("positions", 1), "changed", None)]]),
        ("a appears or b gone", [[(("a",), "appears", None)], [(("b",), "gone", None)]]),
        (
            "a > 1 and b < 2 or c changed",
            [[(("a",), ">", 1), (("b",), "<", 2)], [(("c",), "changed", None)]],
        ),
        ("name == nullable", [[(("name",), "==", "nullable", ("nullable",))]]),
        ('name == "nullable"', [[(("name",), "==", "nullable")]]),
        ("scores.0 > scores.1", [[(("scores", 0), ">", "scores.1", ("scores", 1))]]),
        ("slot in alive", [[(("slot",), "in", ["alive"], ("alive",))]]),
        ("text == ...", [[(("text",), "==", "...")]]),
        (". changed", [[((), "changed", None)]]),
    ],
)
def test_conditions_are_read(text: str, expected: list[Any]) -> None:
    query = parse_query(text)
    assert isinstance(query, PathQuery)
    assert query.alternatives == tuple(tuple(Condition(*part) for part in group) for group in expected)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("scores.0", "scores.0"),
        ("it changed everything", "it changed everything"),
        ('"scores.0 > 10"', "scores.0 > 10"),
        ("'quoted'", "quoted"),
        ("a > 1 and", "a > 1 and"),
        ("a >", "a >"),
        ("status == game over", "status == game over"),
        ("unchanged", "unchanged"),
    ],
)
def test_anything_else_is_a_text_to_look_for(text: str, wanted: str) -> None:
    query = parse_query(text)
    assert isinstance(query, TextQuery)
    assert query.contains(f"... {wanted.upper()} ...".encode())
    assert not query.contains(wanted[:-1].encode())


@pytest.mark.parametrize("text", ["", "   ", '""', "''", "x" * 20_000])
def test_nothing_to_look_for_is_an_error(text: str) -> None:
    with pytest.raises(CoworldError) as caught:
        parse_query(text)
    assert caught.value.exit_code == 2


def test_text_beyond_ascii_is_found_however_json_writes_it() -> None:
    query = parse_query("Élan")
    assert isinstance(query, TextQuery)
    for text in ("élan", "ÉLAN"):
        assert query.contains(json.dumps({"name": text}).encode())
        assert query.contains(json.dumps({"name": text}, ensure_ascii=False).encode())
    assert not query.contains(b'{"name": "elan"}')


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("scores.0 > 2", True),
        ("scores.0 > 3", False),
        ("scores.0 >= 3 and tick == 3", True),
        ("scores.0 > 3 or tick == 3", True),
        ("type < 5", False),
        ("type >= state", True),
        ("nothing == null", False),
        ("nothing != 1", False),
        ("done == false", True),
        ("player_names ~ painter", True),
        ("player_names.0 ~ 'painter", False),
        ("positions.0 == [0, 0]", True),
        ("positions.0 != [0, 0]", False),
        ("tick in 2,3", True),
        ("tick changed", True),
        ("positions changed", False),
        ("tile_owners.2 changed", True),
        ("tile_owners changed and done changed", False),
        ("tick appears", False),
        ("scores.0 > scores.1", True),
        ("scores.0 > scores.1 and scores.1 < positions.0.0", False),
        ("scores.1 < scores.0", True),
        ("scores.1 == width", False),
        ("tick >= scores.0", True),
        ("type == type", True),
        ("type == tick", False),
        ('type == "type"', False),
        ("player_names.0 in player_names", True),
        ("player_names.0 ~ player_names.1", False),
        ("tick in scores", True),
        ("type in type", True),
        ("width in positions.0", False),
        ("type == state", True),
        ("nothing gone", False),
    ],
)
def test_a_frame_answers(text: str, answer: bool) -> None:
    query = parse_query(text)
    assert isinstance(query, PathQuery) == ("'" not in text)
    if isinstance(query, PathQuery):
        assert query.matches(state(3), state(2)) is answer


def test_appearing_and_going_are_seen_against_the_frame_before() -> None:
    appears, gone, changed = (parse_query(f"x {op}") for op in ("appears", "gone", "changed"))
    assert isinstance(appears, PathQuery)
    assert isinstance(gone, PathQuery)
    assert isinstance(changed, PathQuery)
    assert appears.needs_before
    for query, expected in ((appears, (True, False)), (gone, (False, True)), (changed, (True, True))):
        assert (query.matches({"x": None}, {}), query.matches({}, {"x": 1})) == expected
        assert not query.matches({"x": 1}, MISSING), "the first frame has none before it"


words = st.sampled_from([*"ab01", "scores", ".", '"', "'", " ", "and", "or", "[", "]", "{", "-", "\\", "é"])
operators = st.sampled_from(["==", "!=", "<", "<=", ">", ">=", "~", "changed", "appears", "gone", "in"])
queries = st.lists(words | operators, max_size=12).map("".join) | st.text(max_size=20)


@unhurried
@given(queries | st.lists(words | operators, max_size=12).map(" ".join))
def test_any_text_is_a_query_or_refused(text: str) -> None:
    try:
        query = parse_query(text)
    except CoworldError:
        return
    assert query.text == text.strip()


paths: st.SearchStrategy[Path] = st.sampled_from([(), ("x",), (0,), ("players", 0, "x")])


@unhurried
@given(values, values, values, operators, paths, st.none() | paths)
def test_any_condition_can_be_asked_of_any_frame(
    frame: Any, before: Any, value: Any, op: str, path: Path, operand: Path | None
) -> None:
    condition = Condition(path, op, [value] if op == "in" else value, operand)
    assert PathQuery("", ((condition,),)).matches(frame, before) in (True, False)
