"""Writing a starter: the files of a template with a name filled in, in a folder of their own."""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.text import safe_line

StarterKind = Literal["player", "coworld"]
KINDS: tuple[StarterKind, ...] = ("player", "coworld")

_TEMPLATES = Path(__file__).with_name("templates")
_SHOWN = 200
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,62}\Z")


@dataclass(frozen=True)
class Starter:
    """What was written: ``files`` are relative to ``directory``. ``name`` is fit for an image and a game."""

    kind: StarterKind
    name: str
    directory: Path
    files: tuple[str, ...]


def write_starter(kind: StarterKind, directory: Path, name: str | None = None) -> Starter:
    """Write the starter into a folder that is new or empty. The name is the folder's unless one is given.

    CoworldError, exit code 2, when the folder is not empty (``folder_not_empty``), cannot be written
    (``folder_unwritable``) or the name will not do (``name_invalid``); nothing is left behind then.
    """
    try:
        folder = directory.absolute()
        title = folder.resolve().name if name is None else name
    except OSError as error:  # the current folder was deleted
        raise _unwritable(directory, error) from error
    slug = image_name(title)
    contents = _filled(_TEMPLATES / kind, title, slug)
    try:
        if folder.exists() and any(folder.iterdir()):
            raise _not_empty(directory)
        _write(folder, contents)
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        raise _unwritable(directory, error) from error
    return Starter(kind, slug, directory, tuple(str(path) for path in contents))


def image_name(title: str) -> str:
    """The name as an image and a game may have it: ``My game 2`` becomes ``my-game-2``.

    CoworldError (``name_invalid``, exit code 2) for what does not begin with a letter or a digit, is longer
    than 63 characters, or has others than ASCII letters, digits, spaces, dots, dashes and underscores.
    """
    if not _NAME.match(title):
        raise CoworldError(
            "name_invalid",
            f"{safe_line(title, _SHOWN)!r} will not do as a name",
            cause="a name has up to 63 letters, digits, spaces, dots, dashes and underscores",
            next_step="give another with --name",
            exit_code=EXIT_USAGE,
        )
    return "-".join(re.findall(r"[a-z0-9]+", title.lower()))


def next_steps(starter: Starter) -> tuple[str, str, str]:
    """Three commands to go on with, for a shell."""
    folder = shlex.quote(str(starter.directory))
    if starter.kind == "player":
        return (
            f"cd {folder}",
            "python -m pip install -r requirements.txt",
            'coworld-tui run demo --slot 0="cmd=python player.py"',
        )
    return (
        f"cd {folder}",
        "coworld-tui build --version 0.1.0",
        "coworld-tui certify dist/coworld_manifest.json",
    )


def _filled(template: Path, title: str, slug: str) -> dict[Path, str]:
    """The template's files by their place in it. Installers put compiled modules beside them: not those."""
    return {
        path.relative_to(template): path.read_text(encoding="utf-8")
        .replace("@TITLE@", title)
        .replace("@NAME@", slug)
        for path in sorted(template.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def _write(folder: Path, contents: dict[Path, str]) -> None:
    """Write all files, or leave things as they were: what did not exist before is removed again."""
    missing = [place for place in (folder, *folder.parents) if not place.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    begun: set[Path] = set()
    try:
        for path, content in contents.items():
            target = folder / path
            begun.add(folder / path.parts[0])
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("x", encoding="utf-8", newline="\n") as file:
                file.write(content)
    except BaseException:
        for place in (*begun, *missing[-1:]):
            _remove(place)
        raise


def _remove(place: Path) -> None:
    with contextlib.suppress(OSError):
        if place.is_dir():
            shutil.rmtree(place)
        else:
            place.unlink()


def _not_empty(directory: Path) -> CoworldError:
    return CoworldError(
        "folder_not_empty",
        f"{safe_line(str(directory), _SHOWN)} is not empty",
        cause="a starter never mixes with what is there",
        next_step="name a folder that is new or empty",
        exit_code=EXIT_USAGE,
    )


def _unwritable(directory: Path, error: OSError | ValueError) -> CoworldError:
    return CoworldError(
        "folder_unwritable",
        f"{safe_line(str(directory), _SHOWN)} cannot be written",
        cause=(error.strerror or str(error)) if isinstance(error, OSError) else "the path is not valid",
        next_step="name a folder where you may write",
        exit_code=EXIT_USAGE,
    )
