"""The tree lens: any JSON value as lines, walked only where it is open."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from ...contract.text import safe_line
from ..changes import same
from ..paths import MISSING, value_at
from ..paths import Path as ValuePath
from .spans import Line, Span

Path = tuple[str | int | range, ...]
"""Steps from the root: keys, indexes, and the range of a chunk where a container is long."""

CHUNK = 100
_TEXT_LIMIT = 200
_KEY_LIMIT = 60
_INLINE_ITEMS = 16
_PREVIEW_ITEMS = 6
_MAX_INDENT = 20


class _Row(NamedTuple):
    path: Path
    value: object
    depth: int

    @property
    def members(self) -> range | None:
        """The part of the container this row stands for; ``None`` when there is nothing to open."""
        if self.path and isinstance(self.path[-1], range):
            return self.path[-1]
        if isinstance(self.value, Mapping | list) and self.value:
            return range(len(self.value))
        return None


class TreeModel:
    """The rows of a JSON value, of which only expanded containers are walked.

    Containers of more than 100 members open in chunks (``[100..199]``), so opening any row adds at
    most 100. ``previous`` is the value of the frame before: rows which differ from it carry the token
    ``changed`` and, where short, what they were.
    """

    def __init__(
        self, value: object, previous: object = MISSING, expanded: Collection[Path] = frozenset()
    ) -> None:
        self._previous = previous
        self._expanded = set(expanded)
        root = _Row((), value, -1)
        self._rows = list(self._below(root)) or [_Row((), value, 0)]

    @property
    def row_count(self) -> int:
        """Number of rows with the present expansion."""
        return len(self._rows)

    @property
    def expanded(self) -> frozenset[Path]:
        """The paths that are open, also those which this value does not have."""
        return frozenset(self._expanded)

    def path(self, row: int) -> Path:
        """Return the path of ``row``. IndexError outside the rows."""
        return self._rows[row].path

    def value(self, row: int) -> object:
        """Return the value of ``row``; for a chunk the whole container. IndexError outside the rows."""
        return self._rows[row].value

    def row_of(self, path: Path) -> int | None:
        """Return the row showing ``path``, if it is shown."""
        return next((index for index, row in enumerate(self._rows) if row.path == path), None)

    def is_open(self, row: int) -> bool:
        """Whether ``row`` is a container whose members are shown."""
        found = self._rows[row]
        return found.members is not None and found.path in self._expanded

    def is_closed(self, row: int) -> bool:
        """Whether opening ``row`` would show more than its own line does."""
        found = self._rows[row]
        members = found.members
        return bool(members and found.path not in self._expanded and not _is_inline(found.value))

    def toggle(self, row: int) -> None:
        """Open or close ``row``; a row without members stays as it is."""
        found = self._rows[row]
        if found.members is None or not found.path:
            return
        after = row + 1
        if found.path in self._expanded:
            self._expanded.remove(found.path)
            end = after
            while end < len(self._rows) and self._rows[end].depth > found.depth:
                end += 1
            del self._rows[after:end]
        else:
            self._expanded.add(found.path)
            self._rows[after:after] = self._below(found)

    def lines(self, start: int, stop: int) -> list[Line]:
        """Draw the rows from ``start`` up to but not including ``stop``, as far as there are any."""
        return [self._line(row) for row in self._rows[max(0, start) : max(0, stop)]]

    def _below(self, row: _Row) -> Iterator[_Row]:
        """Yield the visible rows under an open one. A stack, not recursion: nesting may be deep."""
        stack = [_children(row)]
        while stack:
            child = next(stack[-1], None)
            if child is None:
                stack.pop()
                continue
            yield child
            if child.path in self._expanded:
                stack.append(_children(child))

    def _line(self, row: _Row) -> Line:
        indent = "  " * min(row.depth, _MAX_INDENT)
        arrow = "  "
        if row.members is not None and row.path:
            arrow = "▾ " if row.path in self._expanded else "▸ "
        head = (Span(indent + arrow, "muted"), *_label(row.path))
        if row.path and isinstance(row.path[-1], range):
            return head
        if self._previous is MISSING:
            return head + value_spans(row.value)
        before = value_at(self._previous, value_path(row.path))
        if same(before, row.value):
            return head + value_spans(row.value)
        text = "".join(span.text for span in value_spans(row.value))
        was = "" if before is MISSING or isinstance(before, Mapping | list) else f" {_scalar(before).text}"
        return (*head, Span(text, "changed"), Span(f"  ←{was}", "muted"))


def unfolded(value: object, previous: object, height: int) -> TreeModel:
    """Return the model of a value, opened level by level as far as it stays within ``height`` rows."""
    model = TreeModel(value, previous)
    opened = True
    while opened and model.row_count < height:
        opened = False
        for row in reversed(range(model.row_count)):
            if model.is_closed(row):
                model.toggle(row)
                if model.row_count > height:
                    model.toggle(row)
                else:
                    opened = True
    return model


def value_path(path: Path) -> ValuePath:
    """Return the path without chunks: the one by which queries and series name the value."""
    return tuple(step for step in path if not isinstance(step, range))


def _children(row: _Row) -> Iterator[_Row]:
    part = row.members
    if part is None:
        return
    depth = row.depth + 1
    value = row.value
    if len(part) > CHUNK:
        size = CHUNK
        while len(part) > size * CHUNK:
            size *= CHUNK
        for start in range(part.start, part.stop, size):
            yield _Row((*row.path, range(start, min(start + size, part.stop))), value, depth)
    elif isinstance(value, Mapping):
        for key, member in islice(value.items(), part.start, part.stop):
            yield _Row((*row.path, key), member, depth)
    elif isinstance(value, list):
        for index in part:
            yield _Row((*row.path, index), value[index], depth)


def _label(path: Path) -> tuple[Span, ...]:
    if not path:
        return ()
    step = path[-1]
    if isinstance(step, range):
        return (Span(f"[{step.start}..{step.stop - 1}]", "muted"),)
    if isinstance(step, int):
        return (Span(f"{step}  ", "muted"),)
    return (Span(f"{safe_line(str(step), _KEY_LIMIT)}  ", "key"),)


def value_spans(value: object) -> tuple[Span, ...]:
    """Draw a value in one line: scalars in full, containers by their size and what they begin with."""
    if isinstance(value, Mapping):
        keys = ", ".join(safe_line(str(key), _KEY_LIMIT) for key in islice(value, _PREVIEW_ITEMS))
        return _summary(f"{{{len(value)}}}", keys, len(value) > _PREVIEW_ITEMS)
    if not isinstance(value, list):
        return (_scalar(value),)
    if _is_inline(value):
        return (Span(f"[{', '.join(_number(item) for item in value)}]", "number"),)
    items = (_scalar(item).text for item in value[:_PREVIEW_ITEMS] if not isinstance(item, Mapping | list))
    return _summary(f"[{len(value)}]", ", ".join(items), len(value) > _PREVIEW_ITEMS)


def _is_inline(value: object) -> bool:
    return isinstance(value, list) and len(value) <= _INLINE_ITEMS and all(map(_is_number, value))


def _summary(size: str, preview: str, more: bool) -> tuple[Span, ...]:
    if not preview:
        return (Span(size, "muted"),)
    return (Span(size, "muted"), Span(f" {safe_line(preview, _TEXT_LIMIT)}{', …' if more else ''}", "muted"))


def _scalar(value: object) -> Span:
    if isinstance(value, str):
        return Span(f'"{safe_line(value, _TEXT_LIMIT)}"', "string")
    if value is None or isinstance(value, bool):
        return Span({None: "null", True: "true", False: "false"}[value], "accent")
    if isinstance(value, int | float):
        return Span(_number(value), "number")
    return Span(f"<{type(value).__name__}>", "muted")


def _number(value: Any) -> str:
    # Python refuses to write integers of more than 4 300 digits.
    if isinstance(value, int) and value.bit_length() > 512:
        return f"<integer of {value.bit_length()} bits>"
    return repr(value)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
