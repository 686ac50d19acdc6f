"""A Coworld package: a manifest and the place it came from, loaded from a path, an address or an id."""

from __future__ import annotations

import asyncio
import re
import shlex
import stat
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pydantic import ValidationError

from .errors import EXIT_MISSING, EXIT_USAGE, CoworldError
from .fetching import fetch_document, url_label
from .generations import Generation, generation_of
from .jsontext import SIZE_LIMIT, VALUE_LIMIT, UnreadableJson, read_json_object
from .manifest import REPORTER_TAGS, Manifest, unknown_keys
from .problems import listed, manifest_invalid, model_problems
from .text import safe_line

MANIFEST_FILENAME = "coworld_manifest.json"

DOWNLOADS = Path("coworld")
"""Where the ``coworld`` client keeps its downloads, each in a folder named by its id."""

Download = Callable[[str], Awaitable[Path]]

_LABEL_LIMIT = 80
_SOURCE_LIMIT = 200
_ID = re.compile(r"cow_[A-Za-z0-9_-]{1,100}\Z")
_SERVER_PATH = "/v2/coworlds/"
_UNPUBLISHED = re.compile(r"img_[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}\Z", re.IGNORECASE)


@dataclass(frozen=True)
class Package:
    """A manifest that loads, and where it is from.

    ``raw`` is the JSON as its author wrote it, ``source`` what it was loaded from (web
    addresses without credentials), ``directory`` the folder that package-relative paths
    start from, None for a download. ``builtin`` marks the bundled demo.
    """

    manifest: Manifest
    raw: dict[str, Any]
    source: str
    directory: Path | None
    builtin: bool = False

    @property
    def name(self) -> str:
        """The game's name, as written: not yet safe to show."""
        return self.manifest.game.name

    @property
    def version(self) -> str:
        """The game's version, as written: not yet safe to show, empty when there is none."""
        return self.manifest.game.version

    @cached_property
    def generation(self) -> Generation:
        """The contract generation the manifest was written for."""
        return generation_of(self.raw)

    @cached_property
    def unknown_keys(self) -> list[str]:
        """Dotted paths of the keys no generation knows."""
        return unknown_keys(self.manifest)

    @property
    def label(self) -> str:
        """One safe line such as ``paintarena 0.1.0``."""
        return safe_line(f"{self.name} {self.version}".strip(), _LABEL_LIMIT)


class UnusableManifestError(CoworldError):
    """A manifest that is read and cannot be worked with; ``raw`` is what its author wrote."""

    def __init__(self, raw: dict[str, Any], source: str, problems: list[str]) -> None:
        shown = safe_line(source, _SOURCE_LIMIT)
        super().__init__(
            "manifest_invalid",
            f"The manifest has {len(problems)} {'problem' if len(problems) == 1 else 'problems'}",
            cause=listed(problems),
            next_step=f"coworld-tui validate {shlex.quote(shown)}",
            exit_code=EXIT_USAGE,
        )
        self.raw = raw
        self.source = shown


def is_unpublished_image(ref: str) -> bool:
    """Whether ``ref`` is an ``img_<uuid>`` of the platform: no Docker reference, not published yet."""
    return _UNPUBLISHED.match(ref) is not None


def parse_package(data: bytes, source: str, directory: Path | None) -> Package:
    """Read a manifest from bytes; ``manifest_invalid`` says what is wrong and where."""
    return _package(_object(data, source), source, directory)


def read_package(path: Path) -> Package:
    """Read a manifest file, or the ``coworld_manifest.json`` of a folder."""
    path, data = manifest_bytes(path)
    return parse_package(data, str(path), path.parent)


def manifest_bytes(path: Path) -> tuple[Path, bytes]:
    """Return the manifest file that ``path`` means, itself or in that folder, and what is in it.

    At most one byte more than ``SIZE_LIMIT`` is read. ``manifest_missing`` or
    ``manifest_invalid`` when there is no such file.
    """
    shown = safe_line(str(path), _SOURCE_LIMIT)
    try:
        if path.is_dir():
            path = path / MANIFEST_FILENAME
            if not path.exists():
                raise _missing(f"there is no {MANIFEST_FILENAME} in {shown}")
        if not stat.S_ISREG(path.stat().st_mode):
            raise manifest_invalid(
                "That is not a manifest",
                f"{shown} is neither a file nor a folder",
                "give a manifest or its folder",
            )
        with path.open("rb") as file:
            return path, file.read(SIZE_LIMIT + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise _missing(f"there is no {shown}") from None
    except (OSError, ValueError) as error:  # ValueError: a null byte in the path
        reason = error.strerror if isinstance(error, OSError) else "the path is not valid"
        raise _missing(f"{shown} cannot be read: {reason}") from None


async def load_package(source: str, *, download: Download | None = None) -> Package:
    """Load a package from a path, ``file://``, ``http(s)://``, a ``cow_`` id or ``/v2/coworlds/...``.

    Ids are looked up in ``./coworld/<id>/``; what is not there goes through ``download``, which returns
    the folder it put the Coworld into. Without it such an id raises ``manifest_missing`` with exit code 3.
    """
    scheme = source.partition("://")[0].lower() if "://" in source else ""
    if scheme in {"http", "https"}:
        label = url_label(source)
        data = await fetch_document(source, SIZE_LIMIT)
        return _package(_unwrapped(await asyncio.to_thread(_object, data, label), label), label, None)
    if scheme == "file":
        return await asyncio.to_thread(read_package, _file_path(source))
    identifier = source.removeprefix(_SERVER_PATH)
    if not _ID.match(identifier):
        return await asyncio.to_thread(read_package, Path(source))
    folder = DOWNLOADS / identifier
    if not await asyncio.to_thread((folder / MANIFEST_FILENAME).exists):
        if download is None:
            raise CoworldError(
                "manifest_missing",
                "That Coworld has not been downloaded",
                cause=f"{identifier} is not in ./{DOWNLOADS}",
                next_step=f"coworld-tui league download {identifier}",
                exit_code=EXIT_MISSING,
            )
        folder = await download(identifier)
    return await asyncio.to_thread(read_package, folder)


def _file_path(uri: str) -> Path:
    parts = urlsplit(uri)
    if parts.netloc not in {"", "localhost"}:
        raise _missing(f"{safe_line(uri, _SOURCE_LIMIT)} names another machine")
    return Path(unquote(parts.path))


def _object(data: bytes, source: str) -> dict[str, Any]:
    try:
        return read_json_object(data, values=VALUE_LIMIT)
    except UnreadableJson as error:
        raise _not_a_manifest(source, str(error)) from None


def _unwrapped(document: dict[str, Any], source: str) -> dict[str, Any]:
    """Return the manifest of an answer: the document itself, or what its envelope holds."""
    if "game" in document:
        return document
    manifest = document.get("manifest")
    if not isinstance(manifest, dict):
        raise _not_a_manifest(source, "has neither game nor manifest")
    return manifest


def _package(raw: dict[str, Any], source: str, directory: Path | None) -> Package:
    if "game" not in raw:
        raise _not_a_manifest(source, "has no game")
    try:
        manifest = Manifest.model_validate(raw)
    except ValidationError as error:
        raise UnusableManifestError(raw, source, model_problems(error, REPORTER_TAGS)) from None
    return Package(manifest, raw, source, directory)


def _not_a_manifest(source: str, reason: str) -> CoworldError:
    return manifest_invalid(
        "That is not a Coworld manifest",
        f"{safe_line(source, _SOURCE_LIMIT)} {reason}",
        f"give a {MANIFEST_FILENAME} or the folder that holds it",
    )


def _missing(cause: str) -> CoworldError:
    return CoworldError(
        "manifest_missing",
        "The manifest is missing",
        cause=cause,
        next_step=f"give a {MANIFEST_FILENAME} or the folder that holds it",
        exit_code=EXIT_USAGE,
    )
