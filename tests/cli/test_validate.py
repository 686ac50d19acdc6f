"""``validate``: a block or a line for each manifest, in order, and an exit code for all."""

from __future__ import annotations

import json
from pathlib import Path

from tests.contract.builders import new_manifest, old_manifest, without, written
from tests.contract.mutations import both_manifest, file_manifest

from .command import coworld


def folder(base: Path, name: str) -> Path:
    made = base / name
    made.mkdir()
    return made


def test_one_object_a_line_in_order(tmp_path: Path) -> None:
    good = written(folder(tmp_path, "good"), both_manifest())
    bad = written(folder(tmp_path, "bad"), without(both_manifest(), "game.name"))
    package = written(folder(tmp_path, "package"), new_manifest()).parent
    done = coworld("validate", "--json", good, bad, package, "demo")
    assert done.code == 1
    assert done.err == ""
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert [line["manifest"] for line in lines] == [str(good), str(bad), str(package), "demo"]
    assert [line["ok"] for line in lines] == [True, False, True, True]
    assert lines[2]["accepted_by"] == {"0.1.11": False, "0.1.64": True}
    assert lines[1]["findings"][0] == {
        "severity": "error",
        "where": "game.name",
        "message": "add name: it is required",
        "generations": ["0.1.11", "0.1.64"],
    }


def test_exit_codes(tmp_path: Path) -> None:
    good = written(folder(tmp_path, "good"), both_manifest())
    assert coworld("validate", good, written(folder(tmp_path, "files"), file_manifest())).code == 0
    text = tmp_path / "text.json"
    text.write_text("no JSON")
    assert coworld("validate", text).code == 1
    assert coworld("validate", text, tmp_path / "none.json", good).code == 2
    assert coworld("validate").code == 2


def test_a_file_that_cannot_be_read_keeps_its_place(tmp_path: Path) -> None:
    good = written(folder(tmp_path, "good"), both_manifest())
    done = coworld("validate", "--json", tmp_path / "none.json", good)
    first, second = (json.loads(line) for line in done.out.splitlines())
    assert done.code == 2
    assert (first["ok"], second["ok"]) == (False, True)
    assert "there is no" in first["findings"][0]["message"]


def test_people_read_blocks(tmp_path: Path) -> None:
    manifest = without(old_manifest(), "game.owner")
    path = written(tmp_path, manifest)
    done = coworld("validate", path)
    assert done.code == 1
    first, *rest = done.out.splitlines()
    assert first == f"0.1.11 ✗  0.1.64 ✗  {path}"
    assert "  ✗ game.owner: add owner: it is required (0.1.11, 0.1.64)" in rest
    assert any(line.startswith("  ! commissioner: ") for line in rest)


def test_escapes_are_not_passed_on(tmp_path: Path) -> None:
    path = written(tmp_path, both_manifest() | {"\x1b[31mred\x07": 1})
    done = coworld("validate", path)
    assert done.code == 1
    assert "\x1b" not in done.out
    assert "\x07" not in done.out
