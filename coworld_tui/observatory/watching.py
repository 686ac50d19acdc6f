"""Looking at the server again and again, seldom when nothing happens, and telling what has changed."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from ..contract.errors import CoworldError
from .client import Answer, Param, Reader
from .models.base import ApiModel
from .refusals import Refusal

LEAST_SECONDS = 15.0
"""Between two looks while something runs (hosted.md 6)."""

MOST_SECONDS = 120.0
"""Between two looks when nothing has changed for long, or nobody answers."""

RUNNING = frozenset({"claimed", "processing", "running", "submitted"})
"""States that will not last."""

_SLOWER = 1.5
_RUNNING_SECONDS = 30.0  # at most while something runs: it may end any moment
_JITTER = 0.1
_HOLDS = ("unreachable", "rate_limited", "server_error", "bad_answer", "login_needed")


@dataclass(frozen=True)
class Question:
    """Something to look at: ``ask`` reads it, ``name`` tells it from the others, ``about`` is for people.

    ``is_whole``: a row that is no longer there is gone; else the list is cut, and the row is further down.
    ``begins_empty``: nothing was there before, so all of the first answer has come just now.
    """

    name: str
    ask: Callable[[Reader], Awaitable[Sequence[ApiModel]]]
    is_whole: bool = True
    about: str = ""
    begins_empty: bool = False


@dataclass(frozen=True)
class Change:
    """A row that came, went or is different; ``fields`` are its members that are."""

    question: Question
    kind: Literal["added", "removed", "changed"]
    id: str
    before: ApiModel | None = None
    after: ApiModel | None = None
    fields: tuple[str, ...] = ()


@dataclass
class Known:
    """The last answer to a question: ``rows`` by id, as they were at ``fetched_at``.

    ``problem`` is why the last look brought nothing newer.
    """

    rows: Mapping[str, ApiModel] = field(default_factory=dict)
    fetched_at: datetime | None = None
    problem: CoworldError | None = None

    def age(self, now: datetime | None = None) -> float | None:
        """Seconds since then, never less than none however clocks are set; None before any answer."""
        if self.fetched_at is None:
            return None
        return max(0.0, ((now or datetime.now(UTC)) - self.fetched_at).total_seconds())


@dataclass(frozen=True)
class Look:
    """What a look brought. The next one is due in ``seconds``. ``problem``: nothing could be read at all.

    The first answer to a question changes nothing: it is what later ones are compared with.
    """

    changes: tuple[Change, ...]
    seconds: float
    problem: CoworldError | None = None


class Watch:
    """The answers to ``questions``, which may be exchanged between looks, kept up to date.

    ``known`` has the last answers by the names of the questions, and stays while nobody answers.
    """

    def __init__(
        self,
        reader: Reader,
        questions: Sequence[Question],
        *,
        least: float = LEAST_SECONDS,
        most: float = MOST_SECONDS,
    ) -> None:
        """``least`` and ``most`` are the seconds between two looks."""
        self.questions = list(questions)
        self.known: dict[str, Known] = {}
        self._reader = reader
        self._least = least
        self._most = max(least, most)
        self._interval = least
        self._awake = asyncio.Event()
        self._awake.set()
        self._wanted = asyncio.Event()

    def pause(self) -> None:
        """Look no more until ``resume``."""
        self._awake.clear()

    def resume(self) -> None:
        """Go on, with a look if one has become due meanwhile."""
        self._awake.set()

    def look_soon(self) -> None:
        """Look now, and often again: something is expected to happen."""
        self._interval = self._least
        self._wanted.set()

    async def looks(self) -> AsyncIterator[Look]:
        """Look, tell and wait, without end."""
        while True:
            await self._awake.wait()
            self._wanted.clear()
            look = await self.look()
            yield look
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(look.seconds):
                    await self._wanted.wait()

    async def look(self) -> Look:
        """Ask every question once. Raises nothing that the server answers: see ``Known.problem``."""
        names = {question.name for question in self.questions}
        self.known = {name: known for name, known in self.known.items() if name in names}
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._ask(question)) for question in self.questions]
        changes = tuple(change for task in tasks for change in task.result())
        problems = [known.problem for known in self.known.values() if known.problem is not None]
        has_nothing = bool(problems) and len(problems) == len(self.known)
        seconds = self._next(bool(changes), problems)
        return Look(changes, seconds, problems[0] if has_nothing else None)

    async def _ask(self, question: Question) -> list[Change]:
        known = self.known.setdefault(question.name, Known())
        reader = _Noting(self._reader)
        try:
            rows = {_key(row): row for row in await question.ask(reader)}
        except CoworldError as error:
            known.problem = error
            return []
        is_first = known.fetched_at is None
        if reader.is_kept and not is_first:
            known.problem = _as_last_seen()
            return []
        is_told = question.begins_empty or not is_first
        changes = changed(question, known.rows, rows) if is_told else []
        known.rows, known.fetched_at = rows, reader.oldest or datetime.now(UTC)
        known.problem = _as_last_seen() if reader.is_kept else None
        return changes

    def _next(self, has_changed: bool, problems: Sequence[CoworldError]) -> float:
        """Seconds until the next look."""
        runs = any(
            getattr(row, "status", None) in RUNNING
            for known in self.known.values()
            for row in known.rows.values()
        )
        held = [error for error in problems if error.type in _HOLDS]
        if held:
            self._interval = min(self._most, self._interval * 2)
        elif has_changed:
            self._interval = self._least
        else:
            most = max(self._least, min(self._most, _RUNNING_SECONDS)) if runs else self._most
            self._interval = min(most, self._interval * _SLOWER)
        asked = [error.retry_after or 0.0 for error in problems if isinstance(error, Refusal)]
        return max(self._interval * random.uniform(1, 1 + _JITTER), *asked, 0.0)


def changed(
    question: Question, before: Mapping[str, ApiModel], after: Mapping[str, ApiModel]
) -> list[Change]:
    """What is different between two answers, in the order of the later one; what went comes last."""
    found: list[Change] = []
    for row_id, row in after.items():
        old = before.get(row_id)
        if old is None:
            found.append(Change(question, "added", row_id, None, row))
        elif old is not row and old != row and (fields := _differing(old, row)):
            found.append(Change(question, "changed", row_id, old, row, fields))
    if question.is_whole:
        gone = (row_id for row_id in before if row_id not in after)
        found += (Change(question, "removed", row_id, before[row_id]) for row_id in gone)
    return found


def _differing(before: ApiModel, after: ApiModel) -> tuple[str, ...]:
    old, new = before.as_document(), after.as_document()
    names = dict.fromkeys([*old, *new])
    return tuple(name for name in names if _lasting(old.get(name)) != _lasting(new.get(name)))


def _lasting(value: Any) -> Any:
    """A value without what is new each time it is asked for: the signatures of addresses."""
    if isinstance(value, str):
        return value.partition("?")[0] if value.startswith(("http:", "https:")) else value
    if isinstance(value, dict):
        return {key: _lasting(member) for key, member in value.items()}
    return [_lasting(item) for item in value] if isinstance(value, list) else value


def _key(row: ApiModel) -> str:
    """Standings have no id but their player's."""
    return str(getattr(row, "id", "") or getattr(row, "player_id", ""))


def _as_last_seen() -> CoworldError:
    return CoworldError("unreachable", "The server cannot be reached", cause="this is as last seen")


class _Noting:
    """A reader that notes whether an answer was an old one."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.is_kept = False
        self.oldest: datetime | None = None

    async def get(self, path: str, params: Mapping[str, Param] | None = None) -> Answer:
        answer = await self._reader.get(path, params)
        self.is_kept = self.is_kept or answer.from_cache
        self.oldest = min(self.oldest or answer.fetched_at, answer.fetched_at)
        return answer
