"""The tree keeps what is open and where the cursor is, and repaints only what changed."""

from __future__ import annotations

import time
from typing import Any

import pytest

from coworld_tui.replay.lenses.tree import Path
from coworld_tui.widgets.tree_view import TreeView

from .harness import INJECTIONS, Painted, Stage, assert_harmless, rows

VALUE: dict[str, Any] = {"tick": 1, "at": {"x": 1, "y": 2}, "names": ["Ada", "世界"], "scores": [1, 2]}


def cursor(tree: TreeView) -> Path:
    return tree.cursor_path


async def test_keys() -> None:
    async with (app := Stage(TreeView())).run_test(size=(40, 10)) as pilot:
        tree = app.widget
        tree.show(VALUE)
        tree.focus()
        await pilot.press("j", "enter", "down")
        assert cursor(tree) == ("at", "x")
        assert [row.rstrip() for row in rows(tree)[:4]] == [
            "  tick  1",
            "▾ at  {2} x, y",
            "    x  1",
            "    y  2",
        ]
        await pilot.press("up", "enter")
        assert rows(tree)[2].startswith("▸ names")
        await pilot.press("G")
        assert cursor(tree) == ("scores",)
        await pilot.press("k")
        assert cursor(tree) == ("names",)
        await pilot.press("g", "up")
        assert cursor(tree) == ("tick",)


async def test_pages() -> None:
    async with (app := Stage(TreeView())).run_test(size=(40, 10)) as pilot:
        tree = app.widget
        tree.show(list(range(90)))
        tree.focus()
        await pilot.press("pagedown")
        assert cursor(tree) == (9,)
        await pilot.press("end")
        assert rows(tree)[-1].startswith("  89  89")
        await pilot.press("pageup", "home")
        assert cursor(tree) == (0,)
        assert rows(tree)[0].startswith("  0  0")


async def test_expansion_and_cursor_survive_the_next_value() -> None:
    async with (app := Stage(TreeView())).run_test(size=(40, 10)) as pilot:
        tree = app.widget
        tree.show(VALUE)
        tree.focus()
        await pilot.press("down", "enter", "down")
        tree.show({"new": 0, **VALUE, "at": {"x": 5, "y": 2}})
        assert cursor(tree) == ("at", "x")
        assert rows(tree)[3].startswith("    x  5  ← 1")
        tree.show([])
        assert cursor(tree) == ()
        tree.show(VALUE)
        assert rows(tree)[2].startswith("    x  1")


async def test_a_step_repaints_only_changed_rows() -> None:
    async with (app := Stage(TreeView())).run_test(size=(40, 10)) as pilot:
        app.widget.show(VALUE)
        app.widget.show(VALUE)
        await pilot.pause()
        painted = Painted(app.widget)
        app.widget.show({**VALUE, "tick": 2})
        await pilot.pause()
        assert painted.take() == {0}
        app.widget.action_move(2)
        await pilot.pause()
        assert painted.take() == {0, 2}


async def test_the_cursor_is_painted_where_it_is() -> None:
    async with (app := Stage(TreeView())).run_test(size=(40, 5)) as pilot:
        tree = app.widget
        tree.show([7] * 50)
        tree.focus()
        for _ in range(7):
            await pilot.press("down")
        strips = app.screen._compositor.render_strips()
        grounds = [next(iter(strip)).style.bgcolor for strip in strips]  # type: ignore[union-attr]
        assert [ground != grounds[0] for ground in grounds] == [False] * 4 + [True]


async def test_a_click_moves_the_cursor_and_a_second_one_opens() -> None:
    async with (app := Stage(TreeView())).run_test(size=(40, 10)) as pilot:
        app.widget.show(VALUE)
        await pilot.click(TreeView, offset=(3, 1))
        assert cursor(app.widget) == ("at",)
        await pilot.click(TreeView, offset=(3, 1))
        assert rows(app.widget)[2].startswith("    x  1")
        await pilot.click(TreeView, offset=(3, 9))
        assert cursor(app.widget) == ("scores",)


@pytest.mark.parametrize("text", INJECTIONS)
async def test_outside_text_is_harmless(text: str) -> None:
    async with (app := Stage(TreeView())).run_test(size=(60, 4)):
        app.widget.show({text: text})
        assert_harmless("".join(rows(app.widget)))
        if text.isprintable() and text.isascii():
            assert f'{text}  "{text}"' in rows(app.widget)[0]


async def test_a_value_of_megabytes_opens_at_once() -> None:
    value = {"items": [{"id": index, "at": [index, index]} for index in range(60_000)]}
    async with (app := Stage(TreeView())).run_test(size=(60, 20)):
        started = time.process_time()
        app.widget.show(value)
        app.widget.action_toggle_row()
        assert time.process_time() - started < 0.1
        assert len(rows(app.widget)[1].strip()) > 0


async def test_every_size() -> None:
    async with (app := Stage(TreeView())).run_test(size=(40, 10)) as pilot:
        app.widget.show(VALUE)
        for size in ((1, 1), (2, 1), (80, 24)):
            await pilot.resize_terminal(*size)
        assert rows(app.widget)[0].startswith("  tick  1")
