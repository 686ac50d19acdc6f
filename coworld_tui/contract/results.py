"""What an episode leaves behind to be judged by: results, declared player failures, player states."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import CoworldError
from .jsontext import MIB, VALUE_LIMIT, UnreadableJson, read_json_object
from .problems import listed, model_problems
from .validation import SCHEMA_PATH, schema_problems

_STATUS_BYTES = 4 * MIB


@dataclass(frozen=True)
class Results:
    """``results.json`` that fits the game's results schema.

    ``raw`` is the whole document. ``scores`` holds one number per slot, in slot order; it may be
    shorter than the roster and is None when the game reports none or not all are numbers.
    """

    raw: dict[str, Any]
    scores: list[float] | None


class PlayerFailure(BaseModel):
    """``player_failure.json``: the game says which player ended the episode (local.md 3.10)."""

    model_config = ConfigDict(extra="forbid")

    message: str = Field(min_length=1, max_length=2000)
    failed_policy_index: int = Field(ge=0)
    kind: Literal["player_error", "episode_inconclusive"] = "player_error"


class PlayerStatus(BaseModel):
    """The state of one player's container before the runner cleaned up (local.md 7.7).

    ``finished_at`` is an ISO 8601 time as the engine wrote it.
    """

    slot: int = Field(ge=0)
    state: Literal["running", "exited", "not_started", "unavailable"]
    exit_code: int | None = None
    reason: str | None = None
    finished_at: str | None = None


class _PlayerStatuses(BaseModel):
    players: list[PlayerStatus]


def parse_results(data: bytes, schema: Any, slots: int) -> Results:
    """Read ``results.json`` of an episode with ``slots`` slots; scores beyond them are left to ``raw``.

    Raises ``results_malformed``, owner ``the game``, with the place of each disagreement with ``schema``.
    """
    try:
        raw = read_json_object(data)
    except UnreadableJson as error:
        raise _game_wrote(
            "results_malformed", "The results cannot be read", f"results.json {error}"
        ) from None
    problems = schema_problems(schema, raw)
    if problems:
        broken_schema = problems[0].path == SCHEMA_PATH
        raise _game_wrote(
            "results_malformed",
            "The game's results schema is broken" if broken_schema else "The results do not fit their schema",
            listed([str(problem) for problem in problems]),
        )
    return Results(raw, _scores(raw.get("scores"), slots))


def parse_player_failure(data: bytes, slots: int) -> PlayerFailure:
    """Read ``player_failure.json``; ``game_contract_violation`` when it breaks the rules or names no slot."""
    try:
        failure = PlayerFailure.model_validate(read_json_object(data, _STATUS_BYTES, VALUE_LIMIT))
    except UnreadableJson as error:
        cause = f"player_failure.json {error}"
    except ValidationError as error:
        cause = listed(model_problems(error))
    else:
        if failure.failed_policy_index < slots:
            return failure
        cause = f"failed_policy_index is {failure.failed_policy_index}, the last slot is {slots - 1}"
    raise _game_wrote("game_contract_violation", "The declared player failure is not valid", cause)


def parse_player_status(data: bytes) -> list[PlayerStatus]:
    """Read ``player_status.json``, in slot order; ``artifact_malformed`` when it is not one."""
    try:
        statuses = _PlayerStatuses.model_validate(read_json_object(data, _STATUS_BYTES, VALUE_LIMIT)).players
    except UnreadableJson as error:
        cause = f"player_status.json {error}"
    except ValidationError as error:
        cause = listed(model_problems(error))
    else:
        return sorted(statuses, key=lambda status: status.slot)
    raise CoworldError(
        "artifact_malformed", "The player status cannot be read", cause=cause, owner="the engine"
    )


def _scores(value: Any, slots: int) -> list[float] | None:
    if not isinstance(value, list):
        return None
    scores = value[:slots]
    if not all(isinstance(score, int | float) and not isinstance(score, bool) for score in scores):
        return None
    return [float(score) for score in scores]


def _game_wrote(error_type: str, title: str, cause: str) -> CoworldError:
    return CoworldError(
        error_type, title, cause=cause, owner="the game", next_step="read the game log, then correct the game"
    )
