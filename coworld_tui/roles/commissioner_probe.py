"""One question to a commissioner, as certification asks it (local.md sections 4.2 and 9)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel, Field, ValidationError
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, InvalidHandshake

from ..contract.env import GAME_PORT
from ..contract.errors import CoworldError
from ..contract.generations import Generation
from ..contract.jsontext import MIB, UnreadableJson, read_json_object
from ..contract.manifest import RoleRunnable
from ..contract.package import Package
from ..contract.problems import listed, model_problems
from ..contract.text import safe_line
from ..runner import blame
from ..runner.backend import LOOPBACK, Backend, Part, PartSpec
from ..runner.docker_backend import DockerBackend
from ..runner.launch import BackendName
from ..runner.logs import LogFile, LogRing
from ..runner.probes import Probes
from ..runner.process_backend import ProcessBackend, free_port
from ..runner.together import ENDING_SECONDS, end, unhurried
from ..runner.viewer import open_socket
from ..runs.directory import new_run_id
from ..runs.redact import Redactor
from .log_limit import LogLimitError, within_log_limit

MESSAGE_LIMIT = 16 * MIB
_VALUE_LIMIT = 50_000
_QUIET_SECONDS = 5.0
_LEAGUE, _DIVISION, *_POLICIES = (f"00000000-0000-4000-8000-{number:012}" for number in range(1, 5))
_ROUND = "00000000-0000-4000-8000-000000000005"


class _Stage(BaseModel):
    num_episodes: int = Field(default=1, gt=0)
    min_episodes_per_entrant: int | None = Field(default=None, gt=0)


class _RoundConfig(BaseModel):
    stages: list[_Stage] | None = None
    entrant_policy_version_ids: list[UUID] | None = None


class _Round(BaseModel):
    division_id: UUID
    round_config: _RoundConfig
    execution_backend: str = "dispatch"
    idempotency_key: str | None = Field(default=None, min_length=1, max_length=200)


class _PersistentPlayer(BaseModel):
    player_id: str = Field(min_length=1, max_length=128)
    policy_version_id: UUID


class _ScheduleRounds(BaseModel):
    rounds: list[_Round] = Field(default_factory=list)
    persistent_players: list[_PersistentPlayer] = Field(default_factory=list)


class _EpisodeRequest(BaseModel):
    request_id: str
    variant_id: str
    policy_version_ids: list[UUID]
    seed: int | None = None


class _ScheduleEpisodes(BaseModel):
    episodes: list[_EpisodeRequest]


class _RoundComplete(BaseModel):
    results: list[dict[str, Any]] = Field(default_factory=list)


_ANSWERS: dict[Generation, dict[str, type[BaseModel]]] = {
    "0.1.64": {"schedule_rounds_response": _ScheduleRounds},
    "0.1.11": {"schedule_episodes": _ScheduleEpisodes, "round_complete": _RoundComplete},
}


async def probe_commissioner(
    package: Package,
    role: RoleRunnable,
    generation: Generation,
    backend: BackendName,
    timeout_seconds: float,
    logs: Path,
) -> str:
    """Start the commissioner, ask it once on ``/round``, and say how it answered.

    0.1.64 is asked for the rounds of a made-up division and must answer. 0.1.11 knows no such
    question: it is given a round, and may have nothing to say to it for a while. Raises
    CoworldError (``commissioner_protocol_failed``, or the engine's own). Its output goes to
    ``commissioner.stdout.log`` and ``commissioner.stderr.log`` in the folder ``logs``.
    """
    run_id = new_run_id()
    place: Backend = await DockerBackend.open(run_id) if backend == "docker" else ProcessBackend(run_id)
    ring = LogRing(Redactor())
    stdout, stderr = (LogFile(logs / f"commissioner.{name}.log", ring) for name in ("stdout", "stderr"))
    part: Part | None = None
    try:
        await place.prepare(frozenset({role.image} if role.image else ()))
        part = await place.create(_spec(role, backend), stdout, stderr)
        await part.start()
        answering = _answered(part, package, role, generation, timeout_seconds, ring)
        return await within_log_limit(answering, (stdout, stderr))
    except LogLimitError as error:
        raise _failed(role, str(error)) from None
    finally:
        await unhurried(_remove(part, place))
        stdout.close()
        stderr.close()


async def _remove(part: Part | None, place: Backend) -> None:
    if part is not None:
        await part.remove()
    await place.close()


def _spec(role: RoleRunnable, backend: BackendName) -> PartSpec:
    process = backend == "process"
    port = free_port(LOOPBACK) if process else 0
    env = {
        **role.env,
        "COGAME_HOST": LOOPBACK if process else "0.0.0.0",
        "COGAME_PORT": str(port if process else GAME_PORT),
    }
    return PartSpec(
        role="commissioner",
        name=f"coworld-cert-commissioner-{secrets.token_hex(8)}",
        image=None if process else role.image,
        argv=tuple(role.run),
        env=env,
        port=port,
        resources=role.resources,
    )


async def _answered(
    part: Part,
    package: Package,
    role: RoleRunnable,
    generation: Generation,
    timeout_seconds: float,
    ring: LogRing,
) -> str:
    """The answer, unless the commissioner ends or the time does."""
    asking = asyncio.create_task(_ask(part, package, generation))
    exiting = asyncio.create_task(part.wait())
    try:
        await asyncio.wait({asking, exiting}, timeout=timeout_seconds, return_when=asyncio.FIRST_COMPLETED)
        if asking.done() and asking.exception() is None:
            return asking.result()
        # A connection that breaks off is the first one sees of a container's end.
        await asyncio.wait({exiting}, timeout=ENDING_SECONDS)
        if exiting.done():
            how = f"it exited with {exiting.result().code}{blame.last_line_too(ring)}"
        elif asking.done():
            how = _said(asking)
        else:
            how = f"no answer within {timeout_seconds:g} s{blame.last_line_too(ring)}"
    finally:
        await end(asking, exiting)
    raise _failed(role, how)


def _failed(role: RoleRunnable, how: str) -> CoworldError:
    return CoworldError(
        "commissioner_protocol_failed",
        f"the commissioner {safe_line(role.id, 80)} did not answer as it must",
        cause=safe_line(how, 600),
        owner="the commissioner",
        next_step="it serves /healthz and the websocket /round on COGAME_HOST and COGAME_PORT; read its log",
    )


def _said(asking: asyncio.Future[str]) -> str:
    """How asking failed; what nobody foresaw is raised as it is."""
    try:
        return asking.result()
    except (_ProtocolError, CoworldError) as error:
        return str(error)
    except (OSError, ConnectionClosed) as error:
        return f"the connection broke: {error}"


class _ProtocolError(Exception):
    """What the commissioner did wrong, as a sentence."""


async def _ask(part: Part, package: Package, generation: Generation) -> str:
    probes = Probes(*await part.address())
    await probes.healthy()
    try:
        socket = await open_socket(f"{probes.ws}/round", max_size=MESSAGE_LIMIT)
    except (OSError, InvalidHandshake, TimeoutError) as error:
        raise _ProtocolError(f"/round refused us: {error}") from None
    try:
        if generation == "0.1.64":
            await socket.send(json.dumps(schedule_rounds_request()))
            return await _answer(socket, generation)
        await socket.send(json.dumps(round_start(package)))
        try:
            async with asyncio.timeout(_QUIET_SECONDS):
                answer = await _answer(socket, generation)
        except TimeoutError:
            answer = f"took the round and said nothing for {_QUIET_SECONDS:g} s"
        with contextlib.suppress(ConnectionClosed):
            await socket.send(json.dumps({"type": "round_abort", "reason": "certification is over"}))
        return answer
    finally:
        await socket.close()


async def _answer(socket: ClientConnection, generation: Generation) -> str:
    """What it says next. Raises _ProtocolError when that is nothing it may say."""
    try:
        message = await socket.recv()
    except ConnectionClosed as error:
        raise _ProtocolError(f"/round was closed instead of an answer: {error}") from None
    return await asyncio.to_thread(_checked, message, generation)


def _checked(message: str | bytes, generation: Generation) -> str:
    data = message.encode(errors="replace") if isinstance(message, str) else message
    try:
        document = read_json_object(data, MESSAGE_LIMIT, _VALUE_LIMIT)
    except UnreadableJson as error:
        raise _ProtocolError(f"its answer {error}") from None
    known = _ANSWERS[generation]
    kind = document.get("type")
    model = known.get(kind) if isinstance(kind, str) else None
    if model is None:
        raise _ProtocolError(
            f"its answer is of type {safe_line(str(kind), 60)!r}; due is {' or '.join(known)}"
        )
    try:
        model.model_validate(document)
    except ValidationError as error:
        raise _ProtocolError(f"its {kind} is not valid: {listed(model_problems(error))}") from None
    return f"answered with {kind}"


def schedule_rounds_request() -> dict[str, Any]:
    """The question to a 0.1.64 commissioner: one division with two champions, nothing played yet."""
    return {
        "type": "schedule_rounds_request",
        "league": _league(),
        "divisions": [_division()],
        "active_memberships": _memberships(),
        "recent_rounds": [],
    }


def round_start(package: Package) -> dict[str, Any]:
    """A first round for a 0.1.11 commissioner, with the fields that 0.1.64 added."""
    return {
        "type": "round_start",
        "round_id": _ROUND,
        "round_number": 1,
        "league": _league(),
        "divisions": [_division()],
        "memberships": _memberships(),
        "recent_results": [],
        "variants": [
            {"id": variant.id, "name": variant.name, "game_config": variant.game_config, "num_agents": 1}
            for variant in package.manifest.variants
        ],
        "state": None,
        "completed_episodes": [],
    }


def _league() -> dict[str, Any]:
    return {"id": _LEAGUE, "commissioner_key": "container", "commissioner_config": None}


def _division() -> dict[str, Any]:
    return {"id": _DIVISION, "name": "Certification", "level": 1, "type": "competition"}


def _memberships() -> list[dict[str, Any]]:
    return [
        {
            "id": policy,
            "league_id": _LEAGUE,
            "division_id": _DIVISION,
            "policy_version_id": policy,
            "player_id": f"cert-player-{index}",
            "player_name": None,
            "preferences": {},
            "status": "competing",
            "substatus": None,
            "is_champion": True,
        }
        for index, policy in enumerate(_POLICIES)
    ]
