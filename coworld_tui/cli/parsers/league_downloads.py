"""Actions of ``league`` that download. Options are named as in the real client (hosted.md 8)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..arguments import Parser
from .league_options import action, up_to

_MOST_EPISODES = 10_000
_MOST_AT_ONCE = 32


def add(actions: Any) -> None:
    """Add them to the actions of ``league``."""
    _replays(actions)
    for name in ("stats", "episode-stats"):
        _of_episode(actions, name, "show the statistics of an episode")
    for name in ("logs", "episode-logs"):
        _logs(actions, name)
    results = _of_episode(actions, "episode-results", "show or save the results of an episode")
    results.add_argument("-o", "--output", type=Path, metavar="FILE", help="save them as they are")
    _bundle(actions)
    _download(actions)


def _replays(actions: Any) -> None:
    replays = _action(actions, "replays", "list or download replays")
    replays.add_argument(
        "episode_request_ids",
        nargs="*",
        metavar="EPISODE_REQUEST_ID",
        help="those of these episodes; else of a round, a division, a policy or mine",
    )
    replays.add_argument("-r", "--round", dest="round_id", metavar="ROUND_ID", help="only of this round")
    replays.add_argument(
        "-d", "--division", dest="division_id", metavar="DIVISION_ID", help="only of this division"
    )
    replays.add_argument("-p", "--policy", metavar="POLICY", help="NAME, NAME:vN or a version's UUID")
    replays.add_argument("--mine", action="store_true", help="only those my memberships play in")
    replays.add_argument(
        "-o", "--download-dir", type=Path, metavar="DIR", help="download them into DIR; what is there stays"
    )
    replays.add_argument(
        "--limit",
        type=up_to(_MOST_EPISODES),
        default=100,
        metavar="N",
        help="look at so many episodes (default: 100)",
    )
    replays.add_argument("--cursor", metavar="CURSOR", help="go on where an earlier page ended")
    replays.add_argument(
        "-j",
        "--jobs",
        type=up_to(_MOST_AT_ONCE),
        default=8,
        metavar="N",
        help="downloads at a time (default: 8)",
    )


def _logs(actions: Any, name: str) -> None:
    logs = _of_episode(actions, name, "show or download what the game and the policies said")
    logs.add_argument("--list", dest="list_logs", action="store_true", help="say which seats have files")
    what = logs.add_mutually_exclusive_group()
    what.add_argument("--game", action="store_true", help="the game's log")
    what.add_argument("--artifact", action="store_true", help="the zips of policies instead of their logs")
    logs.add_argument("--agent", type=_seat, metavar="N", help="only of this seat")
    logs.add_argument("--mine", action="store_true", help="only of seats of my memberships")
    logs.add_argument(
        "-d",
        "--download-dir",
        type=Path,
        metavar="DIR",
        help="download logs and zips into DIR, with receipts; what is there stays",
    )
    logs.add_argument("-o", "--output", type=Path, metavar="FILE", help="save the one log or zip as FILE")


def _bundle(actions: Any) -> None:
    bundle = _of_episode(actions, "bundle", "download an episode as one zip")
    bundle.add_argument("-o", "--output", type=Path, metavar="FILE", help="(default: EPISODE_REQUEST_ID.zip)")
    bundle.add_argument(
        "--include", metavar="PART,PART", help="only these parts: results, replay, game_logs, …"
    )
    bundle.add_argument("--force", action="store_true", help="replace FILE if it is there")


def _download(actions: Any) -> None:
    download = _action(actions, "download", "download a Coworld: manifest, list of images, players' files")
    download.add_argument("coworld_ref", metavar="COWORLD", help="an id, or a name for its canonical version")
    download.add_argument(
        "-o",
        "--output-dir",
        type=Path,
        default=Path("coworld"),
        metavar="DIR",
        help="it is put into DIR/ID (default: coworld)",
    )
    download.add_argument("--refresh", action="store_true", help="replace what was downloaded before")
    download.add_argument("--pull", action="store_true", help="pull its images into the Docker engine too")


def _of_episode(actions: Any, name: str, text: str) -> Parser:
    action = _action(actions, name, text)
    action.add_argument("episode_request_id", metavar="EPISODE_REQUEST_ID")
    return action


def _seat(text: str) -> int:
    if not text.isascii() or not text.isdecimal() or len(text) > 4:
        raise argparse.ArgumentTypeError("must be a whole number from 0")
    return int(text)


def _action(actions: Any, name: str, text: str) -> Parser:
    return action(actions, name, text, room="league_downloads")
