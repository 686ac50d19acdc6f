"""The console itself, and what is to know of this installation."""

from __future__ import annotations

from typing import Any


def add(commands: Any) -> None:
    """Add them to the command line."""
    console = commands.add_parser("console", help="open the console (the default)")
    console.add_argument("source", nargs="?", help="manifest, package folder, id, replay or run to open on")

    doctor = commands.add_parser("doctor", help="check engine, images, disk and terminal")
    doctor.add_argument("manifest", nargs="?", help="also check the images this manifest names")
    doctor.add_argument("--reap", action="store_true", help="remove what killed runs left behind")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")

    paths = commands.add_parser("paths", help="print where runs, settings and the log file are")
    paths.add_argument("--json", action="store_true", help="print one JSON object")

    keys = commands.add_parser("keys", help="print the table of keys")
    keys.add_argument("--json", action="store_true", help="print one JSON object")
