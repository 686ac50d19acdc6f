"""Lenses from elsewhere: games ship theirs through the entry-point group ``coworld_tui.lenses``.

A plugin is somebody else's code: what it raises becomes a line of text, what it draws is made printable
and kept within its window.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice
from typing import Any

from ...contract.text import safe_line
from .model import FixedLines, FrameView, Lens, LineModel
from .spans import Line, Span, clip

GROUP = "coworld_tui.lenses"

_MAX_ROWS = 1_000_000
_MAX_SPANS = 1_000
_TEXT_LIMIT = 2_000
_NAME_LIMIT = 20
_STYLE_LIMIT = 40


def load_plugins(taken: Collection[str]) -> tuple[list[Lens], list[str]]:
    """Load what is installed, by entry-point name: the lenses, and a line for each that is broken.

    An entry point names a lens, or a class or function which makes one without arguments. Names in
    ``taken`` are refused.
    """
    from importlib.metadata import entry_points

    lenses: list[Lens] = []
    problems: list[str] = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        try:
            made = point.load()
            lens = GuardedLens(made() if callable(made) else made)
            if lens.name in {*taken, *(other.name for other in lenses)}:
                raise ValueError(f"the name {lens.name!r} is taken")
        except (Exception, SystemExit) as error:
            problems.append(f"lens {safe_line(point.name, _NAME_LIMIT)} is left out: {_words(error)}")
        else:
            lenses.append(lens)
    return lenses, problems


class GuardedLens:
    """A lens that nothing can be expected of."""

    def __init__(self, lens: Any) -> None:
        """Check that it is one. TypeError when not."""
        name = getattr(lens, "name", None)
        if not isinstance(name, str) or not name.strip():
            raise TypeError("it has no name")
        if not callable(getattr(lens, "fits", None)) or not callable(getattr(lens, "model", None)):
            raise TypeError("it needs the methods fits and model")
        self.name = safe_line(name.strip(), _NAME_LIMIT)
        self._lens = lens

    def fits(self, view: FrameView) -> bool:
        """Ask the plugin. One that fails here fits: its picture says what went wrong."""
        try:
            return bool(self._lens.fits(view))
        except Exception as error:
            view.found[f"{self.name} failed"] = error
            return True

    def model(self, view: FrameView, width: int, height: int) -> LineModel:
        """What the plugin draws, or a line saying why there is nothing."""
        failed = view.found.get(f"{self.name} failed")
        if failed is not None:
            return FixedLines([_failure(self.name, failed, width)])
        try:
            return _GuardedModel(self.name, self._lens.model(view, width, height), width)
        except Exception as error:
            return FixedLines([_failure(self.name, error, width)])


class _GuardedModel:
    """The model of a plugin: at most a million rows, each printable and within the width."""

    def __init__(self, name: str, model: Any, width: int) -> None:
        self._name = name
        self._model = model
        self._width = width
        self._rows = max(0, min(int(model.row_count), _MAX_ROWS))

    @property
    def row_count(self) -> int:
        """Number of rows, as it was when the model was made."""
        return self._rows

    def lines(self, start: int, stop: int) -> list[Line]:
        """Draw rows ``start`` up to but not including ``stop``, as far as there are any."""
        start, stop = max(0, start), min(stop, self._rows)
        if start >= stop:
            return []
        try:
            drawn = islice(self._model.lines(start, stop), stop - start)
            return [clip(_printable(line), self._width) for line in drawn]
        except Exception as error:
            return [_failure(self._name, error, self._width)]


def _printable(line: Iterable[Any]) -> Line:
    spans = []
    for text, style in islice(line, _MAX_SPANS):
        if not isinstance(text, str) or not isinstance(style, str):
            raise TypeError("a line is a tuple of spans, a span is text and style")
        spans.append(Span(safe_line(text, _TEXT_LIMIT), safe_line(style, _STYLE_LIMIT)))
    return tuple(spans)


def _failure(name: str, error: BaseException, width: int) -> Line:
    return clip((Span(f"the lens {name} failed: {_words(error)}", "error"),), width)


def _words(error: BaseException) -> str:
    """The error in one line. Even saying it may fail."""
    try:
        message = str(error)
    except Exception:
        message = ""
    return safe_line(f"{type(error).__name__}: {message}" if message else type(error).__name__, 200)
