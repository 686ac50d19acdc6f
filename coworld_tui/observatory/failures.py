"""Why episodes failed: what each error type means (hosted.md 6), and the failed ones in groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from ..contract.text import safe_line
from .models.episodes import Episode, Participant

Owner = Literal["the policy", "the game", "the platform", "unclear"]

_SHOWN = 80
_ERROR_LIMIT = 300
_NO_TYPE = "unknown"


@dataclass(frozen=True)
class Meaning:
    """An error type in plain words, and who can do something about it."""

    owner: Owner
    text: str


_MEANINGS: Mapping[str, Meaning] = {
    "player_error": Meaning("the policy", "the policy in this seat crashed or broke the rules"),
    "players_missing": Meaning("the policy", "a policy never connected to the game"),
    "player_never_started": Meaning("the policy", "the policy's container never got ready"),
    "player_file_unavailable": Meaning("the platform", "the policy's file could not be fetched"),
    "player_file_mismatch": Meaning("the platform", "the policy's file is not the one that was uploaded"),
    "game_unhealthy": Meaning("the game", "the game never got ready, or ended too early"),
    "game_contract_violation": Meaning("the game", "the game did not keep to the contract"),
    "game_error": Meaning("the game", "the game crashed"),
    "results_missing": Meaning("the game", "the game wrote no results"),
    "results_malformed": Meaning("the game", "the game's results do not fit its schema"),
    "replay_missing": Meaning("the game", "the game wrote no replay"),
    "replay_unloadable": Meaning("the game", "the game cannot load its own replay"),
    "episode_timeout": Meaning("unclear", "the episode took longer than it may; a seat or the game hung"),
    "episode_inconclusive": Meaning("unclear", "the episode ended without a result that counts"),
    "crash": Meaning("unclear", "something in the episode crashed; the log says what"),
    "config_error": Meaning("the game", "the game refuses the configuration of the episode"),
    "oom": Meaning("unclear", "the episode ran out of memory"),
    "worker_oom": Meaning("unclear", "the machine that ran the episode ran out of memory"),
    "worker_error": Meaning("the platform", "the machine that ran the episode failed"),
    "node_disruption": Meaning("the platform", "the machine that ran the episode was taken away"),
    "platform_error": Meaning("the platform", "the platform failed; no policy is to blame"),
}
_UNKNOWN = Meaning("unclear", "an error type this program does not know")


def meaning(error_type: str | None) -> Meaning:
    """What an error type means; of one that is not in the contract, that it is not known."""
    return _MEANINGS.get(error_type or "", _UNKNOWN)


@dataclass(frozen=True)
class FailureGroup:
    """Failed episodes with one error type, blamed on one policy or on none. Texts are safe to show.

    ``count`` of the ``of`` episodes that the policy played, or without one that were played at all.
    ``example`` is the newest of them, ``seat`` its position in it. ``log_line`` is the line of ``log_of``
    that tells most; without one ``log_problem`` says why.
    """

    error_type: str
    meaning: Meaning
    policy: str
    policy_version_id: str
    count: int
    of: int
    example: str
    seat: int | None
    error: str
    log_of: str = ""
    log_line: str = ""
    log_problem: str = ""

    @property
    def share(self) -> float:
        """From 0 to 1."""
        return self.count / self.of if self.of else 0.0


def grouped(failed: Iterable[Episode], played: Mapping[str, int], in_all: int) -> list[FailureGroup]:
    """The groups of these episodes, newest first in each, the largest group first.

    ``played`` says how many episodes each policy version ended, failed or not; ``in_all`` how many did.
    """
    groups: dict[tuple[str, str], list[Episode]] = {}
    for episode in failed:
        seat = blamed(episode)
        version = (seat.policy_version_id or "") if seat is not None else ""
        groups.setdefault((version, episode.error_type or _NO_TYPE), []).append(episode)
    made = [
        _group(version, kind, episodes, played.get(version, 0) if version else in_all)
        for (version, kind), episodes in groups.items()
    ]
    return sorted(made, key=lambda group: (-group.count, group.error_type, group.policy))


def blamed(episode: Episode) -> Participant | None:
    """The policy that the failure is blamed on; a person cannot be."""
    if episode.failed_policy_index is None:
        return None
    for seat in episode.participants:
        if seat.position == episode.failed_policy_index and isinstance(seat, Participant):
            return seat
    return None


def _group(version: str, kind: str, episodes: list[Episode], of: int) -> FailureGroup:
    first = episodes[0]
    seat = blamed(first)
    return FailureGroup(
        error_type=safe_line(kind, _SHOWN),
        meaning=meaning(kind),
        policy="" if seat is None else safe_line(seat.label, _SHOWN),
        policy_version_id=safe_line(version, _SHOWN),
        count=len(episodes),
        of=max(of, len(episodes)),
        example=safe_line(first.id, _SHOWN),
        seat=first.failed_policy_index,
        error=safe_line(first.error or "", _ERROR_LIMIT),
    )
