"""Reasons: who crashed how often, what the log says of it, and what became of a policy."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.league_demo.artifacts import Artifacts
from coworld_tui.league_demo.routes_reports import tell
from coworld_tui.league_demo.state import Json
from coworld_tui.observatory.cache import Cache, Cached, CachedObservatory, question
from coworld_tui.observatory.client import Observatory
from coworld_tui.observatory.evidence import Evidence, Progress
from coworld_tui.observatory.failures import Owner, grouped, meaning
from coworld_tui.observatory.identity import Identity
from coworld_tui.observatory.models.episodes import Episode
from coworld_tui.observatory.reasons import evidence_lines
from coworld_tui.observatory.why import why
from coworld_tui.runs.redact import Redactor

from .server import Observatory as StandIn


@pytest.fixture
async def evidence(observatory: StandIn) -> AsyncIterator[Evidence]:
    user = Identity(observatory.url, "user", token=observatory.token_user)
    async with Observatory(observatory.url, user) as client:
        yield Evidence(CachedObservatory(client, Cache()), client)


def full_round(observatory: StandIn) -> Json:
    """The round in which every tenth episode failed by seat 1."""
    rounds = list(observatory.state.rounds.values())
    return next(row for row in rounds if len(episodes_of(observatory, row)) > 100)


def episodes_of(observatory: StandIn, round_: Json) -> list[Json]:
    return [row for row in observatory.state.episodes.values() if row["round_id"] == round_["id"]]


async def test_a_rounds_failures_are_grouped_by_who_did_what(
    observatory: StandIn, evidence: Evidence
) -> None:
    round_ = full_round(observatory)
    rows = episodes_of(observatory, round_)
    failed = [row for row in rows if row["status"] == "failed"]
    for row in failed[:3]:
        row.update(error_type="game_unhealthy", failed_policy_index=None, error="gone\x1b[2J")
    observatory.state.artifacts[failed[2]["id"]] = Artifacts(game_log=b"warming up\nout of ink\x07\n\n")
    progress: list[Progress] = []
    found = await why(evidence, round_["id"], progress=progress.append)
    assert found.kind == "round"
    assert found.title == f"Round 30 of Competition: {len(failed)} of 120 episodes failed"
    assert dict(found.counts) == {"completed": 120 - len(failed), "failed": len(failed)}
    assert (found.failed, found.looked_at) == (len(failed), len(failed))
    assert progress[-1] == Progress(len(failed), len(failed))
    assert sum(group.count for group in found.groups) == len(failed)

    by_seat: dict[str, list[Json]] = {}
    for row in failed[3:]:
        by_seat.setdefault(row["participants"][1]["policy_version_id"], []).append(row)
    blamed = [group for group in found.groups if group.policy]
    assert {group.policy_version_id: group.count for group in blamed} == {
        version: len(rows) for version, rows in by_seat.items()
    }
    for group in blamed:
        assert group.of == sum(group.policy_version_id in row["policy_version_ids"] for row in rows)
        assert group.meaning.owner == "the policy"
        assert group.seat == 1
        assert group.example == by_seat[group.policy_version_id][-1]["id"]
    (game,) = (group for group in found.groups if not group.policy)
    assert (game.count, game.of, game.share) == (3, 120, 3 / 120)
    assert (game.error, game.log_of, game.log_line) == ("gone", "the game", "out of ink\u2407")
    assert "\x1b" not in json.dumps(found.as_document(), ensure_ascii=False)


async def test_the_blamed_seats_own_log_explains_where_it_may_be_read(
    observatory: StandIn, evidence: Evidence
) -> None:
    round_ = full_round(observatory)
    mine = set(observatory.state.tokens[observatory.token_user].players)
    failed = [row for row in episodes_of(observatory, round_) if row["status"] == "failed"]
    for row in failed:
        observatory.state.artifacts[row["id"]] = Artifacts(
            game_log=b"seat 1 left\n", seat_logs={1: b"step 1\nZeroDivisionError: division by zero\n"}
        )
    found = await why(evidence, round_["id"])
    versions = {row["id"] for row in observatory.state.policy_versions.values() if row["player_id"] in mine}
    assert {group.policy_version_id in versions for group in found.groups} == {True, False}
    for group in found.groups:
        own = group.policy_version_id in versions
        assert group.log_of == ("seat 1" if own else "the game")
        assert group.log_line == ("ZeroDivisionError: division by zero" if own else "seat 1 left")


async def test_what_is_over_is_asked_once_and_eight_at_a_time(
    observatory: StandIn, evidence: Evidence
) -> None:
    round_ = full_round(observatory)
    first = await why(evidence, round_["id"])
    observatory.requests.clear()
    assert await why(evidence, round_["id"]) == first
    details = [seen for seen in observatory.requests if seen.path.startswith("/v2/episode-requests/ereq_")]
    assert [seen.path for seen in details if seen.path.count("/") == 3] == []


async def test_details_that_cannot_be_had_are_missing_not_fatal(
    observatory: StandIn, evidence: Evidence
) -> None:
    round_ = full_round(observatory)
    failed = [row for row in episodes_of(observatory, round_) if row["status"] == "failed"]
    observatory.fault(f"/v2/episode-requests/{failed[0]['id']}", "500", math.inf)
    found = await why(evidence, round_["id"])
    assert (found.failed, found.looked_at) == (len(failed), len(failed) - 1)
    assert any(line.startswith(f"{failed[0]['id']}: ") for line in found.missing)


async def test_an_episode_that_calls_itself_otherwise_is_still_the_one_that_was_meant(
    observatory: StandIn, evidence: Evidence
) -> None:
    round_ = full_round(observatory)
    failed = [row for row in episodes_of(observatory, round_) if row["status"] == "failed"]
    user = Identity(observatory.url, "user", token=observatory.token_user)
    for row in failed:
        asked = question(user, f"/v2/episode-requests/{row['id']}")
        Cache().put(asked, Cached({**row, "id": "ereq_\x1b[2J"}, None, datetime.now(UTC)), Redactor([]))
    found = await why(evidence, round_["id"])
    assert sum(group.count for group in found.groups) == len(failed)
    assert {group.example for group in found.groups} <= {row["id"] for row in failed}


async def test_a_divisions_last_rounds(observatory: StandIn, evidence: Evidence) -> None:
    division = full_round(observatory)["division"]
    found = await why(evidence, division["id"], rounds=5)
    assert found.kind == "division"
    assert found.title == "Competition, the last 5 rounds: 12 of 124 episodes failed"
    assert "The commissioner did not answer." in found.reason


async def test_an_episode_beside_what_was_to_be_expected(observatory: StandIn, evidence: Evidence) -> None:
    round_ = full_round(observatory)
    rows = episodes_of(observatory, round_)
    crashed = next(row for row in rows if row["status"] == "failed")
    crashed.update(error_type="player_never_started")
    observatory.state.artifacts[crashed["id"]] = Artifacts(game_log=b"no hello from seat 1\n")
    found = await why(evidence, crashed["id"])
    assert found.title == "The episode failed: player_never_started, seat 1"
    assert found.meaning == meaning("player_never_started")
    assert (found.log_of, found.log_line) == ("the game", "no hello from seat 1")
    first, second = found.seats
    assert (first.failed, first.connected) == (False, None)
    assert (second.failed, second.connected, second.score, second.rank) == (True, False, None, None)
    others = [
        row
        for row in rows[::-1]
        if row["status"] == "completed"
        and {seat["policy_version_id"] for seat in crashed["participants"]} & set(row["policy_version_ids"])
    ][:20]
    version = crashed["participants"][0]["policy_version_id"]
    scores = [
        score["score"] for row in others for score in row["scores"] if score["policy_version_id"] == version
    ]
    assert first.expected_of == len(scores)
    assert first.expected == pytest.approx(sum(scores) / len(scores))

    won = next(row for row in rows if row["status"] == "completed" and len(row["scores"]) == 2)
    seats = (await why(evidence, won["id"])).seats
    assert sorted(seat.rank or 0 for seat in seats) == [1, 2]
    assert max(seats, key=lambda seat: seat.score or 0).rank == 1
    human = observatory.state.batches
    batch = next(iter(human.values()))
    with_person = await why(evidence, batch[2])
    assert [seat.kind for seat in with_person.seats] == ["policy", "human"]


async def test_what_became_of_a_membership(observatory: StandIn, evidence: Evidence) -> None:
    state = observatory.state
    seat = next(row for row in state.memberships.values() if row["status"] == "disqualified")
    tell(
        state,
        seat,
        "Warned:\x1b[1m crashes",
        {"crashes": 4, "of": {"last": 10}, "ok": False},
        status="competing",
    )
    found = await why(evidence, seat["id"])
    assert found.title == "sweeper:v2 in Competition: disqualified, inactive; it is over"
    assert found.reason == "Crashed too often."
    assert [entry.status for entry in found.history][-1] == "submitted"
    (warned,) = (entry for entry in found.history if entry.evidence)
    assert warned.evidence == ("crashes: 4", "of.last: 10", "ok: no")
    assert warned.reason == "Warned: crashes"
    moments = [entry.at for entry in found.history if entry.at]
    assert moments == sorted(moments, reverse=True)


async def test_a_submission_and_its_notes(observatory: StandIn, evidence: Evidence) -> None:
    rows = observatory.state.submissions.values()
    rejected = next(row for row in rows if row["status"] == "rejected")
    found = await why(evidence, rejected["id"])
    assert found.title == "checker:v1 to Paint Arena League: rejected; the league does not take it"
    assert found.reason == "Player already holds an active policy in this league."
    placed = next(row for row in rows if row["status"] == "placed")
    assert (await why(evidence, placed["id"])).history
    odd = next(row for row in rows if row["status"] == "pondering")
    assert (await why(evidence, odd["id"])).title.endswith(": pondering")


async def test_older_servers_have_no_history(observatory: StandIn, evidence: Evidence) -> None:
    placed = next(row for row in observatory.state.submissions.values() if row["status"] == "placed")
    observatory.fault("/v2/policy-membership-events", "404", math.inf)
    found = await why(evidence, placed["id"])
    assert (found.history, len(found.missing)) == ((), 1)


@pytest.mark.parametrize("what", ["league_00000004-1111-4222-8333-000000000004", "", "round", "lpm_\x1b[2J"])
async def test_what_has_no_reasons(evidence: Evidence, what: str) -> None:
    with pytest.raises(CoworldError) as caught:
        await why(evidence, what)
    assert caught.value.exit_code == 2
    assert "\x1b" not in str(caught.value)


async def test_what_is_nowhere(evidence: Evidence) -> None:
    for prefix in ("lpm", "sub", "round", "div", "ereq"):
        with pytest.raises(CoworldError) as caught:
            await why(evidence, f"{prefix}_ffffffff-1111-4222-8333-ffffffffffff")
        assert caught.value.type == "not_found"


TEXT = st.text(max_size=30)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT,
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(TEXT, inner, max_size=6),
    max_leaves=80,
)


@given(JSON)
def test_any_evidence_becomes_few_plain_lines(value: Any) -> None:
    lines = evidence_lines(value)
    assert len(lines) <= 40
    assert all(line.isprintable() and len(line) <= 500 for line in lines)


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "id": TEXT,
                "error_type": st.none() | TEXT | st.sampled_from(["player_error", "oom"]),
                "failed_policy_index": st.none() | st.integers(-1, 3),
                "participants": st.lists(
                    st.fixed_dictionaries(
                        {"position": st.integers(0, 2), "policy_version_id": TEXT, "policy_name": TEXT}
                    ),
                    max_size=3,
                ),
            }
        )
    )
)
def test_every_failure_is_in_one_group(rows: list[Json]) -> None:
    groups = grouped([Episode.model_validate(row) for row in rows], {}, 0)
    assert sum(group.count for group in groups) == len(rows)
    assert all(0 < group.share <= 1 and group.meaning.owner in get_args(Owner) for group in groups)
    assert [group.count for group in groups] == sorted((group.count for group in groups), reverse=True)
