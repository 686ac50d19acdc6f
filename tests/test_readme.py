"""What the README says that the program knows better."""

from __future__ import annotations

import re
from pathlib import Path

from coworld_tui import __version__
from coworld_tui.cli import COMMANDS
from coworld_tui.keys import table

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_key_table_is_that_of_the_registry() -> None:
    """When this fails: ``make keys`` prints the table to paste."""
    shown = re.search(r"<!-- keys:.*?-->\n(.*?)\n<!-- end of keys -->", README, re.DOTALL)
    assert shown is not None
    assert shown[1].strip().splitlines() == table()


def test_every_command_is_mentioned() -> None:
    missing = [command for command in COMMANDS if command != "console" and f"`{command}" not in README]
    assert not missing


def test_the_changelog_begins_with_this_version() -> None:
    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[0] == __version__


def test_the_links_at_the_top_lead_into_the_package() -> None:
    for name in ("screens", "styles"):
        assert (ROOT / name).resolve() == ROOT / "coworld_tui" / name
