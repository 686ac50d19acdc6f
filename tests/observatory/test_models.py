"""Answers of the hosted side as objects: the same as the real client's, and never in the way when odd."""

from __future__ import annotations

import copy
import json
import os
import subprocess
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.cli import league_tables as tables
from coworld_tui.league_demo.world import made_up
from coworld_tui.observatory.models.base import ApiModel
from coworld_tui.observatory.models.coworlds import Coworld, CoworldRow, Image
from coworld_tui.observatory.models.entries import Event, Membership, Submission
from coworld_tui.observatory.models.episodes import Episode, EpisodeRow, HumanParticipant, Participant
from coworld_tui.observatory.models.leagues import Division, LadderEntry, League
from coworld_tui.observatory.models.policies import PolicyVersionRow
from coworld_tui.observatory.models.rounds import Round, RoundDetail
from coworld_tui.observatory.models.standings import LeaderboardEntry, Leaderboards

SHARED = Path(os.environ.get("COWORLD_TUI_SHARED") or Path(__file__).parents[3] / "shared")


class Kind(NamedTuple):
    """A model, the real client's name of it, and how it is shown: alone and, if there are lists, in one."""

    model: type[ApiModel]
    peer: str
    one: Callable[[Any], Iterable[str]] | None
    many: Callable[[Any], Iterable[str]] | None


def _views(row: Leaderboards) -> Iterable[str]:
    return [line for view in row.views for line in tables.view(view)]


def _round(row: RoundDetail) -> Iterable[str]:
    return [*tables.round_detail(row), *tables.round_results(row)]


KINDS = {
    "league": Kind(League, "LeaguePublic", tables.league, tables.leagues),
    "division": Kind(Division, "DivisionPublic", tables.division, tables.divisions),
    "ladder": Kind(LadderEntry, "DivisionLadderEntryPublic", None, tables.ladder),
    "standing": Kind(LeaderboardEntry, "LeaderboardEntryPublic", None, tables.standings),
    "views": Kind(Leaderboards, "DivisionLeaderboardsPublic", _views, None),
    "round": Kind(Round, "RoundPublic", None, tables.rounds),
    "round_detail": Kind(RoundDetail, "RoundDetailPublic", _round, tables.rounds),
    "membership": Kind(Membership, "LeaguePolicyMembershipPublic", None, tables.memberships),
    "submission": Kind(Submission, "LeagueSubmissionPublic", None, tables.submissions),
    "event": Kind(Event, "CompetitionEventPublic", None, tables.events),
    "episode_row": Kind(EpisodeRow, "V2EpisodeRequestSummary", None, tables.episodes),
    "episode": Kind(Episode, "V2EpisodeRequestRow", tables.episode, None),
    "coworld_row": Kind(CoworldRow, "upload.CoworldListEntry", None, tables.coworlds),
    "coworld": Kind(Coworld, "upload.CoworldUploadResponse", tables.coworld, None),
    "image": Kind(Image, "upload.ContainerImageResponse", tables.image, tables.images),
    "policy": Kind(PolicyVersionRow, "PolicyVersionRow", None, tables.policies),
}

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**299), 10**299)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-01", "nan"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
"""What the client lets through: no NaN, no halves of surrogate pairs, no number beyond 300 digits."""


@cache
def documents() -> dict[str, list[dict[str, Any]]]:
    """Answers of each kind, as a server gives them."""
    state = made_up()
    rounds = list(state.rounds.values())
    found = {
        "league": list(state.leagues.values()),
        "division": list(state.divisions.values()),
        "ladder": [{"id": "div_1", "name": "Open", "level": 1, "member_count": 4}],
        "standing": [row for rows in state.leaderboards.values() for row in rows or ()],
        "views": [views for views in state.views.values() if views],
        "round": [{key: value for key, value in row.items() if key != "results"} for row in rounds],
        "round_detail": [row for row in rounds if row["results"]],
        "membership": list(state.memberships.values()),
        "submission": list(state.submissions.values()),
        "event": list(state.events.values()),
        "episode_row": [],
        "episode": list(state.episodes.values())[-40:],
        "coworld_row": list(state.coworlds.values()),
        "coworld": list(state.coworlds.values()),
        "image": list(state.images.values()),
        "policy": [{"id": state.new_id(), "name": "sweeper", "version": 3, "created_at": state.stamp()}],
    }
    found["episode_row"] = [
        {key: row[key] for key in ("id", "status", "replay_url", "policy_version_ids", "created_at")}
        for row in found["episode"]
    ]
    return found


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterable[tuple[Any, ...]]:
    """The way to everything inside a document."""
    members = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for key, member in members:
        yield (*path, key)
        yield from places(member, (*path, key))


@st.composite
def odd_documents(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """A kind, and a document of it with other JSON in up to four places, or without what was there."""
    name = draw(st.sampled_from(sorted(KINDS)))
    found = copy.deepcopy(draw(st.sampled_from(documents()[name])))
    for _ in range(draw(st.integers(1, 4))):
        path = draw(st.sampled_from(list(places(found)) or [("id",)]))
        holder: Any = found
        for step in path[:-1]:
            holder = holder[step]
        if draw(st.booleans()) or isinstance(holder, list):
            holder[path[-1]] = draw(JSON)
        else:
            holder.pop(path[-1], None)
    return name, found


@settings(deadline=None)
@given(odd_documents())
def test_any_json_in_place_of_any_field(odd: tuple[str, dict[str, Any]]) -> None:
    name, body = odd
    kind = KINDS[name]
    row = kind.model.model_validate(body)
    document = row.as_document()
    json.dumps(document, allow_nan=False)
    assert kind.model.model_validate(document).as_document() == document
    known = kind.model.model_fields
    assert {key: document[key] for key in body if key not in known} == {
        key: body[key] for key in body if key not in known
    }
    lines = [*(kind.one(row) if kind.one else ()), *(kind.many([row, row]) if kind.many else ())]
    assert all(line.isprintable() for line in lines)


@settings(deadline=None)
@given(st.sampled_from(sorted(KINDS)), st.dictionaries(st.text(max_size=8), JSON, max_size=3))
def test_an_object_of_something_else_altogether(name: str, body: dict[str, Any]) -> None:
    kind = KINDS[name]
    row = kind.model.model_validate(body)
    assert row.as_document().keys() >= kind.model.model_fields.keys() | body.keys()
    for line in kind.many([row]) if kind.many else ():
        assert line.isprintable()


def test_null_instead_of_a_list_is_an_empty_list() -> None:
    episode = Episode.model_validate({"id": "ereq_1", "scores": None, "participants": None})
    assert (episode.scores, episode.participants) == ([], [])


def test_one_odd_entry_does_not_hide_the_others() -> None:
    body = {"results": [7, {"rank": "third", "score": 1.5}, None, {"rank": 1, "score": "2.25"}]}
    results = RoundDetail.model_validate(body).results
    assert [(row.rank, row.score) for row in results] == [(None, 1.5), (1, 2.25)]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ("2026-11-01T10:00:00", datetime(2026, 11, 1, 10, tzinfo=UTC)),
        ("2026-11-01T10:00:00+02:00", datetime(2026, 11, 1, 8, tzinfo=UTC)),
        ("0001-01-01T00:00:00", None),
        ("9999-12-31T23:59:59-14:00", None),
        ("yesterday", None),
    ],
)
def test_a_moment_can_be_compared_and_told_in_any_zone(told: str, expected: datetime | None) -> None:
    assert Round.model_validate({"started_at": told}).started_at == expected


@pytest.mark.parametrize("score", ["nan", "inf", 10**400, [], "much"])
def test_a_score_is_a_number_that_json_has(score: Any) -> None:
    row = LeaderboardEntry.model_validate({"score": score, "win_rate": 0.5})
    assert (row.score, row.win_rate) == (None, 0.5)


def test_states_nobody_knows_stay_as_they_are() -> None:
    assert Round.model_validate({"status": "reticulating"}).status == "reticulating"
    assert Round.model_validate({"status": 7}).status == "7"


def test_seats_of_people_fillers_and_kinds_to_come() -> None:
    body = {
        "participants": [
            {
                "position": 0,
                "kind": "policy",
                "policy_version_id": "a",
                "policy_name": "sweeper",
                "version": 3,
            },
            {"position": 1, "kind": "human", "user_id": "usr_1", "name": "Sam"},
            {
                "position": 2,
                "kind": "policy",
                "policy_version_id": "a",
                "policy_name": "f",
                "is_filler": True,
            },
            {"position": 3, "kind": "robot", "serial": 9},
        ],
        "scores": [{"policy_version_id": "a", "score": 0.5}, {"policy_version_id": None, "score": 9}],
    }
    episode = Episode.model_validate(body)
    assert [seat.label for seat in episode.participants] == ["sweeper:v3", "Sam", "f:v?", "?:v?"]
    assert [episode.score_of(seat) for seat in episode.participants] == [0.5, None, None, None]
    assert isinstance(episode.participants[1], HumanParticipant)
    assert isinstance(episode.participants[3], Participant)
    assert episode.as_document()["participants"][3]["serial"] == 9


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"disabled_at": "2026-01-01T00:00:00Z", "rounds_paused_at": "2026-01-01T00:00:00Z"}, "disabled"),
        ({"rounds_paused_at": "2026-01-01T00:00:00Z", "hidden": True}, "paused"),
        ({"submissions_locked_at": "2026-01-01T00:00:00Z"}, "locked"),
        ({"hidden": True}, "hidden"),
        ({"disabled_at": None, "rounds_paused_at": None}, "active"),
    ],
)
def test_the_state_of_a_league_is_the_one_that_matters_most(fields: dict[str, Any], state: str) -> None:
    assert League.model_validate(fields).state == state


@pytest.mark.peer
def test_the_same_answers_make_the_same_documents_as_in_the_real_client() -> None:
    python = os.environ.get("COWORLD_PEER_64")
    if not python:
        pytest.skip("COWORLD_PEER_64 does not name a Python with coworld 0.1.64")
    wanted = [(name, body) for name, rows in documents().items() for body in rows] + list(_examples())
    job = json.dumps([(KINDS[name].peer, body) for name, body in wanted])
    oracle = Path(__file__).with_name("model_peer_oracle.py")
    done = subprocess.run([python, str(oracle)], input=job, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr[-2000:]
    theirs = json.loads(done.stdout)
    assert len(theirs) == len(wanted) > 100
    for (name, body), their in zip(wanted, theirs, strict=True):
        our = KINDS[name].model.model_validate(body).as_document()
        if KINDS[name].peer.startswith("upload."):  # their upload models drop what they do not know
            our = _only(our, their)
        assert our == their, name


def _only(our: Any, their: Any) -> Any:
    """Our document without the members that theirs does not have."""
    if isinstance(their, dict):
        return {key: _only(our[key], value) for key, value in their.items()}
    if isinstance(their, list):
        return [_only(item, value) for item, value in zip(our, their, strict=True)]
    return our


def _examples() -> Iterable[tuple[str, Any]]:
    """The published examples of answers, where they are at hand."""
    path = SHARED / "fixtures" / "hosted_examples.json"
    if not path.is_file():
        return
    names = {kind.peer.replace("upload.", "upload:"): name for name, kind in KINDS.items()}
    for example in json.loads(path.read_bytes())["examples"]:
        model, body = example["model"], example["body"]
        if example["method"] == "GET" and example["version"] != "0.1.11" and body is not None:
            name = model and names.get(model.removeprefix("list[").split("]")[0].split(" ")[0])
            if name:
                yield from ((name, row) for row in (body if isinstance(body, list) else [body]))
