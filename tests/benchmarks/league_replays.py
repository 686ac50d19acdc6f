"""Downloading the 500 replays of a round beside the real client, from the same stand-in server.

The real client takes at most 100 a command: it is given five commands, one after the other, in one process
that is already started. Ours are one call in this process. The server has a process of its own:
``python -m tests.benchmarks.league_replays``.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

import yaml

from coworld_tui.league_demo.application import Application
from coworld_tui.league_demo.artifacts import Artifacts
from coworld_tui.league_demo.people import TOKEN_USER
from coworld_tui.league_demo.serving import answering, loopback
from coworld_tui.league_demo.world import made_up
from coworld_tui.observatory.client import Observatory
from coworld_tui.observatory.episodes import EpisodeFilter
from coworld_tui.observatory.identity import Identity
from coworld_tui.observatory.replays import download_replays, replay_rows
from coworld_tui.observatory.transfer import Transfers

from ..observatory.peer_client import PeerProcess
from .table import Row

EPISODES = 500
_PAGE = 100
_ROUNDS = 3


def league_replays() -> list[Row]:
    """Download all of a round, by turns."""
    server = subprocess.Popen(
        [sys.executable, "-m", __name__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    peer = PeerProcess(os.environ["COWORLD_PEER_64"])
    assert server.stdout is not None
    try:
        told = json.loads(server.stdout.readline())
        url, round_id = told["url"], told["round"]
        ours, theirs = [], []
        for _ in range(_ROUNDS):
            with tempfile.TemporaryDirectory() as folder:
                ours.append(_ours(url, round_id, Path(folder, "ours")))
                theirs.append(_theirs(peer, url, round_id, Path(folder, "theirs")))
                _require_same(Path(folder, "ours"), Path(folder, "theirs"))
    finally:
        peer.close()
        server.communicate("")
    rates = sorted(their / our for our, their in zip(ours, theirs, strict=True))
    return [
        Row(
            f"league replays: {EPISODES} of 1 MB, 8 at a time",
            f"{EPISODES / sorted(ours)[_ROUNDS // 2]:.0f} a second",
            f"{EPISODES / sorted(theirs)[_ROUNDS // 2]:.0f} a second",
            f"{rates[_ROUNDS // 2]:.1f}x ({rates[0]:.1f} to {rates[-1]:.1f}, n={_ROUNDS})",
            ">= 3x the rate",
        )
    ]


def _ours(url: str, round_id: str, folder: Path) -> float:
    async def download() -> None:
        async with Observatory(url, Identity(url, "user", token=TOKEN_USER)) as client:
            found = await replay_rows(client, EpisodeFilter(round_id=round_id), limit=EPISODES)
            async with Transfers(client) as transfers:
                files = await download_replays(transfers, found.entries, folder)
        assert len(files) == EPISODES
        assert not any(file.error for file in files)

    began = time.perf_counter()
    asyncio.run(download())
    return time.perf_counter() - began


def _theirs(peer: PeerProcess, url: str, round_id: str, folder: Path) -> float:
    home = folder.parent / "home"
    shutil.rmtree(home, ignore_errors=True)
    (home / ".softmax").mkdir(parents=True)
    (home / ".softmax" / "credentials.yaml").write_text(yaml.safe_dump({"tokens": {url: TOKEN_USER}}))
    common = ["replays", "--server", url, "--round", round_id, "--limit", str(_PAGE)]
    cursors: list[str] = []
    for _ in range(EPISODES // _PAGE - 1):
        (page,) = peer.run(home, [[*common, "--json", *(["--cursor", cursors[-1]] if cursors else [])]])
        cursors.append(page.document["next_cursor"])
    began = time.perf_counter()
    for cursor in ["", *cursors]:
        (done,) = peer.run(
            home, [[*common, "--download-dir", str(folder), *(["--cursor", cursor] if cursor else [])]]
        )
        assert done.code == 0, done.err
    return time.perf_counter() - began


def _require_same(ours: Path, theirs: Path) -> None:
    names = {path.name for path in theirs.glob("*.replay")}
    assert len(names) == EPISODES
    assert names == {path.name for path in ours.glob("*.replay")}
    assert all((ours / name).read_bytes() == (theirs / name).read_bytes() for name in names)


def main() -> None:
    """Serve a round of such episodes until stdin ends."""
    with loopback() as (listener, origin):
        state = made_up(origin)
        division = next(iter(state.divisions.values()))
        seats = list(state.policy_versions.values())[:2]
        round_ = state.add_round(division, [])
        dice = random.Random(1)
        replay = zlib.compress(
            json.dumps({"frames": [dice.getrandbits(4000) for _ in range(820)]}).encode(), 0
        )
        for _ in range(EPISODES):
            episode = state.add_episode(seats, round_)
            state.finish_episode(episode, 1.0, 2.0)
            state.artifacts[episode["id"]] = Artifacts(replay=replay)
        with answering(Application(state), listener):
            sys.stdout.write(json.dumps({"url": f"{origin}/api", "round": round_["id"]}) + "\n")
            sys.stdout.flush()
            sys.stdin.read()


if __name__ == "__main__":
    main()
