"""What the actions of ``league`` have in common."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ..arguments import Parser, count


def action(
    actions: Any,
    name: str,
    text: str,
    *,
    room: str,
    asks: bool = False,
    json_text: str = "print one JSON document",
) -> Parser:
    """An action, which the module ``room`` of the command line has; ``asks`` when it changes something."""
    made: Parser = actions.add_parser(name, help=text)
    made.set_defaults(room=room)
    server_options(made, default=argparse.SUPPRESS)
    made.add_argument("--json", action="store_true", help=json_text)
    if asks:
        made.add_argument("-y", "--yes", action="store_true", help="do not ask before it is done")
    return made


def server_options(parser: Parser, default: str | None = None) -> None:
    """Where the leagues are. They may stand before the action and after it."""
    parser.add_argument(
        "--server",
        metavar="URL",
        default=default,
        help="address of the API (default: that of the settings, else that of softmax.com)",
    )
    parser.add_argument(
        "--demo",
        action="store_true",
        default=default or False,
        help="a league that lives on this machine, for people without an account",
    )


def filters(made: Parser, *names: str) -> None:
    """``--league``, ``--division``, ``--round`` with an id, ``--policy``, ``--player``."""
    for name in names:
        if name == "policy":
            made.add_argument("-p", "--policy", metavar="POLICY", help="NAME, NAME:vN or a version's UUID")
        elif name == "player":
            made.add_argument("--player", dest="player_id", metavar="PLAYER_ID", help="only of this player")
        else:
            made.add_argument(
                f"-{name[0]}",
                f"--{name}",
                dest=f"{name}_id",
                metavar=f"{name.upper()}_ID",
                help=f"only of this {name}",
            )


def page(made: Parser, *, most: int, usual: int | None) -> None:
    """``--limit`` and ``--cursor`` of a list."""
    said = f"(default: {usual})" if usual else "(default: as many as the server sends)"
    made.add_argument("--limit", type=up_to(most), default=usual, metavar="N", help=said)
    made.add_argument("--cursor", metavar="CURSOR", help="go on where an earlier page ended")


def up_to(most: int) -> Callable[[str], int]:
    """The type of a whole number from 1 to ``most``."""

    def number(text: str) -> int:
        value = count(text)
        if value > most:
            raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {most}")
        return value

    return number
