"""What every tab of the manifest screen is: rows to choose from, and lines about the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ...replay.lenses.spans import Line
from ...widgets.table import Rows


class PackageTab(Protocol):
    """A tab, built off the event loop. ``rows`` is None for a tab that has nothing to choose from."""

    @property
    def rows(self) -> Rows | None:
        """What the table above shows."""
        ...

    def lines(self, row: int, width: int) -> Sequence[Line]:
        """What is said of a row, in ``width`` columns; of the package itself where there are no rows."""
        ...


class ImageFact(NamedTuple):
    """An image that the engine has: its size in bytes, and ``os/architecture``."""

    size: int
    platform: str
