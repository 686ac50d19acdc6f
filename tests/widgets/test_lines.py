"""Text and bytes scroll by window."""

from __future__ import annotations

import subprocess
import sys

from coworld_tui.replay.lenses.hex import HexLines
from coworld_tui.replay.lenses.text import TextLines
from coworld_tui.widgets.lines import LinesView

from .harness import Painted, Stage, rows


async def test_scrolling() -> None:
    async with (app := Stage(LinesView())).run_test(size=(30, 5)) as pilot:
        view = app.widget
        view.show(TextLines("\n".join(map(str, range(100)))))
        view.focus()
        for key, top in (
            ("down", "1"),
            ("pagedown", "5"),
            ("up", "4"),
            ("end", "95"),
            ("pageup", "91"),
            ("g", "0"),
        ):
            await pilot.press(key)
            assert rows(view)[0].strip() == top


async def test_another_model_keeps_the_place_and_repaints_what_differs() -> None:
    async with (app := Stage(LinesView())).run_test(size=(80, 5)) as pilot:
        app.widget.show(HexLines(bytes(400)))
        app.widget.action_move(10)
        await pilot.pause()
        painted = Painted(app.widget)
        app.widget.show(HexLines(bytes(200) + b"x" + bytes(199)))
        await pilot.pause()
        assert painted.take() == {2}
        app.widget.show(HexLines(b"short"))
        assert rows(app.widget)[0].startswith("0000  73 68")


def test_widgets_bring_nothing_heavy() -> None:
    code = (
        "import sys\n"
        "from coworld_tui.widgets import board, lines, log_view, palette, slots, tree_view\n"
        "heavy = {'pyarrow', 'httpx', 'docker', 'pydantic', 'websockets'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
