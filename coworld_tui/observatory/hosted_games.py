"""Play sessions on the server: open one for a Coworld, and take a seat in one (hosted.md 3.13)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from . import reading
from .actions import done
from .client import Observatory, Reader
from .models.actions import HostedGame, JoinedGame
from .models.coworlds import Coworld
from .reading import checked_id

_SESSIONS = "/v2/coworlds/play/session"
_SHOWN = 80


@dataclass(frozen=True)
class CreateGame:
    """Open a play session for people and players."""

    coworld: Coworld
    variant_id: str | None = None
    allow_spectators: bool = True

    def describe(self) -> list[str]:
        """What will happen, line by line, safe to show."""
        named = f"{self.coworld.name or '?'} {self.coworld.version or ''}"
        return [
            f"open       a hosted game of {safe_line(named, _SHOWN)}  {safe_line(self.coworld.id, _SHOWN)}",
            f"variant    {safe_line(self.variant_id or 'the usual one', _SHOWN)}",
            f"spectators {'allowed' if self.allow_spectators else 'not allowed'}",
        ]

    async def run(self, client: Observatory) -> HostedGame:
        """Open it, then set it up. When setting up fails it is open all the same, as the error says."""
        game = await done(client, HostedGame, _SESSIONS, {"coworld_id": self.coworld.id})
        path = f"{_SESSIONS}/{quote(game.session_id, safe='')}/config"
        try:
            if self.variant_id is not None:
                variant = {"kind": "variant", "variant_id": self.variant_id}
                set_up = await done(client, HostedGame, path, variant, method="PUT")
                game = game.model_copy(update={"player_count": set_up.player_count})
            if not self.allow_spectators:
                spectators = {"kind": "spectators", "allow_spectators": False}
                await done(client, HostedGame, path, spectators, method="PUT")
        except CoworldError as error:
            error.cause += f"; the game {safe_line(game.session_id, _SHOWN)} is open without that"
            raise
        return game


@dataclass(frozen=True)
class JoinGame:
    """Take a seat in a play session; who has one already gets the same again."""

    session_id: str

    def describe(self) -> list[str]:
        """What will happen, line by line, safe to show."""
        return [f"join       the hosted game {safe_line(self.session_id, _SHOWN)}"]

    async def run(self, client: Observatory) -> JoinedGame:
        """Take it. ``conflict`` when all seats are taken."""
        path = f"{_SESSIONS}/{checked_id('ps', self.session_id)}/join"
        return await done(client, JoinedGame, path)


async def prepare_game(
    reader: Reader, coworld_id: str, *, variant_id: str | None = None, allow_spectators: bool = True
) -> CreateGame:
    """Look up the Coworld. ``invalid_request`` for a variant that its manifest does not have."""
    coworld = await reading.coworld(reader, coworld_id)
    variants = _variant_ids(coworld)
    if variant_id is not None and variants and variant_id not in variants:
        raise CoworldError(
            "invalid_request",
            f"the Coworld has no variant {safe_line(variant_id, _SHOWN)}",
            cause="its variants: " + ", ".join(safe_line(name, _SHOWN) for name in variants[:20]),
            next_step="give one of them, or leave --variant out",
            exit_code=EXIT_USAGE,
        )
    return CreateGame(coworld, variant_id, allow_spectators)


def prepare_joining(session_id: str) -> JoinGame:
    """``invalid_request`` for what is no id of a play session."""
    return JoinGame(checked_id("ps", session_id))


def _variant_ids(coworld: Coworld) -> list[str]:
    variants = coworld.manifest.get("variants")
    rows = variants if isinstance(variants, list) else []
    return [row["id"] for row in rows if isinstance(row, dict) and isinstance(row.get("id"), str)]
