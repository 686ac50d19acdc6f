"""What keeps an episode from starting, or its record from being written: each says what to do about it."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest

from coworld_tui.contract.request import plan_episode
from coworld_tui.runner.episode import Episode
from coworld_tui.runner.launch import LaunchOptions
from coworld_tui.runs.index import newest_runs

from ..rogue.launch import local_episode, player_fill, rogue_package
from .conftest import Mount
from .ending import check_error, play, recording_in

MIB = 1 << 20


@pytest.mark.parametrize(
    ("command", "type"),
    [
        (("no-such-program-here",), "command_missing"),
        (("{plain}",), "command_missing"),
        (("{script}",), "command_failed"),
        (("true", "null\0byte"), "command_failed"),
    ],
    ids=["no program", "not executable", "no interpreter", "null byte"],
)
async def test_a_game_that_cannot_be_started(command: tuple[str, ...], type: str, tmp_path: Path) -> None:  # noqa: A002
    script = tmp_path / "game"
    script.write_text("#!/no/such/interpreter\n")
    script.chmod(0o755)
    plain = tmp_path / "plain"
    plain.touch(mode=0o644)
    words = tuple(word.format(script=script, plain=plain) for word in command)
    outcome = await play(local_episode(game_command=words))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.owner, outcome.exit_code) == (type, "you", 2)


async def test_a_player_without_a_command_ends_the_wait_for_health() -> None:
    package = rogue_package(slots=1)
    package.manifest.player[0].run = []
    outcome = await play(Episode(plan_episode(package), local_episode("--health never").options))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.slot, outcome.exit_code) == ("command_missing", 0, 3)
    assert "--slot 0=cmd=" in outcome.error.next_step


async def test_a_manifest_without_commands_has_no_local_game() -> None:
    package = rogue_package()
    package.manifest.game.runnable.run = []
    plan = plan_episode(package)
    outcome = await play(Episode(plan, LaunchOptions(backend="process")))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.exit_code) == ("command_missing", 3)
    assert "--game-cmd" in outcome.error.next_step


async def test_a_port_that_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        outcome = await play(local_episode(port=port))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.title) == ("port_taken", f"port {port} is taken")
    assert (outcome.error.owner, outcome.exit_code) == ("you", 2)


async def test_a_port_that_is_chosen() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    episode = local_episode(port=port)
    outcome = await play(episode)
    assert outcome.status == "passed"
    assert episode.links["global"] == f"http://127.0.0.1:{port}/client/global"


async def test_a_secret_this_machine_does_not_have() -> None:
    package = rogue_package(env={"KEY": "secret://models/key"})
    episode = Episode(plan_episode(package, fills=[player_fill(0), player_fill(1)]), local_episode().options)
    outcome = await play(episode)
    assert outcome.error is not None
    assert (outcome.error.type, outcome.exit_code) == ("config_error", 2)


async def test_an_output_folder_gets_the_workspace(tmp_path: Path) -> None:
    folder = tmp_path / "out: here" / "and [there]"
    outcome = await play(local_episode(output_dir=folder))
    assert outcome.status == "passed"
    assert Path(outcome.workspace) == folder
    assert {path.name for path in folder.iterdir()} == {
        "config.json", "results.json", "replay", "logs", "player_status.json",
    }  # fmt: skip
    assert Path(outcome.run_dir, "workspace").resolve() == folder


async def test_an_output_folder_that_holds_files_is_refused(tmp_path: Path, home: Path) -> None:
    (tmp_path / "results.json").write_text("{}")
    outcome = await play(local_episode(output_dir=tmp_path))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.exit_code) == ("workspace_not_empty", 2)
    assert [path.name for path in tmp_path.iterdir()] == ["results.json"]
    assert not list(newest_runs(10))


async def test_an_output_folder_keeps_its_permissions(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    folder.mkdir(mode=0o700)
    await play(local_episode(output_dir=folder))
    assert folder.stat().st_mode & 0o777 == 0o700


async def test_a_workspace_below_a_file_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("COWORLD_TUI_HOME", str(tmp_path / "file" / "home"))
    outcome = await play(local_episode())
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.owner, outcome.exit_code) == ("workspace_unwritable", "you", 2)
    assert "COWORLD_TUI_HOME" in outcome.error.next_step


async def test_an_output_folder_that_is_read_only(mounted: Mount) -> None:
    folder = mounted("size=1m,ro")
    outcome = await play(local_episode(output_dir=folder))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.exit_code) == ("workspace_unwritable", 2)
    assert str(folder) in outcome.error.title
    assert not list(newest_runs(10))


async def test_a_disk_that_is_full_from_the_start(mounted: Mount, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = mounted("size=1m")
    with pytest.raises(OSError, match="No space"), (folder / "ballast").open("wb") as ballast:
        while True:
            ballast.write(bytes(4096))
    monkeypatch.setenv("COWORLD_TUI_HOME", str(folder))
    episode = local_episode()
    outcome = await episode.run()
    assert outcome.error is not None
    check_error(outcome.error)
    assert (outcome.error.type, outcome.error.owner, outcome.exit_code) == ("disk_full", "you", 3)


@pytest.mark.parametrize("flood", ["--count 400 --size 100000 --paced --hold", "--log lines --hold"])
async def test_a_disk_that_fills_up_keeps_what_it_has(
    flood: str, mounted: Mount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COWORLD_TUI_HOME", str(mounted("size=3m")))
    outcome = await local_episode(flood).run()
    assert outcome.error is not None
    check_error(outcome.error)
    assert (outcome.error.type, outcome.error.owner, outcome.exit_code) == ("disk_full", "you", 3)
    directory = Path(outcome.run_dir)
    events = [json.loads(line) for line in (directory / "logs/events.jsonl").read_bytes().splitlines()]
    assert events[-1]["message"] == "failed"
    (run,) = newest_runs(10)
    assert (run.status, run.result["problem"]["type"]) == ("failed", "disk_full")
    if "--count" in flood:
        recording = recording_in(directory / "artifacts")
        assert recording is not None
        assert 0 < len(recording) <= outcome.recorded
        assert [recording.tick(seq) for seq in range(len(recording))] == list(range(len(recording)))
