"""Which roles a package has, and what can be said of them without running any."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.package import Package, parse_package, read_package
from coworld_tui.demo import manifest_path
from coworld_tui.roles.listing import RoleEntry, find_role, list_roles

OUTPUTS = [{"name": "summary", "type": "render-markdown", "description": "What happened."}]
ATTRIBUTES = {"purpose": "Tells what happened.", "world": "coworld:reporter", "outputs": OUTPUTS}


def package(folder: Path | None = None, **sections: Any) -> Package:
    manifest = {**json.loads(manifest_path().read_bytes()), **sections}
    return parse_package(json.dumps(manifest).encode(), "test", folder)


def entry(loaded: Package, section: str) -> RoleEntry:
    return next(each for each in list_roles(loaded) if each.section == section)


@pytest.mark.parametrize(
    ("version", "runnable"),
    [
        ("0.1.11", {"paint-arena-summarizer", "paint-arena-parquet-stats-reporter"}),
        ("0.1.64", {"paint-arena-grader", "paint-arena-diagnoser"}),
    ],
)
def test_peers(peer_manifest: Callable[[str], Path], version: str, runnable: set[str]) -> None:
    entries = list_roles(read_package(peer_manifest(version)))
    assert {each.id for each in entries if each.can_run} == runnable | {"paint-arena-reference-optimizer"}
    assert entries[0].section == "game"
    assert not [each for each in entries if each.problems]
    assert all(each.kind == "container" and each.image for each in entries)


@pytest.mark.parametrize(
    ("reference", "is_fine"),
    [
        ("metta/summary@1", True),
        ("a1/b_c.d-e@12", True),
        ("metta/summary", False),
        ("metta/summary@0", False),
        ("Metta/summary@1", False),
        ("metta/summary@1\n", False),
        ("\x1b[31m/x@1", False),
    ],
)
def test_references(reference: str, is_fine: bool) -> None:
    found = entry(package(reporter=[{"reporter": reference}]), "reporter")
    assert (found.kind, found.can_run) == ("hosted", False)
    assert bool(found.problems) is not is_fine
    assert all(problem.isprintable() for problem in found.problems)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, ""),
        ({"wasm": "/etc/passwd"}, "relative"),
        ({"wasm": "../outside.wasm"}, "out of the package"),
        ({"wasm": "gone.wasm"}, "no wasm component"),
        ({"wasm": "."}, "no wasm component"),
        ({"wasm": "empty.wasm"}, "empty"),
        ({"wasm": "link.wasm"}, "out of the package"),
        ({"wasm": "x" * 5000}, "wasm component"),
        ({"wasm": "a\0b"}, "cannot be read"),
        ({"attributes": {**ATTRIBUTES, "purpose": " "}}, "attributes.purpose"),
        ({"attributes": {**ATTRIBUTES, "world": 3}}, "attributes.world"),
        ({"attributes": {**ATTRIBUTES, "outputs": []}}, "attributes.outputs"),
        ({"attributes": {**ATTRIBUTES, "outputs": ["x"]}}, "outputs[0] must be an object"),
        (
            {"attributes": {**ATTRIBUTES, "outputs": [{"name": "x", "type": "json"}]}},
            "outputs[0].description",
        ),
    ],
)
def test_components(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    (folder / "reporter.wasm").write_bytes(b"\0asm")
    (folder / "empty.wasm").touch()
    (tmp_path / "outside.wasm").write_bytes(b"\0asm")
    (folder / "link.wasm").symlink_to(tmp_path / "outside.wasm")
    reporter = {"wasm": "reporter.wasm", "id": "mine", "attributes": ATTRIBUTES, **changes}
    found = entry(package(folder, reporter=[reporter]), "reporter")
    assert (found.kind, found.id) == ("hosted", "mine")
    assert [words in problem for problem in found.problems] == [True] * bool(words)


def test_a_component_of_a_download_cannot_be_looked_for() -> None:
    reporter = {"wasm": "reporter.wasm", "id": "mine", "attributes": ATTRIBUTES}
    assert "not at hand" in entry(package(None, reporter=[reporter]), "reporter").problems[0]


def test_what_is_missing() -> None:
    odd = [
        {"id": "bare", "type": "grader"},
        {"id": "elsewhere", "type": "diagnoser", "image": "some:1"},
        {"id": "soon", "type": "grader", "image": "img_00000000-0000-4000-8000-000000000001"},
    ]
    found = [each for each in list_roles(package(grader=odd)) if each.section == "grader"]
    words = ["neither image nor command", "stands under grader", "not published"]
    assert [word in each.problems[0] for word, each in zip(words, found, strict=True)] == [True] * 3
    assert [each.can_run for each in found] == [False, True, True]


def test_finding_one() -> None:
    graders = [{"id": "bare"}, {"id": "one", "image": "a:1"}, {"id": "two", "image": "b:1"}]
    loaded = package(grader=graders, reporter=[{"reporter": "metta/summary@1"}])
    assert find_role(loaded, "grader").id == "one"
    assert find_role(loaded, "grader", "two").image == "b:1"
    for section, wanted, kind in (
        ("grader", "three", "role_missing"),
        ("grader", "bare", "role_missing"),
        ("diagnoser", None, "role_missing"),
        ("reporter", None, "role_hosted"),
    ):
        with pytest.raises(CoworldError) as caught:
            find_role(loaded, section, wanted)
        assert (caught.value.type, caught.value.exit_code) == (kind, 2)
        assert caught.value.next_step
