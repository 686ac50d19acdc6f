"""Keeping ``--secret-env K=V`` out of the process list: the program starts itself anew without the value."""

from __future__ import annotations

import json
import os
import sys

VARIABLE = "_COWORLD_TUI_SECRET_ENV"
_OPTION = "--secret-env"


def hide(arguments: list[str]) -> None:
    """Return when no value is among the program's arguments; otherwise the program is replaced.

    The values travel in the environment of the new process, which takes them out at once. It is
    started as this one was: another way could find other modules in the current folder.
    """
    kept, values = _split(arguments)
    if values:
        start = sys.orig_argv[1 : len(sys.orig_argv) - len(arguments)]
        environment = {**os.environ, VARIABLE: json.dumps(values)}
        os.execve(sys.executable, [sys.executable, *start, *kept], environment)


def taken() -> dict[str, str]:
    """The values that travelled here; gone from the environment afterwards."""
    text = os.environ.pop(VARIABLE, "")
    return dict(json.loads(text)) if text else {}


def _split(arguments: list[str]) -> tuple[list[str], dict[str, str]]:
    kept: list[str] = []
    values: dict[str, str] = {}
    expecting = False
    for argument in arguments:
        is_option = argument.startswith(f"{_OPTION}=")
        pair = argument.removeprefix(f"{_OPTION}=") if is_option else argument
        if (expecting or is_option) and "=" in pair:
            name, _, value = pair.partition("=")
            values[name] = value
            kept.append(f"{_OPTION}={name}" if is_option else name)
        else:
            kept.append(argument)
        expecting = argument == _OPTION
    return kept, values
