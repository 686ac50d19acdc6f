"""What is loaded when: a static graph cannot see deferred imports, a fresh interpreter can."""

from __future__ import annotations

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import coworld_tui

SCREENS = {"textual", "rich"}
HEAVY = {"pydantic", "docker", "httpx", "websockets", "pyarrow", "starlette", "uvicorn"}
READERS = {"numpy", "PIL", "psutil", "jsonschema_rs"}
CORE = ("contract", "runner", "runs", "replay", "roles", "demo", "league_demo")

_REPLAY = b'{"frames":[{"tick":1,"board":[0,1,-1,0]},{"tick":2,"board":[0,1,1,0]}]}'

_COMMAND = """
import sys
from coworld_tui.cli import main
sys.argv = ["coworld-tui", *{arguments!r}]
try:
    code = main()
except SystemExit as end:
    code = end.code
"""

# The moment the console takes over: what is loaded by then delays the first paint.
_PAINT = """
import coworld_tui.cli.terminal
coworld_tui.cli.terminal.why_not_full = lambda: ""

async def paint(app):
    app.get_default_screen()
    print(LOADED, file=sys.stderr)
    os._exit(0)

import os, sys
from coworld_tui.app import CoworldApp
CoworldApp.run_async = paint
sys.argv = ["coworld-tui", *{arguments!r}]
from coworld_tui.cli import main
main()
"""

# The moment the first frame of a replay is drawn, a terminal aside.
_FIRST_FRAME = """
import asyncio, os, sys
from pathlib import Path
from coworld_tui.app import CoworldApp
from coworld_tui.widgets.lens_pane import LensPane

draw = LensPane.show

def show(pane, view, *message):
    draw(pane, view, *message)
    if view is not None:
        print(LOADED, file=sys.__stderr__, flush=True)
        os._exit(0)

LensPane.show = show
asyncio.run(CoworldApp(replay=Path({path!r})).run_async(headless=True))
"""
_LOADED = "__import__('json').dumps(sorted({name.partition('.')[0] for name in sys.modules}))"


def loaded_by(code: str) -> set[str]:
    """The top-level modules a fresh interpreter has after running ``code``, whose exit code must be 0."""
    code += f"\nimport sys\nassert not globals().get('code'), code\nprint({_LOADED}, file=sys.stderr)"
    code = code.replace("LOADED, file", f"{_LOADED}, file")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stderr.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["run", "--help"], ["paths"], ["keys"]])
def test_small_commands_load_nothing_heavy(arguments: list[str]) -> None:
    assert not loaded_by(_COMMAND.format(arguments=arguments)) & (SCREENS | HEAVY)


def test_the_core_loads_no_screens() -> None:
    assert not loaded_by(_imports(*CORE)) & SCREENS


def test_the_hosted_side_loads_no_screens() -> None:
    """httpx itself loads Rich wherever click is installed, for a command line of its own."""
    assert "textual" not in loaded_by(_imports("observatory"))


def _imports(*rooms: str) -> str:
    names = [
        module.name
        for room in rooms
        for module in pkgutil.walk_packages(
            [f"{coworld_tui.__path__[0]}/{room}"], prefix=f"coworld_tui.{room}."
        )
    ]
    assert len(names) > 30
    return "\n".join(f"import {name}" for name in names if not name.endswith("__main__"))


def test_a_headless_run_loads_no_screens() -> None:
    arguments = ["run", "demo", "--variant", "quick", "--display", "none"]
    assert not loaded_by(_COMMAND.format(arguments=arguments)) & SCREENS


@pytest.mark.parametrize("command", [[], ["replay"], ["replay", "PATH"]])
def test_the_console_loads_nothing_heavy_before_its_first_paint(command: list[str], tmp_path: Path) -> None:
    replay = tmp_path / "replay.json"
    replay.write_bytes(_REPLAY)
    arguments = [str(replay) if argument == "PATH" else argument for argument in command]
    loaded = loaded_by(_PAINT.format(arguments=arguments))
    assert "textual" in loaded
    assert not loaded & (HEAVY | READERS)


def test_a_replay_loads_nothing_heavy_before_its_first_frame(tmp_path: Path) -> None:
    replay = tmp_path / "replay.json"
    replay.write_bytes(_REPLAY)
    loaded = loaded_by(_FIRST_FRAME.format(path=str(replay)))
    assert {"textual", "numpy"} <= loaded
    assert not loaded & (HEAVY | READERS - {"numpy"})
