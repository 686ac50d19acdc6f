"""Outputs as they are shown: told by what they are, and harmless whatever they hold."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coworld_tui.replay.lenses.spans import text_of
from coworld_tui.roles.role_outputs import RoleOutput, check_outputs, kind_of
from coworld_tui.roles.role_views import OutputView, view_output


def view(folder: Path, name: str, data: bytes) -> tuple[str, OutputView, str]:
    """The kind of a file, its view, and that as text."""
    path = folder / name
    path.write_bytes(data)
    kind = kind_of(path)
    shown = view_output(RoleOutput(str(path), kind))
    return kind, shown, text_of(shown.lines.lines(0, shown.lines.row_count))


def zipped(**files: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name.replace("_", "."), text)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("name", "data", "kind"),
    [
        ("grade.json", b'{"score": 2}', "score"),
        ("grade.json", b'{"score": true}', "json"),
        ("grade.json", b'{"score": 1e999}', "json"),
        ("stats.json", b'{"score": 2}', "json"),
        ("findings.json", b"[]", "findings"),
        ("report.md", b"# Hello", "markdown"),
        ("report.html", b"<p>hello", "html"),
        ("page", b"<!DOCTYPE html><p>hello", "html"),
        ("notes.txt", b"hello", "text"),
        ("report.zip", zipped(), "zip"),
        ("report.zip", b"hello", "text"),
        ("weights", b"\0\1", "binary"),
    ],
)
def test_kinds(tmp_path: Path, name: str, data: bytes, kind: str) -> None:
    assert view(tmp_path, name, data)[0] == kind


def test_a_score(tmp_path: Path) -> None:
    _, shown, text = view(tmp_path, "grade.json", b'{"score": 0.0104, "winner_slot": 1}')
    assert shown.score == 0.0104
    assert text.startswith("score  0.0104")
    assert "winner_slot" in text


def test_findings(tmp_path: Path) -> None:
    rows = [{"tick": 3, "what": "stood still"}, {"tick": 9, "why": ["\x1b[31mred"]}]
    _, shown, text = view(tmp_path, "findings.json", json.dumps({"findings": rows}).encode())
    assert shown.findings[0] == ("tick", "what", "why")
    assert shown.findings[1] == ("3", "stood still", "-")
    assert "\x1b" not in text
    named = zipped(
        manifest_json='{"render": "d.md", "findings": "f.json"}', d_md="# Why", f_json='["slow", "late"]'
    )
    _, shown, text = view(tmp_path, "diagnosis.zip", named)
    assert shown.findings == (("finding",), ("slow",), ("late",))
    assert text.index("late") < text.index("Why")


def test_reports(tmp_path: Path) -> None:
    _, _, text = view(tmp_path, "report.zip", zipped(render_txt="a.md\n", a_md="# From render", b_md="# No"))
    assert "From render" in text
    assert "No" not in text.splitlines()
    page = "<script>alert(1)</script><h1>Score</h1><p onclick=x>fine <a href='https://x/?token=abc'>link</a>"
    _, _, text = view(tmp_path, "report.html", f"<html>{page}".encode())
    assert "Score" in text
    assert "alert" not in text
    assert "token=abc" not in text


def test_tables(tmp_path: Path) -> None:
    path = tmp_path / "stats.parquet"
    pq.write_table(pa.table({"ts": [1, 2], "key": ["score", "score"]}), path)
    kind, _, text = view(tmp_path, "stats.parquet", path.read_bytes())
    assert kind == "parquet"
    assert "2 rows" in text
    assert check_outputs("reporter", tmp_path) is None
    path.write_bytes(path.read_bytes()[:-20])
    assert check_outputs("reporter", tmp_path) is not None


BYTES = st.binary(max_size=200) | st.sampled_from(
    [b"PK\x03\x04", b"PAR1", b'{"score":', b"[{}, 1]", b"\x1f\x8b"]
)
NAMES = st.sampled_from(
    ["grade.json", "diagnosis.zip", "stats.parquet", "findings.json", "x.html", "x.md", "x"]
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(parts=st.lists(BYTES, max_size=3), name=NAMES)
def test_any_bytes(tmp_path: Path, parts: list[bytes], name: str) -> None:
    """Nothing raises, and all that is shown is printable."""
    _, _, text = view(tmp_path, name, b"".join(parts))
    assert all(line.isprintable() for line in text.split("\n"))
    for role in ("grader", "diagnoser", "reporter"):
        check_outputs(role, tmp_path)
    (tmp_path / name).unlink()
