"""Telling on stderr how far an upload is: a line for each part that is over, and now and then between."""

from __future__ import annotations

from time import monotonic

from ..contract.measures import size_text
from ..observatory.registry_push import PushProgress
from ..observatory.uploading import UploadProgress
from .output import say

_EVERY_SECONDS = 5.0
_WORDS = {"existing": "is there already", "done": "sent"}


class UploadLines:
    """Hears ``UploadProgress``; says nothing when ``quiet``."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._told = monotonic()

    def __call__(self, progress: UploadProgress) -> None:
        part = progress.part
        is_over = part.state in _WORDS
        if self._quiet or (not is_over and monotonic() - self._told < _EVERY_SECONDS):
            return
        self._told = monotonic()
        say(f"  {progress.of}  {part.part}  {_far(part)}")


def _far(part: PushProgress) -> str:
    if part.state in _WORDS:
        return f"{size_text(part.done)}  {_WORDS[part.state]}"
    percent = f"{100 * part.done // part.total} % of {size_text(part.total)}" if part.total else ""
    return f"{percent}  {part.state}"
