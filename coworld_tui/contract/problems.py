"""The errors this room raises most, worded one way: what is wrong, first few places, the rest counted."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pydantic import ValidationError

from .errors import EXIT_USAGE, CoworldError
from .text import safe_line
from .validation import dotted_path

_SHOWN = 5
_PROBLEM_LIMIT = 240


def listed(problems: Sequence[str], shown: int = _SHOWN) -> str:
    """Join ``problems`` into one safe line: the first ``shown`` of them, then how many more there are."""
    lines = [safe_line(problem, _PROBLEM_LIMIT) for problem in problems[:shown]]
    if len(problems) > shown:
        lines.append(f"and {len(problems) - shown} more")
    return "; ".join(lines)


def model_problems(error: ValidationError, tags: Collection[str] = ()) -> list[str]:
    """Return ``place: what is wrong`` for each problem; ``tags`` are union tags that are no places."""
    return [
        f"{dotted_path(part for part in problem['loc'] if part not in tags)}: {problem['msg']}"
        for problem in error.errors(include_url=False, include_context=False, include_input=False)
    ]


def config_error(title: str, cause: str = "", next_step: str = "", slot: int | None = None) -> CoworldError:
    """An episode that cannot be put together as asked; nothing has been started."""
    return CoworldError(
        "config_error", title, cause=cause, next_step=next_step, slot=slot, exit_code=EXIT_USAGE
    )


def manifest_invalid(title: str, cause: str, next_step: str) -> CoworldError:
    """A manifest that is there but cannot be used."""
    return CoworldError("manifest_invalid", title, cause=cause, next_step=next_step, exit_code=EXIT_USAGE)
