"""Programs of the reader's choice, which get the terminal while they run: pager and editor."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported

from ..contract.text import safe_line


def page(app: App[Any], text: str) -> None:
    """Show ``text`` in ``$PAGER`` (``less``) until that ends; the console waits meanwhile."""
    with tempfile.TemporaryDirectory(prefix="coworld-tui-") as folder:
        file = Path(folder, "text.txt")
        file.write_text(text, encoding="utf-8", errors="replace")
        _hand_over(app, os.environ.get("PAGER") or "less", str(file))


def edit(app: App[Any], path: str) -> None:
    """Open the file ``path`` in ``$VISUAL`` or ``$EDITOR`` (``vi``); the console waits until that ends."""
    _hand_over(app, os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi", path)


def _hand_over(app: App[Any], command: str, path: str) -> None:
    try:
        words = shlex.split(command)
        with app.suspend():
            subprocess.run([*words, path], check=False)
    except SuspendNotSupported:
        app.notify("this terminal cannot be handed to another program", severity="warning", markup=False)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        app.notify(f"{safe_line(command, 100)}: {reason}", severity="error", markup=False)
