"""The command line. What a command does is imported when it is called."""

from __future__ import annotations

import sys
from argparse import Namespace
from importlib import import_module


def main() -> int:
    """Run ``coworld-tui`` with the arguments of this process; returns the exit code."""
    arguments = sys.argv[1:]
    if any(argument.startswith("--secret-env") for argument in arguments):
        from .secret_arguments import hide

        hide(arguments)
    options = _parsed(arguments) if arguments else None
    if options is None or options.command is None:
        options = Namespace(command="console", source=None)
    from .output import guarded

    module, function = COMMANDS[options.command]
    return guarded(lambda: int(getattr(import_module(f"{__name__}.{module}"), function)(options)), options)


def _parsed(arguments: list[str]) -> Namespace:
    """What was asked for. The console alone asks for nothing, and need not know all commands."""
    from .parsers import program

    if arguments[0] not in COMMANDS and not arguments[0].startswith("-"):
        arguments.insert(0, "console")
    return program().parse_args(arguments)


COMMANDS = {
    "console": ("console", "console"),
    "run": ("run", "run"),
    "demo": ("run", "demo"),
    "play": ("run", "play"),
    "replay": ("console", "replay"),
    "inspect": ("inspect", "inspect"),
    "frame": ("frame", "frame"),
    "query": ("query", "query"),
    "export": ("export", "export"),
    "validate": ("validate", "validate"),
    "certify": ("certify", "certify"),
    "build": ("build", "build"),
    "roles": ("roles", "roles"),
    "bundle": ("bundle", "bundle"),
    "new": ("new", "new"),
    "league": ("league", "league"),
    "doctor": ("doctor", "doctor"),
    "paths": ("info", "paths"),
    "keys": ("info", "keys"),
}
