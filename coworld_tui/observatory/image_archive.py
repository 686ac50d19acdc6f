"""What an engine's archive of an image holds, and where (hosted.md 5.1).

Engines before 25 write a layout of their own (``manifest.json``), later ones that of OCI (``index.json``).
In both the layers lie in the archive as they are, so they are read from it by place and never unpacked.
"""

from __future__ import annotations

import hashlib
import os
import re
import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from ..contract.errors import EXIT_FAILED, CoworldError
from ..contract.jsontext import MIB, UnreadableJson, read_json
from ..contract.text import safe_line

PLATFORM = ("linux", "amd64")
"""What hosted episodes run on."""

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_CONFIG = "application/vnd.oci.image.config.v1+json"
OCI_LAYER = "application/vnd.oci.image.layer.v1.tar"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}\Z")
_DOCUMENT_LIMIT = 8 * MIB
_MOST_DOCUMENTS = 100
_MOST_MEMBERS = 10_000
_LINKS = 5


@dataclass(frozen=True)
class Blob:
    """A part of an image: ``size`` bytes from ``offset`` on in the archive, which have ``digest``."""

    media_type: str
    digest: str
    size: int
    offset: int

    def descriptor(self) -> dict[str, Any]:
        """As manifests name it."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size}


@dataclass(frozen=True)
class ImageArchive:
    """An image on disk. ``manifest`` is as the engine wrote it, None when it wrote none of OCI."""

    path: Path
    media_type: str
    manifest: bytes | None
    config: Blob
    layers: tuple[Blob, ...]


def read_archive(path: Path, ref: str) -> ImageArchive:
    """Find the one image of the platform in an archive, of either layout. Blocking.

    ``ref`` is what errors call it: ``image_export`` (exit code 1) for what is no such archive.
    """
    try:
        with tarfile.open(path, mode="r:") as tar:
            members = {}
            for count, member in enumerate(tar):
                if count == _MOST_MEMBERS:
                    raise _UnreadableError("it holds too many files")
                members[str(PurePosixPath(member.name))] = member
        with path.open("rb") as file:
            found = _Members(file.fileno(), members)
            return _oci(path, found) if "index.json" in members else _plain(path, found)
    except (OSError, tarfile.TarError, UnreadableJson, _UnreadableError) as error:
        raise CoworldError(
            "image_export",
            f"the engine's archive of {safe_line(ref, 100)} cannot be used",
            cause=safe_line(str(error), 300),
            owner="the engine",
            next_step=f"build or pull it for {'/'.join(PLATFORM)} alone, then try again",
            exit_code=EXIT_FAILED,
        ) from None


class _UnreadableError(Exception):
    """Why an archive is not what it should be."""


class _Members:
    """The files of an archive, by name."""

    def __init__(self, file: int, members: Mapping[str, tarfile.TarInfo]) -> None:
        self._file = file
        self._members = members
        self._documents = 0

    def find(self, name: str) -> tarfile.TarInfo:
        """A file, over the links that older engines write for layers that are alike."""
        at = str(PurePosixPath(name))
        for _ in range(_LINKS):
            member = self._members.get(at)
            if member is None:
                break
            if member.isreg() and not member.issparse():
                return member
            if not (member.issym() or member.islnk()):
                break
            at = _target(at, member)
        raise _UnreadableError(f"it has no file {name}")

    def bytes_of(self, name: str) -> bytes:
        member = self.find(name)
        self._documents += 1
        if member.size > _DOCUMENT_LIMIT or self._documents > _MOST_DOCUMENTS:
            raise _UnreadableError(f"{name} is too large, or one of too many")
        return os.pread(self._file, member.size, member.offset_data)

    def document(self, name: str) -> Any:
        return read_json(self.bytes_of(name), _DOCUMENT_LIMIT)

    def blob(self, descriptor: Any) -> Blob:
        """What a descriptor of OCI means."""
        media_type, digest, size = (_field(descriptor, key) for key in ("mediaType", "digest", "size"))
        if not isinstance(media_type, str) or not isinstance(digest, str) or not _DIGEST.match(digest):
            raise _UnreadableError("one of its parts has no digest")
        member = self.find(_place(digest))
        if member.size != size:
            raise _UnreadableError(f"{digest} has another size than it says")
        return Blob(media_type, digest, member.size, member.offset_data)

    def checked(self, descriptor: Any) -> bytes:
        """A document of OCI that has the digest it is named by."""
        blob = self.blob(descriptor)
        data = self.bytes_of(_place(blob.digest))
        if digest_of(data) != blob.digest:
            raise _UnreadableError(f"{blob.digest} has another content than it says")
        return data


def digest_of(data: bytes) -> str:
    """``sha256:<hex>``."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _target(at: str, link: tarfile.TarInfo) -> str:
    """Where a link leads, as a name in the archive; one that leads out of it leads nowhere."""
    base = PurePosixPath(at).parent if link.issym() else PurePosixPath()
    parts: list[str] = []
    for part in (base / link.linkname).parts:
        if part == "..":
            parts[-1:] = []
        else:
            parts.append(part)
    return "/".join(parts)


def _place(digest: str) -> str:
    return f"blobs/sha256/{digest.removeprefix('sha256:')}"


def _field(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _items(value: Any, key: str) -> list[Any]:
    items = _field(value, key)
    if not isinstance(items, list):
        raise _UnreadableError(f"it names no {key}")
    return items


def _oci(path: Path, members: _Members) -> ImageArchive:
    """The layout of OCI: an index, perhaps of indexes, and in them the manifest of the platform."""
    found = list(_manifests(members, members.document("index.json"), None))
    exact = [(data, media_type) for data, media_type, platform in found if platform == PLATFORM]
    if not exact and len(found) == 1 and found[0][2] is None:
        exact = [found[0][:2]]
    if len(exact) != 1:
        raise _UnreadableError(f"it holds {len(exact) or 'no'} images for {'/'.join(PLATFORM)}")
    data, media_type = exact[0]
    manifest = read_json(data, _DOCUMENT_LIMIT)
    config = members.blob(_field(manifest, "config"))
    layers = tuple(members.blob(layer) for layer in _items(manifest, "layers"))
    return ImageArchive(path, media_type, data, config, layers)


def _manifests(
    members: _Members, index: Any, inherited: tuple[str, str] | None
) -> Iterator[tuple[bytes, str, tuple[str, str] | None]]:
    """Manifests in an index with their media type and platform, those of other platforms left out."""
    for descriptor in _items(index, "manifests"):
        said = _field(descriptor, "platform")
        platform = (
            (str(_field(said, "os")), str(_field(said, "architecture")))
            if isinstance(said, dict)
            else inherited
        )
        if platform is not None and platform != PLATFORM:
            continue
        data = members.checked(descriptor)
        media_type = _field(descriptor, "mediaType")
        if media_type == OCI_INDEX:
            yield from _manifests(members, read_json(data, _DOCUMENT_LIMIT), platform)
        elif media_type in (OCI_MANIFEST, DOCKER_MANIFEST):
            yield data, media_type, platform
        else:
            raise _UnreadableError(f"it holds a {safe_line(str(media_type), 100)}")


def _plain(path: Path, members: _Members) -> ImageArchive:
    """The engine's own layout. Its config says by ``diff_ids`` what the layers' digests must be."""
    listed = members.document("manifest.json")
    if not isinstance(listed, list) or len(listed) != 1:
        raise _UnreadableError("it does not hold exactly one image")
    place = _field(listed[0], "Config")
    if not isinstance(place, str):
        raise _UnreadableError("it names no config")
    data = members.bytes_of(place)
    config = read_json(data, _DOCUMENT_LIMIT)
    if (_field(config, "os"), _field(config, "architecture")) != PLATFORM:
        raise _UnreadableError(f"it is not for {'/'.join(PLATFORM)}")
    digests, places = _items(_field(config, "rootfs"), "diff_ids"), _items(listed[0], "Layers")
    if len(digests) != len(places):
        raise _UnreadableError("its config names other layers than it holds")
    layers = []
    for digest, layer in zip(digests, places, strict=True):
        if not isinstance(digest, str) or not _DIGEST.match(digest) or not isinstance(layer, str):
            raise _UnreadableError("one of its layers has no digest")
        member = members.find(layer)
        layers.append(Blob(OCI_LAYER, digest, member.size, member.offset_data))
    own = members.find(place)
    blob = Blob(OCI_CONFIG, digest_of(data), own.size, own.offset_data)
    return ImageArchive(path, OCI_MANIFEST, None, blob, tuple(layers))
