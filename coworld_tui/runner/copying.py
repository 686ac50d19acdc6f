"""Files to and from an engine on another machine, where a mount would show that machine's disk."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath

_ROOT_MODE = 0o777
_MOST_MEMBERS = 100_000
_DEPTH = 100
_MOST_NAMED = 1_000


class TooLargeError(OSError):
    """More than anybody wants to take."""


def packed(directory: Path, target: str) -> bytes:
    """``directory`` as a tar to be unpacked at the root, where its files stand below ``target``.

    The folders are open to every user, since we do not know as whom the container runs.
    """
    inside = PurePosixPath(target.strip("/"))
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.add(directory, str(inside), filter=_open_to_all)
    return buffer.getvalue()


def unpack(chunks: Iterable[bytes], directory: Path, limit: int) -> list[str]:
    """Unpack a tar whose one top folder stands for ``directory``; returns what was left out, a line each.

    What it holds is hostile: links and devices are left out, as is what lies very deep, and nothing
    lands outside. Raises ``TooLargeError`` when the files are larger than ``limit`` bytes together, or
    very many; what came before lies there then.
    """
    size = 0
    left: list[str] = []
    with tarfile.open(fileobj=_Chunks(chunks), mode="r|") as archive:
        for count, member in enumerate(archive):
            if count >= _MOST_MEMBERS:
                raise TooLargeError(f"the container wrote more than {_MOST_MEMBERS:,} files")
            parts = PurePosixPath(member.name).parts[1:]
            if not parts:
                continue
            if problem := _problem_of(member, parts):
                if len(left) < _MOST_NAMED:
                    left.append(f"{'/'.join(parts)} {problem}")
                continue
            path = directory.joinpath(*parts)
            if member.isdir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            size += member.size
            if size > limit:
                raise TooLargeError(f"the container's files are larger than {limit >> 20} MiB")
            path.parent.mkdir(parents=True, exist_ok=True)
            source = archive.extractfile(member)
            if source is not None:
                with path.open("wb") as sink:
                    while data := source.read(1 << 20):
                        sink.write(data)
    return left


def _problem_of(member: tarfile.TarInfo, parts: tuple[str, ...]) -> str:
    if not (member.isfile() or member.isdir()):
        return "is a link or no file"
    if ".." in parts:
        return "leads elsewhere"
    return "lies too deep" if len(parts) > _DEPTH else ""


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
        self._chunk = b""
        self._at = 0

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """At most ``size`` bytes, or what is at hand; none at the end."""
        while self._at == len(self._chunk):
            chunk = next(self._chunks, None)
            if chunk is None:
                return b""
            self._chunk, self._at = chunk, 0
        start = self._at
        self._at = len(self._chunk) if size < 0 else min(start + size, len(self._chunk))
        return self._chunk[start : self._at]
