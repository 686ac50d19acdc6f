"""Finding packages, and what is said of them, without a screen."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.bundled import bundled_package
from coworld_tui.replay.lenses.spans import cell_width, text_of
from coworld_tui.runs.index import RunEntry
from coworld_tui.screens.package_tabs.model import ImageFact
from coworld_tui.screens.package_tabs.overview import OverviewTab, problem_lines
from coworld_tui.screens.package_tabs.runs import RunsTab, run_line
from coworld_tui.screens.packages import discover
from tests.contract import builders


def put(folder: Path, manifest: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "coworld_manifest.json"
    path.write_text(manifest if isinstance(manifest, str) else json.dumps(manifest))
    return path


def named(name: str) -> dict[str, Any]:
    manifest = builders.old_manifest()
    manifest["game"]["name"] = name
    return manifest


def test_packages_come_from_every_place_once(tmp_path: Path, home: Path) -> None:
    here = put(tmp_path, named("here"))
    put(tmp_path / "coworld" / "cow_1", named("downloaded"))
    put(tmp_path / "elsewhere" / "deep", named("configured"))
    asked = put(tmp_path.parent / "asked", named("asked"))
    (home / "config.toml").write_text(f'package_dirs = ["{tmp_path / "elsewhere"}", 3]\n')
    found = [package.name for package in discover([str(asked), str(here)])]
    assert found == ["asked", "here", "downloaded", "configured", "enclosure"]


@pytest.mark.parametrize("content", ["", "{", "[]", '{"game": {"name": 3}}', "\x00\xff"])
def test_what_cannot_be_read_is_listed_with_its_reason(tmp_path: Path, content: str) -> None:
    put(tmp_path, content)
    broken = discover([])[0]
    assert broken.package is None
    text = text_of(problem_lines(broken, 60))
    assert text.startswith("✗ ")
    assert "coworld_manifest.json" in text


@pytest.mark.parametrize("settings", ["package_dirs = 3", "not toml [", "package_dirs = ['/nonexistent']"])
def test_odd_settings_hide_nothing(home: Path, settings: str) -> None:
    (home / "config.toml").write_text(settings)
    assert [package.name for package in discover([])] == ["enclosure"]


@pytest.mark.parametrize("width", [48, 60, 80, 130])
def test_the_overview_fits_its_room(width: int) -> None:
    package = bundled_package()
    for line in OverviewTab(package, {}, []).lines(0, width):
        text = text_of([line])
        assert cell_width(text) <= width, text


def test_a_package_is_shown_where_there_is_neither_here_nor_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(tmp_path, builders.old_manifest())
    package = discover([])[0].package
    assert package is not None
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(os, "getuid", lambda: (1 << 31) - 2)  # of nobody
    text = text_of(OverviewTab(package, {}, []).lines(0, 100))
    assert "from" in text
    assert "coworld_manifest.json" in "".join(text.split())


def test_images_are_present_absent_or_unknown(tmp_path: Path) -> None:
    put(tmp_path, builders.old_manifest())
    package = discover([])[0].package
    assert package is not None
    game = package.manifest.game.runnable.image

    def said(images: dict[str, ImageFact | None]) -> str:
        return text_of(OverviewTab(package, images, []).lines(0, 100))

    present = said({game: ImageFact(361_000_000, "linux/arm64")})
    assert "● 361 MB" in present
    assert "linux/arm64" in present
    assert "✗ absent" in said({game: None})
    assert "●" not in said({})


@pytest.mark.parametrize(
    "result",
    [
        {},
        {"scores": "many", "seconds": "long"},
        {"scores": [None, {}], "problem": []},
        {"problem": {"title": "\x1b[31m[b]failed"}, "scores": [1.5, 2]},
    ],
)
def test_any_run_manifest_gives_a_row(result: dict[str, Any]) -> None:
    run = RunEntry("20261120T024046Z-1f2e3d4c", Path("x"), "failed", manifest={"result_summary": result})
    tab = RunsTab([run])
    text = text_of([run_line(run, 60), *tab.lines(0, 60)])
    assert "failed" in text
    assert run.run_id in text
    assert "\x1b" not in text
    assert tab.rows.row_count == 1


def test_without_runs_it_is_said_what_to_do() -> None:
    assert "r runs it" in text_of(OverviewTab(bundled_package(), {}, []).lines(0, 60))
    assert "r runs" in RunsTab([]).rows.note
