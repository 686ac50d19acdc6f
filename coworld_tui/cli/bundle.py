"""``bundle``: an episode as one zip for others, without its tokens and secrets."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from ..contract.errors import EXIT_DONE, EXIT_USAGE, CoworldError
from ..replay.bundling import BundleOptions, write_bundle
from .inspect import find_replay
from .output import say, tell, tell_json


def bundle(options: Namespace) -> int:
    """Write the bundle, whole or not at all."""
    source = find_replay(options.source)
    if options.raw and not options.yes:
        _confirm()
    include = None
    if options.include is not None:
        include = tuple(token.strip() for token in options.include.split(",") if token.strip())
    written = write_bundle(
        source,
        Path(options.output),
        BundleOptions(options.generation, include, raw=options.raw, force=options.force),
    )
    for problem in written.problems:
        say(f"! {problem}")
    missing = [token for token in include or () if token not in written.include]
    if missing:
        say(f"! not in the episode: {', '.join(missing)}")
    if options.json:
        tell_json(
            {
                "path": str(written.path),
                "generation": written.generation,
                "include": list(written.include),
                "files": written.files,
                "raw": options.raw,
                "problems": list(written.problems),
            }
        )
    else:
        tell(f"{written.path}  {written.generation}: {', '.join(written.include)}")
    return EXIT_DONE


def _confirm() -> None:
    """Ask whether secrets may go out. CoworldError (exit 2) when nobody says yes."""
    if sys.stdin is None or not sys.stdin.isatty() or sys.stderr is None or not sys.stderr.isatty():
        raise _unconfirmed("nobody can be asked: stdin or stderr is no terminal")
    say("The bundle will hold the players' tokens and whatever secrets config, replay and logs hold.")
    sys.stderr.write("Write it with them? [y/N] ")
    sys.stderr.flush()
    if sys.stdin.readline().strip().lower() not in ("y", "yes"):
        raise _unconfirmed("it was not confirmed")


def _unconfirmed(cause: str) -> CoworldError:
    return CoworldError(
        "raw_unconfirmed",
        "a bundle with its secrets was not written",
        cause=cause,
        next_step="leave --raw out, or confirm it with --yes",
        exit_code=EXIT_USAGE,
    )
