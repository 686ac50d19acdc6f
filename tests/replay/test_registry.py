"""The choice of lenses, plugins, and what no lens may ever do whatever the frame."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterable
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.replay.lenses import plugins
from coworld_tui.replay.lenses.choose import decode_frame
from coworld_tui.replay.lenses.model import FrameView, Lens
from coworld_tui.replay.lenses.plugins import GuardedLens, load_plugins
from coworld_tui.replay.lenses.registry import BUILT_IN, grid_of, lenses_for, problems
from coworld_tui.replay.lenses.spans import Line, Span, line_width, text_of
from coworld_tui.replay.paths import MISSING

from .json_values import boards, numbers, scalars, texts, values
from .paintarena import state

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "lenses.md"
LARGEST = 300

hurried = settings(deadline=None, max_examples=60)


def view_of(frame: object, **known: Any) -> FrameView:
    return FrameView(json.dumps(frame).encode(), "json", frame, **known)


def names_for(frame: object) -> list[str]:
    return [lens.name for lens in lenses_for(view_of(frame))]


def lens_named(name: str) -> Lens:
    return next(lens for lens in BUILT_IN if lens.name == name)


def assert_drawn_within(lines: Iterable[Line], width: int) -> None:
    """Within the width, and nothing that a terminal obeys or that hides or turns text."""
    for line in lines:
        assert line_width(line) <= max(0, width)
        for span in line:
            categories = {unicodedata.category(character) for character in span.text}
            assert not categories & {"Cc", "Cf", "Cs", "Zl", "Zp"}


# -- choosing ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "names"),
    [
        (state(), ["grid", "scoreboard", "tree", "hex"]),
        ({"scores": [1, 2]}, ["scoreboard", "tree", "hex"]),
        ({"units": [{"hp": 3}]}, ["entities", "tree", "hex"]),
        ({"tick": 3}, ["tree", "hex"]),
        ({"story": "You are in a maze.\nExits lead north and east.\n> "}, ["text", "tree", "hex"]),
        ("prose", ["text", "hex"]),
        ("S.\n.G\nHF\n", ["text", "hex"]),
        ("S..\n.G.\nHF#\n", ["grid", "text", "hex"]),
        (7, ["tree", "hex"]),
    ],
)
def test_lenses_best_first(frame: object, names: list[str]) -> None:
    assert names_for(frame) == names


def test_bytes_and_frames_too_large_to_decode() -> None:
    assert [lens.name for lens in lenses_for(FrameView(b"\0", "binary", b"\0"))] == ["hex"]
    assert [lens.name for lens in lenses_for(FrameView(b"\0", "binary"))] == ["hex"]
    large = FrameView(b'{"a":\n1}', "json")
    assert [lens.name for lens in lenses_for(large)] == ["text", "hex"]
    model = lenses_for(large)[0].model(large, 20, 5)
    assert text_of(model.lines(0, 9)) == '{"a":\n1}'


def test_a_board_is_looked_for_once() -> None:
    view = view_of(state())
    assert grid_of(view) is grid_of(view)


def test_the_size_of_a_board_may_stand_in_the_configuration() -> None:
    frame = {"cells": [0, 1, 1, 0, 0, 1, 0, 0]}
    grid = grid_of(view_of(frame, config={"columns": 4, "rows": 2}))
    assert grid is not None and (grid.width, grid.height) == (4, 2)
    assert grid_of(view_of(frame)) is None


def test_the_grid_in_a_pipe_has_its_legend_below_and_is_drawn_by_window() -> None:
    view = view_of(state(tick=5))
    model = lens_named("grid").model(view, 40, 20)
    whole = model.lines(0, model.row_count)
    assert text_of(whole) == (
        "   0   1   2   3\n0  ◆0  0   0   0\n\n1  0   ·   ·   ·\n\n2  ·   ·   ·   ◆1\n\n\n"
        " ◆0  Sweep Painter 1      5\n ◆1  Sweep Painter 2      0"
    )
    assert len(whole) == model.row_count
    for start in range(model.row_count + 1):
        for stop in range(start, model.row_count + 2):
            assert model.lines(start, stop) == whole[start:stop]


def test_a_board_wider_than_the_pipe_is_cut() -> None:
    view = view_of({"width": 90, "height": 2, "cells": [1] * 180})
    model = lens_named("grid").model(view, 30, 20)
    assert text_of(model.lines(1, 2)) == "0 " + "1" * 27 + "…"


def test_the_tree_opens_as_far_as_there_is_room_and_marks_changes() -> None:
    view = view_of({"a": {"b": 1, "c": {"d": 2}}, "e": 4}, before={"a": {"b": 1, "c": {"d": 2}}, "e": 3})
    tree = lens_named("tree")
    model = tree.model(view, 40, 4)
    assert text_of(model.lines(0, 9)) == "▾ a  {2} b, c\n    b  1\n  ▸ c  {1} d\n  e  4  ← 3"
    assert tree.model(view, 40, 9).row_count == 5


# -- plugins ----------------------------------------------------------------------------------


class Fails:
    """A lens that fails wherever it is told to."""

    name = "fails"
    row_count: Any = 2

    def __init__(self, where: str = "", drawn: Any = ((("fine", ""),),)) -> None:
        self._where = where
        self._drawn = drawn

    def _maybe(self, where: str) -> None:
        if where == self._where:
            raise RuntimeError(f"broken in {where}\x1b[31m\n")

    def fits(self, view: FrameView) -> bool:
        self._maybe("fits")
        return True

    def model(self, view: FrameView, width: int, height: int) -> Fails:
        self._maybe("model")
        return self

    def lines(self, start: int, stop: int) -> Any:
        self._maybe("lines")
        return self._drawn


def drawn_by(lens: object, width: int = 60) -> list[Line]:
    guarded = GuardedLens(lens)
    view = view_of({})
    assert guarded.fits(view)
    model = guarded.model(view, width, 10)
    return model.lines(0, model.row_count)


@pytest.mark.parametrize("where", ["fits", "model", "lines"])
def test_a_lens_that_fails_says_so_in_a_line(where: str) -> None:
    lines = drawn_by(Fails(where))
    assert text_of(lines) == f"the lens fails failed: RuntimeError: broken in {where}␊"
    assert_drawn_within(lines, 60)


def test_what_a_plugin_draws_is_made_printable_and_kept_within_its_window() -> None:
    hostile = ((Span("\x1b[31mred\u202e [b]bold[/b]", "good\x07"),), (("x" * 100, ""),), (Span("beyond"),))
    lines = drawn_by(Fails(drawn=hostile), width=20)
    assert text_of(lines) == "red\ufffd [b]bold[/b]\n" + "x" * 19 + "…"
    assert_drawn_within(lines, 20)


@pytest.mark.parametrize("drawn", [None, 7, ["text"], [(("only text",),)], [((1, ""),)], [((None, None),)]])
def test_what_is_no_lines_is_named(drawn: object) -> None:
    assert text_of(drawn_by(Fails(drawn=drawn))).startswith("the lens fails failed: ")


def test_a_row_count_that_is_none() -> None:
    lens = Fails()
    lens.row_count = "many"
    assert text_of(drawn_by(lens)).startswith("the lens fails failed: ValueError")


def points(monkeypatch: pytest.MonkeyPatch, *found: tuple[str, object]) -> None:
    class Point(EntryPoint):
        def load(self) -> Any:
            made = dict(found)[self.name]
            if isinstance(made, BaseException):
                raise made
            return made

    def entry_points(group: str) -> list[EntryPoint]:
        assert group == plugins.GROUP
        return [Point(name, "", group) for name, _ in found]

    monkeypatch.setattr("importlib.metadata.entry_points", entry_points)


def test_broken_plugins_are_left_out_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Good(Fails):
        name = "good"

    class Taken(Fails):
        name = "grid"

    points(
        monkeypatch,
        ("a-good", Good),
        ("b-gone", ImportError("no module named 'x'")),
        ("c-exits", SystemExit(3)),
        ("d-nothing", object()),
        ("e-taken", Taken()),
        ("f-twice", Good()),
        ("g-hostile\x1b[2J", RuntimeError("\x1b]0;title\x07boo")),
    )
    lenses, broken = load_plugins(["grid"])
    assert [lens.name for lens in lenses] == ["good"]
    assert broken == [
        "lens b-gone is left out: ImportError: no module named 'x'",
        "lens c-exits is left out: SystemExit: 3",
        "lens d-nothing is left out: TypeError: it has no name",
        "lens e-taken is left out: ValueError: the name 'grid' is taken",
        "lens f-twice is left out: ValueError: the name 'good' is taken",
        "lens g-hostile is left out: RuntimeError: boo",
    ]


def test_nothing_is_wrong_with_what_is_installed_here() -> None:
    assert problems() == ()


def test_the_example_of_the_documentation_works_as_an_installed_package(tmp_path: Path) -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")
    code, declaration, printed = re.findall(r"```(?:python|toml)?\n(.*?)```", text, re.DOTALL)
    assert len(code.splitlines()) <= 30
    installed = tmp_path / "reactor_lens-1.0.dist-info"
    installed.mkdir()
    (tmp_path / "reactor_lens.py").write_text(code, encoding="utf-8")
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: reactor-lens\nVersion: 1.0\n")
    section = re.sub(r'\[project\.entry-points\."(.*)"\]', r"[\1]", declaration).replace('"', "")
    (installed / "entry_points.txt").write_text(section)
    rods = [{"name": "north", "heat": 640}, {"name": "south", "heat": 912}]
    replay = tmp_path / "replay.json"
    replay.write_text(json.dumps({"frames": [{"tick": tick, "rods": rods} for tick in range(9)]}))
    command = re.search(r"`coworld-tui (frame replay.json .*?)`", text)
    assert command is not None
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("coworld-tui")),
            *command[1].replace("replay.json", str(replay)).split(),
        ],
        env=os.environ | {"PYTHONPATH": str(tmp_path), "COWORLD_TUI_HOME": str(tmp_path / "home")},
        capture_output=True,
        encoding="utf-8",
    )
    assert (done.stderr, done.stdout) == ("", printed)


# -- whatever the frame -----------------------------------------------------------------------

_PLACES = st.lists(st.integers(-1, 9), min_size=2, max_size=3) | st.fixed_dictionaries(
    {"x": st.integers(-1, 9) | scalars, "y": st.integers(-1, 9)},
    optional={"type": scalars, "owner": scalars, "body": st.lists(st.lists(st.integers(0, 5), max_size=2))},
)
_ROWS = st.integers(1, 5).flatmap(
    lambda width: st.lists(
        st.lists(numbers | st.sampled_from([None, "#", "wK", True, 0.5]), min_size=width, max_size=width),
        max_size=5,
    )
)
_KEYS = st.sampled_from(
    [
        *("board", "grid", "cells", "food", "units", "players", "scores", "names", "size", "w", "h", "id"),
        *("observation", "status", "reward", "terrain", "visible", "trail", "screen", "image", "name"),
        *("3,4", "(1,2)"),
    ]
)
_TEXT_BOARDS = st.lists(st.text("SF.#\x1b[41m \u202e", min_size=1, max_size=8), max_size=6).map("\n".join)
_MEMBERS = (
    values
    | _ROWS
    | st.lists(_ROWS, max_size=4)
    | st.lists(_PLACES, max_size=5)
    | _TEXT_BOARDS
    | texts
    | st.sampled_from(["iVBORw0KGgo" + "A" * 40, "data:image/png;base64," + "!" * 40])
)
frames = st.dictionaries(_KEYS, _MEMBERS, max_size=6) | boards() | values
anything = frames | st.lists(frames, max_size=4) | _TEXT_BOARDS | _ROWS
sizes = st.integers(-1, 60)


def draw_everything(view: FrameView, width: int, height: int) -> None:
    lenses = lenses_for(view)
    assert lenses
    for lens in lenses:
        model = lens.model(view, width, height)
        rows = model.row_count
        assert_drawn_within(model.lines(0, min(rows, LARGEST)), width)
        assert_drawn_within(model.lines(rows - 3, rows + 3), width)
        assert len(model.lines(rows - 1, rows + 1)) == (rows > 0)
        assert not model.lines(rows, rows + 2)


@hurried
@given(anything, anything | st.just(MISSING), sizes, sizes, st.lists(texts, max_size=3).map(tuple), frames)
def test_any_value_is_drawn_within_its_room(
    frame: object, before: object, width: int, height: int, players: tuple[str, ...], config: object
) -> None:
    known = config if isinstance(config, dict) else None
    draw_everything(FrameView(b"payload", "json", frame, before, players, known), width, height)


@hurried
@given(
    st.binary()
    | st.sampled_from([b"\x89PNG\r\n\x1a\n", b"GIF89a", b"\xff\xd8\xff", b"BM"]).flatmap(
        lambda magic: st.binary(max_size=80).map(lambda rest: magic + rest)
    ),
    st.sampled_from(["json", "text", "binary"]),
    sizes,
    sizes,
)
def test_any_bytes_are_drawn_within_their_room(payload: bytes, kind: str, width: int, height: int) -> None:
    draw_everything(FrameView(payload, kind, decode_frame(payload, kind)), width, height)
    draw_everything(FrameView(payload, kind), width, height)


@pytest.mark.parametrize("depth", [10, 500, 50_000])
def test_nesting_beyond_reason(depth: int) -> None:
    as_list: object = 1
    as_object: object = 1
    for _ in range(depth):
        as_list, as_object = [as_list, as_list], {"board": as_object, "players": [as_object]}
    draw_everything(FrameView(b"", "json", as_list, as_list), 60, 20)
    draw_everything(FrameView(b"", "json", as_object, {"board": as_list}), 60, 20)
