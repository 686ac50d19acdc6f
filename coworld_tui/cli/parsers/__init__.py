"""What the command line understands, one module a group of commands."""

from __future__ import annotations

import argparse

from ... import __version__
from ..arguments import Parser
from . import about, authoring, league, replays, running

PROGRAM = "coworld-tui"
EPILOG = """\
Without a command the console opens: coworld-tui [MANIFEST | FOLDER | cow_ID | REPLAY].
Exit codes: 0 done, 1 the episode or check failed, 2 usage or invalid input,
3 something needed is missing (engine, login, network), 130 interrupted."""


def program() -> Parser:
    """The whole command line."""
    parser = Parser(
        prog=PROGRAM,
        description="The console for Coworld: run episodes, watch them live, keep every artifact.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for group in (running, replays, authoring, league, about):
        group.add(commands)
    return parser
