"""Files in the stand-in, for the tests of what is downloaded."""

from __future__ import annotations

import json
import zlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.league_demo.artifacts import Artifacts
from coworld_tui.league_demo.routes_downloads import Kept
from coworld_tui.observatory import download_answers
from coworld_tui.observatory.client import Observatory as Client
from coworld_tui.observatory.identity import Identity
from coworld_tui.observatory.transfer import AT_ONCE, Transfers

from .server import Observatory

Json = dict[str, Any]


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trying again is under test, waiting before is not."""
    monkeypatch.setattr(download_answers, "_BACKOFF_SECONDS", 0.0)


def replay_of(ticks: int = 40) -> bytes:
    """A replay of a small game, as JSON."""
    frames = [
        {"tick": tick, "scores": [tick, 2 * tick], "board": [[tick % 3] * 8] * 4} for tick in range(ticks)
    ]
    return json.dumps({"frames": frames, "results": {"scores": [ticks, 2 * ticks]}}).encode()


def give(server: Observatory, episode: Json, replay: bytes | None = None, **kept: Any) -> bytes:
    """Let an episode have these files; returns its replay, not compressed."""
    replay = replay_of() if replay is None else replay
    server.state.artifacts[episode["id"]] = Artifacts(
        replay=zlib.compress(replay),
        results=kept.get("results", b'{"scores": [40, 80]}'),
        game_log=kept.get("game_log", b"tick 1\ntick 2\n"),
        error_info=kept.get("error_info"),
        seat_logs=kept.get("seat_logs", {}),
        seat_zips=kept.get("seat_zips", {}),
    )
    return replay


def completed(server: Observatory) -> list[Json]:
    """The episodes that have a replay, the oldest first."""
    return [row for row in server.state.episodes.values() if row["replay_url"] is not None]


def big_round(server: Observatory) -> tuple[str, list[Json]]:
    """The round with more episodes than a page holds, and those of them that have a replay."""
    rounds: dict[str, list[Json]] = {}
    for row in completed(server):
        rounds.setdefault(row["round_id"], []).append(row)
    return max(rounds.items(), key=lambda item: len(item[1]))


def sign(server: Observatory, signature: str) -> None:
    """From now on only addresses with this signature work; those in the rows get it."""
    server.state.part(Kept).signature = signature
    for row in completed(server):
        row["replay_url"] = f"{row['replay_url'].partition('?')[0]}?signature={signature}"


def mine(server: Observatory) -> Json:
    """A completed episode in which one seat is mine, and another policy's is not."""
    players = server.state.tokens[server.token_user].players

    def fits(row: Json) -> bool:
        seats = row["participants"]
        own = [seat for seat in seats if seat.get("player_id") in players]
        return len(own) == 1 < len(seats) and all(seat["kind"] == "policy" for seat in seats)

    return next(row for row in completed(server) if fits(row))


def identity_of(server: Observatory) -> Identity:
    """The user of the stand-in."""
    return Identity(server.url, "user", token=server.token_user)


@asynccontextmanager
async def downloading(server: Observatory, *, at_once: int = AT_ONCE) -> AsyncIterator[Transfers]:
    """Downloads as the user of the stand-in."""
    async with (
        Client(server.url, identity_of(server)) as client,
        Transfers(client, at_once=at_once) as transfers,
    ):
        yield transfers


@asynccontextmanager
async def asking(url: str, *, at_once: int = AT_ONCE) -> AsyncIterator[Transfers]:
    """Downloads as nobody, from any server."""
    async with (
        Client(url, Identity(url, "anonymous")) as client,
        Transfers(client, at_once=at_once) as transfers,
    ):
        yield transfers


def names_in(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())
