"""``league why`` and ``league watch``."""

from __future__ import annotations

import argparse
from typing import Any

from ..arguments import Parser, count
from .league_options import action

_MOST_ROUNDS = 50
_MOST_SECONDS = 3600


def add(actions: Any) -> None:
    """Add them to the actions of ``league``."""
    why = _action(actions, "why", "why episodes failed, a policy is where it is, or a seat scored as it did")
    why.add_argument("what_id", metavar="ID", help="an id with round_, div_, ereq_, lpm_ or sub_")
    why.add_argument(
        "--rounds",
        type=_up_to_rounds,
        default=5,
        metavar="N",
        help="how many of the newest rounds of a division to look at (default: 5)",
    )
    watch = _action(actions, "watch", "print what happens in my leagues, a league, a division or a round")
    watch.add_argument("target_id", nargs="?", metavar="ID", help="an id with league_, div_ or round_")
    watch.add_argument(
        "--until",
        choices=("round-done", "submission"),
        help="end when a round is over, or my submissions are decided; exit code 0 if well, 1 if not",
    )
    watch.add_argument(
        "--interval",
        type=_interval,
        metavar="SECONDS",
        help="between two looks (default: 15 while something runs, up to 120)",
    )


def _action(actions: Any, name: str, text: str) -> Parser:
    json_text = "print one JSON document" if name == "why" else "print a JSON document a line"
    return action(actions, name, text, room="league_why", json_text=json_text)


def _up_to_rounds(text: str) -> int:
    return _at_most(count(text), _MOST_ROUNDS)


def _interval(text: str) -> int:
    return _at_most(count(text), _MOST_SECONDS)


def _at_most(value: int, most: int) -> int:
    if value > most:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {most}")
    return value
