"""What the runner tells the game: the config file, the ``COGAME_*`` variables, and files behind URIs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Self
from urllib.parse import unquote, urlsplit

import msgspec
from msgspec import Meta

MAX_SEED = 2**31 - 1


class SetupError(Exception):
    """The game cannot go on, and says why in one line without secrets."""

    exit_code = 2


class SaveError(SetupError):
    """An artifact could not be saved."""

    exit_code = 1


class PlayerEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One of ``players`` in the config; hosted runs add ``owner``."""

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    owner: str = ""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The game config, with the bounds of ``config_schema`` in the manifest."""

    tokens: Annotated[tuple[Annotated[str, Meta(min_length=1)], ...], Meta(min_length=2, max_length=4)]
    players: Annotated[tuple[PlayerEntry, ...], Meta(min_length=2, max_length=4)] = ()
    width: Annotated[int, Meta(ge=12, le=64)] = 24
    height: Annotated[int, Meta(ge=8, le=40)] = 14
    max_ticks: Annotated[int, Meta(ge=1, le=10_000)] = 200
    tick_rate: Annotated[float, Meta(ge=0.1, le=240)] = 15.0
    seed: Annotated[int, Meta(ge=0, le=MAX_SEED)] = 0
    player_connect_timeout_seconds: Annotated[float, Meta(ge=0)] = 60.0

    def __post_init__(self) -> None:
        if self.players and len(self.players) != len(self.tokens):
            raise ValueError(f"{len(self.players)} players but {len(self.tokens)} tokens")

    @property
    def names(self) -> list[str]:
        """One printable name per slot."""
        names = [entry.name for entry in self.players]
        names = names or [f"Player {slot + 1}" for slot in range(len(self.tokens))]
        return ["".join(mark if mark.isprintable() else "\ufffd" for mark in name) for name in names]

    def public(self) -> dict[str, Any]:
        """The config without the tokens, for the replay."""
        fields: dict[str, Any] = msgspec.to_builtins(self)
        del fields["tokens"]
        return fields


class Settings(msgspec.Struct, frozen=True):
    """The environment of the game; URIs are empty when not given."""

    host: str
    port: int
    config_uri: str
    results_uri: str
    save_replay_uri: str
    events_uri: str
    player_failure_uri: str
    load_replay_uri: str
    replay_server: bool

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> Self:
        """Read the variables of both contract generations and ignore all others. Port 0 is any free one."""
        port = env.get("COGAME_PORT", "8080")
        if not port.isdecimal() or int(port) > 65535:
            raise SetupError(f"COGAME_PORT is {port!r}, not a port")
        settings = cls(
            host=env.get("COGAME_HOST", "127.0.0.1"),
            port=int(port),
            config_uri=env.get("COGAME_CONFIG_URI", ""),
            results_uri=env.get("COGAME_RESULTS_URI", ""),
            save_replay_uri=env.get("COGAME_SAVE_REPLAY_URI", ""),
            events_uri=env.get("COGAME_EVENTS_URI", ""),
            player_failure_uri=env.get("COGAME_PLAYER_FAILURE_URI", ""),
            load_replay_uri=env.get("COGAME_LOAD_REPLAY_URI", ""),
            replay_server=env.get("COGAME_REPLAY_SERVER", "") == "1",
        )
        for uri in (
            settings.results_uri,
            settings.save_replay_uri,
            settings.events_uri,
            settings.player_failure_uri,
        ):
            if uri:
                local_path(uri)
        return settings


def load_config(uri: str) -> Config:
    """The config behind ``COGAME_CONFIG_URI``."""
    if not uri:
        raise SetupError("COGAME_CONFIG_URI is not set: there is no game to play")
    try:
        return msgspec.json.decode(read(uri), type=Config)
    except msgspec.MsgspecError as error:
        raise SetupError(f"the config at {uri} is not valid: {error}") from error


def read(uri: str) -> bytes:
    """The bytes behind a ``file://`` URI."""
    try:
        return local_path(uri).read_bytes()
    except (OSError, ValueError) as error:
        raise SetupError(f"cannot read {uri}: {getattr(error, 'strerror', None) or error}") from error


def write(uri: str, content: bytes) -> None:
    """Put the bytes behind a ``file://`` URI so that a reader finds either nothing or all of them."""
    path = local_path(uri)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        draft.replace(path)
    except OSError as error:
        raise SaveError(f"cannot write {uri}: {error.strerror}") from error


def local_path(uri: str) -> Path:
    """The path a ``file://`` URI names."""
    try:
        parts = urlsplit(uri)
    except ValueError as error:
        raise SetupError(f"{uri!r} is not a URI") from error
    if parts.scheme != "file" or parts.netloc not in ("", "localhost") or not parts.path:
        raise SetupError(f"{uri!r} is not a file:///path URI, the only kind this game reads and writes")
    return Path(unquote(parts.path))
