"""What uploads of policies and of Coworlds share: an image on the server, and a file (hosted.md 5.1)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..contract.text import safe_line
from ..runner.docker_engine import DockerEngine
from .client import Observatory
from .image_export import LocalImage, save_image
from .models.coworlds import Image
from .models.uploads import PushInfo
from .player_files import FileContent
from .presigned import put
from .refusals import Refusal, bad_answer
from .registry_push import PushProgress, Registry, State, push
from .upload_room import room

REQUEST_SECONDS = 60.0
COMPLETE_SECONDS = 120.0


@dataclass(frozen=True)
class UploadProgress:
    """How far an upload is. ``of`` is the image's reference or the file's name, safe to show.

    ``part`` says which part of it, see ``registry_push.PushProgress``; for files it is ``file``.
    """

    of: str
    part: PushProgress


OnUpload = Callable[[UploadProgress], None]


async def upload_image(
    client: Observatory, engine: DockerEngine, image: LocalImage, on_progress: OnUpload
) -> Image:
    """Have the server have that image; nothing is pushed when it has it already.

    Raises what ``Observatory.send``, ``image_export.save_image`` and ``registry_push.push`` raise.
    """
    shown = safe_line(image.ref, 100)

    def tell(part: PushProgress) -> None:
        on_progress(UploadProgress(shown, part))

    answer = await client.send(
        "POST",
        "/v2/container_images/upload",
        {"name": image.name, "client_hash": image.id},
        timeout=REQUEST_SECONDS,
    )
    uploaded = _image(client, member(answer.data, "image"))
    info = member(answer.data, "pre_signed_info")
    if info is None:
        tell(PushProgress("image", image.size, image.size, "existing"))
        return uploaded
    try:
        if not isinstance(info, dict):
            raise ValueError("it says nothing of the registry")
        registry = Registry.of(PushInfo.model_validate(info))
    except ValueError as error:
        raise bad_answer(client.server, str(error), answer.request_id) from None
    async with room() as folder:
        loop = asyncio.get_running_loop()

        def saved(count: int) -> None:
            progress = PushProgress("image", count, max(count, image.size), "saving")
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody listens any more
                loop.call_soon_threadsafe(tell, progress)

        archive = await save_image(engine, image, folder, saved)
        await push(client.server, registry, archive, tell)
    done = await client.send(
        "POST", "/v2/container_images/upload/complete", {"id": uploaded.id}, timeout=COMPLETE_SECONDS
    )
    return _image(client, done.data)


async def send_file(
    client: Observatory,
    file: FileContent,
    path: str,
    body: dict[str, Any],
    on_progress: OnUpload,
    *,
    known_by_conflict: bool = False,
) -> dict[str, Any]:
    """Ask at ``path`` where a file may be put, and put it there; returns what the server said.

    The server has it already when ``upload_url`` is null, when it names an ``existing_…`` version of it, and
    with ``known_by_conflict`` when it answers 409: then what is returned is empty.
    """
    try:
        answer = await client.send("POST", path, body, timeout=COMPLETE_SECONDS)
    except Refusal as refused:
        if refused.status != 409 or not known_by_conflict:
            raise
        _tell_file(file, file.size, "existing", on_progress)
        return {}
    if not isinstance(answer.data, dict):
        raise bad_answer(client.server, "it does not say where the file may be put", answer.request_id)
    address = member(answer.data, "upload_url")
    known = [member(answer.data, name) for name in ("existing_policy_version", "existing_version")]
    if address is None or any(version is not None for version in known):
        _tell_file(file, file.size, "existing", on_progress)
    elif isinstance(address, str):
        await put_file(client, file, address, on_progress)
    else:
        raise bad_answer(client.server, "it names no address for the file", answer.request_id)
    return answer.data


async def put_file(client: Observatory, file: FileContent, address: str, on_progress: OnUpload) -> None:
    """Send a file to the address that was signed for it."""
    await put(client.server, address, file.data, lambda sent: _tell_file(file, sent, "pushing", on_progress))
    _tell_file(file, file.size, "done", on_progress)


def member(value: Any, name: str) -> Any:
    """A member of an answer; None where there is none."""
    return value.get(name) if isinstance(value, dict) else None


def _tell_file(file: FileContent, done: int, state: State, on_progress: OnUpload) -> None:
    on_progress(UploadProgress(file.name, PushProgress("file", done, file.size, state)))


def _image(client: Observatory, data: Any) -> Image:
    image = Image.model_validate(data) if isinstance(data, dict) else Image()
    if not image.id:
        raise bad_answer(client.server, "it does not say which image that is")
    return image
