"""Looking at the manifest screen in tests."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from textual.pilot import Pilot

from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.screens.manifest import ManifestScreen
from coworld_tui.screens.package_pane import PackagePane
from coworld_tui.widgets.lines import LinesView
from coworld_tui.widgets.table import TableView

from .conftest import until


def manifest_screen(pilot: Pilot[str]) -> ManifestScreen:
    screen = pilot.app.screen
    assert isinstance(screen, ManifestScreen)
    return screen


def items_now(pilot: Pilot[str]) -> str:
    """The rows of the package's tab; empty while there are none."""
    return text_of(pilot.app.screen.query_one("#items", TableView).lines_in_view())


async def see_items(pilot: Pilot[str], words: str) -> None:
    """Wait until a row of the package's tab says ``words``."""
    await until(pilot, lambda: words in items_now(pilot), f"the rows say {words}")


async def see_text(pilot: Pilot[str], words: str) -> None:
    """Wait until the text of the package's tab says ``words``."""
    view = pilot.app.screen.query_one("#text", LinesView)
    await until(pilot, lambda: words in text_of(view.lines_in_view()), f"the text says {words}")


async def go_to(pilot: Pilot[str], tab: str, row: int) -> PackagePane:
    """Show a tab and put the cursor on one of its rows."""
    pane = manifest_screen(pilot).pane
    pane.show_tab(tab)
    await until(pilot, lambda: pane.tab == tab and (pane.row is not None), f"{tab} has rows")
    await until(
        pilot, lambda: pane.query_one("#items", TableView).virtual_size.height > row, "it has that row"
    )
    table = pane.query_one("#items", TableView)
    table.focus()
    table.go_to(row)
    await pilot.pause()
    return pane


def put(folder: Path, manifest: dict[str, Any]) -> Path:
    """Write a manifest, as an editor does: in place of the one that was there."""
    path = folder / "coworld_manifest.json"
    fresh = folder / "coworld_manifest.json.new"
    fresh.write_text(json.dumps(manifest, indent=2))
    fresh.replace(path)
    return path
