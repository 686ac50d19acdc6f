"""Remembering which content passed certification on this machine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coworld_tui import __version__
from coworld_tui.roles.certified import certified_at, remember_certified


def test_what_passed_is_remembered_and_nothing_else() -> None:
    assert certified_at("one") == ""
    remember_certified("one")
    assert certified_at("one").endswith("+00:00")
    assert certified_at("other") == ""


def test_another_version_of_this_program_judges_anew(home: Path) -> None:
    remember_certified("one")
    path = home / "cache" / "certified.json"
    path.write_text(path.read_text().replace(__version__, "0.0.0"))
    assert certified_at("one") == ""


@pytest.mark.parametrize("text", ["", "{", "[]", '{"a": 1}', "\ud800", "x" * (2 << 20)])
def test_a_file_that_cannot_be_read_is_none(home: Path, text: str) -> None:
    (home / "cache").mkdir()
    (home / "cache" / "certified.json").write_text(text, errors="surrogatepass")
    assert certified_at("one") == ""
    remember_certified("one")
    assert certified_at("one")


def test_where_nothing_can_be_written(home: Path) -> None:
    (home / "cache").touch()
    remember_certified("one")
    assert certified_at("one") == ""


def test_the_oldest_of_many_are_forgotten(home: Path) -> None:
    (home / "cache").mkdir()
    old = {f"{__version__} {number}": f"2026-01-01T00:{number:04}" for number in range(600)}
    (home / "cache" / "certified.json").write_text(json.dumps(old))
    remember_certified("new")
    assert certified_at("new")
    assert certified_at("599")
    assert not certified_at("0")
