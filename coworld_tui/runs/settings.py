"""The optional settings file (``coworld-tui paths`` names it)."""

from __future__ import annotations

from typing import Any

from .paths import config_file


def read_settings() -> dict[str, Any]:
    """What the settings file says, nothing without one. OSError or ValueError when it cannot be read."""
    import tomllib

    try:
        return tomllib.loads(config_file().read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def section(name: str) -> dict[str, Any]:
    """One table of the settings; empty when it is not there, no table, or the file cannot be read."""
    value = settings().get(name)
    return value if isinstance(value, dict) else {}


def settings() -> dict[str, Any]:
    """What the settings file says; nothing when it cannot be read, which the console says once."""
    try:
        return read_settings()
    except (OSError, ValueError, RecursionError):
        return {}
