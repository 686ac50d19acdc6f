"""The log follows until the reader scrolls up, and then stands still."""

from __future__ import annotations

import pytest

from coworld_tui.widgets.log_view import LogView

from .harness import INJECTIONS, Lines, Painted, Stage, assert_harmless, rows


def numbered(start: int, stop: int) -> list[str]:
    return [f"line {index}" for index in range(start, stop)]


def shown(log: LogView) -> list[str]:
    return [row.strip() for row in rows(log)]


async def test_it_follows_the_end() -> None:
    async with (app := Stage(LogView())).run_test(size=(30, 5)):
        log, source = app.widget, Lines(numbered(0, 3))
        log.set_source(source)
        assert shown(log) == ["line 0", "line 1", "line 2", "", ""]
        source.add(*numbered(3, 100))
        log.refresh_source()
        assert shown(log) == numbered(95, 100)
        assert log.is_following


async def test_scrolling_up_stops_following_and_f_or_end_resumes() -> None:
    async with (app := Stage(LogView())).run_test(size=(30, 5)) as pilot:
        log, source = app.widget, Lines(numbered(0, 100))
        log.set_source(source)
        log.set_status("7 frames")
        log.focus()
        for key in ("f", "end", "G"):
            await pilot.press("up")
            assert not log.is_following
            before = shown(log)
            source.add(*["more"] * 12)
            log.refresh_source()
            assert shown(log) == before
            assert log.unseen == 12
            assert log.border_subtitle == "7 frames · 10+ new  f follow"
            await pilot.press(key)
            assert log.is_following
            assert shown(log)[-1] == "more"
            assert log.border_subtitle == "7 frames"


async def test_lines_stand_still_while_the_oldest_are_forgotten() -> None:
    async with (app := Stage(LogView())).run_test(size=(30, 5)) as pilot:
        log, source = app.widget, Lines(numbered(0, 100), keep=50)
        log.set_source(source)
        log.focus()
        await pilot.press("pageup", "pageup")
        before = shown(log)
        await pilot.pause()
        painted = Painted(log)
        source.add(*numbered(100, 110))
        log.refresh_source()
        assert shown(log) == before
        source.add(*numbered(110, 1_000))
        log.refresh_source()
        assert shown(log) == numbered(950, 955)
        assert painted.rows


async def test_only_lines_in_view_are_asked_for() -> None:
    async with (app := Stage(LogView())).run_test(size=(30, 5)):
        source = Lines(numbered(0, 900))
        app.widget.set_source(source)
        assert source.asked <= set(range(890, 900))


async def test_nothing_new_repaints_nothing() -> None:
    async with (app := Stage(LogView())).run_test(size=(30, 5)) as pilot:
        log, source = app.widget, Lines(numbered(0, 100))
        log.set_source(source)
        await pilot.pause()
        painted = Painted(log)
        log.refresh_source()
        await pilot.pause()
        assert not painted.take()
        log.action_move(-50)
        log.set_status("still")
        await pilot.pause()
        painted.take()
        source.add("more")
        log.refresh_source()
        source.add("more")
        await pilot.pause()
        app.written = 0
        log.refresh_source()
        await pilot.pause()
        assert app.written < 2_000


async def test_another_source_starts_at_its_end() -> None:
    async with (app := Stage(LogView())).run_test(size=(30, 5)) as pilot:
        log = app.widget
        log.set_source(Lines(numbered(0, 100)))
        log.focus()
        await pilot.press("home")
        assert shown(log)[0] == "line 0"
        log.set_source(Lines(["other"]))
        assert log.is_following
        assert shown(log) == ["other", "", "", "", ""]
        log.set_source(Lines())
        assert shown(log) == [""] * 5
        log.set_source(None)
        assert shown(log) == [""] * 5


async def test_resizing_keeps_following() -> None:
    async with (app := Stage(LogView())).run_test(size=(30, 5)) as pilot:
        app.widget.set_source(Lines(numbered(0, 100)))
        for height in (12, 3, 1, 8):
            await pilot.resize_terminal(30, height)
            assert app.widget.is_following
            assert shown(app.widget) == numbered(100 - height, 100)


async def test_wide_and_long_lines_end_with_an_ellipsis() -> None:
    async with (app := Stage(LogView())).run_test(size=(12, 3)):
        app.widget.set_source(Lines(["世界" * 20, "x" * 100_000]))
        assert rows(app.widget)[0] == "世界世界世…"
        assert rows(app.widget)[1] == "xxxxxxxxxx…"


@pytest.mark.parametrize("text", INJECTIONS)
async def test_outside_text_is_harmless(text: str) -> None:
    async with (app := Stage(LogView())).run_test(size=(60, 4)) as pilot:
        app.widget.styles.border = ("round", "white")
        app.widget.set_source(Lines([text]))
        app.widget.set_status(text)
        await pilot.pause()
        painted = "".join(strip.text for strip in app.screen._compositor.render_strips())
        assert_harmless(painted)
        if text.isprintable() and text.isascii():
            assert painted.count(text) == 2
