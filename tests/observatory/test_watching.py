"""Watching: what changed is told once, nobody is asked too often, nothing is lost while nobody answers."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory import reading
from coworld_tui.observatory.cache import Cache, CachedObservatory
from coworld_tui.observatory.client import Observatory, Reader
from coworld_tui.observatory.identity import Identity
from coworld_tui.observatory.models.base import ApiModel
from coworld_tui.observatory.models.episodes import EpisodeRow
from coworld_tui.observatory.refusals import Refusal
from coworld_tui.observatory.watching import Change, Known, Question, Watch, changed

from .server import Observatory as StandIn

ROUNDS = Question("rounds", lambda reader: _rounds(reader), is_whole=False)
LEAGUES = Question("leagues", reading.leagues)


async def _rounds(reader: Reader) -> list[Any]:
    return list((await reading.rounds(reader, limit=20)).entries)


@pytest.fixture
async def client(observatory: StandIn) -> AsyncIterator[Observatory]:
    user = Identity(observatory.url, "user", token=observatory.token_user)
    async with Observatory(observatory.url, user, timeout=0.5) as client:
        yield client


class Scripted:
    """A question whose answers are given one after the other; the last one stays."""

    def __init__(self, *answers: list[dict[str, Any]] | CoworldError) -> None:
        self.answers = list(answers)
        self.question = Question("scripted", self.ask)

    async def ask(self, reader: Reader) -> list[EpisodeRow]:
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, CoworldError):
            raise answer
        return [EpisodeRow.model_validate(row) for row in answer]


class Nobody:
    """A reader that is never asked."""

    async def get(self, path: str, params: Any = None) -> Any:
        raise AssertionError(path)


def watch_of(*answers: list[dict[str, Any]] | CoworldError, **bounds: float) -> Watch:
    return Watch(Nobody(), [Scripted(*answers).question], **bounds)


def told(changes: tuple[Change, ...]) -> list[tuple[str, str, tuple[str, ...]]]:
    return [(change.kind, change.id, change.fields) for change in changes]


async def test_what_changed_is_told_once(observatory: StandIn, client: Observatory) -> None:
    state = observatory.state
    watch = Watch(client, [ROUNDS, LEAGUES])
    assert (await watch.look()).changes == ()
    running = next(row for row in state.rounds.values() if row["status"] == "running")
    seats = [row for row in state.memberships.values() if row["is_champion"]]
    state.finish_round(running, {seat["player"]["id"]: 1.0 for seat in seats})
    added = state.add_round(running["division"], seats)
    league = next(iter(state.leagues.values()))
    league["rounds_paused_at"] = state.stamp()
    paused = (await watch.look()).changes
    assert ("added", added["id"], ()) in told(paused)
    assert any(change.id == running["id"] and "status" in change.fields for change in paused)
    assert any(change.id == league["id"] and "rounds_paused_at" in change.fields for change in paused)
    assert (await watch.look()).changes == ()


async def test_seldom_when_nothing_happens_often_when_something_runs() -> None:
    idle: list[dict[str, Any]] = [{"id": "ereq_1", "status": "completed"}]
    runs = [{"id": "ereq_1", "status": "running"}]
    watch = watch_of(idle, idle, idle, idle, idle, idle, idle, idle, runs, runs, runs, runs)
    waits = [(await watch.look()).seconds for _ in range(8)]
    assert waits[0] >= 15
    assert waits[-1] > 100
    assert max(waits) <= 120 * 1.1
    assert (await watch.look()).seconds <= 15 * 1.1
    assert max([(await watch.look()).seconds for _ in range(3)]) <= 30 * 1.1
    watch.look_soon()
    assert (await watch.look()).seconds <= 15 * 1.5 * 1.1


async def test_while_nobody_answers_what_is_known_stays() -> None:
    row = {"id": "ereq_1", "status": "completed"}
    watch = watch_of([row], CoworldError("unreachable", "Gone"), [row, {"id": "ereq_2"}])
    await watch.look()
    known = watch.known["scripted"]
    seen = known.fetched_at
    look = await watch.look()
    assert look.problem is not None
    assert look.seconds >= 30
    assert (list(known.rows), known.fetched_at, known.problem) == (["ereq_1"], seen, look.problem)
    look = await watch.look()
    assert (told(look.changes), look.problem, known.problem) == ([("added", "ereq_2", ())], None, None)


async def test_one_question_without_answer_does_not_stop_the_others(
    observatory: StandIn, client: Observatory
) -> None:
    observatory.fault("/v2/leagues", "403", math.inf)
    watch = Watch(client, [LEAGUES, ROUNDS])
    look = await watch.look()
    assert look.problem is None
    assert watch.known["leagues"].problem is not None
    assert watch.known["rounds"].rows


async def test_the_server_says_for_how_long_to_stay_away() -> None:
    refused = Refusal("rate_limited", "The server wants fewer requests")
    refused.retry_after = 300.0
    assert (await watch_of(refused).look()).seconds >= 300


async def test_old_answers_are_no_news(observatory: StandIn, client: Observatory, home: Any) -> None:
    async with asyncio.timeout(10):
        await Watch(CachedObservatory(client, Cache()), [LEAGUES]).look()
        league = next(iter(observatory.state.leagues.values()))
        league["name"] = "Renamed"
        observatory.fault("*", "stall", math.inf)
        watch = Watch(CachedObservatory(client, Cache()), [LEAGUES])
        look = await watch.look()
        assert look.problem is not None
        known = watch.known["leagues"]
        assert known.rows[league["id"]].as_document()["name"] == "Paint Arena League"
        assert (await watch.look()).changes == ()
        observatory.faults.clear()
        watch = Watch(CachedObservatory(client, Cache()), [LEAGUES])
        watch.known["leagues"] = known
        assert told((await watch.look()).changes) == [("changed", league["id"], ("name",))]


async def test_pausing_and_looking_at_once() -> None:
    idle: list[dict[str, Any]] = [{"id": "ereq_1", "status": "completed"}]
    watch = watch_of(idle, least=3600, most=3600)
    looks = watch.looks()
    async with asyncio.timeout(10):
        await anext(looks)
        coming = asyncio.ensure_future(anext(looks))
        watch.pause()
        watch.look_soon()
        for _ in range(5):
            await asyncio.sleep(0)
        assert not coming.done()
        watch.resume()
        assert (await coming).changes == ()
        coming = asyncio.ensure_future(anext(looks))
        await asyncio.sleep(0)
        coming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await coming


async def test_a_new_question_changes_nothing_unless_nothing_was_there() -> None:
    row = [{"id": "ereq_1"}]
    watch = Watch(Nobody(), [])
    await watch.look()
    watch.questions = [Scripted(row).question]
    assert (await watch.look()).changes == ()
    watch.questions = [Question("other", Scripted(row).ask, begins_empty=True)]
    assert told((await watch.look()).changes) == [("added", "ereq_1", ())]
    assert list(watch.known) == ["other"]


def test_ages_are_never_negative() -> None:
    now = datetime.now(UTC)
    assert Known().age() is None
    assert Known(fetched_at=now + timedelta(hours=3)).age(now) == 0
    assert Known(fetched_at=now - timedelta(seconds=3)).age(now) == 3


def test_a_new_signature_is_no_change() -> None:
    first = {"ereq_1": EpisodeRow.model_validate({"id": "ereq_1", "replay_url": "https://a.example/x?sig=1"})}
    again = {"ereq_1": EpisodeRow.model_validate({"id": "ereq_1", "replay_url": "https://a.example/x?sig=2"})}
    moved = {"ereq_1": EpisodeRow.model_validate({"id": "ereq_1", "replay_url": "https://a.example/y?sig=2"})}
    assert changed(LEAGUES, first, again) == []
    assert changed(LEAGUES, first, moved)[0].fields == ("replay_url",)


ROWS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["pending", "running", "completed"]))


@given(before=ROWS, after=ROWS, is_whole=st.booleans())
def test_the_changes_lead_from_one_answer_to_the_other(
    before: dict[str, str], after: dict[str, str], is_whole: bool
) -> None:
    old, new = (
        {key: EpisodeRow.model_validate({"id": key, "status": status}) for key, status in rows.items()}
        for rows in (before, after)
    )
    made: dict[str, ApiModel] = dict(old)
    for change in changed(Question("any", Scripted([]).ask, is_whole), old, new):
        if change.after is None:
            del made[change.id]
        else:
            made[change.id] = change.after
    gone = {} if is_whole else {key: row for key, row in old.items() if key not in new}
    assert made == {**new, **gone}
