"""Making a policy version of an image or of a file (hosted.md 5.2)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.measures import size_text
from ..contract.text import safe_line
from ..runner.docker_engine import DockerEngine, connect
from ..runs.redact import Redactor
from .client import Observatory
from .image_export import LocalImage, local_image
from .models.uploads import UploadedPolicy
from .player_files import FileContent, player_file
from .policy_environment import never_shown
from .refusals import UnknownOutcome, bad_answer
from .uploading import COMPLETE_SECONDS, OnUpload, member, send_file, upload_image

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SHOWN = 100


@dataclass(frozen=True)
class ImagePolicy:
    """An image that is to become a policy version.

    ``name`` None: the server names it after the player who uploads. ``run`` replaces the image's command,
    a word each. ``resources`` and ``startup`` are in the manifest's shapes (local.md 1.5). ``secret_env``
    is kept by the platform for the player's environment; it is never shown.
    """

    image: str
    name: str | None = None
    run: tuple[str, ...] = ()
    resources: Mapping[str, Any] | None = None
    startup: Mapping[str, Any] | None = None
    secret_env: Mapping[str, str] = field(default_factory=dict, repr=False)
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class FilePolicy:
    """A file or folder that a game runs itself; it is to become a policy version."""

    path: Path
    name: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReadyImage:
    """An image policy whose image was found fit to be uploaded."""

    policy: ImagePolicy
    image: LocalImage
    engine: DockerEngine

    def describe(self) -> list[str]:
        """What an upload does, to be shown before; secrets by name only."""
        policy = self.policy
        lines = [
            f"Upload {safe_line(self.image.ref, _SHOWN)} ({size_text(self.image.size)}) {_as(policy.name)}",
            f"  image    {self.image.id}; nothing of it is sent when the server has it",
        ]
        if policy.run:
            lines.append(f"  run      {safe_line(' '.join(policy.run), 2 * _SHOWN)}")
        for name, value in (("needs", policy.resources), ("startup", policy.startup)):
            if value is not None:
                lines.append(f"  {name:<8} {safe_line(_flat(value), 2 * _SHOWN)}")
        if policy.secret_env:
            names = ", ".join(sorted(policy.secret_env))
            lines.append(f"  secrets  {safe_line(names, 2 * _SHOWN)}; the platform keeps their values")
        return lines + _tags(policy.tags)


@dataclass(frozen=True)
class ReadyFile:
    """A file policy whose bytes were read."""

    policy: FilePolicy
    content: FileContent

    def describe(self) -> list[str]:
        """What an upload does, to be shown before."""
        content = self.content
        return [
            f"Upload {content.name} ({size_text(content.size)}) {_as(self.policy.name)}",
            f"  sha256   {content.sha256}; nothing is sent when the server has it",
            *_tags(self.policy.tags),
        ]


async def ready_policy(policy: ImagePolicy | FilePolicy) -> ReadyImage | ReadyFile:
    """Look whether it can be uploaded. Raises what ``connect``, ``ready_image`` and ``ready_file`` raise."""
    if isinstance(policy, FilePolicy):
        return await ready_file(policy)
    return await ready_image(await connect(), policy)


async def ready_image(engine: DockerEngine, policy: ImagePolicy) -> ReadyImage:
    """Check an image policy before anything is sent.

    Raises ``image_unreachable`` (exit code 3), ``image_platform`` and ``invalid_request`` (2).
    """
    if policy.run and len(policy.run[0].split()) != 1:
        raise _invalid(
            "--run takes one word each",
            f"there is no program {safe_line(repr(policy.run[0]), _SHOWN)}",
            "give --run once for each word of the command",
        )
    for name in policy.secret_env:
        if not _VARIABLE.match(name):
            raise _invalid(
                "a secret has a name that no variable has", safe_line(name, _SHOWN), "name it like API_KEY"
            )
    return ReadyImage(policy, await local_image(engine, policy.image), engine)


async def ready_file(policy: FilePolicy) -> ReadyFile:
    """Read a file policy. Raises ``player_file`` (exit code 2), see ``player_files.player_file``."""
    return ReadyFile(policy, await asyncio.to_thread(player_file, policy.path))


async def upload_policy(
    client: Observatory, ready: ReadyImage | ReadyFile, on_progress: OnUpload
) -> UploadedPolicy:
    """Upload it and make it a policy version; call it again after a failure to go on where it was.

    Raises what ``uploading.upload_image`` and ``send_file`` raise; ``outcome_unknown`` when the version may
    have been made or not.
    """
    try:
        if isinstance(ready, ReadyFile):
            return await _upload_file(client, ready, on_progress)
        return await _upload_image(client, ready, on_progress)
    except UnknownOutcome as unknown:
        name = (ready.policy.name or "").partition(":")[0]
        unknown.next_step = (
            f"look whether it is there: coworld-tui league policies {safe_line(name, 60)}".rstrip()
        )
        raise


async def _upload_image(client: Observatory, ready: ReadyImage, on_progress: OnUpload) -> UploadedPolicy:
    policy = ready.policy
    image = await upload_image(client, ready.engine, ready.image, on_progress)
    body: dict[str, Any] = {"container_image_id": image.id}
    if policy.name is not None:
        body["name"] = policy.name
    if policy.run:
        body["run"] = list(policy.run)
    if policy.secret_env:
        body["policy_secret_env_id"] = await _keep_secrets(client, policy.secret_env)
    if policy.resources is not None:
        body["resources"] = dict(policy.resources)
    if policy.startup is not None:
        body["startup"] = dict(policy.startup)
    if policy.tags:
        body["tags"] = dict(policy.tags)
    answer = await client.send("POST", "/stats/policies/docker-img/complete", body, timeout=COMPLETE_SECONDS)
    return _version(client, answer.data)


async def _upload_file(client: Observatory, ready: ReadyFile, on_progress: OnUpload) -> UploadedPolicy:
    content = ready.content
    body: dict[str, Any] = {"content_hash": content.sha256, "size_bytes": content.size}
    body["tags"] = dict(ready.policy.tags)
    if ready.policy.name is not None:
        body["name"] = ready.policy.name
    path = "/stats/policies/files/upload"
    await send_file(client, content, path, body, on_progress, known_by_conflict=True)
    answer = await client.send("POST", "/stats/policies/files/complete", body, timeout=COMPLETE_SECONDS)
    return _version(client, answer.data)


async def _keep_secrets(client: Observatory, secrets: Mapping[str, str]) -> str:
    """Hand the secrets over; what names them from then on. No error repeats a value."""
    try:
        answer = await client.send(
            "POST",
            "/stats/policy-secret-envs",
            {"policy_secret_env": dict(secrets)},
            timeout=COMPLETE_SECONDS,
        )
    except CoworldError as error:
        error.cause = Redactor(never_shown(secrets)).text(error.cause)
        error.args = (f"{error.title}: {error.cause}",)
        raise
    name = member(answer.data, "id")
    if not isinstance(name, str):
        raise bad_answer(client.server, "it does not say where it keeps the secrets", answer.request_id)
    return name


def _version(client: Observatory, data: Any) -> UploadedPolicy:
    version = UploadedPolicy.model_validate(data) if isinstance(data, dict) else UploadedPolicy()
    if not version.id:
        raise bad_answer(client.server, "it does not say which policy version that is")
    return version


def _as(name: str | None) -> str:
    return "under your player's name" if name is None else f"as {safe_line(name, _SHOWN)}"


def _tags(tags: Mapping[str, str]) -> list[str]:
    return [f"  tag      {safe_line(f'{name}={value}', 2 * _SHOWN)}" for name, value in tags.items()]


def _flat(value: Any, place: str = "") -> str:
    """``requests.cpu 2, limits.cpu 4``."""
    if isinstance(value, Mapping):
        inner = (_flat(item, f"{place}.{name}" if place else str(name)) for name, item in value.items())
        return ", ".join(text for text in inner if text)
    return f"{place} {value}"


def _invalid(title: str, cause: str, next_step: str) -> CoworldError:
    return CoworldError("invalid_request", title, cause=cause, next_step=next_step, exit_code=EXIT_USAGE)
