"""Commands that run episodes: ``run``, ``demo``, ``play``."""

from __future__ import annotations

import argparse
from typing import Any

from ..arguments import count, port, seconds


def add(commands: Any) -> None:
    """Add them to the command line."""
    run = commands.add_parser("run", help="run one episode or many")
    run.add_argument("manifest", help="manifest file, package folder, URL, cow_ id, or 'demo'")
    run.add_argument(
        "images", nargs="*", metavar="IMAGE", help="one player image for all slots, or one a slot"
    )
    _launch_arguments(run)
    _batch_arguments(run)

    demo = commands.add_parser("demo", help="play the bundled game; needs no Docker")
    demo.set_defaults(manifest="demo", images=[], request=None)
    _launch_arguments(demo, bundled=True)
    _batch_arguments(demo)

    play = commands.add_parser("play", help="start game and players, and print the links to join")
    play.add_argument("manifest", help="manifest file, package folder, URL, cow_ id, or 'demo'")
    play.add_argument(
        "images", nargs="*", metavar="IMAGE", help="one player image for all slots, or one a slot"
    )
    _launch_arguments(play)
    play.set_defaults(episodes=1, jobs=1, verify_replay=False, watch=False)


def _launch_arguments(parser: argparse.ArgumentParser, *, bundled: bool = False) -> None:
    parser.add_argument("--variant", help="variant id (default: the certification fixture)")
    if not bundled:
        parser.add_argument("--request", metavar="FILE", help="an episode_request.json to run")
        parser.add_argument(
            "--run", action="append", default=[], metavar="ARG", help="player command, an ARG each"
        )
    else:
        parser.set_defaults(run=[])
    parser.add_argument(
        "--slot",
        action="append",
        default=[],
        metavar="N=WHO",
        help="who sits in slot N: image=REF, cmd=COMMAND, manifest:PLAYER_ID or human",
    )
    parser.add_argument("--env", action="append", default=[], metavar="K=V", help="player variable")
    parser.add_argument(
        "--secret-env",
        action="append",
        default=[],
        metavar="K[=V]",
        help="player variable that is shown nowhere; without =V the value of this shell's K",
    )
    parser.add_argument("--game-cmd", metavar="COMMAND", help="run the game as this local process")
    parser.add_argument(
        "--backend",
        choices=("docker", "process"),
        default="process" if bundled else None,
        help="where manifest parts run (default: docker; process for the bundled game)",
    )
    parser.add_argument(
        "--port", type=port, default=0, metavar="P", help="host port of the game (default: a free one)"
    )
    parser.add_argument("--output-dir", metavar="DIR", help="put the workspace files here")
    parser.add_argument(
        "--timeout-seconds", type=seconds, default=3600.0, metavar="S", help="limit per phase"
    )
    parser.add_argument(
        "--display",
        choices=("full", "plain", "json", "none"),
        help="full: live screen; plain: lines on stderr; json: events as JSON lines (default: by terminal)",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def _batch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--episodes", type=count, default=1, metavar="N", help="how many episodes")
    parser.add_argument("--jobs", type=count, default=1, metavar="J", help="how many at a time")
    parser.add_argument(
        "--verify-replay", action="store_true", help="load the replay with the game afterwards"
    )
    parser.add_argument(
        "--watch",
        action="store_true",
        help="run again whenever the manifest, the request or the files of cmd= slots change",
    )
