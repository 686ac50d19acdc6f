"""Which file of an episode is what, by the names that either generation gives them (local.md 6 and 7)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from .blob import Blob
from .source import ReplayFile

if TYPE_CHECKING:
    from ..contract.bundle import BundleManifest

REPLAY_NAMES = (
    "replay.json",
    "replay",
    "replay.json.z",
    "replay.json.gz",
    "replay.z",
    "replay.gz",
    "replay.zst",
    "replay.json.zst",
    "replay.jsonl",
    "replay.replay",
)
"""What a workspace or bundle calls its replay, the plain ones first."""

RECORDINGS = ("frames.parquet", "frames.arrows")

_NOT_REPLAYS = frozenset(
    {
        "run_manifest.json", "manifest.json", "manifest.jsonl", "index.json", "download.json",
        "config.json", "results.json", "error_info.json", "events.json", "events.jsonl",
        "player_status.json", "player_containers.json", "player_seats.json", "player_failure.json",
        "episode_request.json", "episode_metadata.json", "coworld_manifest.json", "coworld_images.json",
        "trajectory.jsonl", "trace.jsonl", "isolation.json", "optimizer.json", "grade.json", "stats.json",
        "inputs.json", "findings.json", "package.json", "report.zip", "diagnosis.zip",
    }
)  # fmt: skip
_ENDINGS = (".replay", ".json", ".jsonl", ".ndjson", ".zip", ".z", ".gz", ".zst", ".zlib")
_PLAYER_FILE = re.compile(r"(?:.*[-_])?policy_(?:agent|artifact|annotations)_\d+\.[a-z]+\Z")
_PLAYER_LOG = re.compile(r"(?:.*-)?policy_agent_(\d{1,4})\.log\Z")
_ANNOTATIONS = re.compile(r"policy_annotations_(\d{1,4})\.jsonl\Z")
_GAME_LOGS = {"game.log": "", "game.stdout.log": "stdout", "game.stderr.log": "stderr"}


class Contents(Protocol):
    """Files that belong together, in a folder or in an archive, by their names there."""

    problems: list[str]

    @property
    def sizes(self) -> Mapping[str, int]:
        """The names, and how many bytes each has."""
        ...

    def file(self, name: str) -> ReplayFile:
        """One of them to look at. KeyError for an unknown one."""
        ...

    def blob(self, name: str, limit: int) -> Blob:
        """One of them as bytes at offsets, inflated to ``limit`` bytes at most. KeyError, CoworldError."""
        ...

    def close(self) -> None:
        """Let go of what is open."""
        ...


@dataclass(frozen=True)
class Parts:
    """The names of an episode's parts; an empty name stands for none. ``annotations`` are by slot."""

    replay: str = ""
    recording: str = ""
    results: str = ""
    config: str = ""
    error_info: str = ""
    events: str = ""
    logs: Mapping[str, str] = field(default_factory=dict)
    tables: tuple[str, ...] = ()
    annotations: Mapping[int, str] = field(default_factory=dict)


def usual_parts(sizes: Mapping[str, int], prefix: str = "") -> Parts:
    """The parts of a workspace whose names start with ``prefix``, by what they are called."""

    def named(*names: str) -> str:
        present = [prefix + name for name in names if prefix + name in sizes]
        return next((name for name in present if sizes[name]), present[0] if present else "")

    own = [name for name in sizes if name.startswith(prefix)]
    return Parts(
        replay=named(*REPLAY_NAMES),
        recording=named(*RECORDINGS),
        results=named("results.json"),
        config=named("config.json"),
        error_info=named("error_info.json"),
        logs=_logs(own, sizes),
        events=named("events.json", "events.jsonl"),
        tables=tuple(name for name in own if _is_table(name)),
        annotations=_by_slot(own),
    )


def listed_parts(manifest: BundleManifest, prefix: str, sizes: Mapping[str, int]) -> tuple[Parts, list[str]]:
    """The parts that a bundle manifest lists, and a problem for each that is not there.

    ``prefix`` is the folder it lies in, with its slash, as in the names of ``sizes``.
    """
    problems = []
    present: dict[str, dict[str, str]] = {}
    for token in manifest.files:
        for key, listed in manifest.entries(token).items():
            name = prefix + listed
            if name in sizes:
                present.setdefault(token, {})[key] = name
            else:
                problems.append(f"{token} is listed but not there: {name}")

    def single(token: str) -> str:
        return next(iter(present.get(token, {}).values()), "")

    streams = present.get("game_logs", {})
    game = {_GAME_LOGS.get(f"game.{key}.log", key): name for key, name in streams.items()}
    players = {f"player {key}": name for key, name in present.get("player_logs", {}).items()}
    parts = Parts(
        replay=single("replay"),
        recording=next((name for name in sizes if _base(name) in RECORDINGS), ""),
        results=single("results"),
        config=single("config"),
        error_info=single("error_info"),
        logs={**_game_logs(game, sizes), **players},
        events=single("events"),
        tables=tuple(name for name in sizes if _is_table(name)),
        annotations=_by_slot(sizes),
    )
    return parts, problems


def replay_places(sizes: Mapping[str, int]) -> dict[str, str]:
    """The names that are a replay's and no other file's, by what they lie in, ``""`` for the top."""
    places: dict[str, str] = {}
    for name in sizes:
        base = _base(name)
        if base in REPLAY_NAMES:
            places.setdefault(name[: -len(base)], name)
        elif base.endswith(".replay"):
            places[name] = name
    return places


def common_folder(names: Iterable[str]) -> str:
    """The folders that all names have in common, each with its slash; empty for none."""
    split = [name.split("/")[:-1] for name in names]
    common: list[str] = []
    for steps in zip(*split, strict=False):
        if len(set(steps)) > 1:
            break
        common.append(steps[0])
    return "".join(f"{step}/" for step in common)


def looks_like_a_replay(name: str) -> bool:
    """Whether a file may be a replay by its name alone; what an episode has beside it may not."""
    base = _base(name).lower()
    if base in REPLAY_NAMES or base in RECORDINGS:
        return True
    if base in _NOT_REPLAYS or base.startswith(".") or _PLAYER_FILE.match(base):
        return False
    return base.endswith(_ENDINGS)


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _is_table(name: str) -> bool:
    return name.endswith(".parquet") and _base(name) not in RECORDINGS


def _logs(names: Iterable[str], sizes: Mapping[str, int]) -> dict[str, str]:
    game: dict[str, str] = {}
    players: dict[int, str] = {}
    for name in names:
        base = _base(name)
        stream = next(
            (_GAME_LOGS[log] for log in _GAME_LOGS if base == log or base.endswith(f"-{log}")), None
        )
        if stream is not None:
            game.setdefault(stream, name)
        elif found := _PLAYER_LOG.match(base):
            players.setdefault(int(found[1]), name)
    return {**_game_logs(game, sizes), **{f"player {slot}": players[slot] for slot in sorted(players)}}


def _game_logs(streams: Mapping[str, str], sizes: Mapping[str, int]) -> dict[str, str]:
    """``game`` is the stream that says something; a second one keeps its own name."""
    filled = [(stream, name) for stream, name in streams.items() if sizes[name]] or list(streams.items())
    logs = {}
    for number, (stream, name) in enumerate(sorted(filled, key=lambda entry: entry[0] == "stderr")):
        logs["game" if not number else f"game {stream}"] = name
    return logs


def _by_slot(names: Iterable[str]) -> dict[int, str]:
    found = ((_ANNOTATIONS.match(_base(name)), name) for name in names)
    return {int(match[1]): name for match, name in found if match}
