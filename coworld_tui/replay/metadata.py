"""What is known around the frames, gathered from wherever it was written: names, scores, config, results.

Documents beside the frames count before what the replay says of itself, and that before the frames.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from ..contract.jsontext import DEPTH_LIMIT, MIB, UnreadableJson, read_json_object
from ..contract.text import safe_line
from ..runs.redact import MASK, Redactor
from .blob import reason_of
from .declared import UNPLACED, annotations_of, events_of, place_events, rare_events_of
from .decoding import depth_within, json_or_none
from .naming import CONFIG_KEYS, PLAYER_KEYS, SCORE_KEYS, game_in, players_in, scores_in, scores_of
from .parts import Contents, Parts
from .source import Event, FrameSource, Replay, ReplayFile
from .tokens import SHORTEST_TOKEN

DOCUMENT_LIMIT = 16 * MIB
"""Largest document read beside the frames; a larger one is still among the files."""

_FRAME_LIMIT = MIB
_NAME_LIMIT = 60
_PROBLEM_LIMIT = 300
_NO_CONFIG = (*CONFIG_KEYS, *PLAYER_KEYS, *SCORE_KEYS, "results")
_TOKEN_KEYS = ("tokens", "token")


@dataclass
class Facts:
    """What has been found so far. The first finder of each fact is believed."""

    game: str = ""
    episode: str = ""
    players: tuple[str, ...] = ()
    scores: tuple[float, ...] = ()
    config: dict[str, Any] | None = None
    results: dict[str, Any] | None = None
    events: list[Event] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)

    def add_config(self, config: Any) -> None:
        """A game config; its players' tokens are remembered as secrets."""
        if isinstance(config, Mapping) and depth_within(config, DEPTH_LIMIT):
            self.secrets += tokens_in(config)
            if self.config is None:
                self.config = without_tokens(config)
            self.game = self.game or game_in(config)
            self.players = self.players or players_in(config)

    def add_results(self, results: Any) -> None:
        """A results document."""
        if isinstance(results, Mapping) and depth_within(results, DEPTH_LIMIT):
            if self.results is None:
                self.results = without_tokens(results)
            self.scores = self.scores or scores_in(results)

    def add_members(self, members: Mapping[str, Any]) -> None:
        """What stands around the frames in the replay's own document, whose tokens become secrets."""
        self.secrets += tokens_in(members)
        self.game = self.game or game_in(members)
        self.players = self.players or players_in(members)
        self.scores = self.scores or scores_in(members)
        found = (members[key] for key in CONFIG_KEYS if isinstance(members.get(key), Mapping))
        # Games without a config may still say beside the frames what does not change in them.
        rest = {key: value for key, value in members.items() if key not in _NO_CONFIG}
        self.add_config(next(found, rest or None))
        self.add_results(members.get("results"))

    def add_frame(self, frame: Any) -> None:
        """Names from any frame."""
        if isinstance(frame, list) and frame:
            frame = frame[0]
        if isinstance(frame, Mapping):
            self.players = self.players or players_in(frame)


def add_documents(facts: Facts, contents: Contents, parts: Parts) -> None:
    """Read config, results, declared events and the error of an episode. What is broken is a problem."""
    for name, add in ((parts.config, facts.add_config), (parts.results, facts.add_results)):
        if name:
            add(_document(facts, contents.file(name)))
    if parts.error_info and (error := _document(facts, contents.file(parts.error_info))):
        facts.events.append(_failure(error))
    rate = (facts.config or {}).get("tick_rate")
    tick_rate = float(rate) if isinstance(rate, int | float) and 0 < rate < 1e6 else None
    if parts.events:
        with _noted(facts, parts.events):
            _add_events(facts, events_of(contents.file(parts.events)))
    for slot, name in parts.annotations.items():
        with _noted(facts, name):
            _add_events(facts, annotations_of(contents.file(name), slot, tick_rate))
    for name in parts.tables:
        with _noted(facts, name):
            facts.events += rare_events_of(contents.file(name))


def settle(replay: Replay) -> None:
    """Add what only the end of the frames tells: members after them, last scores, the frames of events.

    Call it when ``replay.source`` is complete (or again after more was counted); cheap when all is known.
    """
    source = replay.source
    facts = Facts(replay.game, "", replay.players, replay.scores)
    facts.config = dict(replay.config) if replay.config is not None else None
    facts.results = dict(replay.results) if replay.results is not None else None
    add_frames(facts, source)
    redactor = Redactor(facts.secrets)
    replay.game, replay.players, replay.scores = facts.game, facts.players, facts.scores
    replay.config = redactor.foreign(facts.config) if facts.config is not None else None
    replay.results = redactor.foreign(facts.results) if facts.results is not None else None
    if source.is_complete:
        with contextlib.suppress(OSError):  # frames that are gone: the events stay unplaced
            replay.declared = place_events(source, replay.declared)
    replay.note = getattr(source, "note", "") or replay.note
    subject = replay.note.partition(", ")[0].partition("; ")[0]
    found = [safe_line(f"{subject} {problem}", _PROBLEM_LIMIT) for problem in getattr(source, "problems", ())]
    replay.problems += tuple(problem for problem in found if problem not in replay.problems)


def add_frames(facts: Facts, source: FrameSource) -> None:
    """What the source itself tells: the members of its document, its first and, once counted, last frame."""
    members = getattr(source, "members", None)
    if members is not None:
        with contextlib.suppress(OSError):
            facts.add_members(members())
    if not facts.players:
        facts.add_frame(_frame(source, 0))
    if not facts.scores and source.is_complete:
        last = _frame(source, len(source) - 1)
        if isinstance(last, Mapping):
            facts.scores = scores_of(last.get("scores"))


def hiding(file: ReplayFile, redactor: Redactor) -> ReplayFile:
    """The file with known secrets, and what looks like one, masked in its text."""

    def read(limit: int) -> bytes:
        # A secret that the limit would cut in two is still found whole.
        data = file.read(limit + redactor.longest)
        if b"\0" in data:
            return data[:limit]
        text = data.decode("utf-8", "surrogateescape")
        return redactor.text(text).encode("utf-8", "surrogateescape")[:limit]

    return ReplayFile(safe_line(file.name, 200), file.size, read)


def hiding_tokens(file: ReplayFile, redactor: Redactor) -> ReplayFile:
    """A game config as text, its tokens masked by their key however short they are."""
    plain = hiding(file, redactor)

    def read(limit: int) -> bytes:
        config, _ = parsed_object(file.read(DOCUMENT_LIMIT + 1))
        if config is None or not depth_within(config, DEPTH_LIMIT):
            return plain.read(limit)
        return json.dumps(redactor.foreign(without_tokens(config)), indent=2).encode()[:limit]

    return ReplayFile(plain.name, plain.size, read)


def without_tokens(document: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of a document whose player tokens are masked, and wherever else they occur in it.

    Tokens are the texts under ``token`` and ``tokens``, however short, at any depth.
    """
    masked: dict[str, Any] = _masked(Redactor(tokens_in(document)).foreign(document))
    return masked


def tokens_in(document: Any) -> list[str]:
    """The player tokens in a JSON value that are long enough to be told from other words."""
    found: list[str] = []
    left = [document]
    while left:
        value = left.pop()
        if isinstance(value, Mapping):
            for key in _TOKEN_KEYS:
                tokens = value.get(key)
                found += [one for one in (tokens if isinstance(tokens, list) else [tokens]) if _is_token(one)]
            left += value.values()
        elif isinstance(value, list):
            left += [item for item in value if isinstance(item, Mapping | list)]
    return found


def parsed_object(data: bytes) -> tuple[dict[str, Any] | None, str]:
    """A JSON object, read tolerantly, and what a strict reader would say against it, or nothing."""
    try:
        return read_json_object(data, DOCUMENT_LIMIT), ""
    except UnreadableJson as error:
        problem = str(error)
    if len(data) > DOCUMENT_LIMIT:
        return None, problem
    value = json_or_none(data)
    return (value if isinstance(value, dict) else None), problem


def _document(facts: Facts, file: ReplayFile) -> dict[str, Any] | None:
    with _noted(facts, file.name):
        value, problem = parsed_object(file.read(DOCUMENT_LIMIT + 1))
        if problem:
            facts.problems.append(f"{safe_line(file.name, _NAME_LIMIT)} {problem}")
        return value
    return None


@contextlib.contextmanager
def _noted(facts: Facts, name: str) -> Any:
    """What cannot be read is one problem."""
    try:
        yield
    except OSError as error:
        facts.problems.append(f"{safe_line(name, _NAME_LIMIT)} cannot be read: {reason_of(error)}")


def _add_events(facts: Facts, found: tuple[Iterable[Event], str]) -> None:
    events, problem = found
    facts.events += events
    if problem:
        facts.problems.append(safe_line(problem, 200))


def _failure(error: Mapping[str, Any]) -> Event:
    """What ended the episode (``error_info.json``), as the event at its end."""
    slot = error.get("failed_policy_index")
    kind, message = error.get("error_type"), error.get("message")
    words = [word for word in (kind, message) if isinstance(word, str)]
    if not isinstance(slot, int) or isinstance(slot, bool) or slot < 0:
        slot = -1
    return Event(UNPLACED, None, "error", safe_line(": ".join(words) or "failed", 200), slot)


def _frame(source: FrameSource, index: int) -> Any:
    """A decoded frame, or None when it is not there, too large or no JSON."""
    from .lenses.choose import decode_frame

    if not 0 <= index < len(source):
        return None
    try:
        payload = source.payload(index)
    except OSError:
        return None
    return decode_frame(payload, source.kind(index)) if len(payload) <= _FRAME_LIMIT else None


def _masked(value: Any, is_token: bool = False) -> Any:
    if isinstance(value, Mapping):
        return {key: _masked(item, key in _TOKEN_KEYS) for key, item in value.items()}
    if isinstance(value, list):
        return [_masked(item, is_token) for item in value]
    return MASK if is_token and isinstance(value, str) else value


def _is_token(value: Any) -> TypeGuard[str]:
    return isinstance(value, str) and len(value) >= SHORTEST_TOKEN
