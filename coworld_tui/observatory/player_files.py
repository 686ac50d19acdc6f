"""The bytes of players that are files, and of viewer bundles: the same every time (hosted.md 5.2).

A file is sent as it is, a folder as a zip whose bytes depend on names and contents alone, so that the server
knows what it has by hash. The published client makes the same bytes.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from ..runner.package_files import PLAYER_FILE_LIMIT

_DATE = (1980, 1, 1, 0, 0, 0)
_MODE = 0o644 << 16
_LEVEL = 9


@dataclass(frozen=True)
class FileContent:
    """What is sent for a file or folder; ``name`` is how errors and questions call it.

    ``sha256`` is in hex, as the server names it; it is found once, where the file is read.
    """

    name: str
    data: bytes = field(repr=False)
    sha256: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sha256", hashlib.sha256(self.data).hexdigest())

    @property
    def size(self) -> int:
        """In bytes."""
        return len(self.data)


def player_file(path: Path, root: Path | None = None) -> FileContent:
    """The file or folder at ``path``, which must lie below ``root`` when there is one. Blocking.

    Raises ``player_file`` (exit code 2) without it, for links, for what leads out of ``root`` and for
    more than 100 MiB.
    """
    shown = safe_line(str(path), 200)
    try:
        place = path if root is None else root.resolve() / path
        if place.is_symlink():
            raise _refused(f"{shown} is a link", "give the file itself")
        if root is not None and not place.resolve().is_relative_to(root.resolve()):
            raise _refused(f"{shown} lies outside the package", "move it into the package")
        if place.is_dir():
            data = zipped(place, PLAYER_FILE_LIMIT)
        elif place.is_file():
            _require_small(place.stat().st_size, shown)
            data = place.read_bytes()
        else:
            raise _refused(f"there is no {shown}", "give a file or a folder")
    except OSError as error:
        raise _refused(f"{shown}: {error.strerror or error}", "give one that can be read") from None
    _require_small(len(data), shown)
    return FileContent(shown, data)


def zipped(folder: Path, limit: int) -> bytes:
    """A folder as a zip: names sorted, no dates and modes of their own. Blocking; OSError as it comes.

    Raises ``player_file`` for links and for more than ``limit`` bytes of files.
    """
    shown = safe_line(str(folder), 200)
    entries = list(folder.rglob("*"))
    if link := next((entry for entry in entries if entry.is_symlink()), None):
        raise _refused(f"{safe_line(str(link), 200)} is a link", "put the file itself there")
    files = sorted(entry for entry in entries if entry.is_file())
    _require_small(sum(file.stat().st_size for file in files), shown, limit)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as output:
        for file in files:
            info = zipfile.ZipInfo(file.relative_to(folder).as_posix(), date_time=_DATE)
            info.external_attr = _MODE
            output.writestr(info, file.read_bytes(), zipfile.ZIP_DEFLATED, _LEVEL)
    return archive.getvalue()


def _require_small(size: int, shown: str, limit: int = PLAYER_FILE_LIMIT) -> None:
    if size > limit:
        raise _refused(f"{shown} is larger than {limit >> 20} MiB", "make it smaller")


def _refused(cause: str, next_step: str) -> CoworldError:
    return CoworldError(
        "player_file",
        "This cannot be sent as a player's file",
        cause=cause,
        next_step=next_step,
        exit_code=EXIT_USAGE,
    )
