"""Looking for rows by what the server wrote in them, and putting them in order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from .model import Known, Tab


class Wanted(NamedTuple):
    """Which rows: those that have all ``words`` in any text, with ``mine`` those that name what is mine."""

    words: str = ""
    mine: bool = False
    sort: int | None = None
    """The column to sort by; None leaves the server's order."""


def look_through(entries: Sequence[dict[str, Any]], wanted: Wanted, tab: Tab[Any], known: Known) -> list[int]:
    """The places of the entries that are wanted, in order. Slow for many: for a thread."""
    words = wanted.words.lower().split()
    ids = known.my_players | known.my_versions
    places = [
        place
        for place, raw in enumerate(entries)
        if (not wanted.mine or not ids.isdisjoint(_texts(raw))) and _has(raw, words, known)
    ]
    if wanted.sort is not None:
        path = tab.sorts[wanted.sort]
        places.sort(
            key=lambda place: _order(_value_at(entries[place], path)),
            reverse=wanted.sort in tab.largest_first,
        )
    return places


def _has(raw: dict[str, Any], words: Sequence[str], known: Known) -> bool:
    if not words:
        return True
    text = " ".join((*_texts(raw), *known.words_of(raw))).lower()
    return all(word in text for word in words)


def _texts(value: Any) -> Iterator[str]:
    """All that a row says, however deep."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for member in value.values():
            yield from _texts(member)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)


def _value_at(raw: Any, path: Sequence[str]) -> Any:
    for name in path:
        raw = raw.get(name) if isinstance(raw, dict) else None
    return raw


def _order(value: Any) -> tuple[int, int | float, str]:
    """Numbers before texts, and nothing at all beside nothing: whatever a server sends can be sorted."""
    if isinstance(value, int | float):
        return (1, value, "")
    return (2, 0, value.lower()) if isinstance(value, str) else (0, 0, "")
