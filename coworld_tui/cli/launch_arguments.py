"""From arguments to plans and launch options."""

from __future__ import annotations

import os
import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.package import Package
from ..contract.request import EpisodePlan, parse_slot, plan_episode, plan_from_request
from ..contract.request_document import parse_request
from ..runner.launch import BackendName, LaunchOptions
from .secret_arguments import taken

_LARGEST_REQUEST = 64 << 20


def launch_options(options: Namespace, package: Package) -> LaunchOptions:
    """The launch options that the arguments say."""
    backend: BackendName = options.backend or ("process" if package.builtin else "docker")
    return LaunchOptions(
        kind=getattr(options, "kind", "episode"),
        backend=backend,
        timeout_seconds=options.timeout_seconds,
        verify_replay=options.verify_replay,
        secret_env=secret_env(options.secret_env),
        game_command=_words(options.game_cmd, "--game-cmd") if options.game_cmd else (),
        output_dir=Path(options.output_dir) if options.output_dir else None,
        port=options.port,
        command=as_typed(),
    )


def as_typed() -> str:
    """This command as it can be typed again, however it was started: a run keeps it."""
    return shlex.join(["coworld-tui", *sys.argv[1:]])


def plan_all(options: Namespace, package: Package) -> list[EpisodePlan]:
    """A plan an episode, the seed of each one higher than the last."""
    fills = [parse_slot(text) for text in options.slot]
    if options.request is not None:
        if options.variant or options.images or options.run or options.env:
            raise CoworldError(
                "config_error",
                "a request file says everything itself",
                cause="--request cannot be combined with --variant, images, --run or --env",
                next_step="leave one of them out",
                exit_code=EXIT_USAGE,
            )
        request = parse_request(_read_request(Path(options.request)), package)
        return [
            plan_from_request(request, package, fills=fills, seed_offset=index)
            for index in range(options.episodes)
        ]
    return [
        plan_episode(
            package,
            variant=options.variant,
            images=options.images,
            run=options.run,
            env=dict(pair(text, "--env") for text in options.env),
            fills=fills,
            seed_offset=index,
        )
        for index in range(options.episodes)
    ]


def _read_request(path: Path) -> bytes:
    try:
        if path.stat().st_size > _LARGEST_REQUEST:
            raise OSError(0, "it is larger than 64 MiB")
        return path.read_bytes()
    except OSError as error:
        raise CoworldError(
            "request_missing",
            f"cannot read the request {path}",
            cause=error.strerror or str(error),
            next_step="give --request a readable episode_request.json",
            exit_code=EXIT_USAGE,
        ) from error


def secret_env(texts: Sequence[str]) -> dict[str, str]:
    """The variables that ``--secret-env`` names: the value that came with it, else this shell's."""
    given = taken()
    values: dict[str, str] = {}
    for name in texts:
        if not name:
            raise CoworldError(
                "config_error",
                "--secret-env has no name",
                next_step="write --secret-env NAME=VALUE, or --secret-env NAME for this shell's value",
                exit_code=EXIT_USAGE,
            )
        if name in given:
            values[name] = given[name]
        elif name in os.environ:
            values[name] = os.environ[name]
        else:
            raise CoworldError(
                "config_error",
                f"--secret-env {name} has no value",
                cause=f"this shell has no variable {name}",
                next_step=f"export {name}, or give --secret-env {name}=VALUE",
                exit_code=EXIT_USAGE,
            )
    return values


def pair(text: str, option: str) -> tuple[str, str]:
    """``NAME=VALUE``. CoworldError (exit 2) for another text."""
    name, separator, value = text.partition("=")
    if not separator or not name:
        raise CoworldError(
            "config_error",
            f"{option} {text} is not NAME=VALUE",
            next_step=f"write {option} NAME=VALUE",
            exit_code=EXIT_USAGE,
        )
    return name, value


def _words(text: str, option: str) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(text))
    except ValueError as error:
        words, reason = (), str(error)
    else:
        reason = "it is empty"
    if not words:
        raise CoworldError(
            "config_error",
            f"{option} is no command",
            cause=reason,
            next_step=f"quote it: {option} 'python game.py'",
            exit_code=EXIT_USAGE,
        )
    return words
