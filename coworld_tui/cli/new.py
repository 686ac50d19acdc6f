"""``new``: write a starting point for a player or a Coworld."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ..contract.errors import EXIT_DONE
from ..starters.writer import next_steps, write_starter
from .output import tell, tell_json


def new(options: Namespace) -> int:
    """Write the starter and say what to do with it."""
    starter = write_starter(options.what, Path(options.directory), options.name)
    if options.json:
        tell_json(
            {
                "kind": starter.kind,
                "name": starter.name,
                "directory": str(starter.directory),
                "files": list(starter.files),
            }
        )
        return EXIT_DONE
    tell(f"{starter.kind} {starter.name}: {len(starter.files)} files in {starter.directory}")
    for command in next_steps(starter):
        tell(f"  {command}")
    return EXIT_DONE
