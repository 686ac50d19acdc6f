"""Where one episode's parts stand: opens the backends they need, creates them, clears them away."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from ..contract.env import (
    GAME_PORT,
    SECRET_URIS_VARIABLE,
    extra_ports,
    parse_secret_uris,
    resolve_secret_uris,
)
from ..contract.errors import CoworldError
from ..contract.request import EpisodePlan, Seat
from ..runs.directory import RunDirectory
from .backend import HOST_FROM_CONTAINER, LOOPBACK, Backend, Part, PartSpec
from .collect import gather_player_artifact
from .docker_backend import DockerBackend, platform_error
from .launch import (
    GameAddress,
    Identity,
    LaunchOptions,
    game_is_process,
    game_spec,
    player_spec,
    replay_spec,
    runs_as_process,
)
from .logs import LogFile
from .process_backend import ProcessBackend, free_port


class Stage:
    """The parts of one run. ``clear()`` makes all of them gone, however far things got."""

    def __init__(
        self, plan: EpisodePlan, options: LaunchOptions, identity: Identity, run: RunDirectory
    ) -> None:
        self._plan = plan
        self._options = options
        self._identity = identity
        self._run = run
        self._process = ProcessBackend(run.run_id)
        self._docker: DockerBackend | None = None
        self._parts: list[Part] = []
        self._game_image: str | None = None
        # Containers know the game by its name, even before it is there.
        alias = GameAddress(local="", container=f"{identity.alias}:{GAME_PORT}")
        self._address = None if game_is_process(options) else alias

    async def prepare(self) -> None:
        """Open and check what the plan needs: engine, network, images."""
        images = {seat.image for seat in self._plan.seats if seat.image and self._in_container(seat)}
        if not game_is_process(self._options):
            self._game_image = self._plan.package.manifest.game.runnable.image
            images.add(self._game_image)
        if images:
            self._docker = await DockerBackend.open(self._run.run_id)
            await self._docker.prepare(frozenset(images))

    async def create_game(self, stdout: LogFile, stderr: LogFile) -> Part:
        """The game, ready to start."""
        runnable = self._plan.package.manifest.game.runnable
        host = self._listen_host()
        spec = game_spec(
            self._plan,
            self._options,
            self._identity,
            self._run.workspace,
            declared_env=resolve_secret_uris(runnable.env, _secret_uris()),
            extra_ports=_host_ports(runnable.env),
            host=host,
            port=free_port(host, self._options.port)
            if game_is_process(self._options)
            else self._options.port,
        )
        return await self._create(self._game_backend(), spec, stdout, stderr)

    async def game_address(self, game: Part) -> tuple[str, int]:
        """Host and port of the started game, seen from here; players can be created afterwards."""
        host, port = await game.address()
        inside = (
            f"{HOST_FROM_CONTAINER}:{port}"
            if game_is_process(self._options)
            else f"{self._identity.alias}:{GAME_PORT}"
        )
        self._address = GameAddress(local=f"{host}:{port}", container=inside)
        return host, port

    async def create_player(self, seat: Seat, log: LogFile) -> Part:
        """The player of ``seat``, ready to start; its two streams share one log."""
        assert self._address is not None, "create_player() before game_address()"
        folder = self.artifact_folder(seat.slot)
        folder.mkdir()
        folder.chmod(0o777)
        spec = player_spec(self._plan, seat, self._options, self._identity, self._address, folder)
        backend: Backend = self._process if runs_as_process(seat, self._options) else self._containers()
        return await self._create(backend, spec, log, log)

    async def create_replay_server(self, replay: Path, stdout: LogFile, stderr: LogFile) -> tuple[Part, str]:
        """The game in replay mode on a copy of ``replay``, and the URI to ask it for."""
        copy = self._replay_folder / replay.name
        self._replay_folder.mkdir()
        await asyncio.to_thread(shutil.copy, replay, copy)
        port = free_port(LOOPBACK) if game_is_process(self._options) else 0
        spec, uri = replay_spec(self._plan, self._options, self._identity, copy, port=port)
        return await self._create(self._game_backend(), spec, stdout, stderr), uri

    @property
    def _replay_folder(self) -> Path:
        return self._run.artifacts / "replay-check"

    def artifact_folder(self, slot: int) -> Path:
        """Where the player of ``slot`` may leave files."""
        return self._run.artifacts / f"player-{slot}"

    def foreign_platform(self, slot: int | None = None) -> CoworldError | None:
        """The error when the image of the game, or of the player in ``slot``, is for another processor."""
        image = self._game_image
        if slot is not None:
            seat = self._plan.seats[slot]
            image = seat.image if self._in_container(seat) else None
        if self._docker is None or image is None:
            return None
        theirs = self._docker.foreign_platform(image)
        return platform_error(image, theirs, self._docker.engine.architecture, slot) if theirs else None

    async def clear(self) -> None:
        """Remove every part, whatever becomes of the others."""
        await asyncio.gather(*(part.remove() for part in self._parts), return_exceptions=True)
        await self._process.close()
        if self._docker is not None:
            await self._docker.close()
        await asyncio.to_thread(self._gather_artifacts)

    def _gather_artifacts(self) -> None:
        """What players left goes into the workspace; a folder in which nothing was left goes away."""
        shutil.rmtree(self._replay_folder, ignore_errors=True)
        for seat in self._plan.seats:
            folder = self.artifact_folder(seat.slot)
            with contextlib.suppress(OSError):
                gather_player_artifact(folder, self._run.workspace, seat.slot)
                folder.rmdir()

    async def _create(self, backend: Backend, spec: PartSpec, stdout: LogFile, stderr: LogFile) -> Part:
        part = await backend.create(spec, stdout, stderr)
        self._parts.append(part)
        return part

    def _listen_host(self) -> str:
        """A local game listens on loopback, or where containers can reach it when it has such players."""
        if self._docker is None or not sys.platform.startswith("linux"):
            return LOOPBACK
        return self._docker.gateway

    def _in_container(self, seat: Seat) -> bool:
        return seat.kind == "image" and not runs_as_process(seat, self._options)

    def _game_backend(self) -> Backend:
        return self._process if game_is_process(self._options) else self._containers()

    def _containers(self) -> DockerBackend:
        assert self._docker is not None, "a container before prepare()"
        return self._docker


def _secret_uris() -> dict[str, str]:
    """The host's map of ``secret://`` values (local.md section 3.7)."""
    text = os.environ.get(SECRET_URIS_VARIABLE)
    return parse_secret_uris(text) if text else {}


def _host_ports(env: Mapping[str, str]) -> dict[int, int]:
    """Extra container ports and the loopback port each is published on."""
    return {port: host or free_port(LOOPBACK) for port, host in extra_ports(env).items()}
