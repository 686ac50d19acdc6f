"""A registry for pushes: version 2 of the HTTP API, its blobs on disk, digests checked, faults on demand."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from coworld_tui.league_demo.routes_uploads import Registry as Target
from coworld_tui.league_demo.routes_uploads import Uploads
from coworld_tui.league_demo.serving import answering, loopback

from .server import Observatory

TOKEN = base64.b64encode(b"AWS:hunter2-registry-password").decode()

Trouble = Literal["401", "500", "drop", "digest"]
_NAME = r"(?P<name>[a-z0-9._/-]+)"


@dataclass
class Registry:
    """A running registry. ``asked`` is the method and path of every request, in order."""

    host: str
    folder: Path
    asked: list[tuple[str, str]] = field(default_factory=list)
    manifests: dict[tuple[str, str], tuple[bytes, str]] = field(default_factory=dict)
    """Bytes and media type, by repository and tag."""
    troubles: list[Trouble] = field(default_factory=list)
    """The next requests that send a blob's bytes each suffer one of these."""
    sizes: dict[str, int] = field(default_factory=dict)
    stalls: bool = False
    """No blob is ever taken to its end; ``stalled`` is set once one is on its way."""
    stalled: threading.Event = field(default_factory=threading.Event)
    authorized: list[str | None] = field(default_factory=list)
    """What each request gave as its credentials."""
    sends_to: str = ""
    """The host that uploads are to go on at, when it is not this one."""

    def blob(self, digest: str) -> bytes:
        """The bytes of a blob."""
        return self._path(digest).read_bytes()

    def digests(self) -> set[str]:
        """All blobs that arrived whole."""
        return set(self.sizes)

    def digest_of(self, repository: str, tag: str) -> str | None:
        """The digest of a manifest."""
        found = self.manifests.get((repository, tag))
        return f"sha256:{hashlib.sha256(found[0]).hexdigest()}" if found else None

    def only_manifest(self) -> Any:
        """The one manifest there is."""
        ((data, _),) = self.manifests.values()
        return json.loads(data)

    def sent(self) -> list[str]:
        """How many requests sent bytes of blobs."""
        return [path for method, path in self.asked if method == "PATCH"]

    def attach(self, observatory: Observatory) -> None:
        """Have the stand-in send pushes here."""
        observatory.state.part(Uploads).registry = Target(self.host, TOKEN, self.digest_of)

    def _path(self, digest: str) -> Path:
        return self.folder / digest.removeprefix("sha256:")

    async def answer(self, request: Request) -> Response:
        """One request of the API."""
        path = request.url.path
        self.asked.append((request.method, path))
        self.authorized.append(request.headers.get("authorization"))
        if request.headers.get("authorization") != f"Basic {TOKEN}":
            return _error(401, "UNAUTHORIZED", "authentication required")
        for pattern, handler in (
            (rf"/v2/{_NAME}/blobs/uploads/", self._begin),
            (rf"/v2/{_NAME}/blobs/uploads/(?P<upload>[0-9]+)", self._receive),
            (rf"/v2/{_NAME}/blobs/(?P<digest>sha256:[0-9a-f]{{64}})", self._look),
            (rf"/v2/{_NAME}/manifests/(?P<tag>[A-Za-z0-9._-]+)", self._publish),
        ):
            if found := re.fullmatch(pattern, path):
                return await handler(request, **found.groupdict())
        return _error(404, "NAME_UNKNOWN", "no such address")

    async def _begin(self, request: Request, name: str) -> Response:
        number = sum(method == "POST" for method, _ in self.asked)
        (self.folder / f"upload-{number}").touch()
        # Relative, as most registries do; its query is to be kept.
        base = f"http://{self.sends_to}" if self.sends_to else ""
        place = f"{base}/v2/{name}/blobs/uploads/{number}?state=a%2Fb"
        return Response(status_code=202, headers={"Location": place})

    async def _receive(self, request: Request, name: str, upload: str) -> Response:
        part = self.folder / f"upload-{upload}"
        if request.query_params.get("state") != "a/b" or not part.exists():
            return _error(404, "BLOB_UPLOAD_UNKNOWN", "no such upload")
        trouble = self.troubles.pop(0) if self.troubles and request.method == "PATCH" else None
        if trouble in ("401", "500"):
            return _error(int(trouble), "UNAUTHORIZED", f"not with {TOKEN}")
        if self.stalls:
            self.stalled.set()
            while (await request.receive())["type"] != "http.disconnect":
                pass
        taken = 0
        with part.open("ab") as file:
            try:
                async for chunk in request.stream():
                    file.write(chunk)
                    taken += len(chunk)
                    if trouble == "drop":
                        request.scope["state"]["transport"].abort()
                        return Response(status_code=500)
            except ClientDisconnect:
                return Response(status_code=500)
        if request.method == "PATCH":
            if taken != int(request.headers["content-length"]):
                return _error(400, "SIZE_INVALID", "not as long as it said")
            return Response(status_code=202, headers={"Location": str(request.url)})
        digest = request.query_params.get("digest", "")
        with part.open("rb") as file:
            found = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
        if found != digest or trouble == "digest" or "digest" in self.troubles:
            return _error(400, "DIGEST_INVALID", "provided digest did not match uploaded content")
        self.sizes[digest] = part.stat().st_size
        part.rename(self._path(digest))
        return Response(status_code=201, headers={"Location": f"/v2/{name}/blobs/{digest}"})

    async def _look(self, request: Request, name: str, digest: str) -> Response:
        if digest not in self.sizes:
            return _error(404, "BLOB_UNKNOWN", "blob unknown")
        return Response(headers={"Content-Length": str(self.sizes[digest])})

    async def _publish(self, request: Request, name: str, tag: str) -> Response:
        data = await request.body()
        if request.method != "PUT":
            # The hosted registry does not let anybody ask for a manifest that is not there.
            return _error(403, "DENIED", "not yours to ask")
        document = json.loads(data)
        if document["mediaType"] != request.headers["content-type"]:
            return _error(400, "MANIFEST_INVALID", "media types differ")
        for part in (document["config"], *document["layers"]):
            if self.sizes.get(part["digest"]) != part["size"]:
                return _error(400, "MANIFEST_BLOB_UNKNOWN", part["digest"])
        self.manifests[name, tag] = (data, document["mediaType"])
        return Response(status_code=201)


def _error(status: int, code: str, message: str) -> Response:
    return JSONResponse({"errors": [{"code": code, "message": message}]}, status)


@contextmanager
def registry_in(folder: Path) -> Iterator[Registry]:
    """A registry for the time of the context, its blobs in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    with loopback() as (listener, origin):
        registry = Registry(origin.removeprefix("http://"), folder)
        methods = ["HEAD", "GET", "POST", "PATCH", "PUT"]
        app = Starlette(routes=[Route("/{path:path}", registry.answer, methods=methods)])
        with answering(app, listener):
            yield registry
