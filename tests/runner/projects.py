"""Small projects to build, and a registry on loopback that serves one image."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from coworld_tui.demo import manifest_path

from ..rogue.launch import BARE_IMAGE

TEMPLATE = "coworld_manifest_template.json"


def write_project(
    folder: Path,
    image: str,
    dockerfile: str = "COPY . /app\n",
    *,
    services: Mapping[str, Any] | None = None,
    **game: Any,
) -> Path:
    """A project whose game is built on the bare image; ``services`` join it in the compose file."""
    folder.mkdir(parents=True, exist_ok=True)
    template: dict[str, Any] = json.loads(manifest_path().read_bytes())
    del template["game"]["version"]
    template["game"].update(game)
    for part in (template["game"]["runnable"], *template["player"]):
        part["image"] = "{{THE_GAME_IMAGE}}"
    for index, name in enumerate(services or {}):
        template["player"][index]["image"] = f"{{{{{name.upper()}_IMAGE}}}}"
    (folder / TEMPLATE).write_text(json.dumps(template))
    (folder / "Dockerfile").write_text(f"FROM {BARE_IMAGE}\n{dockerfile}")
    (folder / ".dockerignore").write_text("dist\n")
    compose = {"services": {"the-game": {"image": image, "build": "."}, **(services or {})}}
    (folder / "compose.yaml").write_text(json.dumps(compose))
    return folder


@contextmanager
def image_name(engine: Any) -> Iterator[str]:
    """A name for images; every tag that holds it is gone afterwards."""
    name = f"coworld-tui-test-{uuid.uuid4().hex[:12]}"
    yield name
    for image in engine.api.images():
        for tag in image["RepoTags"] or []:
            if name in tag:
                engine.api.remove_image(tag)


@contextmanager
def registry(name: str) -> Iterator[str]:
    """Serve an image without content; yields its reference, whose tag is ``latest``."""
    layer = gzip.compress(bytes(1024), mtime=0)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {"Cmd": [name]},
            "rootfs": {"type": "layers", "diff_ids": [_digest(bytes(1024))]},
        }
    ).encode()
    kind = "application/vnd.docker.distribution.manifest.v2+json"
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": kind,
            "config": _described("application/vnd.docker.container.image.v1+json", config),
            "layers": [_described("application/vnd.docker.image.rootfs.diff.tar.gzip", layer)],
        }
    ).encode()
    served = {f"/v2/{name}/blobs/{_digest(data)}": data for data in (config, layer)}
    served |= {f"/v2/{name}/manifests/{tag}": manifest for tag in ("latest", _digest(manifest))}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            data = b"{}" if self.path == "/v2/" else served.get(self.path)
            self.send_response(404 if data is None else 200)
            if data is not None:
                self.send_header("Content-Type", kind)
                self.send_header("Docker-Content-Digest", _digest(data))
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(data or b"")

        do_HEAD = do_GET  # noqa: N815 - the library's name for it

        def log_message(self, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"localhost:{server.server_port}/{name}"
    finally:
        server.shutdown()
        server.server_close()


def _described(kind: str, data: bytes) -> dict[str, Any]:
    return {"mediaType": kind, "size": len(data), "digest": _digest(data)}


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"
