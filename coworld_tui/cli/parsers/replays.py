"""Commands on replays: ``replay``, ``inspect``, ``frame``, ``query``, ``export``."""

from __future__ import annotations

import argparse
from typing import Any

from ..arguments import byte_count, columns, count, slot, speed, tick


def add(commands: Any) -> None:
    """Add them to the command line."""
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
        "--width", type=count, metavar="W", help="columns for a lens (default: as the terminal)"
    )
    frame.add_argument("--json", action="store_true", help="always JSON: bytes as base64 in an object")

    query = commands.add_parser("query", help="print values of a replay over its ticks, or ticks that match")
    _source_arguments(query)
    query.add_argument(
        "expression", metavar="EXPR", help="scores.0  or  scores.0,scores.1  or  scores.0 > 10"
    )
    _range_arguments(query)
    query.add_argument(
        "--player", type=slot, metavar="N", help="the value of this player: scores is scores.N"
    )
    query.add_argument("--where", metavar="EXPR", help="only frames that answer this: done == false")
    query.add_argument("--limit", type=count, metavar="N", help="at most so many rows")
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
    export.add_argument("--width", type=columns, default=80, metavar="W", help="of the drawing (default: 80)")
    export.add_argument("--height", type=columns, default=24, metavar="H", help="(default: 24)")
    export.add_argument(
        "--speed", type=speed, default=1.0, metavar="X", help="of a cast, against the game's (default: 1)"
    )
    export.add_argument("--force", action="store_true", help="replace the file that is there")
    export.add_argument("--json", action="store_true", help="print one JSON object")


def _source_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "path", metavar="PATH", help="a replay, bundle, workspace or run directory, or run id"
    )
    _inflated_argument(parser)


def _inflated_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--max-inflated", type=byte_count, metavar="N", help="inflate to N bytes at most (default: 1 GiB)"
    )


def _range_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--from", type=tick, dest="first", metavar="T", help="from this tick")
    parser.add_argument("--to", type=tick, dest="last", metavar="T", help="up to this tick, it included")
