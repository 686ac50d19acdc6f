"""What sets one game configuration apart from another, leaf by leaf."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal

from .json_words import json_words
from .validation import dotted_path

LEAF_LIMIT = 1_000
"""Most leaves that are told; configurations have a few dozen."""

_DEPTH_LIMIT = 20
_VALUE_LIMIT = 120
_ABSENT = object()

Step = str | int


@dataclass(frozen=True)
class Difference:
    """One leaf of two configurations.

    ``path`` reads like ``players[0].name``; the values are JSON on one safe line, empty where there
    is none. ``only_here`` is in the configuration alone, ``only_there`` in the fixture alone.
    """

    path: str
    fixture_value: str
    value: str
    kind: Literal["same", "changed", "only_here", "only_there"]


def config_differences(
    fixture: dict[str, Any], config: dict[str, Any], limit: int = LEAF_LIMIT
) -> list[Difference]:
    """Compare ``config`` with the certification ``fixture``: the fixture's leaves first, in its order.

    A leaf is a scalar or an empty object or list. At most ``limit`` of them are returned.
    """
    there, here = dict(_leaves(fixture, ())), dict(_leaves(config, ()))
    return [
        _difference(path, there.get(path, _ABSENT), here.get(path, _ABSENT))
        for path in islice({**there, **here}, limit)
    ]


def _difference(path: tuple[Step, ...], there: Any, here: Any) -> Difference:
    kind: Literal["same", "changed", "only_here", "only_there"]
    if there is _ABSENT:
        kind = "only_here"
    elif here is _ABSENT:
        kind = "only_there"
    else:
        kind = "same" if _is_same(there, here) else "changed"
    return Difference(dotted_path(path), _words(there), _words(here), kind)


def _words(value: Any) -> str:
    return "" if value is _ABSENT else json_words(value, _VALUE_LIMIT)


def _is_same(there: Any, here: Any) -> bool:
    # To JSON, true is no number, while 1 and 1.0 are the same one.
    return isinstance(there, bool) == isinstance(here, bool) and bool(there == here)


def _leaves(value: Any, path: tuple[Step, ...]) -> Iterator[tuple[tuple[Step, ...], Any]]:
    children: Iterator[tuple[Step, Any]] = iter(())
    if isinstance(value, dict):
        children = iter(value.items())
    elif isinstance(value, list):
        children = enumerate(value)
    if not isinstance(value, dict | list) or not value or len(path) == _DEPTH_LIMIT:
        if path:
            yield path, value
        return
    for step, child in children:
        yield from _leaves(child, (*path, step))
