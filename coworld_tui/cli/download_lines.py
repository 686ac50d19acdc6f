"""Telling on stderr how far downloads are: now and then, and each one that fails."""

from __future__ import annotations

from time import monotonic

from ..contract.measures import size_text
from ..contract.text import safe_line
from ..observatory.image_pull import PullProgress
from ..observatory.replays import ReplaysProgress
from ..observatory.transfer import Progress
from .output import say

_EVERY_SECONDS = 5.0
_SHOWN = 100


class DownloadLines:
    """Hears of progress of any kind."""

    def __init__(self, *, quiet: bool) -> None:
        """``quiet``: only failures are told."""
        self._quiet = quiet
        self._told = monotonic()
        self._present: set[str] = set()

    def replays(self, progress: ReplaysProgress) -> None:
        """Of many replays."""
        last = progress.last
        if last.error is not None:
            why = last.error.cause or last.error.title
            say(f"✗ {safe_line(last.row.id, _SHOWN)}  {last.error.title}: {why}")
        elif self._is_time():
            say(
                f"  {progress.over} of {progress.count}  {size_text(progress.done)}"
                f"  {size_text(int(progress.rate))}/s  {progress.remaining:.0f} s left"
            )

    def file(self, progress: Progress) -> None:
        """Of one file."""
        if not self._is_time():
            return
        of = f" of {size_text(progress.total)}" if progress.total is not None else ""
        left = f"  {progress.remaining:.0f} s left" if progress.remaining is not None else ""
        say(f"  {size_text(progress.done)}{of}  {size_text(int(progress.rate))}/s{left}")

    def image(self, progress: PullProgress) -> None:
        """Of an image: each layer that has come, and now and then between."""
        name = safe_line(progress.image.public_image_uri, _SHOWN)
        for layer in progress.layers:
            if layer.is_done and layer.id not in self._present and not self._quiet:
                self._present.add(layer.id)
                say(f"  {name}  {layer.id}  {layer.state.lower()}")
        if self._is_time():
            say(f"  {name}  {size_text(progress.done)} of {size_text(progress.total)}")

    def name(self, name: str) -> None:
        """Of a file that is there."""
        if not self._quiet:
            say(f"  {safe_line(name, _SHOWN)}")

    def _is_time(self) -> bool:
        now = monotonic()
        if self._quiet or now - self._told < _EVERY_SECONDS:
            return False
        self._told = now
        return True
