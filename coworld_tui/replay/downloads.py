"""What the ``coworld`` client leaves behind when it downloads replays (hosted.md 4.3 and 4.4).

Names in its lists are outside text: files are looked up where they must lie, never where a list says.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..contract.text import safe_line
from .decoding import json_or_none
from .folders import RECEIPT, Folder, head, names_in
from .naming import as_number, names_of, scores_of
from .parts import Parts, usual_parts

INDEX = "index.json"
RECEIPTS = "manifest.jsonl"

_LIST_LIMIT = 32 << 20
_MOST_ROWS = 100_000
_ID_LIMIT = 80


@dataclass(frozen=True)
class Listed:
    """What the client's list says of an episode; ``players`` and ``scores`` are by slot."""

    episode: str = ""
    game: str = ""
    players: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()

    @classmethod
    def of(cls, row: Mapping[str, Any]) -> Listed:
        """A row of ``index.json``, in which anything may be missing or odd."""
        seats = [seat for seat in _list(row.get("participants")) if isinstance(seat, Mapping)]
        seats.sort(key=lambda seat: as_number(seat.get("position")) or 0.0)
        return cls(
            _text(row.get("episode_request_id")),
            _text(row.get("coworld_name")) or _text(row.get("coworld_id")),
            names_of(seats),
            _scores_by_policy(seats, row.get("scores")),
        )


@dataclass(frozen=True)
class Download:
    """A downloaded episode: its files by the names the server gave them, and what the list says of it."""

    contents: Folder
    parts: Parts
    listed: Listed


def download_of(path: Path) -> Download | None:
    """The episode that the file ``path`` is the replay of, or None when no list of downloads names it."""
    found = _found(path)
    return found if found is not None and path.name in found.contents.sizes else None


def _found(path: Path) -> Download | None:
    if (path.parent / RECEIPT).is_file():
        return _from_receipts(path)
    if (path.parent / INDEX).is_file():
        for row in _rows(path.parent / INDEX):
            if Path(str(row.get("local_path", ""))).name == path.name:
                return _from_index(path, row)
    return None


def _from_index(path: Path, row: Mapping[str, Any]) -> Download:
    listed = Listed.of(row)
    beside = names_in(path.parent) if listed.episode else ()
    own = {name: path.parent / name for name in sorted(beside) if name.startswith(f"{listed.episode}-")}
    return _download(path, own, listed)


def _scores_by_policy(seats: Sequence[Mapping[str, Any]], scores: Any) -> tuple[float, ...]:
    """The score of each seat by its policy version; none when one policy plays in two slots."""
    policies = [str(seat.get("policy_version_id")) for seat in seats]
    if len(set(policies)) < len(policies):
        return ()
    scored = [one for one in _list(scores) if isinstance(one, Mapping)]
    by_policy = {str(one.get("policy_version_id")): one.get("score") for one in scored}
    return scores_of([by_policy.get(policy) for policy in policies])


def _from_receipts(path: Path) -> Download:
    """The files whose receipts name the same episode request as that of ``path``."""
    store = path.parent.parent
    rows = [row for row in _rows(store / RECEIPTS) if row.get("kind") == "artifact"]
    episodes = [_text(row.get("episode_request_id")) for row in rows if _folder_of(row) == path.parent.name]
    episode = episodes[0] if episodes else ""
    paths: dict[str, Path] = {}
    for row in rows:
        name = row.get("filename")
        is_peer = episode and _text(row.get("episode_request_id")) == episode
        if is_peer and isinstance(name, str) and Path(name).name == name and "\0" not in name:
            paths.setdefault(name, store / _folder_of(row) / name)
    return _download(path, paths, Listed(episode))


def _download(path: Path, beside: Mapping[str, Path], listed: Listed) -> Download:
    contents = Folder.of({**beside, path.name: path})
    parts = replace(usual_parts(contents.sizes), replay=path.name, recording="")
    return Download(contents, parts, listed)


def _folder_of(row: Mapping[str, Any]) -> str:
    key = f"{row.get('artifact_id')}:{row.get('version')}"
    return hashlib.sha256(key.encode(errors="replace")).hexdigest()


def _rows(path: Path) -> Iterator[Mapping[str, Any]]:
    """The rows of a JSON list, or of JSON lines; nothing when it is neither."""
    data = b""
    with contextlib.suppress(OSError):
        data = head(path, _LIST_LIMIT)
    lines = data.splitlines()[:_MOST_ROWS]
    values: Sequence[Any] = _list(json_or_none(data)) or [json_or_none(line) for line in lines]
    return (value for value in values[:_MOST_ROWS] if isinstance(value, Mapping))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str:
    return safe_line(value, _ID_LIMIT) if isinstance(value, str) else ""
