"""What is wrong, or could be better, in a manifest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from .generations import Generation

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One thing to change in a manifest.

    ``where`` reads like ``variants[0].game_config.width`` and is empty for the document;
    ``message`` says what to change. Both are safe to show. An error makes the strict
    loaders of ``generations`` refuse the manifest; a warning refuses nothing.
    """

    severity: Severity
    where: str
    message: str
    generations: tuple[Generation, ...]

    def as_dict(self) -> dict[str, Any]:
        """The JSON form: ``severity where message generations``."""
        return {
            "severity": self.severity,
            "where": self.where,
            "message": self.message,
            "generations": list(self.generations),
        }
