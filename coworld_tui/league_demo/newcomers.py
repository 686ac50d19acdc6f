"""The way of a submission: looked at, placed among the qualifiers, then promoted or turned out."""

from __future__ import annotations

from functools import partial
from random import Random

from .building import add_membership
from .clock import Clock
from .routes_reports import tell
from .state import Json, State

REJECTED = 0.15
TURNED_OUT = 0.25

_SEEN, _PROCESSED, _QUALIFIED = 5.0, 12.0, 45.0


class Newcomers:
    """Submissions to one league. ``take_up`` is called again and again."""

    def __init__(
        self, state: State, clock: Clock, competition: Json, qualifiers: Json, random: Random
    ) -> None:
        self._state = state
        self._clock = clock
        self._competition = competition
        self._qualifiers = qualifiers
        self._random = random
        self._taken: set[str] = set()

    def take_up(self) -> None:
        """Begin with every submission that is pending and was not seen before."""
        for row in list(self._state.submissions.values()):
            is_ours = row["league"] is self._competition["league"]
            if is_ours and row["status"] == "pending" and row["id"] not in self._taken:
                self._taken.add(row["id"])
                self._clock.after(_SEEN, partial(self._process, row))

    def _process(self, submission: Json) -> None:
        submission["status"] = "processing"
        self._clock.after(_PROCESSED, partial(self._place, submission))

    def _place(self, submission: Json) -> None:
        version, player = submission["policy_version"], submission["player"]
        seated = [
            row
            for row in self._state.memberships.values()
            if row["policy_version"] is version and row["end_time"] is None
        ]
        if seated:
            submission.update(status="rejected", notes="This version already has a seat in this league.")
            return
        if self._random.random() < REJECTED:
            submission.update(status="rejected", notes="The image has no player that starts.")
            return
        row = add_membership(self._state, self._qualifiers, version)
        row.update(status="qualifying", substatus=None, player=player)
        submission.update(status="placed", league_policy_membership_id=row["id"])
        tell(self._state, row, "Placed for qualification.", from_division=None)
        self._news(row, "placed in", self._qualifiers)
        self._clock.after(_QUALIFIED, partial(self._judge, row))

    def _judge(self, row: Json) -> None:
        if row["end_time"] is not None:
            return
        if self._random.random() < TURNED_OUT:
            self._turn_out(row)
        else:
            self._promote(row)

    def _turn_out(self, row: Json) -> None:
        notes = "Crashed in 3 of 4 qualifying episodes."
        row.update(status="disqualified", substatus="inactive", end_time=self._state.stamp(), notes=notes)
        evidence = {
            "episodes_played": 4,
            "episodes_failed": 3,
            "error_type": "player_error",
            "last_log_line": "ModuleNotFoundError: No module named 'hedgerow_planner'",
        }
        tell(self._state, row, notes, evidence)

    def _promote(self, row: Json) -> None:
        for other in self._state.memberships.values():
            theirs = other["player"] and other["player"]["id"] == row["player"]["id"]
            if theirs and other["division"] is self._competition and other["end_time"] is None:
                other.update(substatus="superseded", is_champion=False, end_time=self._state.stamp())
                other["notes"] = f"Superseded by {row['policy_version']['label']}."
        row.update(status="competing", substatus="active", division=self._competition, is_champion=True)
        tell(self._state, row, "Qualified with 4 of 4 episodes.", from_division=self._qualifiers)
        self._news(row, "promoted to", self._competition)

    def _news(self, row: Json, what: str, division: Json) -> None:
        label = row["policy_version"]["label"]
        self._state.add_event(
            "league_policy_membership_placed",
            f"{label} {what} {division['name']}",
            f"{label} of {row['player']['name']} was {what} {division['name']}.",
            division=division,
            player=row["player"],
            policy_version=row["policy_version"],
            payload={"policy_label": label, "league_policy_membership_id": row["id"]},
        )
