"""The frames of an episode that has a replay file, a recording of ours, or both."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from .blob import Blob
from .documents import sniff_source
from .parts import Contents, Parts
from .source import FrameSource

if TYPE_CHECKING:
    from .recorded import ClosedFrames, StreamFrames

_PARQUET_MAGIC = b"PAR1"
_STREAM_MAGIC = b"\xff\xff\xff\xff"


def frames_of(
    contents: Contents, parts: Parts, limit: int, problems: list[str], is_growing: Callable[[], bool]
) -> tuple[FrameSource, str]:
    """The frames, and a note that says where they come from. What could not be read joins ``problems``.

    While a run is going its replay is unfinished, so the recording is shown. A replay that is
    one opaque thing is left to its file when there is a recording. CoworldError when nothing can be read.
    """
    recording = _recording(contents, parts.recording, limit, problems, is_growing)
    goes_on = recording is not None and not recording.is_complete and is_growing()
    if recording is not None and (not parts.replay or goes_on):
        return recording, "recording, still growing" if goes_on else "recording"
    if not parts.replay:
        raise CoworldError(
            "replay_unreadable",
            problems.pop(),  # the recording's own, and there is nothing else to show
            next_step="the files of the episode can be looked at one by one",
            exit_code=EXIT_USAGE,
        )
    name = _shown(parts.replay)
    try:
        replay = _frames(contents, parts.replay, limit, problems)
    except (CoworldError, OSError) as error:
        if recording is None:
            raise
        reason = error.title if isinstance(error, CoworldError) else str(error)
        problems.append(f"the replay cannot be read: {safe_line(reason, 120)}")
        return recording, "recording"
    if recording is None:
        return replay, name
    if len(replay) <= 1 and replay.is_complete and len(recording) > 1:
        replay.close()
        return recording, f"recording; {name} holds no frames that can be told apart"
    from .merged import MergedFrames

    try:
        merged = MergedFrames(name, replay, recording)
    except OSError as error:
        problems.append(f"recording unreadable: {safe_line(str(error), 120)}")
        recording.close()
        return replay, name
    return merged, merged.note


def _frames(contents: Contents, name: str, limit: int, problems: list[str]) -> FrameSource:
    """The frames of one file, whatever it is. A recording that does not lie where ours do is one too."""
    blob = contents.blob(name, limit)
    try:
        if _head(blob) in (_PARQUET_MAGIC, _STREAM_MAGIC):
            try:
                return _recorded(blob, lambda: False)
            except OSError as reason:
                problems.append(f"{_shown(name)} {reason}")
        source, found = sniff_source(blob)
    except BaseException:
        blob.close()
        raise
    problems += [f"{_shown(name)} {problem}" for problem in found]
    return source


def _recording(
    contents: Contents, name: str, limit: int, problems: list[str], is_growing: Callable[[], bool]
) -> ClosedFrames | StreamFrames | None:
    if not name:
        return None
    blob: Blob | None = None
    try:
        blob = contents.blob(name, limit)
        if _head(blob) not in (_PARQUET_MAGIC, _STREAM_MAGIC):
            raise OSError("it is empty" if not blob.size else "it is neither Parquet nor Arrow")
        return _recorded(blob, is_growing)
    except (CoworldError, OSError) as error:
        if blob is not None:
            blob.close()
        reason = error.title if isinstance(error, CoworldError) else str(error)
        problems.append(f"recording unreadable: {safe_line(reason, 160)}")
        return None


def _recorded(blob: Blob, is_growing: Callable[[], bool]) -> ClosedFrames | StreamFrames:
    from .recorded import ClosedFrames, StreamFrames

    if _head(blob) == _STREAM_MAGIC:
        return StreamFrames(blob, is_growing)
    while not blob.is_complete:
        blob.advance()
    return ClosedFrames(blob)


def _head(blob: Blob) -> bytes:
    while blob.size < 4 and not blob.is_complete:
        blob.advance()
    return blob.read(0, min(4, blob.size))


def _shown(name: str) -> str:
    return safe_line(name.rpartition("/")[2], 80)
