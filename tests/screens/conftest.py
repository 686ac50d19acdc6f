"""A console whose surroundings are always the same: an empty folder, no engine, no settings."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from coworld_tui.app import CoworldApp

OpenConsole = Callable[..., AbstractAsyncContextManager[Pilot[str]]]


DEADLINE_SECONDS = 30.0


async def until(pilot: Pilot[str], condition: Callable[[], object], what: str) -> None:
    """Let the console work until ``condition`` holds."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():
            await pilot.pause(0.02)
    assert condition(), what


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No package in the current folder, no engine to be found, no colours forced."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    assert "COWORLD_TUI_HOME" in os.environ


@pytest.fixture
def console() -> OpenConsole:
    """Opens a console in a test; every episode it launched has ended when it closes."""

    @asynccontextmanager
    async def open_console(
        *args: Any, size: tuple[int, int] = (120, 40), **kwargs: Any
    ) -> AsyncIterator[Pilot[str]]:
        app = CoworldApp(*args, **kwargs)
        async with app.run_test(size=size) as pilot:
            await pilot.pause()
            await app.workers.wait_for_complete()
            yield pilot
            for session in app.sessions:
                session.batch.cancel()
                await session.task

    return open_console
