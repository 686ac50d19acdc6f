"""The command line. Parsing is here; what a command does is imported when it is called."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import Any

from .. import __version__

PROGRAM = "coworld-tui"
_EPILOG = """\
Without a command the console opens: coworld-tui [MANIFEST | FOLDER | cow_ID].
Exit codes: 0 done, 1 the episode or check failed, 2 usage or invalid input,
3 something needed is missing (engine, login, network), 130 interrupted."""


def main() -> int:
    """Run ``coworld-tui`` with the arguments of this process; returns the exit code."""
    arguments = sys.argv[1:]
    if any(argument.startswith("--secret-env") for argument in arguments):
        from .secret_arguments import hide

        hide(arguments)
    if not arguments or (arguments[0] not in COMMANDS and not arguments[0].startswith("-")):
        arguments.insert(0, "console")
    options = _parser().parse_args(arguments)
    if options.command is None:
        options.command = "console"
        options.source = None
    from .output import guarded

    module, function = COMMANDS[options.command]
    return guarded(lambda: int(getattr(import_module(f"{__name__}.{module}"), function)(options)), options)


COMMANDS = {
    "console": ("console", "console"),
    "run": ("run", "run"),
    "demo": ("run", "demo"),
    "play": ("run", "play"),
    "inspect": ("inspect", "inspect"),
    "doctor": ("doctor", "doctor"),
    "paths": ("info", "paths"),
    "keys": ("info", "keys"),
}


class _Parser(argparse.ArgumentParser):
    """Options are written out: ``--secret K=V`` would leave the value in the process list."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)


def _parser() -> _Parser:
    parser = _Parser(
        prog=PROGRAM,
        description="The console for Coworld: run episodes, watch them live, keep every artifact.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    console = commands.add_parser("console", help="open the console (the default)")
    console.add_argument("source", nargs="?", help="manifest, package folder or id to open on")

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
    play.set_defaults(episodes=1, jobs=1, verify_replay=False)

    inspect = commands.add_parser("inspect", help="say what is in a run directory")
    inspect.add_argument("path", metavar="RUN_DIR", help="a run directory or a run id")
    inspect.add_argument("--json", action="store_true", help="print one JSON object")

    doctor = commands.add_parser("doctor", help="check engine, images, disk and terminal")
    doctor.add_argument("manifest", nargs="?", help="also check the images this manifest names")
    doctor.add_argument("--reap", action="store_true", help="remove what killed runs left behind")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")

    paths = commands.add_parser("paths", help="print where runs, settings and the log file are")
    paths.add_argument("--json", action="store_true", help="print one JSON object")

    keys = commands.add_parser("keys", help="print the table of keys")
    keys.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


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
        "--port", type=_port, default=0, metavar="P", help="host port of the game (default: a free one)"
    )
    parser.add_argument("--output-dir", metavar="DIR", help="put the workspace files here")
    parser.add_argument(
        "--timeout-seconds", type=_seconds, default=3600.0, metavar="S", help="limit per phase"
    )
    parser.add_argument(
        "--display",
        choices=("full", "plain", "json", "none"),
        help="full: live screen; plain: lines on stderr; json: events as JSON lines (default: by terminal)",
    )
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object")


def _batch_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--episodes", type=_count, default=1, metavar="N", help="how many episodes")
    parser.add_argument("--jobs", type=_count, default=1, metavar="J", help="how many at a time")
    parser.add_argument(
        "--verify-replay", action="store_true", help="load the replay with the game afterwards"
    )


def _count(text: str) -> int:
    return _whole(text, 1, 100_000)


def _port(text: str) -> int:
    return _whole(text, 0, 65_535)


def _whole(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or len(text) > 9 or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 10_000_000:
        raise argparse.ArgumentTypeError("must be a number of seconds above 0")
    return value
