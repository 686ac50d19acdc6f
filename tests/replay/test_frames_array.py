"""The frames of a document are those a plain reader of the whole value would pick."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.frames_array import (
    LEAST_WEIGHT,
    LESSER,
    LESSER_WEIGHT,
    MOST_LEVELS,
    ROWS_WEIGHT,
)
from coworld_tui.replay.json_document import JsonDocument
from coworld_tui.replay.naming import FRAME_KEYS

from .blobs import MemoryBlob, scanned
from .json_values import unhurried


class _Found(NamedTuple):
    rank: tuple[int, float]
    elements: list[Any]
    of_strings: bool = False


def _containers(value: list[Any]) -> list[Any]:
    return [item for item in value if isinstance(item, list | dict)]


def _weight(value: list[Any], name: str) -> float:
    kinds = [type(item) for item in _containers(value)]
    weight = float(max(kinds.count(list), kinds.count(dict), 0))
    inner = [
        _containers(list(item.values()) if isinstance(item, dict) else item) for item in _containers(value)
    ]
    if name and dict not in kinds and not any(inner):
        weight *= ROWS_WEIGHT
    return weight * LESSER_WEIGHT if name in LESSER else weight


def _candidates(value: Any, name: str, level: int, outer: list[tuple[int, bool]]) -> Iterator[_Found]:
    """The rules of ``frames_array`` over decoded values. ``outer``: length and hint of each array."""
    if isinstance(value, dict):
        for key, member in value.items():
            yield from _candidates(member, key.lower(), level + 1, outer)
    elif isinstance(value, list) and level <= MOST_LEVELS:
        elements = _containers(value)
        hinted = name in FRAME_KEYS
        longest = max((length for length, _ in outer if length >= 2), default=0)
        if hinted and len(elements) > longest and not any(length >= 2 for length, hint in outer if hint):
            yield _Found((2 if len(elements) >= 2 else 1, _weight(value, name)), elements)
        elif hinted and not longest and not elements:
            texts = [item for item in value if isinstance(item, str)]
            if len(texts) >= 2 and isinstance(value[0], str):
                yield _Found((2, -1.0), texts, of_strings=True)
        elif not hinted and len(elements) >= 2 and not longest and _weight(value, name) >= LEAST_WEIGHT:
            yield _Found((0, _weight(value, name)), elements)
        for item in value:
            yield from _candidates(item, "", level + 1, [*outer, (len(elements), hinted)])


def expected(documents: list[Any]) -> _Found | None:
    """What a plain reader picks from the documents of a file."""
    found = list(_candidates(documents, "", 0, []))
    texts = [candidate for candidate in found if candidate.of_strings]
    arrays = [candidate for candidate in found if not candidate.of_strings]
    best = max(arrays, key=lambda candidate: candidate.rank, default=None)
    if texts and (best is None or best.rank[0] < 2):
        return texts[0]
    return best


def _frames(text: str, piece: int = 1 << 20) -> list[Any]:
    source = scanned(JsonDocument(MemoryBlob(text.encode()), piece=piece))
    if source.path is None:
        return []
    return [
        source.payload(index).decode() if source.kind(index) == "text" else json.loads(source.payload(index))
        for index in range(len(source))
    ]


_hinted = st.sampled_from(["frames", "Steps", "history"])
_names = _hinted | st.sampled_from(["events", "players", "a", "b", 'quote"', "back\\slash", "frames[", "é}"])
_strings = st.sampled_from(["", "x", '"', "\\", '\\"', "]}", "[{", "a\\\\", "世界"])
_leaves = st.none() | st.integers(-9, 9) | _strings
_rows = st.lists(_leaves, max_size=3) | st.lists(_strings, min_size=1, max_size=3)
_values = st.recursive(
    _rows | st.dictionaries(_names, _leaves, max_size=2) | st.dictionaries(_hinted, _rows, max_size=2),
    lambda inner: (
        st.lists(inner, min_size=1, max_size=4)
        | st.lists(inner | _leaves, max_size=4)
        | st.dictionaries(_names, inner, min_size=1, max_size=3)
        | st.dictionaries(_names, st.lists(inner, min_size=1, max_size=9), min_size=1, max_size=3)
        | st.dictionaries(_names, inner | _leaves, max_size=3)
    ),
    max_leaves=25,
)
_small = st.recursive(
    st.builds(dict) | _rows | st.dictionaries(_names, _rows, max_size=2),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=2),
    max_leaves=4,
)
_arrays_of: st.SearchStrategy[list[Any]] = st.lists(_small, min_size=1, max_size=12) | st.lists(
    st.builds(dict), min_size=1, max_size=24
)
_object = st.dictionaries(
    _names, _arrays_of | st.dictionaries(_names, _arrays_of, max_size=3), min_size=1, max_size=4
)
_document = _object | st.dictionaries(_names, st.lists(_object, min_size=1, max_size=3), max_size=3)
_documents = st.lists(_document, min_size=1, max_size=1) | st.lists(_values, min_size=1, max_size=3)


@unhurried
@given(_documents, st.integers(1, 50), st.booleans(), st.booleans())
def test_the_frames_are_those_a_plain_reader_picks_whatever_the_pieces(
    documents: list[Any], piece: int, indented: bool, ascii_only: bool
) -> None:
    text = "\n".join(
        json.dumps(document, indent=2 if indented else None, ensure_ascii=ascii_only)
        for document in documents
    )
    picked = expected(documents)
    assert _frames(text, piece) == ([] if picked is None else picked.elements)


@unhurried
@given(_document | _values, st.integers(1, 40), st.integers(1, 300))
def test_a_choice_from_the_head_gives_the_elements_of_one_array_in_order(
    document: Any, piece: int, head: int
) -> None:
    data = json.dumps(document).encode()
    source = JsonDocument(MemoryBlob(data, shown=7, step=9), piece=piece, head=head)
    seen: list[bytes] = []
    while source.advance():
        now = [source.payload(index) for index in range(len(source))]
        assert now[: len(seen)] == seen
        seen = now
    if source.path is not None and source.kind(0) == "json":
        every_array = [[document], *_arrays(document)]
        assert [json.loads(frame) for frame in seen] in [_containers(array) for array in every_array]


CASES: list[tuple[str, str | None]] = [
    ('{"config":{},"frames":[{"tick":1},{"tick":2}],"results":{}}', "frames"),
    ('{"match":{"frames":[{},{}]}}', "match.frames"),
    ('{"Frames":[{},{}],"rounds":[{},{},{}]}', "Frames"),
    ('{"rounds":[{},{},{}],"spots":[{},{}]}', "rounds"),
    ('{"a":[{},{}],"b":[{},{}]}', "a"),
    ("[[[0,1],[1,0]],[[1,1],[0,0]]]", ""),
    ('{"steps":[[{"observation":{}},{"observation":{}}]]}', "steps"),
    ('{"frames":[{"positions":[[0,0],[1,1]],"units":[{},{},{}]}]}', "frames"),
    ('{"frames":[{"history":[{},{},{}]},{}]}', "frames"),
    ('{"replay":[{"frames":[{},{}]}]}', "replay.0.frames"),
    ('{"episodes":[{"rounds":[{},{},{}]}]}', "episodes.0.rounds"),
    ('{"episodes":[{"rounds":[{},{},{}]},{}]}', "episodes"),
    ('{"episodes":[{},{"steps":[{},{},{}]}]}', "episodes.1.steps"),
    ('[{"turn":1,"observations":[{},{}]},{"turn":2,"observations":[{},{}]}]', ""),
    ('{"tick":3,"positions":[[0,0],[1,1]],"board":[[0,1],[1,0]]}', None),
    ('{"scores":[1,2],"players":[{"name":"A"},{"name":"B"}]}', None),
    ('{"events":[{},{},{},{},{},{},{},{}]}', "events"),
    ('{"events":[{},{},{},{},{},{},{},{}],"rounds":[{},{}]}', "rounds"),
    ('{"frames":["a","b"],"rounds":[{},{},{}]}', "frames"),
    ('{"frames":["a"]}', None),
    ('{"frames":[1,2,3]}', None),
    ('{"a":[1,2,[],3,{}]}', "a"),
    ('{"a]":"[{\\"","b":[{},{}]}', "b"),
    ('{"a":{}}\n{"a":{}}', ""),
    ('{"c":' * 6 + '{"x":[{},{}]}' + "}" * 6, "c.c.c.c.c.c.x"),
    ('{"c":' * 7 + '{"x":[{},{}]}' + "}" * 7, None),
]


@pytest.mark.parametrize(("text", "path"), CASES)
def test_the_rules_hold(text: str, path: str | None) -> None:
    assert scanned(JsonDocument(MemoryBlob(text.encode()))).path == path


def _arrays(value: Any) -> Iterator[list[Any]]:
    if isinstance(value, list):
        yield value
    for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _arrays(item)
