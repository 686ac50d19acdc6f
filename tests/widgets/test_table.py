"""The table asks only for what is in view, keeps its cursor on its row, and repaints what differs."""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence

import pytest
from textual.pilot import Pilot

from coworld_tui.replay.lenses.spans import Span, cell_width, text_of
from coworld_tui.widgets.table import Cell, Column, TableView, column_widths

from .harness import INJECTIONS, Painted, Stage, assert_harmless, rows

COLUMNS = (
    Column("game"),
    Column("score", 7, "right", "accent"),
    Column("age", 5, "right", "muted"),
    Column("size", 6, "right", optional=True),
    Column("path", 9, optional=True),
)


class Games:
    """Rows of names; a name is its row's id."""

    def __init__(self, names: Sequence[str], columns: Sequence[Column] = COLUMNS) -> None:
        self.names = list(names)
        self.columns = columns
        self.sorted_by: tuple[int, bool] | None = None
        self.note = "nothing here"
        self.asked: set[int] = set()

    @property
    def row_count(self) -> int:
        return len(self.names)

    def cells(self, start: int, stop: int) -> Sequence[Sequence[Cell | None]]:
        assert 0 <= start <= stop <= len(self.names)
        self.asked |= set(range(start, stop))
        texts = ("1:2", "3 d", "12 kB", "here")
        return [(Span(self.names[row]), *map(Span, texts))[: len(self.columns)] for row in range(start, stop)]

    def id_of(self, row: int) -> Hashable:
        return self.names[row]


class Table(Stage[TableView]):
    """The table on its stage, which notes what it says."""

    def __init__(self, games: Games) -> None:
        super().__init__(TableView())
        self.games = games
        self.said: list[str] = []

    def on_mount(self) -> None:
        self.widget.show(self.games)
        self.widget.focus()

    def on_table_view_highlighted(self, message: TableView.Highlighted) -> None:
        self.said.append(f"on {message.row_id}")

    def on_table_view_chosen(self, message: TableView.Chosen) -> None:
        self.said.append(f"chose {message.row_id}")

    @property
    def cursor(self) -> str | None:
        row = self.widget.cursor_row
        return None if row is None else self.games.names[row]

    def shown(self) -> list[str]:
        """The lines as text, without the columns after the first."""
        return [line[:10].rstrip() for line in text_of(self.widget.lines_in_view()).splitlines()]


def numbered(count: int) -> list[str]:
    return [f"game {number}" for number in range(count)]


async def settle(pilot: Pilot[None], table: Table) -> None:
    """Tell the table that its rows changed, and let it paint."""
    table.widget.rows_changed()
    await pilot.pause()


async def test_header_rows_and_columns() -> None:
    games = Games(numbered(3))
    games.sorted_by = (2, True)
    async with Table(games).run_test(size=(57, 6)) as pilot:
        assert text_of(pilot.app.query_one(TableView).lines_in_view()).splitlines() == [
            "  game                  score  age ▼    size  path",
            "▸ game 0                  1:2    3 d   12 kB  here",
            "  game 1                  1:2    3 d   12 kB  here",
            "  game 2                  1:2    3 d   12 kB  here",
        ]


async def test_narrow_windows_drop_what_is_optional_from_the_right() -> None:
    async with (table := Table(Games(["a game of some length"]))).run_test(size=(57, 4)) as pilot:
        for width, header, row in (
            (41, "  game             score    age    size", "▸ a game of so…      1:2    3 d   12 kB"),
            (29, "  game         score    age", "▸ a game o…      1:2    3 d"),
            (21, "  …    score    age", "▸ …      1:2    3 d"),
        ):
            await pilot.resize_terminal(width, 4)
            assert text_of(table.widget.lines_in_view()).splitlines() == [header, row]


async def test_without_titles_there_is_no_header() -> None:
    async with (table := Table(Games(numbered(9), (Column(""),)))).run_test(size=(20, 4)):
        assert table.shown() == ["▸ game 0", "  game 1", "  game 2", "  game 3"]


async def test_keys() -> None:
    async with (table := Table(Games(numbered(90)))).run_test(size=(40, 10)) as pilot:
        for key, row in (
            ("j", 1),
            ("down", 2),
            ("k", 1),
            ("up", 0),
            ("up", 0),
            ("pagedown", 8),
            ("end", 89),
            ("down", 89),
            ("pageup", 81),
            ("g", 0),
            ("G", 89),
            ("home", 0),
        ):
            await pilot.press(key)
            assert table.widget.cursor_row == row, key


async def test_the_cursor_stays_in_view_under_the_header() -> None:
    async with (table := Table(Games(numbered(90)))).run_test(size=(40, 5)) as pilot:
        await pilot.press("down", "down", "down", "down")
        assert table.shown() == ["  game", "  game 1", "  game 2", "  game 3", "▸ game 4"]
        await pilot.press("G")
        assert table.shown()[1:] == ["  game 86", "  game 87", "  game 88", "▸ game 89"]
        await pilot.press("g")
        assert table.shown()[1:] == ["▸ game 0", "  game 1", "  game 2", "  game 3"]


async def test_a_smaller_window_keeps_the_cursor_in_view() -> None:
    async with (table := Table(Games(numbered(90)))).run_test(size=(40, 20)) as pilot:
        table.widget.go_to(15)
        await pilot.resize_terminal(40, 6)
        assert "▸ game 15" in table.shown()


async def test_what_it_says() -> None:
    async with (table := Table(Games(numbered(3)))).run_test(size=(40, 6)) as pilot:
        await pilot.press("down", "enter", "up", "up")
        assert table.said == ["on game 0", "on game 1", "chose game 1", "on game 0"]


async def test_clicks() -> None:
    async with (table := Table(Games(numbered(3)))).run_test(size=(40, 6)) as pilot:
        await pilot.click(TableView, offset=(5, 1))
        assert table.said == ["on game 0"], "a first click opens nothing"
        await pilot.click(TableView, offset=(5, 1))
        await pilot.click(TableView, offset=(5, 3))
        await pilot.click(TableView, offset=(5, 3))
        assert table.said == ["on game 0", "chose game 0", "on game 2", "chose game 2"]
        for y in (0, 4, 5):
            await pilot.click(TableView, offset=(5, y))
        assert table.said[4:] == []


async def test_the_cursor_stays_on_its_row_when_rows_move() -> None:
    async with (table := Table(Games(numbered(30)))).run_test(size=(40, 6)) as pilot:
        table.widget.go_to(20)
        place = table.shown().index("▸ game 20")
        table.games.names[:0] = ["new", "newer"]
        await settle(pilot, table)
        assert (table.cursor, table.shown()[place]) == ("game 20", "▸ game 20"), (
            "and where it was on the screen"
        )
        table.games.names.reverse()
        await settle(pilot, table)
        assert table.cursor == "game 20"
        table.games.names = ["game 3", "game 20"]
        await settle(pilot, table)
        assert table.shown() == ["  game", "  game 3", "▸ game 20"]
        assert table.said == ["on game 0", "on game 20"], "it never was on another row"


async def test_at_the_top_new_rows_come_into_view() -> None:
    async with (table := Table(Games(numbered(30)))).run_test(size=(40, 6)) as pilot:
        table.widget.go_to(1)
        table.games.names[:0] = ["new"]
        await settle(pilot, table)
        assert table.shown()[1:4] == ["  new", "  game 0", "▸ game 1"]
        table.games.names[:0] = [f"later {number}" for number in range(9)]
        await settle(pilot, table)
        assert table.shown()[-1] == "▸ game 1", "but not at the cost of the cursor"


async def test_until_it_is_moved_the_cursor_stays_at_the_top() -> None:
    async with (table := Table(Games(["first"]))).run_test(size=(40, 6)) as pilot:
        table.games.names[:0] = ["newest", "newer"]
        await settle(pilot, table)
        assert table.cursor == "newest"
        assert table.said == ["on first", "on newest"]


async def test_a_row_that_goes_leaves_the_cursor_to_the_next_one() -> None:
    async with (table := Table(Games(numbered(3)))).run_test(size=(40, 6)) as pilot:
        table.widget.go_to(1)
        del table.games.names[1]
        await settle(pilot, table)
        assert table.cursor == "game 2"
        table.games.names.clear()
        await settle(pilot, table)
        assert table.cursor is None
        assert table.shown() == ["  game", "  nothing"]
        await pilot.press("down", "enter", "G", "pageup")
        table.games.names = ["again"]
        await settle(pilot, table)
        assert table.said == ["on game 0", "on game 1", "on game 2", "on again"]


async def test_showing_other_rows_starts_at_the_top() -> None:
    async with (table := Table(Games(numbered(90)))).run_test(size=(40, 6)) as pilot:
        await pilot.press("G")
        table.games = Games(numbered(50))
        table.widget.show(table.games)
        await pilot.pause()
        assert table.shown()[1] == "▸ game 0"


async def test_only_what_differs_is_repainted() -> None:
    async with (table := Table(Games(numbered(90)))).run_test(size=(40, 8)) as pilot:
        await pilot.pause()
        painted = Painted(table.widget)
        table.widget.rows_changed()
        await pilot.pause()
        assert painted.take() == set()
        table.games.names[2] = "other"
        table.widget.rows_changed()
        await pilot.pause()
        assert painted.take() == {3}
        await pilot.press("down")
        assert painted.take() == {1, 2}


async def test_the_cursor_is_painted_where_it_is() -> None:
    async with (table := Table(Games(numbered(90)))).run_test(size=(40, 8)) as pilot:
        for keys, y in ((["down"] * 3, 4), (["G"], 7), (["up"] * 2, 5), (["g"], 1)):
            await pilot.press(*keys)
            strips = table.screen._compositor.render_strips()
            grounds = [next(iter(strip)).style.bgcolor for strip in strips]  # type: ignore[union-attr]
            assert [row for row, ground in enumerate(grounds) if ground != grounds[0]] == [y]


async def test_the_wheel_moves_the_view_and_not_the_cursor() -> None:
    async with (table := Table(Games(numbered(90)))).run_test(size=(40, 6)) as pilot:
        await pilot.press("down")
        table.widget.scroll_to(y=40, animate=False)
        await pilot.pause()
        assert table.shown()[1] == "  game 40"
        await pilot.press("down")
        assert (table.cursor, table.shown()[1]) == ("game 2", "▸ game 2")


async def test_only_what_is_in_view_is_asked_for() -> None:
    games = Games(numbered(100_000))
    async with (table := Table(games)).run_test(size=(80, 24)) as pilot:
        assert games.asked == set(range(23))
        games.asked.clear()
        await pilot.press("G")
        # The 23 rows at the end, and for a moment those beside the cursor's way there.
        assert len(games.asked) <= 60
        assert table.cursor == "game 99999"


async def test_a_hundred_thousand_rows_page_in_milliseconds() -> None:
    async with (table := Table(Games(numbered(100_000)))).run_test(size=(120, 40)):
        view = table.widget
        turns = []
        for _ in range(60):
            began = time.process_time()
            view.action_move_page(1)
            turns.append(time.process_time() - began)
        assert view.cursor_row == 60 * 38
        assert sorted(turns)[56] < 0.04
        table.games.names.insert(0, "new")
        began = time.process_time()
        view.rows_changed()
        assert time.process_time() - began < 0.04
        assert view.cursor_row == 60 * 38 + 1


@pytest.mark.parametrize("text", INJECTIONS)
async def test_outside_text_is_harmless(text: str) -> None:
    games = Games([text], (Column(text, 30), Column("x", 3)))
    games.note = text
    async with (table := Table(games)).run_test(size=(60, 4)) as pilot:
        header, row = rows(table.widget)[:2]
        assert_harmless(header + row)
        assert row.rstrip().endswith("1:2"), "the columns stay in line"
        if text.isprintable() and text.isascii():
            assert row.startswith(f"▸ {text} ")
        games.names.clear()
        await settle(pilot, table)
        assert_harmless("".join(rows(table.widget)))


@pytest.mark.parametrize(
    "text", ["世界世界世界世界", "e\u0301e\u0301e\u0301", "plain", "a long text that is cut"]
)
@pytest.mark.parametrize("align", ["left", "right"])
async def test_wide_and_combined_characters_keep_the_columns_in_line(text: str, align: str) -> None:
    columns = (Column("n", 9, "right" if align == "right" else "left"), Column("x", 3))
    async with (table := Table(Games([text, "b"], columns))).run_test(size=(60, 4)):
        lines = text_of(table.widget.lines_in_view()).splitlines()
        assert [cell_width(line[: line.index("1:2")]) for line in lines[1:]] == [13, 13]


async def test_cells_of_several_spans_are_cut_as_one() -> None:
    class Pairs(Games):
        def cells(self, start: int, stop: int) -> Sequence[Sequence[Cell]]:
            return [((Span("Ada", "slot.0"), Span(" Bob", "slot.1")),) for _ in range(start, stop)]

    for width, shown in ((8, "Ada Bob"), (7, "Ada Bob"), (6, "Ada B…"), (3, "Ad…")):
        async with (table := Table(Pairs(["one"], (Column("", width),)))).run_test(size=(20, 2)):
            line = table.widget.lines_in_view()[0]
            assert text_of([line]) == f"▸ {shown}"
            assert Span("Ada", "slot.0") in line or width == 3


async def test_a_cell_goes_on_where_there_are_none() -> None:
    class Broken(Games):
        def cells(self, start: int, stop: int) -> Sequence[Sequence[Cell | None]]:
            problem = Span("broken.zip is no archive at all")
            return [(problem, None, None, Span("12 kB"), Span(""))[: len(self.columns)]] * (stop - start)

    async with (table := Table(Broken(["one"]))).run_test(size=(57, 4)) as pilot:
        for width, row in (
            (57, "▸ broken.zip is no archive at all      12 kB"),
            (41, "▸ broken.zip is no archive at …   12 kB"),
            (29, "▸ broken.zip is no archive…"),
        ):
            await pilot.resize_terminal(width, 4)
            assert text_of(table.widget.lines_in_view()).splitlines()[1] == row


async def test_columns_may_follow_the_cells_in_view() -> None:
    class Widening(Games):
        def cells(self, start: int, stop: int) -> Sequence[Sequence[Cell | None]]:
            self.columns = (Column("game"), Column("score", 7 + stop))
            return super().cells(start, stop)

    async with (table := Table(Widening(["one", "two"]))).run_test(size=(60, 5)) as pilot:
        assert rows(table.widget)[0].index("score") == 60 - 2 - 9
        table.games.names.append("three")
        await settle(pilot, table)
        assert rows(table.widget)[0].index("score") == 60 - 2 - 10


def test_columns_without_a_width_get_their_least_before_they_share() -> None:
    columns = (Column("a", least=12), Column("b", least=16), Column("c", 5, optional=True))
    assert column_widths(columns, 48) == [18, 21, 5]
    assert column_widths(columns, 37) == [12, 16, 5]
    assert column_widths(columns, 36) == [15, 19, 0]


@pytest.mark.parametrize("room", range(0, 90, 3))
def test_columns_fill_the_room_or_drop_what_is_optional(room: int) -> None:
    widths = column_widths(COLUMNS, room)
    kept = [width for width in widths if width]
    needed = sum(kept) + 2 * (len(kept) - 1)
    assert needed == room if room >= 23 else widths[3:] == [0, 0]
    assert all(width > 0 for width in widths[:3])


async def test_every_size() -> None:
    async with (table := Table(Games(numbered(9)))).run_test(size=(40, 10)) as pilot:
        for size in ((1, 1), (2, 1), (5, 2), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.press("down")
        assert table.shown()[1:6] == ["  game 0", "  game 1", "  game 2", "  game 3", "▸ game 4"]
