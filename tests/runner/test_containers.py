"""Episodes in a real engine: both published generations, mixed seats, hardening, and every way to fail."""

from __future__ import annotations

import json
import socket
import zlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect

from coworld_tui.contract.package import Package, read_package
from coworld_tui.contract.request import SlotFill, plan_episode
from coworld_tui.runner.docker_backend import DockerPart
from coworld_tui.runner.docker_engine import LABEL_OWNER, LABEL_ROLE, LABEL_RUN, LABEL_SLOT, NETWORK
from coworld_tui.runner.episode import Episode
from coworld_tui.runner.launch import LaunchOptions
from coworld_tui.runner.phases import Phase
from coworld_tui.runs.owner import Owner

from ..processes import command_lines
from ..rogue.launch import game_command, player_fill, rogue_package
from .elsewhere import engine_behind_tcp
from .ending import play, play_until, until

pytestmark = pytest.mark.docker

MIB = 1 << 20
OPTIONS = LaunchOptions(timeout_seconds=30.0, player_exit_seconds=10.0)


def containers(engine: Any, run_id: str) -> list[Any]:
    """The containers of a run, running or not."""
    found: list[Any] = engine.containers.list(
        ignore_removed=True, all=True, filters={"label": f"{LABEL_RUN}={run_id}"}
    )
    return found


def episode_of(package: Package, fills: Sequence[SlotFill] = (), **options: Any) -> Episode:
    """An episode of the package's fixture."""
    return Episode(plan_episode(package, fills=fills), replace(OPTIONS, **options))


@pytest.mark.parametrize(("version", "replay"), [("0.1.11", "replay.json"), ("0.1.64", "replay")])
async def test_the_published_game_of_both_generations(
    version: str, replay: str, peer_manifest: Callable[[str], Path], docker_engine: Any
) -> None:
    episode = episode_of(read_package(peer_manifest(version)), verify_replay=True)
    outcome = await play(episode)
    assert (outcome.status, outcome.exit_code) == ("passed", 0)
    workspace = Path(outcome.workspace)
    assert outcome.replay == str(workspace / replay)
    assert json.loads((workspace / replay).read_bytes())["results"] == outcome.results
    assert (workspace / "replay.json.z").exists() == (version == "0.1.11")
    if version == "0.1.11":
        copy = zlib.decompress((workspace / "replay.json.z").read_bytes())
        assert copy == (workspace / "replay.json").read_bytes()
    assert outcome.scores is not None
    assert len(outcome.scores) == 2
    assert outcome.distinct_ticks > 10
    assert Phase.VERIFYING_REPLAY in outcome.phases
    assert (workspace / "logs/game.stderr.log").stat().st_size > 0
    assert not containers(docker_engine, outcome.run_id)


async def test_containers_are_labelled_limited_and_hardened(rogue_image: str, docker_engine: Any) -> None:
    resources = {"limits": {"cpu": "250m", "memory": "64Mi"}, "requests": {}}
    package = rogue_package(image=rogue_image, game="--players 2 --hold", resources=resources)
    episode = episode_of(package, secret_env={"ROGUE_SECRET": "s3cret"})
    running = await play_until(episode, "phase", phase="playing")
    parts = {
        part.labels[LABEL_ROLE] + part.labels.get(LABEL_SLOT, ""): part
        for part in containers(docker_engine, episode.run_id)
    }
    lines = list(command_lines())
    config = json.loads(
        Path(str(episode.events and episode.recorder and episode.recorder.path))
        .parents[1]
        .joinpath("workspace/config.json")
        .read_bytes()
    )
    episode.cancel()
    await running
    assert set(parts) == {"game", "player0", "player1"}
    for part in parts.values():
        host = part.attrs["HostConfig"]
        assert part.labels[LABEL_OWNER] == str(Owner.current())
        assert (host["NanoCpus"], host["Memory"], host["MemorySwap"]) == (250_000_000, 64 * MIB, 64 * MIB)
        assert host["CapDrop"] == ["ALL"]
        assert "SYS_ADMIN" not in (host["CapAdd"] or [])
        assert host["SecurityOpt"] == ["no-new-privileges"]
        assert host["PidsLimit"] == 512
        assert not host["Privileged"]
        assert host["LogConfig"]["Config"]
        assert host["NetworkMode"] == NETWORK
    game = parts["game"]
    alias = game.name.replace("coworld-run-game", "coworld-game")
    assert alias in game.attrs["NetworkSettings"]["Networks"][NETWORK]["Aliases"]
    assert [entry["HostIp"] for entry in game.ports["8080/tcp"]] == ["127.0.0.1"]
    assert not parts["player0"].ports
    assert [mount["Destination"] for mount in game.attrs["Mounts"]] == ["/coworld"]
    assert [mount["Destination"] for mount in parts["player1"].attrs["Mounts"]] == ["/coworld-artifact"]
    assert "ROGUE_SECRET=s3cret" in parts["player0"].attrs["Config"]["Env"]
    assert not [line for line in lines for hidden in [*config["tokens"], "s3cret"] if hidden in line]


async def test_a_workspace_with_a_colon_in_its_path(rogue_image: str, tmp_path: Path) -> None:
    package = rogue_package(image=rogue_image, game="--players 2")
    outcome = await play(episode_of(package, output_dir=tmp_path / "a:b c"))
    assert outcome.status == "passed"
    assert (tmp_path / "a:b c" / "results.json").is_file()


async def test_more_cpus_than_the_engine_has_are_all_of_them(rogue_image: str) -> None:
    resources = {"limits": {"cpu": "512", "memory": "64Mi"}, "requests": {}}
    package = rogue_package(image=rogue_image, game="--players 2", resources=resources)
    outcome = await play(episode_of(package))
    assert outcome.status == "passed"


async def test_a_local_player_against_a_game_in_a_container(rogue_image: str, docker_engine: Any) -> None:
    package = rogue_package(image=rogue_image, game="--players 2")
    outcome = await play(episode_of(package, [player_fill(0), player_fill(1)]))
    assert (outcome.status, outcome.scores) == ("passed", [0.0, 1.0])
    assert not containers(docker_engine, outcome.run_id)


async def test_a_player_in_a_container_against_a_local_game(rogue_image: str, docker_engine: Any) -> None:
    package = rogue_package(image=rogue_image)
    outcome = await play(episode_of(package, game_command=game_command("--players 2")))
    assert (outcome.status, outcome.scores) == ("passed", [0.0, 1.0])
    assert not containers(docker_engine, outcome.run_id)


async def test_seats_of_every_kind_together(rogue_image: str, docker_engine: Any) -> None:
    package = rogue_package(slots=3, image=rogue_image, game="--players 3", player="--artifact good")
    episode = episode_of(package, [player_fill(1), SlotFill(2, "human")])
    running = await play_until(episode, "phase", phase=Phase.FIRST_FRAME.value)
    link = episode.links["player 2"].replace("http://", "ws://").replace("/client/player", "/player")
    async with connect(link, proxy=None) as person:
        assert await person.recv()
        outcome = await running
    assert outcome.status == "passed"
    assert Path(outcome.workspace, "policy_artifact_0.zip").is_file()
    players = json.loads(Path(outcome.workspace, "player_status.json").read_bytes())["players"]
    assert [player["slot"] for player in players] == [0, 1]
    assert not containers(docker_engine, outcome.run_id)


async def test_an_image_that_nobody_has(rogue_image: str) -> None:
    package = rogue_package(image="127.0.0.1:1/coworld/absent:1")
    outcome = await play(episode_of(package))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.owner, outcome.exit_code) == ("image_unreachable", "you", 3)
    assert outcome.error.next_step.startswith("docker pull 127.0.0.1:1/coworld/absent:1")


async def test_an_image_that_is_not_published_yet(rogue_image: str) -> None:
    package = rogue_package(image=rogue_image)
    unpublished = "img_01234567-89ab-cdef-0123-456789abcdef"
    outcome = await play(episode_of(package, [SlotFill(0, "image", unpublished)]))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.exit_code) == ("image_unreachable", 3)
    assert "not published" in outcome.error.title


@pytest.mark.parametrize("slot", [None, 1])
async def test_an_image_for_another_processor(slot: int | None, foreign_image: str, rogue_image: str) -> None:
    package = rogue_package(image=foreign_image if slot is None else rogue_image, game="--players 2")
    fills = [player_fill(0), player_fill(1) if slot is None else SlotFill(1, "image", foreign_image)]
    if slot is not None:
        package.manifest.player[0].run = ["/usr/bin/python3"]
    episode = episode_of(package, fills)
    if slot is not None:
        seats = list(episode.plan.seats)
        seats[1] = replace(seats[1], run=("/usr/bin/python3",))
        episode = Episode(replace(episode.plan, seats=tuple(seats)), episode.options)
    outcome = await play(episode)
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.owner, outcome.exit_code) == ("image_platform", "you", 2)
    assert outcome.error.slot == slot


async def test_a_command_that_the_image_does_not_have(rogue_image: str) -> None:
    package = rogue_package(image=rogue_image)
    package.manifest.game.runnable.run = ["/no/such/program"]
    outcome = await play(episode_of(package))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.owner) == ("command_missing", "the game")


async def test_a_port_that_is_taken(rogue_image: str, docker_engine: Any) -> None:
    package = rogue_package(image=rogue_image)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        episode = episode_of(package, port=port)
        outcome = await play(episode)
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.title) == ("port_taken", f"port {port} is taken")
    assert (outcome.error.owner, outcome.exit_code) == ("you", 2)
    assert not containers(docker_engine, outcome.run_id)


@pytest.mark.parametrize(
    ("game", "type", "cause"),
    [
        ("--exit start:5", "game_unhealthy", "it exited with 5; last log line: leaving: start"),
        ("--exit probed:6", "game_unhealthy", "it exited with 6"),
        ("--exit watched:6", "game_unhealthy", "it exited with 6"),
        ("--exit played:9", "game_unhealthy", "it exited with 9"),
        ("--results link", "results_missing", "no plain file"),
        ("--bad-token silent", "game_contract_violation", "accepted a bad token"),
    ],
)
async def test_a_rogue_game_is_blamed(game: str, type: str, cause: str, rogue_image: str) -> None:  # noqa: A002
    package = rogue_package(image=rogue_image, game=f"--players 2 {game}")
    outcome = await play(episode_of(package))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.owner) == (type, "the game")
    assert cause in outcome.error.cause


@pytest.mark.parametrize(
    ("game", "player", "blamed"),
    [
        ("--exit start:5", "", ("game_unhealthy", "the game")),
        ("--players 1", "--crash start", ("player_error", "slot 0")),
    ],
)
async def test_what_ends_before_its_port_is_asked_for_is_blamed_and_not_the_engine(
    game: str, player: str, blamed: tuple[str, str], rogue_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = DockerPart.address

    async def late(part: DockerPart) -> tuple[str, int]:
        if {"--exit", "--crash"} & set(part.spec.argv):
            await part.wait()
        return await address(part)

    monkeypatch.setattr(DockerPart, "address", late)
    startup = {"port": 9000, "path": "/ready", "timeout_seconds": 20} if player else None
    package = rogue_package(slots=1, image=rogue_image, game=game, player=player, startup=startup)
    outcome = await play(episode_of(package))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.owner) == blamed


async def test_links_planted_in_the_workspace_lead_nowhere(rogue_image: str, tmp_path: Path) -> None:
    target = tmp_path / "outside" / "policy_agent_0.log"
    target.parent.mkdir()
    target.write_text("mine")
    package = rogue_package(
        image=rogue_image, game=f"--players 2 --plant {target}", player="--tell --artifact good"
    )
    await play(episode_of(package))
    assert target.read_text() == "mine"
    assert [path.name for path in target.parent.iterdir()] == [target.name]


async def test_a_player_that_eats_all_its_memory(rogue_image: str) -> None:
    resources = {"limits": {"memory": "48Mi"}, "requests": {}}
    package = rogue_package(image=rogue_image, game="--players 2", player="--eat 400", resources=resources)
    outcome = await play(episode_of(package, [player_fill(0)]))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.slot) == ("player_error", 1)
    assert "out of memory" in outcome.error.cause
    players = json.loads(Path(outcome.workspace, "player_status.json").read_bytes())["players"]
    assert players[1]["reason"] == "OOMKilled"


async def test_a_game_that_is_over_before_all_players_are_up_is_judged_by_its_results(
    rogue_image: str,
) -> None:
    package = rogue_package(slots=3, image=rogue_image, game="--players 1")
    outcome = await play(episode_of(package, [player_fill(0)]))
    assert outcome.scores == [0.0, 1.0, 2.0]
    assert outcome.error is None or outcome.error.slot in (1, 2)


@pytest.mark.parametrize(
    "phase", [Phase.STARTING_GAME, Phase.WAITING_HEALTH, Phase.PROBING, Phase.STARTING_PLAYERS, Phase.PLAYING]
)
async def test_cancelled_in_any_phase_nothing_is_left(
    phase: Phase, rogue_image: str, docker_engine: Any
) -> None:
    health = "never" if phase is Phase.WAITING_HEALTH else "ok"
    package = rogue_package(
        image=rogue_image, game=f"--players 2 --hold --stubborn --health {health}", player="--stubborn"
    )
    episode = episode_of(package)
    running = await play_until(episode, "phase", phase=phase.value)
    episode.cancel()
    outcome = await running
    assert (outcome.status, outcome.exit_code) == ("cancelled", 130)
    assert not containers(docker_engine, outcome.run_id)


async def test_a_flood_of_log_output_is_whole_on_disk(rogue_image: str) -> None:
    package = rogue_package(image=rogue_image, game=f"--players 2 --log lines --log-bytes {8 * MIB}")
    episode = episode_of(package)
    outcome = await play(episode)
    assert outcome.status == "passed"
    log = Path(outcome.workspace, "logs/game.stdout.log").read_bytes()
    assert log.count(b"a line of the log\n") == 8 * MIB // 18
    assert episode.rings["game"].total - episode.rings["game"].first <= 5_000


async def test_play_mode_keeps_no_probes_and_gives_links(rogue_image: str) -> None:
    package = rogue_package(image=rogue_image, game="--players 2 --pages missing --frames refused --hold")
    episode = episode_of(package, kind="play")
    running = await play_until(episode, "phase", phase="playing")
    await until(episode, "viewer")
    assert set(episode.links) == {"player 0", "player 1", "global", "admin"}
    episode.cancel()
    assert (await running).status == "cancelled"


async def test_an_engine_elsewhere_gets_files_by_copy(
    peer_manifest: Callable[[str], Path], docker_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine's socket behind a TCP port: to us that is another machine, whose disk we do not see."""
    with engine_behind_tcp() as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        episode = episode_of(read_package(peer_manifest("0.1.11")), verify_replay=True)
        running = await play_until(episode, "phase", phase="playing")
        mounts = [part.attrs["Mounts"] for part in containers(docker_engine, episode.run_id)]
        outcome = await running
    assert len(mounts) == 3
    assert [mount for part in mounts for mount in part if mount["Type"] == "bind"] == []
    assert outcome.status == "passed"
    workspace = Path(outcome.workspace)
    assert json.loads((workspace / "results.json").read_bytes()) == outcome.results
    assert json.loads((workspace / "replay.json").read_bytes())["results"] == outcome.results
    assert not containers(docker_engine, outcome.run_id)


async def test_files_of_a_cancelled_game_come_back_from_elsewhere(
    rogue_image: str, docker_engine: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = rogue_package(image=rogue_image, game="--players 2 --hold")
    with engine_behind_tcp() as host:
        monkeypatch.setenv("DOCKER_HOST", host)
        episode = episode_of(package)
        running = await play_until(episode, "phase", phase="playing")
        game = next(p for p in containers(docker_engine, episode.run_id) if p.labels[LABEL_ROLE] == "game")
        assert game.exec_run(["sh", "-c", "echo kept > /coworld/half-done.txt"]).exit_code == 0
        episode.cancel()
        outcome = await running
    assert outcome.status == "cancelled"
    assert (Path(outcome.workspace) / "half-done.txt").read_text() == "kept\n"
    assert not containers(docker_engine, outcome.run_id)


async def test_players_that_warm_up_are_ready_before_the_game(rogue_image: str) -> None:
    package = rogue_package(
        image=rogue_image,
        game="--players 2",
        player="--warm 9000",
        startup={"port": 9000, "path": "/ready", "timeout_seconds": 20},
    )
    episode = episode_of(package)
    outcome = await play(episode)
    assert outcome.status == "passed"
    assert Phase.WARMING_UP in outcome.phases
    messages = [event.message for event in episode.events.events] if episode.events else []
    assert max(messages.index(f"player {slot} is ready") for slot in (0, 1)) < messages.index("game")
    assert any(
        "the game is up at http://coworld-game-" in line for line in episode.rings["player 1"].tail(20)
    )


@pytest.mark.parametrize(
    ("player", "seconds", "title"),
    [
        ("--absent --warm 9001", 2, "the player in slot 0 never became ready"),
        ("--crash start", 20, "the player in slot 0 crashed"),
    ],
)
async def test_a_player_that_never_gets_ready_is_named(
    rogue_image: str, player: str, seconds: int, title: str
) -> None:
    package = rogue_package(
        slots=1,
        image=rogue_image,
        game="--players 1",
        player=player,
        startup={"port": 9000, "path": "/ready", "timeout_seconds": seconds},
    )
    outcome = await play(episode_of(package))
    assert outcome.error is not None
    assert (outcome.error.type, outcome.error.slot, outcome.error.title) == ("player_error", 0, title)
