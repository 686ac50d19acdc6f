"""What the tabs say of a package, without a screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.bundled import bundled_package
from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.package import Package
from coworld_tui.keys import of_scope
from coworld_tui.replay.lenses.spans import Span, cell_width, text_of
from coworld_tui.roles.listing import RUN_ROLES
from coworld_tui.runs.doc_cache import FetchedDocument
from coworld_tui.screens.facts import error_lines, fact
from coworld_tui.screens.package_tabs.building import TABS, build_tab, verdict_of
from coworld_tui.screens.package_tabs.docs import DocsTab
from coworld_tui.screens.package_tabs.model import PackageTab
from coworld_tui.screens.package_tabs.roles import SECTIONS, RolesTab
from coworld_tui.screens.package_tabs.schemas import SchemasTab
from coworld_tui.screens.package_tabs.variants import VariantsTab
from coworld_tui.screens.packages import Found, read
from tests.contract import builders


def listed(tab: PackageTab) -> list[str]:
    """The rows of a tab, the cells of each joined."""
    rows = tab.rows
    assert rows is not None
    found = rows.cells(0, rows.row_count)
    return [" ".join(cell.text for cell in cells if isinstance(cell, Span)) for cells in found]


def said(tab: PackageTab, row: int = 0, width: int = 80) -> str:
    return text_of(tab.lines(row, width))


@pytest.fixture
def old() -> Package:
    return builders.package(builders.old_manifest())


@pytest.mark.parametrize("width", [46, 80, 130])
@pytest.mark.parametrize("name", TABS)
def test_every_line_fits_its_room(name: str, width: int) -> None:
    tab = build_tab(name, Found("demo", bundled_package()), {}, {})
    rows = tab.rows.row_count if tab.rows is not None else 1
    lines = [text_of([line]) for row in range(max(1, rows)) for line in tab.lines(row, width)]
    assert lines or name == "runs"
    if name not in ("schemas", "variants"):  # whose rows are columns, and end at the edge
        assert [line for line in lines if cell_width(line) > width] == []


def test_a_variant_stands_beside_the_fixture() -> None:
    manifest = builders.old_manifest()
    fixture = manifest["certification"]["game_config"]
    manifest["variants"] = [
        {"id": "wide", "name": "Wide", "description": "", "game_config": {**fixture, "width": 99}},
        {"id": "same", "name": "Same", "description": "", "game_config": dict(fixture)},
    ]
    tab = VariantsTab(builders.package(manifest))
    fixture_row, wide, same = listed(tab)
    assert fixture_row.startswith("certification")
    assert wide.endswith("1 value")
    assert same.endswith("—")
    changed = [line for line in said(tab, 1).splitlines() if "width" in line]
    assert len(changed) == 1
    assert changed[0].startswith("+" if "width" not in fixture else "≠")
    assert "99" in changed[0]
    assert not [line for line in said(tab, 2).splitlines() if line[:1] in "≠+−" and line[:1]]


def test_every_section_has_a_row_and_an_empty_one_says_so(old: Package) -> None:
    tab = RolesTab(old, {})
    rows = listed(tab)
    assert {row.split()[0] for row in rows} == set(SECTIONS)
    at = next(at for at, row in enumerate(rows) if row.startswith("optimizer"))
    assert "none declared" in rows[at]
    assert said(tab, at) == "the manifest declares no optimizer"


def test_a_role_tells_how_it_is_started_and_what_is_missing(old: Package) -> None:
    manifest = builders.old_manifest()
    manifest["player"][0].update(type="grader", source_url="https://example.org/p")
    tab = RolesTab(builders.package(manifest), {})
    at = next(at for at, row in enumerate(listed(tab)) if row.startswith("player"))
    text = said(tab, at)
    assert f"python {manifest['player'][0]['id']}.py" in text
    assert "https://example.org/p" in text
    assert "'grader'" in text
    assert "! see below" in listed(tab)[at]


@pytest.mark.parametrize("section", RUN_ROLES)
def test_a_role_that_runs_here_tells_the_key_that_runs_it(section: str) -> None:
    manifest = builders.old_manifest()
    manifest[section] = [{**builders.player("mine"), "type": section}]
    tab = RolesTab(builders.package(manifest), {})
    row = next(at for at, text in enumerate(listed(tab)) if text.startswith(section))
    keys = [key.label for key in of_scope("replay") if section in key.action]
    assert f"{keys[0]} in a replay" in said(tab, row)


@pytest.mark.parametrize("width", [20, 46, 130])
def test_an_error_says_all_of_it_in_its_room(width: int) -> None:
    error = CoworldError("x", "title " * 30, cause="\x1b[31mcause " * 30, next_step="next " * 30)
    lines = [text_of([line]) for line in error_lines(error, width)]
    assert lines[0].startswith("✗ ")
    assert " ".join(lines).count("title") == " ".join(lines).count("cause") == 30
    assert all(cell_width(line) <= max(width, 34) for line in lines)
    assert "\x1b" not in "".join(lines)


def test_schemas_read_as_an_outline_and_raw(old: Package) -> None:
    outline = said(SchemasTab(old))
    assert "width" in outline
    assert "integer" in outline
    raw = said(SchemasTab(old, is_raw=True))
    assert json.loads(raw) == old.manifest.game.config_schema
    assert "scores" in said(SchemasTab(old), row=1)


def documents(text: str, link: str) -> Package:
    manifest = builders.new_manifest()
    manifest["game"]["docs"] = {
        "readme": {"type": "text", "value": text},
        "pages": [{"id": "rules.md", "title": "Rules", "content": {"type": "uri", "value": link}}],
    }
    return builders.package(manifest)


PAGE = "# Title\n\nbefore\n\n## Part\n\nwithin\n\n#### too deep\n\nend"


def test_documents_list_their_headings_and_a_heading_is_where_one_reads_on() -> None:
    tab = DocsTab(documents(PAGE, "https://example.org/rules.md"), {})
    rows = [row.strip() for row in listed(tab)]
    assert rows[:3] == ["Readme in the manifest", "Title", "Part"]
    assert "before" in said(tab, 0)
    assert "before" not in said(tab, 2)
    assert said(tab, 2).startswith("Part")
    assert "within" in said(tab, 2)


def test_a_linked_document_says_where_it_is_until_it_is_fetched() -> None:
    link = "https://someone:hush@example.org/rules.md?key=hush"
    package = documents("", link)
    tab = DocsTab(package, {})
    row = next(at for at, text in enumerate(listed(tab)) if text.startswith("Rules"))
    assert tab.address(row) == link
    assert "enter fetches it" in said(tab, row)
    assert "hush" not in said(tab, row)

    fetched = FetchedDocument(PAGE, "https://example.org/rules.md", "2026-11-20T00:00:00+00:00", False, True)
    tab = DocsTab(package, {link: fetched})
    assert "before" in said(tab, row)
    assert "only its beginning" in said(tab, row)
    assert "Part" in listed(tab)[row + 2]

    refused = CoworldError(
        "document_refused", "That is not fetched", cause="it leads to \x1b[31mthis machine"
    )
    tab = DocsTab(package, {link: refused})
    assert "it leads to" in said(tab, row)
    assert "\x1b" not in said(tab, row)
    assert "enter tries again" in said(tab, row)


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"game": {"name": 3}}', b"\x00\xff"])
def test_what_cannot_be_shown_still_has_findings(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "coworld_manifest.json").write_bytes(content)
    found = read(tmp_path / "coworld_manifest.json")
    assert found.package is None
    verdict = verdict_of(found)
    assert not verdict.ok
    for name in TABS:
        tab = build_tab(name, found, {}, {})
        assert said(tab), name
    findings = build_tab("findings", found, {}, {})
    assert listed(findings)
    assert "✗ 0.1.11  ✗ 0.1.64" in said(findings)


def test_findings_say_which_generation_takes_it(old: Package) -> None:
    tab = build_tab("findings", Found("x", old), {}, {})
    assert "✓ 0.1.11  ✗ 0.1.64" in said(tab)
    errors = [row for row in listed(tab) if row.startswith("✗")]
    assert errors
    assert all("0.1.64" in row for row in errors)


@pytest.mark.parametrize("value", ["", " ", "\x1b[31mred", "word " * 400])
def test_a_fact_has_its_label_once_or_is_not_there(value: str) -> None:
    lines = [text_of([line]) for line in fact("label", value, 60)]
    assert [line.startswith("label") for line in lines].count(True) == (1 if value.strip() else 0)
    assert all(cell_width(line) <= 60 for line in lines)


def test_any_config_can_stand_beside_any_other() -> None:
    manifest: dict[str, Any] = builders.old_manifest()
    manifest["variants"][0]["game_config"] = {"a": {"b": [1, {"c": None}]}, "\x1b": "\x1b[31m" * 50}
    text = said(VariantsTab(builders.package(manifest)), 1)
    assert "\x1b" not in text
    assert "a.b[1].c" in text
