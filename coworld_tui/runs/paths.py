"""Where this program keeps things: one home for runs, logs and settings."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import PlatformDirs

HOME_VARIABLE = "COWORLD_TUI_HOME"

_DIRS = PlatformDirs("coworld-tui", appauthor=False)


def home() -> Path:
    """The data directory: ``$COWORLD_TUI_HOME``, else the platform's own."""
    chosen = os.environ.get(HOME_VARIABLE)
    return Path(chosen).expanduser().resolve() if chosen else Path(_DIRS.user_data_dir)


def runs_dir() -> Path:
    """One directory per launch lies here."""
    return home() / "runs"


def downloads_dir() -> Path:
    """Replays and logs downloaded to be looked at."""
    return home() / "downloads"


def log_file() -> Path:
    """Tracebacks go here, never to the terminal."""
    return home() / "coworld-tui.log"


def state_dir() -> Path:
    """What the console remembers between its sessions."""
    chosen = os.environ.get(HOME_VARIABLE)
    return home() / "state" if chosen else Path(_DIRS.user_state_dir)


def config_file() -> Path:
    """Optional settings: ``package_dirs`` and ``keys``."""
    chosen = os.environ.get(HOME_VARIABLE)
    return home() / "config.toml" if chosen else Path(_DIRS.user_config_dir) / "config.toml"


def cache_dir() -> Path:
    """What may be deleted at any time: indexes of replays, fetched documents, room for work."""
    chosen = os.environ.get(HOME_VARIABLE)
    return home() / "cache" if chosen else Path(_DIRS.user_cache_dir)
