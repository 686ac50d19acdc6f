"""Whole games as real processes: what a runner, players and viewers meet."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from typing import Any

import jsonschema_rs
import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from coworld_tui.demo import manifest_path

from .processes import Game, Launcher, Process, hear

RESULTS = json.loads(manifest_path().read_text())["game"]["results_schema"]


async def refused(game: Game, path: str) -> int:
    """The HTTP status with which a websocket is turned away."""
    with pytest.raises(InvalidStatus) as refusal:
        async with game.socket(path):
            pass
    return refusal.value.response.status_code


async def play_on(seat: Any, move: str = "stay") -> Any:
    """Answer every observation with one move and return the final frame."""
    while (frame := await hear(seat))["type"] == "observation":
        await seat.send(json.dumps({"move": move}))
    return frame


@pytest.mark.parametrize("policies", [["hunter", "rover"], ["hunter", "rover", "hedger", "wanderer"]])
async def test_a_game_from_start_to_artifacts_twice_the_same(launch: Launcher, policies: list[str]) -> None:
    games = [await launch.game(len(policies), max_ticks=80) for _ in range(2)]
    for game in games:
        players = [await launch.player(game, slot, policy) for slot, policy in enumerate(policies)]
        assert [await process.ends() for process in [game, *players]] == [0] * (1 + len(policies))
        assert "game over at tick 80" in players[0].lines[-1]
        assert not any("secret" in line for process in [game, *players] for line in process.lines)
    first, second = (game.workspace for game in games)
    for name in ("results.json", "replay", "events.json"):
        assert (first / name).read_bytes() == (second / name).read_bytes()
    assert not (first / "player_failure.json").exists()
    assert not list(first.glob(".*")), "drafts were left behind"

    outcome, replay, events = (games[0].artifact(name) for name in ("results.json", "replay", "events.json"))
    jsonschema_rs.validate(RESULTS, outcome)
    assert replay["results"] == outcome
    assert [frame["tick"] for frame in replay["frames"]] == list(range(81))
    assert [frame["done"] for frame in replay["frames"]] == [False] * 80 + [True]
    assert replay["frames"][-1]["scores"] == outcome["scores"]
    assert outcome["scores"] != [9] * len(policies)
    assert events == [event for frame in replay["frames"] for event in frame["events"]]
    assert "tokens" not in replay["config"]
    assert b"secret" not in (first / "replay").read_bytes()


async def test_frames_hold_what_a_viewer_needs(launch: Launcher) -> None:
    game = await launch.game(max_ticks=5)
    async with game.socket("/global") as viewer:
        waiting = await hear(viewer)
        assert (waiting["tick"], waiting["started"], waiting["done"]) == (0, False, False)
        assert waiting["connected"] == [False, False]
        async with game.seat(0) as zero, game.seat(1) as one:
            finals = await asyncio.gather(play_on(zero), play_on(one))
        frames = [waiting]
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                frames.append(await hear(viewer))
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000
    assert frames[-1]["done"]
    assert frames[-1]["tick"] == 5
    ticks = [frame["tick"] for frame in frames]
    assert ticks == sorted(ticks)
    for frame in frames:
        cells = frame["width"] * frame["height"]
        assert frame["type"] == "state"
        assert len(frame["tile_owners"]) == len(frame["trails"]) == cells
        assert frame["player_names"] == ["P0", "P1"]
        assert frame["max_ticks"] == 5
        assert frame["tick_rate"] == 240
        assert len(frame["positions"]) == len(frame["homes"]) == len(frame["resting"]) == 2
    assert [final["type"] for final in finals] == ["final", "final"]
    assert all(final["done"] for final in finals)
    assert [final["slot"] for final in finals] == [0, 1]
    assert await game.ends() == 0


async def test_pages_and_refusals(launch: Launcher) -> None:
    game = await launch.game(players=[{"name": "<script>x"}, {"name": "B"}])
    assert (await game.get("/healthz"))[0] == 200
    status, page = await game.get("/client/player?slot=0&token=secret-0")
    assert status == 200
    assert f"ws://{game.address}/player?slot=0&amp;token=secret-0" in page
    assert "coworld-tui" in page
    assert "<script>x" not in page
    assert "//cdn" not in page
    for path in ("/client/global", "/client/admin"):
        status, page = await game.get(path)
        assert (status, game.url(path.replace("/client", "")) in page) == (200, True)
    for path, expected in {
        "/client/player?slot=0&token=bad": 403,
        "/client/player?slot=0": 400,
        "/client/replay": 404,
        "/player": 400,
        "/global": 426,
        "/": 404,
        "//[": 400,
    }.items():
        assert (path, (await game.get(path))[0]) == (path, expected)
    for path, expected in {
        "/player?slot=0&token=bad": 403,
        "/player?slot=0&token=secret-1": 403,
        "/player?slot=0&token=%ff": 403,
        "/player?slot=2&token=secret-0": 403,
        "/player?slot=-1&token=secret-0": 400,
        "/player?token=secret-0": 400,
        "/player?slot=0": 400,
        "/nowhere": 404,
    }.items():
        assert (path, await refused(game, path)) == (path, expected)
    game.terminate()
    await game.ends()
    assert not any("secret" in line for line in game.lines)


@pytest.mark.parametrize(
    "garbage", ["{", "[]", '{"move":7}', '{"move":"jump"}', "null", b"\xff\x00", "x" * 60_000]
)
async def test_nonsense_is_standing_still(launch: Launcher, garbage: str | bytes) -> None:
    game = await launch.game(max_ticks=3)
    async with game.seat(0) as zero, game.seat(1) as one:

        async def babble() -> None:
            while (await hear(zero))["type"] == "observation":
                await zero.send(garbage)

        await asyncio.gather(babble(), play_on(one))
    assert await game.ends() == 0
    first, *_, last = game.artifact("replay")["frames"]
    assert last["positions"][0] == first["positions"][0]


async def test_a_message_too_large_costs_the_seat_and_no_more(launch: Launcher) -> None:
    game = await launch.game(max_ticks=3)
    async with game.seat(0) as zero, game.seat(1) as one:
        await zero.send("x" * 70_000)
        with pytest.raises(ConnectionClosed):
            await play_on(zero)
        await play_on(one)
    assert await game.ends() == 0


async def test_a_late_answer_does_not_count(launch: Launcher) -> None:
    game = await launch.game(max_ticks=3)
    async with game.seat(0) as zero, game.seat(1) as one:

        async def late() -> None:
            while (frame := await hear(zero))["type"] == "observation":
                await zero.send(json.dumps({"move": "right", "tick": frame["tick"] - 1}))
                await zero.send(json.dumps({"move": "stay", "tick": frame["tick"]}))

        await asyncio.gather(late(), play_on(one))
    assert await game.ends() == 0
    first, *_, last = game.artifact("replay")["frames"]
    assert last["positions"][0] == first["positions"][0]


async def test_a_player_that_leaves_stands_still_and_may_come_back(launch: Launcher) -> None:
    game = await launch.game(max_ticks=6)
    async with game.seat(1) as one:
        async with game.seat(0) as zero:
            await hear(zero)
        await game.says("slot 0 disconnected at tick 0")
        for _ in range(3):
            await hear(one)
            await one.send('{"move":"stay"}')
        async with game.seat(0) as again:
            finals = await asyncio.gather(play_on(again), play_on(one))
    assert [final["type"] for final in finals] == ["final", "final"]
    assert await game.ends() == 0


async def test_a_second_connection_takes_the_seat(launch: Launcher) -> None:
    game = await launch.game(max_ticks=2)
    async with game.seat(0) as former, game.seat(0) as latter:
        with pytest.raises(ConnectionClosed) as closed:
            await hear(former)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 4001
        async with game.seat(1) as one:
            await asyncio.gather(play_on(latter), play_on(one))
    assert await game.ends() == 0


async def test_who_never_connects_stands_still_and_is_named(launch: Launcher) -> None:
    game = await launch.game(max_ticks=3, player_connect_timeout_seconds=0.3)
    async with game.seat(0) as zero:
        final = await play_on(zero)
    assert final["connected"] == [True, False]
    assert await game.ends() == 0
    failure = game.artifact("player_failure.json")
    assert failure == {"message": "slot 1 never connected", "failed_policy_index": 1, "kind": "player_error"}
    jsonschema_rs.validate(RESULTS, game.artifact("results.json"))


async def test_who_never_answers_is_waited_for_once(launch: Launcher) -> None:
    game = await launch.game(max_ticks=10)
    async with game.seat(0), game.seat(1) as one:
        began = asyncio.get_running_loop().time()
        await play_on(one)
        assert asyncio.get_running_loop().time() - began < 4
    assert await game.ends() == 0
    assert sum("does not answer" in line for line in game.lines) == 1


async def test_admin_pauses_resumes_and_sets_the_pace(launch: Launcher) -> None:
    game = await launch.game(max_ticks=5)
    async with game.socket("/admin") as admin, game.socket("/global") as viewer:
        assert (await hear(admin))["paused"] is False
        assert (await hear(viewer))["paused"] is False

        async def say(command: object) -> Any:
            await admin.send(json.dumps(command))
            return await hear(admin)

        assert (await say({"command": "pause"}))["paused"] is True
        assert (await hear(viewer))["paused"] is True
        assert (await say({"command": "tick_rate", "tick_rate": 60}))["tick_rate"] == 60
        too_slow = {"command": "tick_rate", "tick_rate": 0}
        unknown: list[object] = [{"command": "stop"}, too_slow, [], "pause", None]
        for command in unknown:
            assert (await say(command))["type"] == "error"
        async with game.seat(0) as zero, game.seat(1) as one:
            await game.says("game starts")
            assert (await say({"command": "pause"}))["tick"] == 0
            assert (await say({"command": "resume"}))["paused"] is False
            await asyncio.gather(play_on(zero), play_on(one))
    assert await game.ends() == 0


async def test_a_viewer_that_does_not_read_slows_nobody(launch: Launcher) -> None:
    game = await launch.game(max_ticks=150, width=64, height=40)
    host, port = game.address.split(":")
    stuck = socket.create_connection((host, int(port)))
    stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    handshake = "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    stuck.sendall(f"GET /global HTTP/1.1\r\nHost: x\r\n{handshake}{key}\r\n".encode())
    assert b" 101 " in stuck.recv(20)
    async with game.seat(0) as zero, game.seat(1) as one:
        began = asyncio.get_running_loop().time()
        await asyncio.gather(play_on(zero), play_on(one))
        assert asyncio.get_running_loop().time() - began < 5
    assert await game.ends() == 0
    stuck.close()


async def test_sigterm_ends_it_cleanly(launch: Launcher) -> None:
    game = await launch.game(max_ticks=10_000, tick_rate=20)
    async with game.socket("/global") as viewer, game.seat(0) as zero:
        player = await launch.player(game, 1, "rover")
        await hear(zero)
        began = asyncio.get_running_loop().time()
        game.terminate()
        assert await game.ends() == 143
        assert asyncio.get_running_loop().time() - began < 2
        with pytest.raises(ConnectionClosed) as closed:
            while True:
                await hear(viewer)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1001
    assert await player.ends() == 0
    assert "Traceback" not in "".join(game.lines + player.lines)
    assert not (game.workspace / "results.json").exists()


async def test_a_player_can_be_stopped(launch: Launcher) -> None:
    game = await launch.game()
    player = await launch.player(game, 0, "rover")
    await game.says("slot 0 connected")
    player.terminate()
    assert await player.ends() == 143
    await game.says("slot 0 disconnected")


async def test_a_player_refused_says_so_without_the_token(launch: Launcher) -> None:
    game = await launch.game()
    url = game.url("/player?slot=0&token=secret-9")
    player = Process(await launch.process("player", COGAMES_ENGINE_WS_URL=url))
    assert await player.ends() == 1
    assert "refused" in player.lines[-1]
    assert "secret" not in "".join(player.lines)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"COGAME_CONFIG_URI": ""}, "COGAME_CONFIG_URI is not set"),
        ({"COGAME_CONFIG_URI": "file:///nowhere/config.json"}, "cannot read file:///nowhere/config.json"),
        ({"COGAME_CONFIG_URI": "https://example.com/c"}, "not a file:///path URI"),
        ({"COGAME_RESULTS_URI": "s3://bucket/results"}, "not a file:///path URI"),
        ({"COGAME_PORT": "http"}, "not a port"),
        ({"COGAME_LOAD_REPLAY_URI": f"file://{__file__}"}, "is not a replay"),
    ],
)
def test_what_cannot_start_says_why(variables: dict[str, str], words: str) -> None:
    command = [sys.executable, "-m", "coworld_tui.demo.game"]
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert words in done.stderr
    assert "Traceback" not in done.stderr


async def test_what_cannot_be_saved_says_why(launch: Launcher) -> None:
    game = await launch.game(max_ticks=1, player_connect_timeout_seconds=0)
    assert await game.ends() == 0
    config = (game.workspace / "config.json").as_uri()
    unwritable = {"COGAME_CONFIG_URI": config, "COGAME_RESULTS_URI": "file:///nowhere/results.json"}
    game = await launch.game(env=unwritable)
    assert await game.ends() == 1
    assert "cannot write file:///nowhere/results.json" in game.lines[-1]


def test_it_imports_nothing_else_of_the_project() -> None:
    code = "import sys, coworld_tui.demo.game, coworld_tui.demo.player; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    tops = {name.split(".")[0] for name in done.stdout.split()}
    ours = {name for name in done.stdout.split() if name.startswith("coworld_tui.")}
    assert all(name.startswith("coworld_tui.demo") for name in ours)
    # msgspec looks for typing_extensions and does without.
    known = {"__main__", "coworld_tui", "websockets", "msgspec", "typing_extensions", "sitecustomize"}
    assert not {name for name in tops - known - set(sys.stdlib_module_names) if not name.startswith("_")}
