"""Packing a layer as registries keep it, so that the same layer becomes the same bytes every time."""

from __future__ import annotations

import gzip
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

from ..contract.errors import CoworldError
from ..contract.jsontext import MIB
from .image_archive import OCI_LAYER, Blob
from .image_export import disk_error

OCI_PACKED_LAYER = f"{OCI_LAYER}+gzip"

_LEVEL = 1
_CHUNK = MIB


def packed(archive: Path, layer: Blob, target: Path, stopped: threading.Event) -> tuple[Path, Blob]:
    """The layer as it is to be sent: the file it lies in and the place there. Blocking.

    A plain layer is gzipped into ``target``, level 1 and without a time, as the published client does it:
    what that has pushed is found again where both use the same zlib. Others are sent from the ``archive``
    as they are. Raises ``image_export`` for a layer that has not the digest it is named by, ``disk_full``
    and ``disk_error``.
    """
    if layer.media_type != OCI_LAYER:
        return archive, layer
    content = hashlib.sha256()
    try:
        with target.open("wb+") as raw:
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", compresslevel=_LEVEL, mtime=0) as output:
                for chunk in chunks(archive, layer):
                    if stopped.is_set():
                        break
                    content.update(chunk)
                    output.write(chunk)
            size = raw.tell()
            raw.seek(0)
            digest = f"sha256:{hashlib.file_digest(raw, 'sha256').hexdigest()}"
    except OSError as error:
        raise disk_error(error, target) from None
    if f"sha256:{content.hexdigest()}" != layer.digest and not stopped.is_set():
        raise CoworldError(
            "image_export",
            "the engine wrote a layer that is not the one it names",
            cause=f"{layer.digest} has another content",
            owner="the engine",
            next_step="try again; if it stays so, build or pull the image anew",
        )
    return target, Blob(OCI_PACKED_LAYER, digest, size, 0)


def chunks(path: Path, blob: Blob) -> Iterator[bytes]:
    """The bytes of a blob, a MiB at a time."""
    with path.open("rb") as file:
        file.seek(blob.offset)
        left = blob.size
        while left:
            chunk = file.read(min(_CHUNK, left))
            if not chunk:
                return
            left -= len(chunk)
            yield chunk
