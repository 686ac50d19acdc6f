"""Small images: as archives of either layout, and in a real engine."""

from __future__ import annotations

import hashlib
import io
import json
import random
import tarfile
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"


def digest(data: bytes) -> str:
    """``sha256:<hex>``."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def layer(name: str, size: int = 100_000, seed: int | None = None) -> bytes:
    """A layer with one file that does not compress."""
    data = random.Random(name if seed is None else seed).randbytes(size)
    return tar_of({f"files/{name}": data})


def tar_of(files: Mapping[str, bytes], links: Mapping[str, str] | None = None) -> bytes:
    """An archive of files, and of links by where they lead."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
        for name, target in (links or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = tarfile.SYMTYPE, target
            tar.addfile(info)
    return stream.getvalue()


def config_of(layers: Sequence[bytes], architecture: str = "amd64") -> bytes:
    """The config of an image that prints a word."""
    document = {
        "architecture": architecture,
        "os": "linux",
        "config": {"Cmd": ["/files/a"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(data) for data in layers]},
        "history": [{"created_by": f"layer {number}"} for number in range(len(layers))],
    }
    return json.dumps(document).encode()


def engine_archive(layers: Sequence[bytes], tag: str = "", architecture: str = "amd64") -> bytes:
    """As engines before 25 write it; a layer that is there twice is a link the second time."""
    config = config_of(layers, architecture)
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    files, links, places = {name: config}, {}, []
    first: dict[bytes, str] = {}
    for number, data in enumerate(layers):
        place = f"{number:064x}/layer.tar"
        places.append(place)
        if data in first:
            links[place] = f"../{first[data]}"
        else:
            first[data] = place
            files[place] = data
    document = [{"Config": name, "RepoTags": [tag] if tag else None, "Layers": places}]
    return tar_of({**files, "manifest.json": json.dumps(document).encode()}, links)


def oci_archive(
    layers: Sequence[bytes],
    *,
    media_type: str = LAYER,
    config: bytes | None = None,
    nested: bool = False,
    platform: Mapping[str, str] | None = None,
    others: Sequence[Mapping[str, str]] = (),
) -> bytes:
    """As engines from 25 on write it. Of ``others``, platforms, no more than a digest is there."""
    blobs: dict[str, bytes] = {}

    def put(data: bytes, kind: str, **more: Any) -> dict[str, Any]:
        blobs[f"blobs/sha256/{hashlib.sha256(data).hexdigest()}"] = data
        return {"mediaType": kind, "digest": digest(data), "size": len(data), **more}

    config = config if config is not None else config_of(layers)
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": put(config, CONFIG),
        "layers": [put(data, media_type) for data in layers],
    }
    where = {"platform": platform} if platform is not None else {}
    entries = [put(json.dumps(document).encode(), MANIFEST, **where)]
    for other in others:
        entries.append({"mediaType": MANIFEST, "digest": digest(b"x"), "size": 1, "platform": other})
    if nested:
        inner = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
        entries = [put(json.dumps(inner).encode(), INDEX)]
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    layout = {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": json.dumps(index).encode()}
    return tar_of({**layout, **blobs})


@contextmanager
def loaded(engine: Any, layers: Sequence[bytes], architecture: str = "amd64") -> Iterator[str]:
    """A reference to such an image in the engine, gone afterwards."""
    ref = f"coworld-tui-upload-{uuid.uuid4().hex[:12]}:test"
    engine.images.load(engine_archive(layers, ref, architecture))
    try:
        yield ref
    finally:
        engine.images.remove(ref, force=True)
