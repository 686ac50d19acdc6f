"""A file that lets a watch of experience requests go on where it ended, as the real client writes it too.

One JSON object (hosted.md 3.10): ``server ids view until include cursor episodes inventory_requested``,
where ``episodes`` has ``revision status evidence_state`` by id. Whoever goes on must watch the same.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..contract.errors import EXIT_MISSING, EXIT_USAGE, CoworldError
from ..contract.jsontext import SIZE_LIMIT, UnreadableJson, read_json_object
from ..contract.text import safe_line
from ..runs.directory import replacing
from .experience_feed import Feed
from .models.experience import BatchEpisode, Change

_REMOVED = "removed"
_PATH_SHOWN = 200
_WATCHED = ("server", "ids", "view", "until", "include")


def load_checkpoint(path: Path, feed: Feed, server: str) -> None:
    """Let ``feed`` go on from the checkpoint, if there is one. Blocking: reads one file.

    Raises ``invalid_request`` (exit code 2) for a file that is none, or of another watch.
    """
    try:
        with path.open("rb") as file:
            saved = read_json_object(file.read(SIZE_LIMIT + 1))
    except FileNotFoundError:
        return
    except UnreadableJson as error:
        raise _refused(path, f"it {error}") from None
    except OSError as error:
        raise _refused(path, error.strerror or "it cannot be read") from None
    if isinstance(saved.get("server"), str):
        saved["server"] = saved["server"].rstrip("/")
    watched = _document(feed, server)
    other = [name for name in _WATCHED if saved.get(name) != watched[name]]
    if other:
        raise _refused(path, f"it is of another watch: its {', '.join(other)} differ")
    cursor, rows = saved.get("cursor"), saved.get("episodes")
    if not isinstance(cursor, str | None) or not isinstance(rows, dict):
        raise _refused(path, "its cursor or its episodes are none")
    feed.resume(cursor, [_change(name, row) for name, row in rows.items() if isinstance(row, dict)])


def save_checkpoint(path: Path, feed: Feed, server: str) -> None:
    """Write how far ``feed`` is. Blocking. Raises ``output_lost`` (exit code 3) when it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as stream:
            stream.write(json.dumps(_document(feed, server)).encode())
    except OSError as error:
        raise CoworldError(
            "output_lost",
            "The checkpoint cannot be written",
            cause=f"{safe_line(str(path), _PATH_SHOWN)}: {error.strerror or error}",
            next_step="give another --checkpoint, or free some space",
            exit_code=EXIT_MISSING,
        ) from None


def _document(feed: Feed, server: str) -> dict[str, Any]:
    return {
        "server": server,
        "ids": list(feed.ids),
        "view": feed.view,
        "until": feed.until,
        "include": [],
        "cursor": feed.cursor,
        "episodes": {
            name: {
                "revision": change.revision,
                "status": change.episode.status or "" if change.episode is not None else _REMOVED,
                "evidence_state": change.episode.evidence_state if change.episode is not None else "sealed",
            }
            for name, change in feed.episodes.items()
        },
        "inventory_requested": False,
    }


def _change(name: str, row: dict[str, Any]) -> Change:
    is_removed = row.get("status") == _REMOVED
    episode = None if is_removed else BatchEpisode.model_validate({**row, "id": name})
    revision = row.get("revision")
    return Change(
        id=name,
        revision=revision if isinstance(revision, int) else 0,
        removed=is_removed,
        episode=episode,
    )


def _refused(path: Path, cause: str) -> CoworldError:
    return CoworldError(
        "invalid_request",
        "This watch cannot go on from its checkpoint",
        cause=f"{safe_line(str(path), _PATH_SHOWN)}: {cause}",
        next_step="add --reset to begin again",
        exit_code=EXIT_USAGE,
    )
