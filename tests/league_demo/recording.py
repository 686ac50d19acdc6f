"""Plays the games of the demonstration league and packs them: ``python -m tests.league_demo.recording``.

Every pairing of the six players is played with the bundled game, one of its policies for each, until
either has won, and some pairings once more with a player or a game that fails. What they left goes into
``games.zip`` of the package, a folder for each: ``game.json`` (who, config, outcome) and the artifacts.
"""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, combinations
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import coworld_tui
from coworld_tui.league_demo.games import GAMES, PLAYERS

MANIFEST = Path(coworld_tui.__file__).parent / "demo" / "coworld_manifest.json"
CONFIG = {"width": 22, "height": 12, "max_ticks": 120, "tick_rate": 60, "player_connect_timeout_seconds": 5}
HOW = ("--backend", "process", "--display", "none", "--json", "--output-dir", "out")
EACH = 2
TRIES = 8
LIMIT = 200_000

STALE = '''"""Meadowlark: goes where the longest trail of a rival ends."""
import json
import os
import sys

from websockets.sync.client import connect


def longest(seen):
    width = seen["width"]
    trails = {}
    for cell, owner in enumerate(seen["trails"]):
        if owner not in (-1, seen["slot"]):
            trails.setdefault(owner, []).append((cell % width, cell // width))
    return max(trails.values(), key=len)


def move(seen):
    if seen["tick"] < 4:
        return "right"
    x, y = seen["positions"][seen["slot"]]
    there_x, there_y = longest(seen)[-1]
    if x != there_x:
        return "right" if there_x > x else "left"
    return "down" if there_y > y else "up"


with connect(os.environ["COWORLD_PLAYER_WS_URL"], compression=None) as game:
    print("meadowlark is ready", file=sys.stderr)
    for message in game:
        seen = json.loads(message)
        if seen["type"] == "final":
            break
        game.send(json.dumps({"move": move(seen), "tick": seen["tick"]}))
'''
MISSING = '''"""Hedgerow, with a planner that was not installed."""
import hedgerow_planner

hedgerow_planner.play()
'''
BUSY = "import sys; sys.exit('enclosure: cannot listen on 0.0.0.0 port 8080: Address already in use')"


@dataclass(frozen=True)
class Plan:
    """A game to play: the players by name, and what replaces one of them or the game."""

    name: str
    seats: tuple[str, str]
    seed: int
    instead: tuple[str, ...] = ()


def matches() -> Iterator[dict[str, bytes]]:
    """For every pairing a game that either has won, so that the league stays open; else the one there is."""
    for number, pair in enumerate(combinations(PLAYERS, 2)):
        won: dict[str, dict[str, bytes]] = {}
        for again in range(TRIES):
            # Who sits where changes with the seed, so that no one always has the better corner.
            seats = pair[::-1] if again % 2 else pair
            plan = Plan("-".join(pair), (seats[0], seats[1]), 100 + number * TRIES + again)
            members, scores = play(plan)
            winner = seats[scores.index(max(scores))]
            won.setdefault(winner, members)
            if len(won) == EACH:
                break
        for again, members in enumerate(won.values()):
            yield {f"{'-'.join(pair)}-{again + 1}/{name}": data for name, data in members.items()}


def failures() -> Iterator[dict[str, bytes]]:
    """Games that a player or the game itself did not get through."""
    plans = []
    for number, rival in enumerate(("juniper", "kestrel", "marlow", "tansy", "rook")):
        slot = number % 2
        seats = ("wren", rival) if slot == 0 else (rival, "wren")
        crash = ("--slot", f"{slot}=cmd=python meadowlark.py")
        plans.append(Plan(f"wren-{rival}-crash", seats, 900 + number, crash))
    for number, rival in enumerate(("kestrel", "rook")):
        absent = ("--slot", "0=cmd=python hedgerow.py")
        plans.append(Plan(f"juniper-{rival}-absent", ("juniper", rival), 910 + number, absent))
    plans.append(Plan("marlow-tansy-busy", ("marlow", "tansy"), 920, ("--game-cmd", f'python -c "{BUSY}"')))
    for plan in plans:
        members, _ = play(plan)
        yield {f"{plan.name}/{name}": data for name, data in members.items()}


def play(plan: Plan) -> tuple[dict[str, bytes], list[float]]:
    """Play it with the bundled game as it is installed; what is kept of it, and the scores by slot."""
    with TemporaryDirectory() as name:
        return played(plan, Path(name))


def played(plan: Plan, folder: Path) -> tuple[dict[str, bytes], list[float]]:
    """The same, in a folder for everything it needs."""
    manifest = json.loads(MANIFEST.read_bytes())
    players = [
        {"type": "player", "image": player["image"], "run": player["run"]}
        for name in plan.seats
        for player in manifest["player"]
        if player["id"] == PLAYERS[name].bundled
    ]
    config = {**CONFIG, "seed": plan.seed, "players": [{"name": name} for name in plan.seats]}
    request = folder / "request.json"
    request.write_text(json.dumps({"manifest": manifest, "game_config": config, "players": players}))
    (folder / "meadowlark.py").write_text(STALE)
    (folder / "hedgerow.py").write_text(MISSING)
    done = subprocess.run(
        [sys.executable, "-m", "coworld_tui", "run", "demo", "--request", str(request), *HOW, *plan.instead],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": str(Path(sys.executable).parent), "COWORLD_TUI_HOME": str(folder / "home")},
    )
    outcome = json.loads(done.stdout)
    assert (outcome["error"] is not None) == bool(plan.instead), done.stdout
    members = packed(plan, config, outcome, folder / "out")
    members = {name: data.replace(bytes(folder), b"/app") for name, data in members.items()}
    return members, outcome["scores"] or []


def packed(plan: Plan, config: dict[str, Any], outcome: dict[str, Any], out: Path) -> dict[str, bytes]:
    """What is kept of a game."""
    error = outcome["error"]
    about = {
        "players": plan.seats,
        "config": config,
        "scores": outcome["scores"],
        "error": error and {key: error.get(key) for key in ("type", "title", "cause", "slot")},
    }
    logs = out / "logs"
    members = {
        "game.json": json.dumps(about).encode(),
        "game.log": b"".join((logs / f"game.{part}.log").read_bytes() for part in ("stdout", "stderr")),
        **{path.name: path.read_bytes() for path in sorted(logs.glob("policy_agent_*.log"))},
    }
    if error is None:
        members["results.json"] = (out / "results.json").read_bytes()
        members["replay.z"] = zlib.compress((out / "replay").read_bytes(), 9)
    return members


def main() -> None:
    """Write ``games.zip``, with the same dates each time."""
    part = GAMES.with_suffix(".part")
    with zipfile.ZipFile(part, "w") as archive:
        for members in chain(matches(), failures()):
            for name, data in members.items():
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED, 9)
    assert part.stat().st_size <= LIMIT
    part.replace(GAMES)


if __name__ == "__main__":
    main()
