"""Credential files as ``softmax login`` and ``coworld player use`` leave them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml

from coworld_tui.league_demo.state import Json

from .server import Observatory


def write_login(
    folder: Path, observatory: Observatory, *, player: bool = False, valid: timedelta = timedelta(hours=24)
) -> Path:
    """``folder/credentials.yaml`` for this server: my user token, and my first player acting if asked."""
    document: Json = {"tokens": {observatory.url: observatory.token_user}}
    if player:
        acting = observatory.state.tokens[observatory.token_player].players[0]
        session = {
            "token": observatory.token_player,
            "expires_at": (datetime.now(UTC) + valid).isoformat().replace("+00:00", "Z"),
        }
        document["player_sessions"] = {observatory.url: {"active": acting, "cache": {acting: session}}}
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "credentials.yaml"
    path.write_text(yaml.safe_dump(document))
    path.chmod(0o600)
    return path
