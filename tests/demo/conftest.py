"""Fixtures of the demo's tests."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from .processes import Launcher


@pytest.fixture
async def launch(tmp_path: Path) -> AsyncIterator[Launcher]:
    """Starts games and players for one test; what it started ends with it."""
    async with AsyncExitStack() as stack:
        yield Launcher(tmp_path, stack)
