"""What the engine gets to build from: a folder as a tar stream, read piece by piece while it is sent."""

from __future__ import annotations

import os
import stat
import tarfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from ..contract.compose import ImageBuild
from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line

FILE_LIMIT = 200_000
"""Most files and folders of a context."""

_CHUNK = 1 << 20
_IGNORE_LIMIT = 1 << 20
_DOCKERFILE_LIMIT = 4 << 20
_END = bytes(2 * tarfile.BLOCKSIZE)
_FOREIGN_DOCKERFILE = ".coworld-tui.Dockerfile"


class BuildContext:
    """The folder of one image. ``dockerfile`` is the Dockerfile's name within the stream.

    What ``.dockerignore`` (or ``<Dockerfile>.dockerignore``) names is left out, links go as
    links, everything belongs to root. A Dockerfile from elsewhere goes along under another
    name. Raises CoworldError (``build_context``, exit 2), here or while it is read.
    """

    def __init__(self, build: ImageBuild) -> None:
        self._root = build.context
        if not self._root.is_dir():
            raise _context_error(f"there is no folder {self._root}")
        path = self._root / build.dockerfile
        if not path.is_file():
            raise _context_error(f"there is no {path}")
        within = Path(os.path.normpath(path))
        self._foreign = None if within.is_relative_to(self._root) else path
        name = within.relative_to(self._root).as_posix() if self._foreign is None else _FOREIGN_DOCKERFILE
        self.dockerfile = name
        own_rules = path.with_name(f"{path.name}.dockerignore")
        self._ignored = _rules(own_rules if own_rules.is_file() else self._root / ".dockerignore")

    def __iter__(self) -> Iterator[bytes]:
        """The tar, a megabyte at most at a time."""
        for path in self._paths():
            yield from self._entry(self._root / path, Path(path).as_posix())
        if self._foreign is not None:
            yield from self._entry(self._foreign.resolve(), self.dockerfile, _DOCKERFILE_LIMIT)
        yield _END

    def instructions(self) -> str:
        """The Dockerfile's text."""
        path = self._foreign if self._foreign is not None else self._root / self.dockerfile
        with path.open("rb") as file:
            return file.read(_DOCKERFILE_LIMIT).decode(errors="replace")

    def _paths(self) -> list[str]:
        from docker.utils.build import PatternMatcher

        kept = [] if self._foreign is not None else [f"!{self.dockerfile}"]
        try:
            walk = PatternMatcher([*self._ignored, *kept, "!.dockerignore"]).walk(str(self._root))
            paths = sorted(islice(walk, FILE_LIMIT + 1))
        except OSError as error:
            raise _context_error(f"{error.filename}: {error.strerror}") from None
        if len(paths) > FILE_LIMIT:
            raise _context_error(f"{self._root} has more than {FILE_LIMIT} files; name some in .dockerignore")
        return paths

    def _entry(self, path: Path, name: str, limit: int | None = None) -> Iterator[bytes]:
        try:
            status = path.lstat()
            entry = tarfile.TarInfo(name)
            entry.mode, entry.mtime = stat.S_IMODE(status.st_mode), int(status.st_mtime)
            if stat.S_ISLNK(status.st_mode):
                entry.type, entry.linkname = tarfile.SYMTYPE, str(path.readlink())
                yield _header(entry)
            elif stat.S_ISDIR(status.st_mode):
                entry.type = tarfile.DIRTYPE
                yield _header(entry)
            elif stat.S_ISREG(status.st_mode):
                if limit is not None and status.st_size > limit:
                    raise _context_error(f"{path} is larger than {limit >> 20} MiB")
                yield from _file(path, entry)
        except FileNotFoundError:
            return  # gone since the folder was listed
        except OSError as error:
            raise _context_error(f"{path}: {error.strerror or error}") from None


def _file(path: Path, entry: tarfile.TarInfo) -> Iterator[bytes]:
    """Header and content. A file that changes meanwhile keeps the size that was announced."""
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        entry.size = left = os.fstat(file.fileno()).st_size
        yield _header(entry)
        while left:
            data = file.read(min(left, _CHUNK)) or bytes(min(left, _CHUNK))
            left -= len(data)
            yield data
    if padding := -entry.size % tarfile.BLOCKSIZE:
        yield bytes(padding)


def _header(entry: tarfile.TarInfo) -> bytes:
    return entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")


def _rules(path: Path) -> list[str]:
    if not path.is_file():
        return []
    try:
        with path.open("rb") as file:
            data = file.read(_IGNORE_LIMIT + 1)
    except OSError as error:
        raise _context_error(f"{path}: {error.strerror or error}") from None
    if len(data) > _IGNORE_LIMIT:
        raise _context_error(f"{path} is larger than {_IGNORE_LIMIT >> 20} MiB")
    lines = [line.strip() for line in data.decode(errors="surrogateescape").splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def _context_error(cause: str) -> CoworldError:
    return CoworldError(
        "build_context",
        "the files to build from cannot be sent",
        cause=safe_line(cause, 400),
        next_step="check context and dockerfile in the compose file",
        exit_code=EXIT_USAGE,
    )
