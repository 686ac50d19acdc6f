"""From a plan to what is started: options, names, tokens, and the spec of every part."""

from __future__ import annotations

import secrets
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from ..contract.env import GAME_PORT, game_environment, player_environment, replay_environment
from ..contract.request import EpisodePlan, Seat
from .backend import LOOPBACK, Mount, PartSpec

CONTAINER_WORKDIR = "/coworld"
CONTAINER_ARTIFACTS = "/coworld-artifact"
CONTAINER_REPLAY = "/coworld-replay"
DEFAULT_TIMEOUT_SECONDS = 3600.0
PLAYER_EXIT_SECONDS = 30.0

BackendName = Literal["docker", "process"]
Kind = Literal["episode", "play"]


@dataclass(frozen=True)
class LaunchOptions:
    """How to run a plan. ``timeout_seconds`` is per phase, as in both published clients.

    ``port`` is the host port of the game, 0 for any free one. ``secret_env`` goes to every
    player and is redacted everywhere. ``game_command`` replaces the game's container. Certification
    asks two things differently: ``require_pong`` that /global answers a Ping, and without
    ``require_results`` results that do not fit are kept as ``Episode.results_error`` instead of
    ending the episode.
    """

    kind: Kind = "episode"
    backend: BackendName = "docker"
    timeout_seconds: float = DEFAULT_TIMEOUT_SECONDS
    player_exit_seconds: float = PLAYER_EXIT_SECONDS
    verify_replay: bool = False
    require_pong: bool = False
    require_results: bool = True
    secret_env: Mapping[str, str] = field(default_factory=dict)
    game_command: tuple[str, ...] = ()
    output_dir: Path | None = None
    port: int = 0
    command: str = ""


@dataclass(frozen=True)
class Identity:
    """The names of one launch: 16 hex characters, a token a slot (22 URL-safe characters), an episode id."""

    hex: str
    tokens: tuple[str, ...]
    episode_id: str

    @classmethod
    def new(cls, slots: int) -> Identity:
        """Fresh names for an episode of ``slots`` slots."""
        tokens = tuple(secrets.token_urlsafe(16) for _ in range(slots))
        return cls(secrets.token_hex(8), tokens, str(uuid.uuid4()))

    @property
    def alias(self) -> str:
        """The game's name on the containers' network."""
        return f"coworld-game-{self.hex}"

    def container(self, kind: Kind, role: str, slot: int | None = None) -> str:
        """A container's name, as the published clients build it."""
        prefix = "coworld-run" if kind == "episode" else "coworld-play"
        return f"{prefix}-{role}-{self.hex}" + ("" if slot is None else f"-{slot}")


@dataclass(frozen=True)
class GameAddress:
    """Where players reach the game: ``local`` for processes here, ``container`` for containers."""

    local: str
    container: str

    def player_url(self, slot: int, token: str, *, in_container: bool) -> str:
        """The player's websocket URL."""
        authority = self.container if in_container else self.local
        return f"ws://{authority}/player?slot={slot}&token={token}"

    def health_url(self, *, in_container: bool) -> str:
        """Where a player that warms up sees that the game is up."""
        return f"http://{self.container if in_container else self.local}/healthz"


def browser_links(identity: Identity, base: str) -> dict[str, str]:
    """The pages of a game at ``base`` by label: ``player 0`` and so on, ``global``, ``admin``."""
    links = {
        f"player {slot}": f"{base}/client/player?slot={slot}&token={token}"
        for slot, token in enumerate(identity.tokens)
    }
    return {**links, "global": f"{base}/client/global", "admin": f"{base}/client/admin"}


def runs_as_process(seat: Seat, options: LaunchOptions) -> bool:
    """Whether the seat's player is a local process; an image that was asked for never is."""
    return seat.kind == "cmd" or (options.backend == "process" and seat.player_id is not None)


def game_is_process(options: LaunchOptions) -> bool:
    """Whether the game is a local process."""
    return bool(options.game_command) or options.backend == "process"


def warms_up(seat: Seat, options: LaunchOptions) -> bool:
    """Whether the player gets ready before the game starts: in a container, beside one, and not in play."""
    has_containers = not game_is_process(options) and not runs_as_process(seat, options)
    return seat.startup is not None and has_containers and options.kind == "episode"


def game_spec(
    plan: EpisodePlan,
    options: LaunchOptions,
    identity: Identity,
    workspace: Path,
    *,
    declared_env: Mapping[str, str],
    extra_ports: Mapping[int, int],
    host: str,
    port: int,
) -> PartSpec:
    """The game: a container on 8080, or a process on ``host``:``port``."""
    runnable = plan.package.manifest.game.runnable
    process = game_is_process(options)
    env = game_environment(
        package=plan.package,
        declared=declared_env,
        workspace=workspace.as_uri() if process else f"file://{CONTAINER_WORKDIR}",
        host=host if process else "0.0.0.0",
        port=port if process else GAME_PORT,
        episode_id=identity.episode_id,
        generation=plan.package.generation,
        policy_names=plan.policy_names,
        local_ports=extra_ports,
    )
    return PartSpec(
        role="game",
        name=identity.container(options.kind, "game"),
        image=None if process else runnable.image,
        argv=options.game_command or _argv(plan, runnable.run, process=process),
        env=env,
        mounts=() if process else (Mount(workspace, CONTAINER_WORKDIR),),
        alias=identity.alias,
        port=port,
        extra_ports=dict(extra_ports),
        resources=runnable.resources,
    )


def player_spec(
    plan: EpisodePlan,
    seat: Seat,
    options: LaunchOptions,
    identity: Identity,
    address: GameAddress,
    artifacts: Path,
) -> PartSpec:
    """One player. ``artifacts`` is the host folder in which it may leave a zip."""
    process = runs_as_process(seat, options)
    folder = artifacts.as_uri() if process else f"file://{CONTAINER_ARTIFACTS}"
    env = player_environment(
        url=address.player_url(seat.slot, identity.tokens[seat.slot], in_container=not process),
        declared=seat.env,
        secret=options.secret_env,
        artifact_uri=f"{folder}/policy_artifact_{seat.slot}.zip",
        start_url=address.health_url(in_container=not process) if seat.startup is not None else None,
    )
    listens = None if process else seat.startup
    return PartSpec(
        role="player",
        name=identity.container(options.kind, "player", seat.slot),
        slot=seat.slot,
        image=None if process else seat.image,
        argv=seat.command if seat.kind == "cmd" else _argv(plan, seat.run, process=process),
        env=env,
        mounts=() if process else (Mount(artifacts, CONTAINER_ARTIFACTS),),
        port=None if listens is None else 0,
        listens_on=GAME_PORT if listens is None else listens.port,
        resources=seat.resources,
    )


def replay_spec(
    plan: EpisodePlan, options: LaunchOptions, identity: Identity, replay: Path, *, port: int
) -> tuple[PartSpec, str]:
    """The game as a replay server of both generations, and the URI of the replay as it sees it."""
    runnable = plan.package.manifest.game.runnable
    process = game_is_process(options)
    uri = replay.as_uri() if process else f"file://{CONTAINER_REPLAY}/{replay.name}"
    env = replay_environment(
        declared=runnable.env,
        replay_uri=uri,
        host=LOOPBACK if process else "0.0.0.0",
        port=port if process else GAME_PORT,
    )
    spec = PartSpec(
        role="replay",
        name=f"coworld-replay-game-{identity.hex}",
        image=None if process else runnable.image,
        argv=options.game_command or _argv(plan, runnable.run, process=process),
        env=env,
        mounts=() if process else (Mount(replay.parent, CONTAINER_REPLAY, read_only=True),),
        port=port,
        resources=runnable.resources,
    )
    return spec, uri


def _argv(plan: EpisodePlan, run: Sequence[str], *, process: bool) -> tuple[str, ...]:
    """The manifest's command. The bundled package's ``python`` is the one that runs this program."""
    if process and plan.package.builtin and run and run[0] == "python":
        return (sys.executable, *run[1:])
    return tuple(run)
