"""Replay mode, started the way either contract generation starts it."""

from __future__ import annotations

import json

import pytest
from websockets.exceptions import InvalidStatus

from .processes import Game, Launcher, hear


@pytest.fixture
async def played(launch: Launcher) -> str:
    """The URI of a saved replay."""
    game = await launch.game(max_ticks=4, player_connect_timeout_seconds=0)
    assert await game.ends() == 0
    return (game.workspace / "replay").as_uri()


async def check(game: Game, query: str, uri: str) -> None:
    """Everything a viewer and a runner's probe do with a good replay."""
    saved = json.loads((game.workspace.parent / "game-1" / "replay").read_bytes())
    assert (await game.get("/healthz"))[0] == 200
    status, page = await game.get(f"/client/replay{query}")
    assert status == 200
    assert game.url("/replay") in page
    async with game.socket(f"/replay{query}") as viewer:
        assert await hear(viewer) == {"type": "replay", **saved}
        seek = {"command": "seek", "tick": 3}
        await viewer.send(json.dumps(seek))
        assert await hear(viewer) == {"type": "control", "command": seek}
        await viewer.send("what")
        assert (await hear(viewer))["type"] == "error"
    for path in ("/replay", "/client/replay"):
        assert (await game.get(f"{path}?uri={uri}.missing"))[0] == 404
    with pytest.raises(InvalidStatus) as refusal:
        async with game.socket(f"/replay?uri={uri}.missing"):
            pass
    assert refusal.value.response.status_code == 404
    game.terminate()
    assert await game.ends() == 143


async def test_contract_0_1_64(launch: Launcher, played: str) -> None:
    game = await launch.game(env={"COGAME_LOAD_REPLAY_URI": played})
    await check(game, "", played)


async def test_contract_0_1_11(launch: Launcher, played: str) -> None:
    game = await launch.game(env={"COGAME_REPLAY_SERVER": "1"})
    assert (await game.get("/replay"))[0] == 400
    assert (await game.get(f"/replay?uri={(game.workspace / 'config.json').as_uri()}"))[0] == 404
    await check(game, f"?uri={played}", played)


async def test_both_at_once(launch: Launcher, played: str) -> None:
    game = await launch.game(env={"COGAME_REPLAY_SERVER": "1", "COGAME_LOAD_REPLAY_URI": played})
    await check(game, f"?uri={played}", played)
