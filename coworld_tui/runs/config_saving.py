"""Keeping an edited game configuration: as a variant in the manifest file, or as an episode request."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

from ..contract.config_check import config_problems
from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.jsontext import SIZE_LIMIT
from ..contract.manifest_edit import with_variant
from ..contract.package import Package, parse_package
from ..contract.problems import config_error, listed
from ..contract.request import plan_episode
from ..contract.text import safe_line
from .directory import replacing, write_json

_PATH_LIMIT = 120


def save_variant(
    package: Package, variant_id: str, name: str, description: str, game_config: dict[str, Any]
) -> Package:
    """Add a variant to the manifest file of ``package``, or replace the one of that id; return it read anew.

    The rest of the file stays as it is written. Raises ``config_error`` for a configuration or words no
    strict reader takes, ``manifest_changed`` when the file is no longer what the package was read from,
    ``manifest_unwritable`` when it is no file of ours; nothing is changed then.
    """
    for label, words in (("an id", variant_id), ("a name", name), ("a description", description)):
        if not words.strip():
            raise config_error(f"The variant needs {label}", "", "fill it in")
    problems = config_problems(package.manifest, game_config)
    if problems:
        raise config_error(
            "The game_config does not fit the game's config schema",
            listed([str(problem) for problem in problems]),
            "correct the game_config",
        )
    if package.directory is None or package.builtin:
        raise _unwritable(package.label, "it is not a file of yours", "save an episode request instead")
    path = Path(package.source).resolve()  # a link to the manifest stays one
    shown = safe_line(package.source, _PATH_LIMIT)
    variant = {"id": variant_id, "name": name, "game_config": game_config, "description": description}
    try:
        before = _content(path)
        if parse_package(before, package.source, package.directory).raw != package.raw:
            raise _changed(shown)
        edited = with_variant(before, variant)
        saved = parse_package(edited, package.source, package.directory)
        with replacing(path, stat.S_IMODE(path.stat().st_mode)) as file:
            file.write(edited)
            if _content(path) != before:
                raise _changed(shown)
    except UnicodeEncodeError:
        raise config_error(
            "The variant holds text no file can hold", "half of a surrogate pair", "type it anew"
        ) from None
    except OSError as error:
        raise _unwritable(shown, error.strerror or type(error).__name__, "check the file") from None
    return saved


def save_request(package: Package, game_config: dict[str, Any], path: Path) -> None:
    """Write an ``episode_request.json`` as ``run --request`` takes it: ``game_config``, the roster's players.

    Raises ``config_error`` when no episode can be made of it, ``request_unwritable`` when the file cannot
    be written.
    """
    request = plan_episode(package, game_config=game_config).request()
    try:
        write_json(path, request)
    except OSError as error:
        raise CoworldError(
            "request_unwritable",
            "The episode request cannot be written",
            cause=f"{safe_line(str(path), _PATH_LIMIT)}: {error.strerror or type(error).__name__}",
            next_step="choose another place",
            exit_code=EXIT_USAGE,
        ) from None


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(SIZE_LIMIT + 1)


def _changed(shown: str) -> CoworldError:
    return CoworldError(
        "manifest_changed",
        "The manifest has changed since it was read",
        cause=f"{shown} was edited in the meantime",
        next_step="reload it, then save again",
    )


def _unwritable(shown: str, reason: str, next_step: str) -> CoworldError:
    return CoworldError(
        "manifest_unwritable",
        "The variant cannot be saved into the manifest",
        cause=f"{shown}: {reason}",
        next_step=next_step,
        exit_code=EXIT_USAGE,
    )
