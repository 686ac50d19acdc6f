"""Who we act as on a server: read from the file that ``softmax login`` keeps, which is never written here.

The rules are those of the 0.1.64 client (hosted.md 1.2): the active player's session while it lasts, else
the user's token, else nobody. A token is only ever found under the server it was given for.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from ..contract.errors import EXIT_MISSING, CoworldError
from ..contract.jsontext import MIB
from ..contract.text import safe_line
from .servers import server_key, server_option

CONFIG_VARIABLE = "SOFTMAX_CONFIG_DIR"

_FILE = "credentials.yaml"
_FILE_LIMIT = MIB
_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}\Z")  # what may stand in a header
_ID_LIMIT = 60
_PATH_LIMIT = 200
_DIGEST = 16


@dataclass(frozen=True)
class Identity:
    """Who acts on ``server`` (its key).

    ``subject`` is the player's id; empty for a user, whom the file does not name, and for nobody.
    ``expires_at`` is known of players' sessions only. ``note`` is a sentence on why it is not somebody
    else, safe to show, empty when there is nothing to say. ``has_expired``: a player's session ended.
    """

    server: str
    kind: Literal["player", "user", "anonymous"]
    subject: str = ""
    token: str = field(default="", repr=False)
    expires_at: datetime | None = None
    note: str = ""
    has_expired: bool = False

    @property
    def cache_name(self) -> str:
        """What tells this identity's answers from others': the player, or a hash of the user's token."""
        if self.kind != "user":
            return f"{self.kind} {self.subject}"
        return f"user {hashlib.sha256(self.token.encode()).hexdigest()[:_DIGEST]}"


def identity_of(server: str, *, now: datetime | None = None) -> Identity:
    """Return who acts on ``server`` at the moment ``now``. Blocking: reads one small file.

    Raises ``invalid_request`` for what is no server, and ``credentials_invalid`` (exit code 3) for a file
    that is there and cannot be understood.
    """
    key = server_key(server)
    moment = now or datetime.now(UTC)
    saved = _saved()
    user_token = _token(_member(saved, "tokens").get(key), "the user's token")
    sessions = _member(saved, "player_sessions").get(key)
    note, expired = "", False
    if isinstance(sessions, str):
        note = "The player session was saved by an older release and is not used"
    elif sessions is not None:
        player, note, expired = _player(key, sessions, moment)
        if player is not None:
            return player
    if user_token:
        said = note and f"{note}: this is the user"
        return Identity(key, "user", token=user_token, note=said, has_expired=expired)
    said = f"{note}: nobody is logged in" if note else "Nobody is logged in"
    return Identity(key, "anonymous", note=said, has_expired=expired)


def login_step(server: str) -> str:
    """The command that logs in at ``server``."""
    return f"run `softmax login{server_option(server)}`"


def _player(server: str, sessions: Any, moment: datetime) -> tuple[Identity | None, str, bool]:
    """The active player, or None, why not, and whether the session ended."""
    if not isinstance(sessions, Mapping):
        raise _invalid("the player sessions of this server are not a mapping")
    active = sessions.get("active")
    if active is None:
        return None, "", False
    if not isinstance(active, str):
        raise _invalid("the active player is not a text")
    shown = safe_line(active, _ID_LIMIT)
    session = _member(sessions, "cache").get(active)
    if session is None:
        return None, f"There is no session of the active player {shown}", False
    if not isinstance(session, Mapping):
        raise _invalid("a player session is not a mapping")
    token = _token(session.get("token"), "a player's token")
    if not token:
        raise _invalid("a player session has no token")
    expires_at = _moment(session.get("expires_at"))
    if expires_at <= moment:
        when = f"{expires_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        return None, f"The session of the active player {shown} expired at {when}", True
    return Identity(server, "player", active, token, expires_at), "", False


def _saved() -> Mapping[Any, Any]:
    """The credentials file; nothing without one."""
    import yaml

    try:
        chosen = os.environ.get(CONFIG_VARIABLE)
        path = (Path(chosen).expanduser() if chosen else Path.home() / ".softmax") / _FILE
        if path.exists() and not path.is_file():
            raise _invalid("it is not a file", path)
        with path.open("rb") as file:
            data = file.read(_FILE_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, RuntimeError) as error:  # RuntimeError: no home folder is known
        reason = error.strerror if isinstance(error, OSError) else None
        raise _invalid(reason or "its folder cannot be told") from None
    if len(data) > _FILE_LIMIT:
        raise _invalid(f"it is larger than {_FILE_LIMIT // MIB} MiB", path)
    try:
        value = yaml.safe_load(data)
    # The reader of YAML raises all of these; their messages may repeat tokens.
    except (yaml.YAMLError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
        raise _invalid("it is not YAML", path) from None
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _invalid("it is not a mapping", path)
    return value


def _member(owner: Mapping[Any, Any], name: str) -> Mapping[Any, Any]:
    value = owner.get(name)
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise _invalid(f"`{name}` is not a mapping")
    return value


def _token(value: Any, whose: str) -> str:
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or not _TOKEN.match(value):
        raise _invalid(f"{whose} is not one")
    return value


def _moment(value: Any) -> datetime:
    """A date and time, UTC where it does not say."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        raise _invalid("a player session does not say when it expires") from None


def _invalid(reason: str, path: Path | None = None) -> CoworldError:
    shown = safe_line(str(path), _PATH_LIMIT) if path is not None else f"{_FILE} of `softmax login`"
    return CoworldError(
        "credentials_invalid",
        "The saved login cannot be read",
        cause=f"{shown}: {reason}",
        next_step="correct the file, or remove it and run `softmax login`",
        exit_code=EXIT_MISSING,
    )
