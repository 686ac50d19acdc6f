"""Publishing a version of a Coworld: its images and files first, then the manifest (hosted.md 5.3).

Certification is not done here: who calls looks after it, see ``UploadPlan.fingerprint``.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import quote

from ..contract.checking import check_raw
from ..contract.errors import EXIT_FAILED, EXIT_MISSING, EXIT_USAGE, CoworldError
from ..contract.generations import Generation
from ..contract.measures import size_text
from ..contract.package import Package, is_unpublished_image
from ..contract.problems import listed
from ..contract.template import images_of, is_moving, with_images
from ..contract.text import safe_line
from ..runner.docker_engine import DockerEngine, connect
from .client import Observatory
from .coworld_files import CoworldFiles, ReporterFile, read_files, with_players, with_reporters, with_viewer
from .image_export import LocalImage, local_image
from .models.coworlds import Coworld
from .player_files import FileContent
from .refusals import Refusal, UnknownOutcome, bad_answer
from .uploading import COMPLETE_SECONDS, REQUEST_SECONDS, OnUpload, member, send_file, upload_image

Visibility = Literal["public", "private"]

_HOSTED: Generation = "0.1.64"
_REPORTER_SECONDS = 300.0
_BUNDLE_SECONDS = 600.0
_BUNDLE_POLL = (2.0, 15.0)
_SHOWN = 100


@dataclass(frozen=True)
class UploadPlan:
    """A package that was found fit to be uploaded, as it was read.

    ``images`` are those to be uploaded, each once; ``engine`` has them, None when there are none.
    ``visibility`` None is the server's own choice.
    """

    package: Package
    images: tuple[LocalImage, ...]
    files: CoworldFiles
    engine: DockerEngine | None
    visibility: Visibility | None = None

    @property
    def fingerprint(self) -> str:
        """What tells this content from any other: manifest, images and files, by hash."""
        parts = [
            self.package.raw,
            [[image.ref, image.id] for image in self.images],
            [[file.name, file.sha256] for file in self.files.every()],
        ]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def describe(self) -> list[str]:
        """What an upload does, to be shown before."""
        visible = f", {self.visibility}" if self.visibility else ""
        lines = [f"Upload the Coworld {self.package.label}{visible}"]
        lines += [
            f"  image    {safe_line(image.ref, _SHOWN)} ({size_text(image.size)})" for image in self.images
        ]
        lines += [f"  player   {file.name} ({size_text(file.size)})" for file in self.files.players.values()]
        lines += [
            f"  reporter {safe_line(reporter.key, _SHOWN)} ({size_text(reporter.content.size)})"
            for reporter in self.files.reporters
        ]
        if self.files.viewer is not None:
            lines.append(f"  viewer   {self.files.viewer.name} ({size_text(self.files.viewer.size)})")
        lines.append(
            "  Nothing is sent that the server has. It plays the new version before it is canonical."
        )
        return lines


async def plan_upload(package: Package, visibility: Visibility | None = None) -> UploadPlan:
    """Check a package and read what goes with it, before anything is sent.

    Raises ``manifest_invalid`` (exit code 2) for what the server would refuse, ``image_unreachable`` (3),
    ``image_platform``, ``player_file`` and ``package_files`` (2), and the engine's errors.
    """
    await asyncio.to_thread(_require_accepted, package)
    moving = [image for image in images_of(package.raw) if is_moving(image)]
    if moving:
        raise CoworldError(
            "manifest_invalid",
            "The manifest names images that may be others tomorrow",
            cause=listed(moving),
            next_step="coworld-tui build --version V writes a manifest that names them by content",
            exit_code=EXIT_USAGE,
        )
    files = await asyncio.to_thread(read_files, package)
    refs = sorted(image for image in images_of(package.raw) if not is_unpublished_image(image))
    engine = await connect() if refs else None
    images = [await local_image(engine, ref) for ref in refs] if engine is not None else []
    return UploadPlan(package, tuple(images), files, engine, visibility)


def _require_accepted(package: Package) -> None:
    verdict = check_raw(package.raw)
    if verdict.accepted_by[_HOSTED]:
        return
    errors = [
        f"{finding.where}: {finding.message}"
        for finding in verdict.findings
        if finding.severity == "error" and _HOSTED in finding.generations
    ]
    raise CoworldError(
        "manifest_invalid",
        f"The server takes manifests of {_HOSTED} only",
        cause=listed(errors),
        next_step=f"coworld-tui validate {safe_line(package.source, 200)}",
        exit_code=EXIT_USAGE,
    )


async def upload_coworld(client: Observatory, plan: UploadPlan, on_progress: OnUpload) -> Coworld:
    """Upload it; call it again after a failure to go on where it was.

    Raises what ``uploading.upload_image`` and ``send_file`` raise, ``conflict`` (exit code 1) for a version
    that is there already, ``outcome_unknown`` (3) when it may have been published or not.
    """
    document: Mapping[str, Any] = plan.package.raw
    images = {}
    for image in plan.images:
        assert plan.engine is not None
        images[image.ref] = (await upload_image(client, plan.engine, image, on_progress)).id
    document = with_images(document, images)
    digests = {
        name: await _player_file(client, content, on_progress) for name, content in plan.files.players.items()
    }
    document = with_players(document, digests)
    if plan.files.reporters:
        document = with_reporters(document, await _reporters(client, plan.files.reporters, on_progress))
    if plan.files.viewer is not None:
        document = with_viewer(document, await _viewer(client, plan.files.viewer, on_progress))
    return await publish(client, document, plan.visibility)


async def publish(client: Observatory, document: Mapping[str, Any], visibility: Visibility | None) -> Coworld:
    """Send a manifest whose images and files are the server's."""
    body: dict[str, Any] = {"manifest": dict(document)}
    if visibility is not None:
        body["visibility"] = visibility
    try:
        answer = await client.send("POST", "/v2/coworlds/upload", body, timeout=COMPLETE_SECONDS)
    except UnknownOutcome as unknown:
        unknown.next_step = "look whether it is there: coworld-tui league coworlds"
        raise
    coworld = Coworld.model_validate(answer.data) if isinstance(answer.data, dict) else Coworld()
    if not coworld.id:
        raise bad_answer(client.server, "it does not say which Coworld that is", answer.request_id)
    return coworld


async def _player_file(client: Observatory, content: FileContent, on_progress: OnUpload) -> str:
    body = {"content_hash": content.sha256, "size_bytes": content.size}
    path = "/v2/coworlds/player-files/upload"
    await send_file(client, content, path, body, on_progress, known_by_conflict=True)
    return f"sha256:{content.sha256}"


async def _reporters(
    client: Observatory, reporters: tuple[ReporterFile, ...], on_progress: OnUpload
) -> dict[str, str]:
    """What each component became, by its id: ``owner/name@version``."""
    owner = member((await client.get("/whoami")).data, "owner_user_id")
    if not isinstance(owner, str):
        raise bad_answer(client.server, "it does not say who uploads the reporters")
    names = {}
    for reporter in reporters:
        content = reporter.content
        described = {
            "name": reporter.key,
            "display_name": reporter.display_name,
            "description": reporter.description,
            "outputs": reporter.attributes.get("outputs", []),
        }
        await client.send("POST", "/v2/reporters/register", described, timeout=REQUEST_SECONDS)
        body: dict[str, Any] = {
            "name": reporter.key,
            "content_hash": content.sha256,
            "attributes": dict(reporter.attributes),
        }
        asked = {**body, "size_bytes": content.size}
        said = await send_file(client, content, "/v2/reporters/upload", asked, on_progress)
        version = member(said, "existing_version")
        if version is None:
            answer = await client.send(
                "POST", "/v2/reporters/upload/complete", body, timeout=_REPORTER_SECONDS
            )
            version = member(answer.data, "version")
        number = member(version, "version")
        if not isinstance(number, int):
            raise bad_answer(client.server, "it does not say which version of the reporter that is")
        names[reporter.id] = f"{owner}/{reporter.key}@{number}"
    return names


async def _viewer(client: Observatory, content: FileContent, on_progress: OnUpload) -> str:
    """Upload a viewer and wait until it is unpacked; what the manifest calls it then."""
    body = {"content_hash": content.sha256, "size_bytes": content.size}
    path = "/v2/coworlds/replay-viewer-bundles/upload"
    said = await send_file(client, content, path, body, on_progress)
    bundle = member(said, "bundle")
    if member(said, "upload_url") is not None:
        bundle = await _unpacked(client, content.sha256, path, body)
    if not isinstance(bundle, str):
        raise bad_answer(client.server, "it does not say what it calls the replay viewer")
    return bundle


async def _unpacked(client: Observatory, sha256: str, path: str, body: dict[str, Any]) -> Any:
    """Asking to have it unpacked may be repeated; an answer that got lost is looked for."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + _BUNDLE_SECONDS
    pause, longest = _BUNDLE_POLL
    said = await _complete(client, path, body)
    while True:
        status = member(said, "status")
        if status == "ready":
            return member(said, "bundle")
        if status == "failed":
            raise CoworldError(
                "bundle_failed",
                "The server cannot unpack the replay viewer",
                cause=safe_line(str(member(said, "detail") or ""), 300),
                next_step="mend the bundle's files, then upload again",
                exit_code=EXIT_FAILED,
            )
        if loop.time() + pause > deadline:
            raise CoworldError(
                "timeout",
                "The server does not get the replay viewer unpacked",
                cause=f"not within {_BUNDLE_SECONDS:g} seconds",
                owner="the server",
                next_step="run the same command again: what arrived is not sent again",
                exit_code=EXIT_MISSING,
            )
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, longest)
        # Unpacking that died, or that was never asked for, is begun by asking again.
        said = await _look(client, sha256) if status == "expanding" else await _complete(client, path, body)


async def _complete(client: Observatory, path: str, body: dict[str, Any]) -> Any:
    try:
        return (await client.send("POST", f"{path}/complete", body, timeout=COMPLETE_SECONDS)).data
    except UnknownOutcome:
        return {"status": "expanding"}


async def _look(client: Observatory, sha256: str) -> Any:
    try:
        return (await client.get(f"/v2/coworlds/replay-viewer-bundles/{quote(sha256)}")).data
    except Refusal as refused:
        if refused.status != 404:
            raise
        return None
