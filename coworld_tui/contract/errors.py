"""The one error that crosses room boundaries: what happened, to whom, and what to do next."""

from __future__ import annotations

from typing import Any

EXIT_DONE = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_MISSING = 3
EXIT_INTERRUPTED = 130


class CoworldError(Exception):
    """A failure a person can act on.

    ``type`` is the contract's error type where it has one (``game_unhealthy``,
    ``results_missing``, ...); the set is open. ``owner`` is whose turn it is: ``you``,
    ``the game``, ``slot N`` or ``the engine``. ``next_step`` is a command or one short
    instruction. ``exit_code`` is the process exit code that goes with it.
    """

    def __init__(
        self,
        type: str,  # noqa: A002 - the contract's own name for it
        title: str,
        *,
        cause: str = "",
        owner: str = "you",
        next_step: str = "",
        slot: int | None = None,
        exit_code: int = EXIT_FAILED,
    ) -> None:
        super().__init__(f"{title}: {cause}" if cause else title)
        self.type = type
        self.title = title
        self.cause = cause
        self.owner = owner
        self.next_step = next_step
        self.slot = slot
        self.exit_code = exit_code

    def as_dict(self) -> dict[str, Any]:
        """The JSON form: ``type title cause owner next_step slot exit_code``."""
        return {
            "type": self.type,
            "title": self.title,
            "cause": self.cause,
            "owner": self.owner,
            "next_step": self.next_step,
            "slot": self.slot,
            "exit_code": self.exit_code,
        }
