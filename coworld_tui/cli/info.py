"""``paths`` and ``keys``: where things are, and what the keys do."""

from __future__ import annotations

from argparse import Namespace

from .. import keys as registry
from ..contract.errors import EXIT_DONE
from ..runs.paths import config_file, home, log_file, runs_dir
from .output import tell, tell_json


def paths(options: Namespace) -> int:
    """Print the places this program reads and writes."""
    places = {
        "home": str(home()),
        "runs": str(runs_dir()),
        "config": str(config_file()),
        "log": str(log_file()),
    }
    if options.json:
        tell_json(places)
    else:
        for name, place in places.items():
            tell(f"{name:<8}{place}")
    return EXIT_DONE


def keys(options: Namespace) -> int:
    """Print the key registry, from which the README's table is made as well."""
    if options.json:
        tell_json([key._asdict() for key in registry.KEYS])
    else:
        for line in registry.table():
            tell(line)
    return EXIT_DONE
