"""The games of the demonstration: really played ones of the bundled Coworld, packed in ``games.zip``.

Whoever plays whom in the demonstration league, the episode is one of these. tests/league_demo/recording.py
says how they were made.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .artifacts import Artifacts

GAMES = Path(__file__).parent / "games.zip"


@dataclass(frozen=True)
class Entrant:
    """A player of the demonstration: the policy it enters, and the bundled player that plays for it."""

    policy: str
    bundled: str
    mine: bool = False


PLAYERS = {
    "juniper": Entrant("hedgerow", "hedger", mine=True),
    "wren": Entrant("meadowlark", "rover", mine=True),
    "kestrel": Entrant("stoop", "hunter"),
    "marlow": Entrant("drystone", "rover"),
    "tansy": Entrant("wayfarer", "wanderer"),
    "rook": Entrant("gleaner", "hedger"),
}


@dataclass(frozen=True)
class Game:
    """One game: ``players`` by slot; ``scores`` by slot, or an ``error`` with type, title, cause and slot."""

    players: tuple[str, ...]
    config: Mapping[str, Any]
    scores: tuple[float, ...]
    error: Mapping[str, Any] | None
    artifacts: Artifacts = field(repr=False)

    @property
    def error_type(self) -> str:
        """Empty for a game that was played to its end."""
        return str(self.error["type"]) if self.error else ""

    @property
    def message(self) -> str:
        """What went wrong, in a sentence."""
        return f"{self.error['title']}: {self.error['cause']}" if self.error else ""


def recorded_games() -> list[Game]:
    """All of them, in the order they were packed."""
    folders: dict[str, dict[str, bytes]] = {}
    with zipfile.ZipFile(GAMES) as archive:
        for name in archive.namelist():
            folder, _, member = name.partition("/")
            folders.setdefault(folder, {})[member] = archive.read(name)
    return [_game(members) for members in folders.values()]


def _game(members: Mapping[str, bytes]) -> Game:
    about = json.loads(members["game.json"])
    error = about["error"]
    slots = range(len(about["players"]))
    info = {"error_type": error["type"], "message": error["cause"]} if error else None
    return Game(
        players=tuple(about["players"]),
        config=about["config"],
        scores=tuple(about["scores"] or ()),
        error=error,
        artifacts=Artifacts(
            replay=members.get("replay.z"),
            results=members.get("results.json"),
            game_log=members["game.log"],
            error_info=json.dumps(info).encode() if info else None,
            seat_logs={
                slot: members[name] for slot in slots if (name := f"policy_agent_{slot}.log") in members
            },
        ),
    )
