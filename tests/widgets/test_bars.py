"""The bars: what they show at each width, and clicks."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType

from coworld_tui.replay.lenses.spans import Span, cell_width, text_of
from coworld_tui.widgets.bars import KeyBar, TabBar, TopBar
from coworld_tui.widgets.choice import Choice


class Bars(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "note('a')", "first", id="one"),
        Binding("b,c", "note('b')", "second", id="two"),
        Binding("d", "note('d')", "hidden", id="three", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.noted: list[str] = []

    def compose(self) -> ComposeResult:
        yield TopBar()
        yield TabBar()
        yield KeyBar()
        yield Choice(("alpha", "beta", "gamma"), "beta")

    def action_note(self, what: str) -> None:
        self.noted.append(what)

    def on_tab_bar_chosen(self, message: TabBar.Chosen) -> None:
        self.noted.append(message.tab)

    def on_choice_changed(self, message: Choice.Changed) -> None:
        self.noted.append(message.value)


async def test_the_key_bar_shows_whole_keys_and_presses_them() -> None:
    app = Bars()
    async with app.run_test(size=(60, 10)) as pilot:
        bar = app.query_one(KeyBar)
        assert text_of(bar.lines_in_view()) == " a first  b second"
        await pilot.click(KeyBar, offset=(12, 0))
        assert app.noted == ["b"]
        await pilot.resize_terminal(12, 10)
        assert text_of(bar.lines_in_view()) == " a first"


async def test_help_is_always_at_the_right_end() -> None:
    class Helpful(Bars):
        BINDINGS: ClassVar[list[BindingType]] = [Binding("question_mark", "note('?')", "help", id="help")]

    app = Helpful()
    async with app.run_test(size=(60, 10)) as pilot:
        bar = app.query_one(KeyBar)
        for width, text in (
            (60, " a first  b second" + " " * 34 + " ? help"),
            (27, " a first  b second  ? help"),
            (26, " a first           ? help"),
            (8, " ? help"),
            (7, ""),
        ):
            await pilot.resize_terminal(width, 10)
            assert text_of(bar.lines_in_view()) == text
            assert cell_width("".join(span.text for span in bar.lines_in_view()[0])) <= width
        await pilot.resize_terminal(40, 10)
        await pilot.click(KeyBar, offset=(25, 0))
        assert app.noted == [], "nothing is there"
        await pilot.click(KeyBar, offset=(38, 0))
        assert app.noted == ["?"]


async def test_remapped_keys_are_shown() -> None:
    app = Bars()
    async with app.run_test(size=(60, 10)) as pilot:
        app.set_keymap({"one": "x"})
        app.query_one(KeyBar).update_keys()
        assert "x first" in text_of(app.query_one(KeyBar).lines_in_view())
        await pilot.press("x")
        assert app.noted == ["a"]


async def test_tabs_are_chosen_by_click_and_by_neighbour() -> None:
    app = Bars()
    async with app.run_test(size=(60, 10)) as pilot:
        bar = app.query_one(TabBar)
        bar.show_tabs([("log", "log"), ("events", "events 3"), ("raw", "[b]raw")], "log")
        assert (bar.neighbour(1), bar.neighbour(-1)) == ("events", "raw")
        await pilot.click(TabBar, offset=(8, 0))
        assert app.noted == ["events"]
        assert "[b]raw" in text_of(bar.lines_in_view())


async def test_the_top_bar_keeps_its_right_end_at_the_edge() -> None:
    app = Bars()
    async with app.run_test(size=(60, 10)):
        bar = app.query_one(TopBar)
        bar.show_state("a place \x1b[31m", Span("● docker", "good"), 2)
        text = text_of(bar.lines_in_view())
        assert len(text) == 59
        assert text.endswith("◐ 2 running")


async def test_the_top_bar_keeps_its_right_end_in_every_window() -> None:
    app = Bars()
    async with app.run_test(size=(120, 10)) as pilot:
        bar = app.query_one(TopBar)
        bar.show_state("replay › a game of a long name that goes on and on", Span("● docker", "good"), 0)
        for width in (80, 45, 120):
            await pilot.resize_terminal(width, 10)
            text = text_of(bar.lines_in_view())
            assert text.endswith("● docker   ○ idle")
            assert cell_width(text) == width - 1
        assert "on and on" in text


async def test_a_choice_turns_round_its_end() -> None:
    app = Bars()
    async with app.run_test(size=(60, 10)) as pilot:
        choice = app.query_one(Choice)
        choice.focus()
        await pilot.press("right", "right", "left", "left", "left")
        assert app.noted == ["gamma", "alpha", "gamma", "beta", "alpha"]
        assert choice.value == "alpha"
