"""Arguments of the command line: the parser itself, and numbers within their limits."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any


class Parser(argparse.ArgumentParser):
    """Options are written out: ``--secret K=V`` would leave the value in the process list.

    ``fill`` adds the arguments of a command that has many, once that command was given.
    """

    def __init__(self, *, fill: Callable[[Parser], None] | None = None, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)
        self._fill = fill

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self._fill is not None:
            fill, self._fill = self._fill, None
            fill(self)
        return super().parse_known_args(args, namespace)


def count(text: str) -> int:
    """A whole number from 1."""
    return _whole(text, 1, 100_000)


def byte_count(text: str) -> int:
    """A number of bytes."""
    return _whole(text, 1, 2**50)


def slot(text: str) -> int:
    """A slot, counted from 0."""
    return _whole(text, 0, 10_000)


def columns(text: str) -> int:
    """A width or height on the screen."""
    return _whole(text, 4, 1_000)


def tick(text: str) -> int:
    """A tick, which may be negative."""
    sign = -1 if text.startswith("-") else 1
    return sign * _whole(text.removeprefix("-"), 0, 2**53)


def port(text: str) -> int:
    """A port; 0 for a free one."""
    return _whole(text, 0, 65_535)


def _whole(text: str, least: int, most: int) -> int:
    if not text.isdecimal() or len(text) > 18 or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}")
    return int(text)


def seconds(text: str) -> float:
    """A time in seconds."""
    return _positive(text, 10_000_000, "a number of seconds above 0")


def speed(text: str) -> float:
    """A factor."""
    return _positive(text, 10_000, "a number above 0, such as 0.5 or 8")


def _positive(text: str, limit: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < limit:
        raise argparse.ArgumentTypeError(f"must be {what}")
    return value
