"""What the stand-in server knows: JSON objects in the API's shapes, changed by the test that holds them.

Nested objects are shared, not copied (a round's ``division`` is the division itself), so a change shows
wherever the API nests it. Whoever holds the state (a test, the clock of the demonstration) changes it
between requests; so do the routes that change something.
"""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeVar

from .artifacts import Artifacts

Json = dict[str, Any]
Part = TypeVar("Part")

OVER = ("completed", "failed", "cancelled", "canceled")


def written(moment: datetime) -> str:
    """A moment as the API writes it."""
    return moment.isoformat().replace("+00:00", "Z")


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
    uploaded: dict[str, str] = field(default_factory=dict)
    """When a policy version was, where it is known."""
    leagues: dict[str, Json] = field(default_factory=dict)
    divisions: dict[str, Json] = field(default_factory=dict)
    leaderboards: dict[str, list[Json] | None] = field(default_factory=dict)
    views: dict[str, Json | None] = field(default_factory=dict)
    rounds: dict[str, Json] = field(default_factory=dict)
    memberships: dict[str, Json] = field(default_factory=dict)
    submissions: dict[str, Json] = field(default_factory=dict)
    events: dict[str, Json] = field(default_factory=dict)
    episodes: MutableMapping[str, Json] = field(default_factory=dict)
    batches: dict[str, list[str]] = field(default_factory=dict)
    revisions: dict[str, int] = field(default_factory=dict)
    coworlds: dict[str, Json] = field(default_factory=dict)
    images: dict[str, Json] = field(default_factory=dict)
    artifacts: dict[str, Artifacts] = field(default_factory=dict)
    """By episode request."""
    origin: str = "https://files.example"
    """Where files are: the server's own ``http://127.0.0.1:port`` when one serves this state."""
    now: datetime = datetime(2026, 11, 19, 10, 0, tzinfo=UTC)
    _parts: dict[type, Any] = field(default_factory=dict)
    tick: float = 1.0
    """Seconds from one moment to the next."""
    feed_poll_seconds: float = 1.0
    """How soon the change feed may be asked again."""
    _numbers: int = 0
    _revision: int = 0

    def part(self, kind: type[Part]) -> Part:
        """What the routes of one kind remember beside the rest: one ``kind()``, made when first asked for."""
        if kind not in self._parts:
            self._parts[kind] = kind()
        part: Part = self._parts[kind]
        return part

    def new_id(self, prefix: str = "") -> str:
        """``prefix_<uuid>``, or a plain UUID, never given before."""
        self._numbers += 1
        tail = f"{self._numbers:08x}-1111-4222-8333-{self._numbers:012x}"
        return f"{prefix}_{tail}" if prefix else tail

    def stamp(self) -> str:
        """The next moment of this made-up world, as the API writes it."""
        self.now += timedelta(seconds=self.tick)
        return written(self.now)

    def policy_version(self, label: str) -> Json:
        """The row of ``name:vN``."""
        return next(row for row in self.policy_versions.values() if row["label"] == label)

    def round_episodes(self, round_id: str) -> Sequence[Json]:
        """The episodes of a round, newest first."""
        return [row for row in self.episodes.values() if row["round_id"] == round_id][::-1]

    def policy_episodes(self, version_id: str) -> Sequence[Json]:
        """The episodes a policy version has a seat in, newest first."""
        return [row for row in self.episodes.values() if version_id in row["policy_version_ids"]][::-1]

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
        row = self.episode_row(
            self.new_id("ereq"),
            seats,
            coworld,
            round_id=round_["id"] if round_ else None,
            seed=7000 + len(self.episodes),
            job_id=self.new_id(),
            created_at=self.stamp(),
        )
        self.episodes[row["id"]] = row
        if batch is not None:
            self.batches.setdefault(batch, []).append(row["id"])
        self._changed(row)
        return row

    def episode_row(
        self,
        episode_request_id: str,
        seats: list[Json],
        coworld: Json,
        *,
        round_id: str | None,
        seed: int,
        job_id: str,
        created_at: str,
    ) -> Json:
        """A pending episode of these policy versions, not yet one of the state."""
        return {
            "id": episode_request_id,
            "requester_user_id": "usr_commissioner",
            "round_id": round_id,
            "mod_name": None,
            "env_config_name": None,
            "coworld_id": coworld["id"],
            "coworld_name": coworld["name"],
            "coworld_version": coworld["version"],
            "variant_name": "default",
            "seed": seed,
            "max_steps": None,
            "status": "pending",
            "policy_version_ids": sorted({seat["id"] for seat in seats}),
            "participants": [self._participant(place, seat) for place, seat in enumerate(seats)],
            "job_id": job_id,
            "episode_id": None,
            "replay_url": None,
            "live_url": None,
            "error_type": None,
            "error": None,
            "failed_policy_index": None,
            "failed_agent_index": None,
            "scores": [],
            "created_at": created_at,
            "completed_at": None,
            "game_config": {"width": 12, "height": 8, "players": [{"name": "one"}, {"name": "two"}]},
        }

    def start_episode(self, episode: Json) -> None:
        """It runs and can be watched."""
        episode.update(status="running", live_url=f"{self.origin}/live/{episode['id']}")
        self._changed(episode)

    def finish_episode(self, episode: Json, *scores: float) -> None:
        """It ran to its end with a score for each of its policy versions, and left a replay."""
        episode_id = self.new_id()
        episode.update(
            status="completed",
            live_url=None,
            episode_id=episode_id,
            replay_url=f"{self.origin}/files/{episode_id}/replay.json.z",
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
            status="failed",
            live_url=None,
            error_type=error_type,
            error=error,
            failed_policy_index=seat,
            completed_at=self.stamp(),
        )
        self._changed(episode)

    def cancel_episode(self, episode: Json) -> None:
        """It will not be played to its end."""
        episode.update(status="cancelled", live_url=None, completed_at=self.stamp())
        self._changed(episode)

    def start_round(self, round_: Json) -> None:
        """It runs."""
        round_.update(status="running", started_at=self.stamp())

    def finish_round(self, round_: Json, scores: dict[str, float]) -> None:
        """It is over, with a score by player id; the league hears of it."""
        seats = {
            seat["player"]["id"]: seat
            for seat in self.memberships.values()
            if seat["player"] and seat["division"] is round_["division"] and seat["end_time"] is None
        }
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
        self._revision += 1
        self.revisions[episode["id"]] = self._revision
