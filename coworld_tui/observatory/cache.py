"""What was seen of a server, kept for offline reading: one file per question in the cache folder.

A file is named by the hash of its question and holds one JSON object: ``version question fetched_at
next_cursor data``. Headers are not kept, and what looks like a token is masked. What does not check out
is as good as not there.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from ..contract.errors import CoworldError
from ..contract.jsontext import MIB, UnreadableJson, read_json_object
from ..runs.cache_room import make_room
from ..runs.directory import replacing
from ..runs.paths import cache_dir
from ..runs.redact import MASK, Redactor
from .client import BODY_LIMIT, Answer, Observatory, Param, query_of
from .identity import Identity

TOTAL_LIMIT = 128 * MIB
"""Most bytes kept; the answers that were not read for longest go first."""

_VERSION = 1
_FILE_LIMIT = 2 * BODY_LIMIT
_SLACK = 16  # room is made once this share of the limit has been written, and then for as much again
_PAUSE_SECONDS = 15.0
_SECRET_MEMBER = re.compile(
    r"(?i)(api[-_]?key|authorization|credential|passw(or)?d|secret|signature|token)s?$"
)
_SIGNED = re.compile(r"(?i)(?<=[?&;])([\w-]*(?:credential|signature|token|sig)=)[^&#\s\"']+")


@dataclass(frozen=True)
class Cached:
    """An answer as it was at ``fetched_at`` (UTC)."""

    data: Any
    next_cursor: str | None
    fetched_at: datetime


def question(identity: Identity, path: str, params: Mapping[str, Param] | None = None) -> str:
    """What an answer is kept under: the server, who asked, and what for. Without tokens."""
    filters = sorted(query_of(params).multi_items())
    return json.dumps([identity.server, identity.cache_name, path, filters])


class Cache:
    """Answers by their ``question``. Blocking; usable from several threads and processes at once."""

    def __init__(self, folder: Path | None = None, limit: int = TOTAL_LIMIT) -> None:
        """``limit`` is in bytes. The folder is made when there is something to keep."""
        self._folder = folder or cache_dir() / "observatory"
        self._limit = limit
        self._slack = limit // _SLACK
        self._written = self._slack  # nobody knows what is there yet
        self._lock = threading.Lock()

    def get(self, asked: str) -> Cached | None:
        """The answer that is kept, of any age; None without one."""
        path = self._path(asked)
        try:
            with path.open("rb") as file:
                fields = read_json_object(file.read(_FILE_LIMIT + 1), _FILE_LIMIT)
            if (fields["version"], fields["question"]) != (_VERSION, asked):
                return None
            cursor, moment = fields["next_cursor"], datetime.fromisoformat(fields["fetched_at"])
            cached = Cached(fields["data"], cursor, moment)
        except (OSError, UnreadableJson, KeyError, TypeError, ValueError):
            return None
        if moment.tzinfo is None or not isinstance(cursor, str | None):
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return cached

    def put(self, asked: str, cached: Cached, redactor: Redactor) -> None:
        """Keep an answer, without what ``redactor`` masks, in place of the former one.

        A disk that is full or forbidden is no error.
        """
        fields = {
            "version": _VERSION,
            "question": asked,
            "fetched_at": cached.fetched_at.isoformat(timespec="seconds"),
            "next_cursor": cached.next_cursor,
            "data": _without_tokens(cached.data, redactor),
        }
        data = json.dumps(fields, ensure_ascii=False).encode()
        if len(data) > min(_FILE_LIMIT, self._limit - self._slack):
            return
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            with replacing(self._path(asked), mode=0o600) as file:
                file.write(data)
            self._make_room(len(data))

    def _make_room(self, size: int) -> None:
        """Looking at every file is dear: done first, and then after some have been written."""
        with self._lock:
            self._written += size
            if self._written < self._slack:
                return
            self._written = 0
        make_room(self._folder, self._limit - self._slack)

    def _path(self, asked: str) -> Path:
        return self._folder / hashlib.sha256(asked.encode()).hexdigest()


class CachedObservatory:
    """A ``Reader`` that keeps what its server answers, and answers with it when there is no way to it."""

    def __init__(self, client: Observatory, cache: Cache, *, fresh: bool = False) -> None:
        """``client`` must be open. ``fresh``: never answer with what was kept."""
        self._client = client
        self._cache = cache
        self._fresh = fresh
        self._redactor = Redactor([client.identity.token])
        self._ask_again = 0.0
        self.oldest: datetime | None = None
        """When the oldest answer that was taken from the cache had been fetched; None when all are new."""
        self.problem = ""
        """Why answers were taken from the cache, safe to show."""

    async def get(self, path: str, params: Mapping[str, Param] | None = None) -> Answer:
        """As ``Observatory.get``; ``unreachable`` only for what was never seen.

        A server that could not be reached is left alone for some seconds, as far as the cache helps.
        """
        asked = question(self._client.identity, path, params)
        now = asyncio.get_running_loop().time
        if now() < self._ask_again and (kept := await self._instead(asked)):
            return kept
        try:
            answer = await self._client.get(path, params)
        except CoworldError as error:
            if self._fresh or error.type != "unreachable":
                raise
            self.problem = str(error)
            self._ask_again = now() + _PAUSE_SECONDS
            if kept := await self._instead(asked):
                return kept
            raise
        cached = Cached(answer.data, answer.next_cursor, answer.fetched_at)
        await asyncio.to_thread(self._cache.put, asked, cached, self._redactor)
        return answer

    async def kept(self, path: str, params: Mapping[str, Param] | None = None) -> Answer | None:
        """What was seen there last, without asking the server; None when nothing was."""
        return await self._kept(question(self._client.identity, path, params))

    async def _instead(self, asked: str) -> Answer | None:
        """What is kept, in place of an answer that cannot be had."""
        kept = await self._kept(asked)
        if kept is not None:
            self.oldest = min(self.oldest or kept.fetched_at, kept.fetched_at)
        return kept

    async def _kept(self, asked: str) -> Answer | None:
        cached = await asyncio.to_thread(self._cache.get, asked)
        if cached is None:
            return None
        return Answer(cached.data, cached.next_cursor, "", cached.fetched_at, from_cache=True)


def _without_tokens(value: Any, redactor: Redactor) -> Any:
    """A copy without secrets: by name of the member, in signed addresses, and what the redactor knows."""
    if isinstance(value, str):
        return redactor.text(_SIGNED.sub(rf"\1{MASK}", value))
    if isinstance(value, dict):
        return {
            redactor.text(key): _masked(item)
            if _SECRET_MEMBER.search(key)
            else _without_tokens(item, redactor)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_without_tokens(item, redactor) for item in value]
    return value


def _masked(value: Any) -> Any:
    """A secret member: its texts are masked, its counts (``tokens: 4096``) are none of anybody's secrets."""
    if isinstance(value, str):
        return MASK if value else value
    if isinstance(value, dict):
        return {key: _masked(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item) for item in value]
    return value
