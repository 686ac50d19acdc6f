"""What the stand-in server knows: JSON objects in the API's shapes, changed by the test that holds them.

Nested objects are shared, not copied (a round's ``division`` is the division itself), so a change shows
wherever the API nests it. The test changes the state between requests; the server only reads it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

Json = dict[str, Any]

OVER = ("completed", "failed", "cancelled", "canceled")


@dataclass(frozen=True)
class Caller:
    """Who asks, as the token told: ``players`` are theirs, or the one they act as."""

    kind: Literal["user", "player", "anonymous"]
    user_id: str = ""
    players: tuple[str, ...] = ()


ANONYMOUS = Caller("anonymous")


@dataclass
class State:
    """Objects by id, oldest first. ``owners`` names the user an object that is not public belongs to."""

    tokens: dict[str, Caller] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    players: dict[str, Json] = field(default_factory=dict)
    policy_versions: dict[str, Json] = field(default_factory=dict)
    leagues: dict[str, Json] = field(default_factory=dict)
    divisions: dict[str, Json] = field(default_factory=dict)
    leaderboards: dict[str, list[Json] | None] = field(default_factory=dict)
    views: dict[str, Json | None] = field(default_factory=dict)
    rounds: dict[str, Json] = field(default_factory=dict)
    memberships: dict[str, Json] = field(default_factory=dict)
    submissions: dict[str, Json] = field(default_factory=dict)
    events: dict[str, Json] = field(default_factory=dict)
    episodes: dict[str, Json] = field(default_factory=dict)
    batches: dict[str, list[str]] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    coworlds: dict[str, Json] = field(default_factory=dict)
    images: dict[str, Json] = field(default_factory=dict)
    now: datetime = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
    _numbers: int = 0

    def new_id(self, prefix: str = "") -> str:
        """``prefix_<uuid>``, or a plain UUID, never given before."""
        self._numbers += 1
        tail = f"{self._numbers:08x}-1111-4222-8333-{self._numbers:012x}"
        return f"{prefix}_{tail}" if prefix else tail

    def stamp(self, seconds: float = 1) -> str:
        """The next moment of this made-up world, as the API writes it."""
        self.now += timedelta(seconds=seconds)
        return self.now.isoformat().replace("+00:00", "Z")

    def policy_version(self, label: str) -> Json:
        """The row of ``name:vN``."""
        return next(row for row in self.policy_versions.values() if row["label"] == label)

    def add_round(self, division: Json, entrants: list[Json]) -> Json:
        """A pending round that seats these memberships."""
        number = 1 + sum(row["division"] is division for row in self.rounds.values())
        row: Json = {
            "id": self.new_id("round"),
            "round_number": number,
            "commissioner_key": "platform",
            "execution_backend": "dispatch",
            "round_config": {
                "strategy": "swiss_neighbor",
                "entrant_attributions": [
                    {
                        "subject_id": entrant["player"]["id"],
                        "subject_type": "player",
                        "policy_version_id": entrant["policy_version"]["id"],
                        "league_policy_membership_id": entrant["id"],
                    }
                    for entrant in entrants
                ],
            },
            "round_display": None,
            "status": "pending",
            "error": None,
            "started_at": None,
            "completed_at": None,
            "division": division,
            "created_at": self.stamp(),
            "results": [],
            "commissioner_report": None,
            "has_commissioner_logs": False,
        }
        self.rounds[row["id"]] = row
        return row

    def add_episode(self, seats: list[Json], round_: Json | None = None, batch: str | None = None) -> Json:
        """A pending episode of these policy versions, of a round or of an experience request."""
        coworld = next(row for row in self.coworlds.values() if row["canonical"])
        row: Json = {
            "id": self.new_id("ereq"),
            "requester_user_id": "usr_commissioner",
            "round_id": round_["id"] if round_ else None,
            "mod_name": None,
            "env_config_name": None,
            "coworld_id": coworld["id"],
            "coworld_name": coworld["name"],
            "coworld_version": coworld["version"],
            "variant_name": "default",
            "seed": 7000 + len(self.episodes),
            "max_steps": None,
            "status": "pending",
            "policy_version_ids": sorted({seat["id"] for seat in seats}),
            "participants": [self._participant(place, seat) for place, seat in enumerate(seats)],
            "job_id": self.new_id(),
            "episode_id": None,
            "replay_url": None,
            "live_url": None,
            "error_type": None,
            "error": None,
            "failed_policy_index": None,
            "failed_agent_index": None,
            "scores": [],
            "created_at": self.stamp(),
            "completed_at": None,
            "game_config": {"width": 12, "height": 8, "players": [{"name": "one"}, {"name": "two"}]},
        }
        self.episodes[row["id"]] = row
        if batch is not None:
            self.batches.setdefault(batch, []).append(row["id"])
        self._changed(row)
        return row

    def start_episode(self, episode: Json) -> None:
        """It runs and can be watched."""
        episode.update(status="running", live_url=f"https://play.example/live/{episode['id']}")
        self._changed(episode)

    def finish_episode(self, episode: Json, *scores: float) -> None:
        """It ran to its end with a score for each of its policy versions, and left a replay."""
        episode_id = self.new_id()
        episode.update(
            status="completed",
            live_url=None,
            episode_id=episode_id,
            replay_url=f"https://replays.example/{episode_id}/replay.json.z",
            scores=[
                {"policy_version_id": version, "score": score}
                for version, score in zip(episode["policy_version_ids"], scores, strict=True)
            ],
            completed_at=self.stamp(),
        )
        self._changed(episode)

    def fail_episode(self, episode: Json, error_type: str, error: str, seat: int | None = None) -> None:
        """It ended without scores, by a seat's fault or nobody's."""
        episode.update(
            status="failed", live_url=None, error_type=error_type, error=error, failed_policy_index=seat
        )
        self._changed(episode)

    def start_round(self, round_: Json) -> None:
        """It runs."""
        round_.update(status="running", started_at=self.stamp())

    def finish_round(self, round_: Json, scores: dict[str, float]) -> None:
        """It is over, with a score by player id; the league hears of it."""
        seats = {seat["player"]["id"]: seat for seat in self.memberships.values() if seat["player"]}
        ranked = sorted(scores.items(), key=lambda item: -item[1])
        round_.update(status="completed", completed_at=self.stamp())
        round_["results"] = [
            {
                "id": self.new_id("rr"),
                "rank": rank,
                "score": score,
                "result_metadata": {"episodes": 12},
                "policy_version": seats[player]["policy_version"],
                "player": self.player(player),
                "created_at": round_["completed_at"],
            }
            for rank, (player, score) in enumerate(ranked, 1)
        ]
        leader = self.players[ranked[0][0]]["name"]
        self.add_event(
            "round_completed",
            f"Round {round_['round_number']} completed",
            f"{leader} leads {round_['division']['name']}",
            division=round_["division"],
            round_id=round_["id"],
            payload={"round_number": round_["round_number"], "result_count": len(ranked)},
        )

    def add_event(
        self,
        event_type: str,
        headline: str,
        summary: str,
        *,
        division: Json,
        audience: str = "public",
        player: Json | None = None,
        policy_version: Json | None = None,
        round_id: str | None = None,
        payload: Json | None = None,
    ) -> Json:
        """News of a division, for everyone or for one player."""
        row: Json = {
            "id": self.new_id("cevt"),
            "event_type": event_type,
            "audience": audience,
            "user_id": None,
            "player": player,
            "policy_version": policy_version,
            "league": division["league"],
            "division": division,
            "round_id": round_id,
            "league_policy_membership_id": None,
            "submission_id": None,
            "headline": headline,
            "summary": summary,
            "payload": payload or {},
            "created_at": self.stamp(),
        }
        self.events[row["id"]] = row
        return row

    def player(self, player_id: str) -> Json:
        """A player as other objects nest it."""
        return {key: self.players[player_id][key] for key in ("id", "name", "avatar_url")}

    def _participant(self, place: int, version: Json) -> Json:
        player = self.players.get(version["player_id"] or "")
        return {
            "position": place,
            "kind": "policy",
            "policy_version_id": version["id"],
            "policy_id": version["policy"]["id"],
            "policy_name": version["policy"]["name"],
            "version": version["version"],
            "player_id": version["player_id"],
            "player_name": player["name"] if player else None,
            "is_filler": player is None,
        }

    def _changed(self, episode: Json) -> None:
        self.revisions[episode["id"]] = 1 + max(self.revisions.values(), default=0)
