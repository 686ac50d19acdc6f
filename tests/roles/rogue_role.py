"""A supporting role that does what its first argument says. Runs anywhere there is a Python."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sys
import zipfile
from pathlib import Path
from typing import TextIO
from urllib.parse import unquote, urlsplit


def path_of(variable: str) -> Path:
    """The file that a variable's URI names."""
    return Path(unquote(urlsplit(os.environ[variable]).path))


def say(line: str, stream: TextIO = sys.stdout) -> None:
    """One log line, at once."""
    stream.write(line + "\n")
    stream.flush()


def grade(text: str = '{"grader_id": "rogue", "score": 0.5}') -> None:
    """Write a grade, or what is to be taken for one."""
    path_of("COGAME_GRADE_URI").write_text(text)


def look_around() -> None:
    """A grade that tells what this role can see and do."""
    bundle = path_of("COGAME_EPISODE_BUNDLE_URI")
    files = sorted(path.name for path in bundle.parent.iterdir())
    try:
        (bundle.parent / "mine").write_text("x")
        may_write = True
    except OSError:
        may_write = False
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # finds a way there, and sends nothing
            network = "reached"
        except OSError as error:
            network = str(error)
    seen = {
        "score": 1,
        "files": files,
        "may_write": may_write,
        "network": network,
        "interfaces": sorted(name for _, name in socket.if_nameindex()),
        "env": {name: value for name, value in os.environ.items() if name.startswith(("COGAME_", "ROGUE_"))},
    }
    say("looked around", sys.stderr)
    grade(json.dumps(seen))


def bomb() -> None:
    """A small zip that unpacks to 600 MiB."""
    with zipfile.ZipFile(
        path_of("COGAME_DIAGNOSIS_URI"), "w", zipfile.ZIP_DEFLATED, compresslevel=1
    ) as archive:
        for part in range(20):
            archive.writestr(f"{part}.md", bytes(30 << 20))


def links() -> None:
    """A grade, and links to what is not this role's."""
    grade()
    folder = path_of("COGAME_GRADE_URI").parent
    (folder / "passwd").symlink_to("/etc/passwd")
    (folder / "root").symlink_to("/")
    os.mkfifo(folder / "pipe")


def huge() -> None:
    """A file larger than anybody wants, and no end."""
    with (path_of("COGAME_GRADE_URI").parent / "huge.bin").open("wb") as stream:
        stream.truncate(2 << 30)
    say("huge")
    signal.pause()


def large() -> None:
    """The same, and an end."""
    with (path_of("COGAME_GRADE_URI").parent / "huge.bin").open("wb") as stream:
        stream.truncate(2 << 30)


def deep() -> None:
    """A grade, and a file where one has to look long for it."""
    grade()
    folder = path_of("COGAME_GRADE_URI").parent / "a/b/c/d/e/f/g/h/i"
    folder.mkdir(parents=True)
    (folder / "big").write_text("x")


def private() -> None:
    """A grade and more, for nobody else to read, in a folder for nobody else to enter; SIGUSR1 ends it."""
    os.umask(0o077)
    grade()
    folder = path_of("COGAME_GRADE_URI").parent / "own"
    folder.mkdir()
    (folder / "notes.md").write_text("# Notes")
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
    say("written")
    signal.sigwait({signal.SIGUSR1})


def nobody() -> None:
    """Read everything and write a grade as a user without rights."""
    os.setgid(65_534)
    os.setuid(65_534)
    for path in path_of("COGAME_EPISODE_BUNDLE_URI").parent.iterdir():
        path.read_bytes()
    grade()


def impostor() -> None:
    """A grade, and a folder where our record of this role is to stand."""
    grade()
    folder = path_of("COGAME_GRADE_URI").parent / "role.json"
    folder.mkdir()
    (folder / "x").write_text("x")


def leave() -> None:
    """A grade, and then no folder to fetch it from."""
    grade()
    shutil.rmtree(path_of("COGAME_GRADE_URI").parent)


def flood() -> None:
    """Log lines without end."""
    while True:
        os.write(1, b"x" * 1023 + b"\n")


def main(what: str) -> None:
    """Do it."""
    match what:
        case "grade":
            grade()
        case "look":
            look_around()
        case "nothing":
            say("nothing to say")
        case "fail":
            say("token=abcdefghijkl is \x1b[31mwrong", sys.stderr)
            sys.exit(3)
        case "endless":
            say("still here")
            signal.pause()
        case "no-score":
            grade('{"grader_id": "rogue"}')
        case "not-a-number":
            grade('{"score": NaN}')
        case "no-json":
            grade("0.5")
        case "bomb":
            bomb()
        case "no-zip":
            path_of("COGAME_DIAGNOSIS_URI").write_bytes(b"PK\x03\x04 and nothing")
        case "links":
            links()
        case "huge":
            huge()
        case "large":
            large()
        case "deep":
            deep()
        case "private":
            private()
        case "nobody":
            nobody()
        case "impostor":
            impostor()
        case "leave":
            leave()
        case "flood":
            flood()


main(sys.argv[1])
