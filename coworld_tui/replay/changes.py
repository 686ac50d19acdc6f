"""What differs between two frames, value by value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from .paths import MISSING, Path


class Change(NamedTuple):
    """A value that differs. ``MISSING`` stands on the side that does not have it."""

    path: Path
    before: Any
    now: Any


_Members = Iterator[tuple[str | int, Any, Any]]

_RUN = 32


def changes(before: object, now: object, limit: int = 500) -> list[Change]:
    """The differing values of two decoded frames, in the order of ``now``, at most ``limit``.

    Objects are compared key by key, lists position by position; a value of another kind is one
    change. NaN equals NaN, and 1 equals 1.0 and true. None are found exactly when the two are equal.
    """
    found: list[Change] = []
    if not _are_alike(before, now):
        return [Change((), before, now)] if limit > 0 and not _are_equal(before, now) else []
    steps: list[str | int] = []
    stack = [_members(before, now)]
    while stack and len(found) < limit:
        for step, was, value in stack[-1]:
            if _are_alike(was, value):
                steps.append(step)
                stack.append(_members(was, value))
                break
            if not _are_equal(was, value):
                found.append(Change((*steps, step), was, value))
                if len(found) >= limit:
                    break
        else:
            stack.pop()
            if steps:
                steps.pop()
    return found


def same(one: object, other: object) -> bool:
    """Whether two decoded values are equal, as ``changes`` understands it."""
    try:
        if _are_equal(one, other):
            return True
    except RecursionError:
        pass
    return _are_alike(one, other) and not changes(one, other, limit=1)


def _members(before: Any, now: Any) -> _Members:
    return _keys(before, now) if isinstance(now, Mapping) else _positions(before, now)


def _keys(before: Mapping[str, Any], now: Mapping[str, Any]) -> _Members:
    for key, value in now.items():
        yield str(key), before.get(key, MISSING), value
    for key, value in before.items():
        if key not in now:
            yield str(key), value, MISSING


def _positions(before: list[Any], now: list[Any]) -> _Members:
    common = min(len(before), len(now))
    for start in range(0, common, _RUN):
        stop = min(start + _RUN, common)
        was, values = before[start:stop], now[start:stop]
        if not _are_equal_scalars(was, values):
            yield from zip(range(start, stop), was, values, strict=True)
    yield from ((index, MISSING, now[index]) for index in range(common, len(now)))
    yield from ((index, before[index], MISSING) for index in range(common, len(before)))


def _are_equal_scalars(before: list[Any], now: list[Any]) -> bool:
    """Told in C, which is most of every board. Lists that go deep start with a list, and are not compared."""
    if isinstance(now[0], list | Mapping):
        return False
    try:
        return before == now
    except RecursionError:
        return False


def _are_alike(before: object, now: object) -> bool:
    """Whether both are objects or both lists, so that their members are what to compare."""
    return (isinstance(before, list) and isinstance(now, list)) or (
        isinstance(before, Mapping) and isinstance(now, Mapping)
    )


def _are_equal(before: object, now: object) -> bool:
    return before is now or before == now or (before != before and now != now)
