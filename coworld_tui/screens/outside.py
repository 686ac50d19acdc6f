"""Programs of the reader's choice, which get the terminal while they run: pager and editor."""

from __future__ import annotations

import asyncio
import os
import shlex
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from textual.app import App, SuspendNotSupported

from ..contract.text import safe_line

if TYPE_CHECKING:
    from .console import Console


async def page(app: App[Any], text: str) -> None:
    """Show ``text`` in ``$PAGER`` (``less``) until that ends; what runs goes on meanwhile."""
    with tempfile.TemporaryDirectory(prefix="coworld-tui-") as folder:
        file = Path(folder, "text.txt")
        await asyncio.to_thread(file.write_text, text, encoding="utf-8", errors="replace")
        await _hand_over(app, os.environ.get("PAGER") or "less", str(file))


async def edit(app: App[Any], path: str) -> None:
    """Open the file ``path`` in ``$VISUAL`` or ``$EDITOR`` (``vi``); what runs goes on meanwhile."""
    await _hand_over(app, os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi", path)


async def _hand_over(app: App[Any], command: str, path: str) -> None:
    try:
        words = shlex.split(command)
        await cast("Console", app).hand_over([*words, path])
    except SuspendNotSupported:
        app.notify("this terminal cannot be handed to another program", severity="warning", markup=False)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        app.notify(f"{safe_line(command, 100)}: {reason}", severity="error", markup=False)
