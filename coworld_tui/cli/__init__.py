"""The command line. Parsing is here; what a command does is imported when it is called."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from typing import Any

from .. import __version__

PROGRAM = "coworld-tui"
_EPILOG = """\
Without a command the console opens: coworld-tui [MANIFEST | FOLDER | cow_ID | REPLAY].
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
    "replay": ("console", "replay"),
    "inspect": ("inspect", "inspect"),
    "frame": ("frame", "frame"),
    "query": ("query", "query"),
    "export": ("export", "export"),
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
    console.add_argument("source", nargs="?", help="manifest, package folder, id, replay or run to open on")

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

    replay = commands.add_parser("replay", help="open a replay, or the list of those in a folder")
    replay.add_argument(
        "path", nargs="?", help="replay, bundle, run, run id or folder (default: list every run and download)"
    )
    _inflated_argument(replay)

    inspect = commands.add_parser("inspect", help="say what is in a replay, a bundle or a run")
    _source_arguments(inspect)
    inspect.add_argument("--json", action="store_true", help="print one JSON object")

    frame = commands.add_parser("frame", help="print one frame of a replay")
    _source_arguments(frame)
    which = frame.add_mutually_exclusive_group(required=True)
    which.add_argument("--index", type=int, metavar="N", help="by its number from 0; -1 is the last")
    which.add_argument("--tick", type=int, metavar="T", help="the first frame of this tick")
    frame.add_argument("--text", action="store_true", help="as the lens that fits best shows it")
    frame.add_argument("--lens", metavar="NAME", help="as this lens shows it")
    frame.add_argument(
        "--width", type=_count, metavar="W", help="columns for a lens (default: as the terminal)"
    )
    frame.add_argument("--json", action="store_true", help="always JSON: bytes as base64 in an object")

    query = commands.add_parser("query", help="print values of a replay over its ticks, or ticks that match")
    _source_arguments(query)
    query.add_argument(
        "expression", metavar="EXPR", help="scores.0  or  scores.0,scores.1  or  scores.0 > 10"
    )
    _range_arguments(query)
    query.add_argument(
        "--player", type=_slot, metavar="N", help="the value of this player: scores is scores.N"
    )
    query.add_argument("--where", metavar="EXPR", help="only frames that answer this: done == false")
    query.add_argument("--limit", type=_count, metavar="N", help="at most so many rows")
    query.add_argument("--json", action="store_const", const="json", dest="format", help="as --format json")
    query.add_argument("--format", choices=("table", "json", "csv", "parquet"), help="(default: table)")
    query.add_argument(
        "--output", metavar="FILE", help="write there; .csv, .json and .parquet say the format"
    )
    query.add_argument("--force", action="store_true", help="replace the file that is there")

    export = commands.add_parser(
        "export", help="write frames, series, stats, a cast or a picture of a replay"
    )
    _source_arguments(export)
    export.add_argument(
        "--what", required=True, choices=("frames", "series", "stats", "cast", "svg"), help="what to write"
    )
    export.add_argument(
        "--output",
        required=True,
        metavar="FILE",
        help="frames: .jsonl, .parquet or a folder; series: .csv, .json, .parquet; stats: .parquet",
    )
    export.add_argument(
        "--path", action="append", default=[], dest="value_path", metavar="P", help="a series, as scores.0"
    )
    _range_arguments(export)
    export.add_argument("--lens", metavar="NAME", help="how to draw frames (default: what fits best)")
    export.add_argument(
        "--width", type=_columns, default=80, metavar="W", help="of the drawing (default: 80)"
    )
    export.add_argument("--height", type=_columns, default=24, metavar="H", help="(default: 24)")
    export.add_argument(
        "--speed", type=_speed, default=1.0, metavar="X", help="of a cast, against the game's (default: 1)"
    )
    export.add_argument("--force", action="store_true", help="replace the file that is there")
    export.add_argument("--json", action="store_true", help="print one JSON object")

    doctor = commands.add_parser("doctor", help="check engine, images, disk and terminal")
    doctor.add_argument("manifest", nargs="?", help="also check the images this manifest names")
    doctor.add_argument("--reap", action="store_true", help="remove what killed runs left behind")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")

    paths = commands.add_parser("paths", help="print where runs, settings and the log file are")
    paths.add_argument("--json", action="store_true", help="print one JSON object")

    keys = commands.add_parser("keys", help="print the table of keys")
    keys.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _source_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", metavar="PATH", help="a replay, bundle, workspace or run directory, or run id"
    )
    _inflated_argument(parser)


def _inflated_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-inflated", type=_bytes, metavar="N", help="inflate to N bytes at most (default: 1 GiB)"
    )


def _range_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", type=_tick, dest="first", metavar="T", help="from this tick")
    parser.add_argument("--to", type=_tick, dest="last", metavar="T", help="up to this tick, it included")


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


def _bytes(text: str) -> int:
    return _whole(text, 1, 2**50)


def _slot(text: str) -> int:
    return _whole(text, 0, 10_000)


def _columns(text: str) -> int:
    return _whole(text, 4, 1_000)


def _tick(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    return sign * _whole(text.removeprefix("-"), 0, 2**53)


def _port(text: str) -> int:
    return _whole(text, 0, 65_535)


def _whole(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or len(text) > 18 or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}")
    return int(text)


def _seconds(text: str) -> float:
    return _positive(text, 10_000_000, "a number of seconds above 0")


def _speed(text: str) -> float:
    return _positive(text, 10_000, "a number above 0, such as 0.5 or 8")


def _positive(text: str, limit: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < limit:
        raise argparse.ArgumentTypeError(f"must be {what}")
    return value
