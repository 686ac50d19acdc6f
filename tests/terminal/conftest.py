"""Terminals that end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from .pseudo import Terminal

Open = Callable[..., Terminal]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Open]:
    """Opens a terminal on ``coworld-tui`` in an empty folder."""
    opened: list[Terminal] = []
    folder = tmp_path / "here"
    folder.mkdir()

    def opening(
        *arguments: str, env: dict[str, str | None] | None = None, size: tuple[int, int] = (100, 30)
    ) -> Terminal:
        opened.append(Terminal(*arguments, env=env or {}, cwd=folder, size=size))
        return opened[-1]

    yield opening
    for one in opened:
        one.close()
