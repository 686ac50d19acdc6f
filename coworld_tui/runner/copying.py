"""Files to and from an engine on another machine, where a mount would show that machine's disk."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

_ROOT_MODE = 0o777


def packed(directory: Path, target: str) -> bytes:
    """``directory`` as a tar to be unpacked at the root, where its files stand below ``target``.

    The folders are open to every user, since we do not know as whom the container runs.
    """
    inside = PurePosixPath(target.strip("/"))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(directory, str(inside), filter=_open_to_all)
    return buffer.getvalue()


def unpack(chunks: Iterable[bytes], directory: Path, limit: int) -> None:
    """Unpack a tar whose one top folder stands for ``directory``.

    What it holds is hostile: links and devices are left out, nothing lands outside. Raises
    OSError when the files are larger than ``limit`` bytes together.
    """
    size = 0
    with tarfile.open(fileobj=_Chunks(chunks), mode="r|") as archive:
        for member in archive:
            parts = PurePosixPath(member.name).parts[1:]
            if not parts or ".." in parts or not (member.isfile() or member.isdir()):
                continue
            path = directory.joinpath(*parts)
            if member.isdir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            size += member.size
            if size > limit:
                raise OSError(0, f"the container's files are larger than {limit >> 20} MiB")
            path.parent.mkdir(parents=True, exist_ok=True)
            source = archive.extractfile(member)
            if source is not None:
                with path.open("wb") as sink:
                    while data := source.read(1 << 20):
                        sink.write(data)


def _open_to_all(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    if member.isdir():
        member.mode = _ROOT_MODE
    return member


class _Chunks(io.RawIOBase):
    """Chunks of bytes as a file that is read once."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks: Iterator[bytes] = iter(chunks)
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        while size < 0 or len(self._rest) < size:
            chunk = next(self._chunks, None)
            if chunk is None:
                break
            self._rest += chunk
        end = len(self._rest) if size < 0 else size
        data, self._rest = self._rest[:end], self._rest[end:]
        return data
