"""The board fills its room, pans, and repaints only what changed."""

from __future__ import annotations

import pytest
from textual.theme import Theme

from coworld_tui.replay.lenses.grid import Grid
from coworld_tui.styles.themes import THEMES
from coworld_tui.widgets.board import NO_BOARD, BoardView

from .harness import INJECTIONS, Painted, Stage, assert_harmless, rows


def grid(tick: int = 0, width: int = 12, height: int = 8) -> Grid:
    """Slot 0 walks along the first row and has painted ``tick`` tiles, slot 1 rests in the corner."""
    owners = [0 if index < tick else -1 for index in range(width * height)]
    return Grid(width, height, owners, pieces=((0, tick % width, 0), (1, width - 1, height - 1)))


@pytest.mark.parametrize(
    ("size", "cell"), [((120, 40), (4, 2)), ((60, 17), (4, 2)), ((49, 40), (2, 1)), ((20, 9), (1, 1))]
)
async def test_cells_are_as_large_as_fits(size: tuple[int, int], cell: tuple[int, int]) -> None:
    async with (app := Stage(BoardView())).run_test(size=size):
        app.widget.show(grid())
        assert app.widget.cell == cell
        assert not app.widget.is_panned


async def test_the_board_is_in_the_middle() -> None:
    async with (app := Stage(BoardView())).run_test(size=(60, 20)):
        app.widget.show(grid(tick=1))
        painted = rows(app.widget)
        assert painted[:2] == [" " * 60, f"{'0   1   2   3   4   5   6   7   8   9   10  11':>54}{' ' * 6}"]
        assert painted[2].startswith("     0  0   ◆0  ·")
        assert painted[18:] == [" " * 60] * 2


async def test_a_step_repaints_only_changed_rows() -> None:
    async with (app := Stage(BoardView())).run_test(size=(120, 40)) as pilot:
        app.widget.show(grid(tick=13, width=24, height=14))
        await pilot.pause()
        painted = Painted(app.widget)
        app.written = 0
        app.widget.show(grid(tick=14, width=24, height=14))
        await pilot.pause()
        assert painted.take() == {6, 7}
        assert 0 < app.written < 1_000
        app.widget.show(grid(tick=14, width=24, height=14))
        await pilot.pause()
        assert not painted.take()


async def test_what_is_painted_step_by_step_equals_what_is_painted_at_once() -> None:
    async with (app := Stage(BoardView())).run_test(size=(80, 24)) as pilot:
        for tick in (0, 1, 5, 30, 29):
            app.widget.show(grid(tick))
            await pilot.pause()
        stepped = [strip.text for strip in app.screen._compositor.render_strips()]
        app.widget.refresh()
        await pilot.pause()
        assert [strip.text for strip in app.screen._compositor.render_strips()] == stepped


async def test_a_large_board_pans_beneath_its_axes() -> None:
    async with (app := Stage(BoardView())).run_test(size=(40, 20)) as pilot:
        app.widget.show(grid(width=100, height=100))
        await pilot.pause()
        assert app.widget.is_panned
        app.widget.pan(7, 90)
        assert rows(app.widget)[0].startswith("      10")
        assert rows(app.widget)[1].startswith("81 ")
        app.widget.pan(1_000, 1_000)
        assert rows(app.widget)[-1].startswith("99 ")
        assert rows(app.widget)[-1].endswith("1")
        app.widget.show(grid())
        await pilot.pause()
        assert not app.widget.is_panned
        assert rows(app.widget)[13].startswith("       7  ·")


async def test_it_follows_its_room() -> None:
    async with (app := Stage(BoardView())).run_test(size=(120, 40)) as pilot:
        app.widget.show(grid())
        for size in ((30, 10), (3, 2), (1, 1), (80, 24)):
            await pilot.resize_terminal(*size)
        assert app.widget.cell == (4, 2)
        assert rows(app.widget)[3].strip().startswith("0 ")


@pytest.mark.parametrize("message", ["no frame yet: the game is starting", "two\nlines", *INJECTIONS])
async def test_without_a_board_a_message_stands_in_the_middle(message: str) -> None:
    async with (app := Stage(BoardView())).run_test(size=(60, 11)):
        app.widget.show(None, message)
        painted = "\n".join(rows(app.widget))
        assert_harmless(painted.replace("\n", ""))
        if message.isprintable():
            assert message in rows(app.widget)[5]


async def test_before_the_first_frame() -> None:
    async with (app := Stage(BoardView())).run_test(size=(60, 11)):
        assert NO_BOARD in rows(app.widget)[5]


@pytest.mark.parametrize("theme", THEMES)
async def test_every_theme(theme: Theme) -> None:
    async with (app := Stage(BoardView())).run_test(size=(60, 20)) as pilot:
        app.widget.show(grid(3))
        before = app.widget.render_line(2)
        app.theme = theme.name
        await pilot.pause()
        after = app.widget.render_line(2)
        assert after.text == before.text
        assert (list(after) == list(before)) == (theme is THEMES[0])
