"""The slots: full where there is room, one line each where there is not."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.widgets.slots import SlotRow, SlotsState, SlotsView, slots_lines

from .harness import INJECTIONS, Painted, Stage, assert_harmless, rows

ADA = SlotRow(0, "Ada", 39, (0, 20, 39), "image=paintarena:0.1.64", "connected", "good", "12 ms/act")
BOB = SlotRow(1, "世界", 7.5, (0, 7.5), "cmd=python bot.py", "exit 1", "error")
STATE = SlotsState((ADA, BOB), "Ada since tick 3", 30, 60)


def test_full() -> None:
    assert text_of(slots_lines(STATE, 40, 20)).splitlines() == [
        " ◆0  Ada",
        "      39 ▁▅█",
        "    image  paintarena:0.1.64",
        "    state  ● connected   12 ms/act",
        "",
        " ◆1  世界",
        "     7.5 ▁▂",
        "    cmd    python bot.py",
        "    state  ✗ exit 1",
        "",
        "leader  Ada since tick 3",
        "tick    30 / 60  ██████████░░░░░░░░░░",
    ]


def test_compact() -> None:
    assert text_of(slots_lines(STATE, 50, 8)).splitlines() == [
        " ◆0  Ada   39 ▁▅█        ● connected",
        " ◆1  世界 7.5 ▁▂         ✗ exit 1",
        "",
        "leader  Ada since tick 3",
        "tick    30 / 60  ██████████░░░░░░░░░░",
    ]
    assert text_of(slots_lines(STATE, 16, 8)).splitlines()[:2] == [" ◆0  Ada   39 ●", " ◆1  世界 7.5 ✗"]


def test_more_slots_than_rows() -> None:
    many = SlotsState(tuple(replace(ADA, slot=slot) for slot in range(30)), tick=1)
    lines = text_of(slots_lines(many, 40, 8)).splitlines()
    assert len(lines) == 8
    assert lines[5] == " … 25 more"
    assert lines[7] == "tick    1"


def test_nothing_yet() -> None:
    assert text_of(slots_lines(SlotsState(), 40, 8)).strip() == "no players yet"


@pytest.mark.parametrize("height", range(14))
@pytest.mark.parametrize("width", [0, 1, 10, 20, 30])
def test_never_more_rows_than_there_are(width: int, height: int) -> None:
    assert len(slots_lines(STATE, width, height)) <= height


def test_odd_numbers() -> None:
    row = replace(ADA, score=10**400, history=(math.nan, math.inf, 10.0**300, -5))
    lines = slots_lines(SlotsState((row,), tick=10**30, max_ticks=3), 40, 20)
    assert "huge" in text_of(lines)


async def test_only_a_different_state_repaints_and_only_its_rows() -> None:
    async with (app := Stage(SlotsView())).run_test(size=(40, 20)) as pilot:
        app.widget.show(STATE)
        await pilot.pause()
        painted = Painted(app.widget)
        app.widget.show(SlotsState((ADA, BOB), "Ada since tick 3", 30, 60))
        await pilot.pause()
        assert not painted.take()
        app.widget.show(replace(STATE, tick=31, rows=(ADA, replace(BOB, state="gone"))))
        await pilot.pause()
        assert painted.take() == {8, 11}


@pytest.mark.parametrize("text", INJECTIONS)
async def test_outside_text_is_harmless(text: str) -> None:
    row = SlotRow(0, text, 1, (), text, text, "good", text)
    async with (app := Stage(SlotsView())).run_test(size=(60, 12)) as pilot:
        for height in (12, 4):
            await pilot.resize_terminal(60, height)
            app.widget.show(SlotsState((row,), text, 1, 2))
            assert_harmless("".join(rows(app.widget)))
            if text.isprintable() and text.isascii():
                assert text in rows(app.widget)[0]
