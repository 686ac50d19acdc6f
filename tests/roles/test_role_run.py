"""Roles as local processes: what they are given, what is taken from them, and every way they go wrong."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path

import pytest

from coworld_tui.contract.package import Package
from coworld_tui.roles import log_limit
from coworld_tui.roles.role_run import RoleName, RoleOptions, RoleOutcome, RoleRun
from coworld_tui.roles.role_views import view_output
from coworld_tui.runs.index import read_run
from coworld_tui.runs.paths import cache_dir, runs_dir
from tests.replay.episodes import TOKENS

from ..processes import started_for
from .conftest import Rogue, until_it_logs


def options(role: RoleName = "grader", seconds: float = 30.0, output_dir: Path | None = None) -> RoleOptions:
    return RoleOptions(role, backend="process", timeout_seconds=seconds, output_dir=output_dir)


async def ended(run: RoleRun) -> RoleOutcome:
    """Run a role and check everything that holds for any ending."""
    outcome = await asyncio.wait_for(run.run(), 60)
    assert (outcome.error is not None) == (outcome.status == "failed")
    if outcome.error is not None:
        for text in (outcome.error.title, outcome.error.cause, outcome.error.next_step):
            assert text.isprintable() or not text
        assert outcome.error.next_step
    rooms = cache_dir() / "roles"
    assert not rooms.exists() or not list(rooms.iterdir())
    assert not started_for(Path(os.environ["COWORLD_TUI_HOME"]))
    if outcome.folder is not None:
        assert json.loads((outcome.folder / "role.json").read_bytes()) == outcome.as_dict()
        assert all(Path(output.path).is_relative_to(outcome.folder) for output in outcome.outputs)
    return outcome


async def failure(rogue: Rogue, what: str, source: Path, role: RoleName = "grader") -> RoleOutcome:
    outcome = await ended(RoleRun(rogue(what), source, options(role)))
    assert outcome.status == "failed"
    assert outcome.exit_code == 1
    return outcome


async def test_a_run_gets_the_outputs(rogue: Rogue, episode_run: Path) -> None:
    before = {path for path in episode_run.rglob("*") if path.is_file()}
    first = await ended(RoleRun(rogue("look"), episode_run, options()))
    second = await ended(RoleRun(rogue("grade"), episode_run, options()))
    assert (first.status, first.exit_code) == ("passed", 0)
    assert first.folder == episode_run / "artifacts/roles/grader-rogue-1"
    assert second.folder == episode_run / "artifacts/roles/grader-rogue-2"
    assert [output.as_dict() for output in first.outputs] == [
        {"path": str(first.folder / "grade.json"), "kind": "score"}
    ]
    assert "looked around" in (first.folder / "role.stderr.log").read_text()
    assert before < {path for path in episode_run.rglob("*") if path.is_file()}


async def test_what_a_role_sees(rogue: Rogue, workspace: Path) -> None:
    run = RoleRun(rogue("look"), workspace, options())
    outcome = await ended(run)
    seen = json.loads(Path(outcome.outputs[0].path).read_bytes())
    assert seen["files"] == [
        "bundle.zip",
        "coworld_manifest.json",
        "episode_metadata.json",
        "replay",
        "replay.json",
        "results.json",
    ]
    assert set(seen["env"]) == {"COGAME_EPISODE_BUNDLE_URI", "COGAME_GRADE_URI", "ROGUE_MOOD"}
    assert "looked around" in run.log.tail(5)[0]
    assert not [token for token in TOKENS if token in json.dumps(seen)]


async def test_other_sources_get_a_run_of_their_own(rogue: Rogue, workspace: Path, home: Path) -> None:
    outcome = await ended(RoleRun(rogue("grade"), workspace, options()))
    assert outcome.folder is not None
    run = read_run(outcome.folder.parents[2])
    assert run.path.parent == home / "runs"
    assert (run.status, run.kind, run.result["role"]) == ("passed", "role", "grader")


async def test_a_folder_of_choice(rogue: Rogue, episode_run: Path, tmp_path: Path) -> None:
    place = tmp_path / "new" / "place"
    outcome = await ended(RoleRun(rogue("grade"), episode_run, options(output_dir=place)))
    assert outcome.folder == place
    assert (place / "grade.json").is_file()
    assert not (episode_run / "artifacts/roles").exists()
    again = await ended(RoleRun(rogue("grade"), episode_run, options(output_dir=place)))
    assert again.error is not None
    assert (again.error.type, again.exit_code, again.folder) == ("output_exists", 2, None)


@pytest.mark.parametrize(
    ("what", "role", "kind", "words"),
    [
        ("nothing", "grader", "role_output_missing", "grade.json"),
        ("no-score", "grader", "role_output_refused", "no score"),
        ("not-a-number", "grader", "role_output_refused", "NaN"),
        ("no-json", "grader", "role_output_refused", "object"),
        ("no-zip", "diagnoser", "role_output_refused", "list at its end"),
        ("bomb", "diagnoser", "role_output_refused", "512 MiB"),
    ],
)
async def test_bad_outputs(
    rogue: Rogue, workspace: Path, what: str, role: RoleName, kind: str, words: str
) -> None:
    outcome = await failure(rogue, what, workspace, role)
    assert outcome.error is not None
    assert outcome.error.type == kind
    assert words in outcome.error.cause
    for output in outcome.outputs:
        view_output(output).lines.lines(0, 100)


async def test_a_failing_role_keeps_its_logs(rogue: Rogue, workspace: Path) -> None:
    outcome = await failure(rogue, "fail", workspace)
    assert outcome.error is not None
    assert outcome.error.type == "role_failed"
    assert "exit code 3" in outcome.error.title
    assert "is wrong" in outcome.error.cause
    assert "abcdefghijkl" not in outcome.error.cause
    assert outcome.folder is not None
    assert "wrong" in (outcome.folder / "role.stderr.log").read_text()


async def test_links_are_not_followed(rogue: Rogue, workspace: Path) -> None:
    outcome = await failure(rogue, "links", workspace)
    assert outcome.error is not None
    assert all(name in outcome.error.cause for name in ("passwd", "root", "pipe"))
    assert [Path(output.path).name for output in outcome.outputs] == ["grade.json"]
    assert outcome.folder is not None
    assert not [path for path in outcome.folder.iterdir() if path.is_symlink()]


async def test_nothing_vanishes_without_a_word(rogue: Rogue, workspace: Path) -> None:
    outcome = await failure(rogue, "deep", workspace)
    assert outcome.error is not None
    assert "a/b/c/d/e/f/g/h/i lies too deep" in outcome.error.cause


async def test_a_role_cannot_stand_in_for_its_record(rogue: Rogue, workspace: Path) -> None:
    outcome = await failure(rogue, "impostor", workspace)
    assert outcome.error is not None
    assert "role.json/x is a name of ours" in outcome.error.cause
    assert outcome.folder is not None
    assert read_run(outcome.folder.parents[2]).status == "failed"


async def test_a_run_ends_even_where_its_record_cannot_be_written(rogue: Rogue, workspace: Path) -> None:
    run = RoleRun(rogue("endless"), workspace, options())
    running = asyncio.create_task(run.run())
    await until_it_logs(run)
    (folder,) = (path.parent for path in runs_dir().glob("*/artifacts/roles/*/role.stdout.log"))
    (folder / "role.json/in-the-way").mkdir(parents=True)
    run.cancel()
    assert (await running).status == "cancelled"
    assert read_run(folder.parents[2]).status == "cancelled"


async def test_inputs_are_for_every_user(rogue: Rogue, workspace: Path) -> None:
    """The user of a container is another than ours, and the files may be made under a strict umask."""
    before = os.umask(0o077)
    try:
        run = RoleRun(rogue("endless"), workspace, options())
        running = asyncio.create_task(ended(run))
        await until_it_logs(run)
        (room,) = (cache_dir() / "roles").iterdir()
        modes = {path.stat().st_mode & 0o777 for path in (room / "input").iterdir()}
        assert (modes, (room / "input").stat().st_mode & 0o777) == ({0o644}, 0o755)
        assert room.stat().st_mode & 0o777 == 0o700
        run.cancel()
        await running
    finally:
        os.umask(before)


async def test_a_room_in_use_never_grows_old(rogue: Rogue, workspace: Path) -> None:
    """Or another run would clear it away after a day."""
    run = RoleRun(rogue("endless"), workspace, options())
    running = asyncio.create_task(ended(run))
    await until_it_logs(run)
    (room,) = (cache_dir() / "roles").iterdir()
    os.utime(room, (1, 1))
    async with asyncio.timeout(30):
        while room.stat().st_mtime == 1:  # noqa: ASYNC110 - nor does a file
            await asyncio.sleep(0.01)
    run.cancel()
    await running


async def test_a_role_that_never_ends(rogue: Rogue, workspace: Path) -> None:
    outcome = await ended(RoleRun(rogue("endless"), workspace, options(seconds=3.0)))
    assert outcome.error is not None
    assert outcome.error.type == "role_timeout"
    assert outcome.folder is not None
    assert "still here" in (outcome.folder / "role.stdout.log").read_text()


async def test_a_role_that_writes_too_much(
    rogue: Rogue, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_limit, "LOG_LIMIT", 4 << 20)
    for what in ("huge", "flood"):
        outcome = await failure(rogue, what, workspace)
        assert outcome.error is not None
        assert outcome.error.title == "the grader wrote too much"
        assert not outcome.outputs


async def test_cancelling(rogue: Rogue, workspace: Path) -> None:
    early = RoleRun(rogue("endless"), workspace, options())
    early.cancel()
    outcome = await ended(early)
    assert (outcome.status, outcome.exit_code, outcome.folder) == ("cancelled", 130, None)
    run = RoleRun(rogue("endless"), workspace, options())
    running = asyncio.create_task(ended(run))
    await until_it_logs(run)
    assert started_for(Path(os.environ["COWORLD_TUI_HOME"]))
    run.cancel()
    outcome = await running
    assert outcome.status == "cancelled"


async def test_what_cannot_be_run(rogue: Rogue, workspace: Path, tmp_path: Path, home: Path) -> None:
    """Nothing is started and nothing left behind."""
    package = rogue("grade", run=[])
    cases: list[tuple[Package, Path, RoleName, str]] = [
        (package, workspace, "grader", "command_missing"),
        (rogue("grade"), workspace, "reporter", "role_missing"),
        (rogue("grade"), tmp_path / "gone", "grader", "episode_missing"),
        (rogue("grade", run=["no-such-program"]), workspace, "grader", "command_missing"),
    ]
    for loaded, source, role, kind in cases:
        outcome = await ended(RoleRun(loaded, source, options(role)))
        assert outcome.error is not None
        assert (outcome.error.type, outcome.exit_code) == (kind, 2)
    assert outcome.folder is not None  # of the one whose program is missing: it had got that far
    assert list((home / "runs").iterdir()) == [outcome.folder.parents[2]]
