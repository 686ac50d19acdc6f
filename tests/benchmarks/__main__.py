"""``python -m tests.benchmarks [NAME ...]``: measure, and print a Markdown table.

Names: help paint one eight stream replays screen find library validate certify league
league-replays watch.

``one``, ``eight`` and ``certify`` need a Docker engine, ``COWORLD_TUI_PEERS`` (the folder that holds
``paintarena-0.1.64``) and ``COWORLD_PEER_64`` (a Python that has ``coworld==0.1.64``), which
``league-replays`` needs as well.
``replays``, ``screen`` and ``find`` make 750 MB of replays, in the folder that ``COWORLD_TUI_BIG``
names if it does; ``COWORLD_PEER_VD`` names visidata's program where it is not on the path.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from . import (
    certify,
    episodes,
    finding,
    league_opening,
    league_replays,
    league_watch,
    library,
    replay_screen,
    replays,
    startup,
    stream,
    validate,
)
from .table import Row, markdown

BENCHMARKS: dict[str, Callable[[], list[Row]]] = {
    "help": startup.help_time,
    "paint": startup.first_paint,
    "one": episodes.one,
    "eight": episodes.eight,
    "stream": stream.stream,
    "replays": replays.replays,
    "screen": replay_screen.screen,
    "find": finding.finding,
    "library": library.library,
    "validate": validate.validate,
    "certify": certify.certify,
    "league": league_opening.league_opening,
    "league-replays": league_replays.league_replays,
    "watch": league_watch.watching,
}


def main() -> None:
    """Run what was asked for, all without a name, and print as it comes."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, []], metavar="NAME")
    names = parser.parse_args().names or list(BENCHMARKS)
    rows: list[Row] = []
    for name in names:
        sys.stderr.write(f"measuring {name} ...\n")
        rows += BENCHMARKS[name]()
    sys.stdout.write(markdown(rows) + "\n")


if __name__ == "__main__":
    main()
