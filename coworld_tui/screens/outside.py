"""Handing text to the pager the reader chose."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from textual.app import App, SuspendNotSupported


def page(app: App[Any], text: str) -> None:
    """Show ``text`` in ``$PAGER`` (``less``) until that ends; the console waits meanwhile."""
    command = shlex.split(os.environ.get("PAGER") or "less") or ["less"]
    with tempfile.TemporaryDirectory(prefix="coworld-tui-") as folder:
        file = Path(folder, "frame.txt")
        file.write_text(text, encoding="utf-8", errors="replace")
        try:
            with app.suspend():
                subprocess.run([*command, str(file)], check=False)
        except SuspendNotSupported:
            app.notify("this terminal cannot be handed to a pager", severity="warning", markup=False)
        except OSError as error:
            app.notify(f"{command[0]}: {error.strerror}", severity="error", markup=False)
