"""Pulling images from a registry into the engine, and what a registry or a cancel does to it."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import io
import json
import tarfile
import threading
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from docker.errors import ImageNotFound
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coworld_tui.contract.errors import CoworldError
from coworld_tui.league_demo.serving import answering, loopback
from coworld_tui.observatory.image_pull import PullProgress, pull_images
from coworld_tui.observatory.packages import PackageImage
from coworld_tui.runner.docker_engine import connect

pytestmark = pytest.mark.docker

MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"


@dataclass
class Shelf:
    """A registry to pull from, with one image under any name."""

    host: str
    blobs: dict[str, bytes]
    manifest: bytes
    asked: list[str] = field(default_factory=list)
    stalls: bool = False
    stalled: threading.Event = field(default_factory=threading.Event)

    async def answer(self, request: Request) -> Response:
        """Whatever the engine asks for."""
        self.asked.append(request.url.path)
        path = request.path_params["path"]
        if not path:
            return JSONResponse({})
        if "/missing/" in f"/{path}":
            return JSONResponse({"errors": [{"code": "MANIFEST_UNKNOWN", "message": "unknown\x1b[2J"}]}, 404)
        if "/manifests/" in path:
            digest = f"sha256:{hashlib.sha256(self.manifest).hexdigest()}"
            return Response(self.manifest, headers={"Docker-Content-Digest": digest}, media_type=MANIFEST)
        if self.stalls:
            self.stalled.set()
            while (await request.receive())["type"] != "http.disconnect":
                pass
        return Response(self.blobs[path.rpartition("/")[2]])


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A registry on loopback, with an image that nobody else has."""
    tar = io.BytesIO()
    content = uuid.uuid4().hex.encode() * 4000
    with tarfile.open(fileobj=tar, mode="w") as archive:
        entry = tarfile.TarInfo("content")
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    layer = gzip.compress(tar.getvalue())
    diff_id = f"sha256:{hashlib.sha256(tar.getvalue()).hexdigest()}"
    config = json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [diff_id]}}
    ).encode()
    blobs = {f"sha256:{hashlib.sha256(blob).hexdigest()}": blob for blob in (config, layer)}
    (config_digest, layer_digest) = blobs
    kind = "application/vnd.docker.container.image.v1+json"
    gz = "application/vnd.docker.image.rootfs.diff.tar.gzip"
    manifest = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": kind, "size": len(config), "digest": config_digest},
        "layers": [{"mediaType": gz, "size": len(layer), "digest": layer_digest}],
    }
    with loopback() as (listener, origin):
        made = Shelf(origin.removeprefix("http://"), blobs, json.dumps(manifest).encode())
        with answering(Starlette(routes=[Route("/v2/{path:path}", made.answer)]), listener):
            yield made


@pytest.fixture
def image(shelf: Shelf, docker_engine: Any) -> Iterator[PackageImage]:
    """The image, and what it is to be called here; both names are gone afterwards."""
    made = PackageImage(
        f"{shelf.host}/games/arena:1", f"coworld/test-{uuid.uuid4().hex}/arena-1-0:downloaded"
    )
    yield made
    for name in (made.public_image_uri, made.local_image):
        with contextlib.suppress(ImageNotFound):
            docker_engine.images.remove(name, force=True)


async def test_an_image_comes_once(shelf: Shelf, image: PackageImage) -> None:
    engine = await connect()
    heard: list[PullProgress] = []
    (pulled,) = await pull_images(engine, [image], heard.append)
    assert pulled.state == "pulled"
    details = await engine.call(engine.api.inspect_image, image.local_image)
    assert details["RootFS"]["Layers"]
    assert [layer.is_done for layer in heard[-1].layers].count(True) == 1
    shelf.asked.clear()
    (again,) = await pull_images(engine, [image], heard.append)
    assert again.state == "present"
    assert shelf.asked == []


async def test_an_image_by_its_digest(shelf: Shelf, image: PackageImage, docker_engine: Any) -> None:
    engine = await connect()
    digest = hashlib.sha256(shelf.manifest).hexdigest()
    pinned = PackageImage(f"{shelf.host}/games/arena@sha256:{digest}", image.local_image)
    try:
        (pulled,) = await pull_images(engine, [pinned])
    finally:
        with contextlib.suppress(ImageNotFound):
            docker_engine.images.remove(pinned.public_image_uri, force=True)
    assert pulled.state == "pulled"


@pytest.mark.parametrize("ref", ["missing/game:1", "img_00000000-0000-4000-8000-000000000000"])
async def test_what_cannot_be_pulled(shelf: Shelf, image: PackageImage, ref: str) -> None:
    engine = await connect()
    wanted = PackageImage(ref if ref.startswith("img_") else f"{shelf.host}/{ref}", image.local_image)
    with pytest.raises(CoworldError) as caught:
        await pull_images(engine, [wanted])
    assert (caught.value.type, caught.value.exit_code) == ("image_unreachable", 3)
    assert "\x1b" not in str(caught.value)


async def test_a_cancel_ends_the_pull(shelf: Shelf, image: PackageImage) -> None:
    engine = await connect()
    shelf.stalls = True
    task = asyncio.create_task(pull_images(engine, [image]))
    assert await asyncio.to_thread(shelf.stalled.wait, 30)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(CoworldError):
        await engine.call(engine.api.inspect_image, image.local_image)
