"""The published ``coworld`` client as people run it, against a stand-in Observatory.

``PeerProcess`` starts this same file in the client's own interpreter, where it runs whole command lines
through the client's command-line application: one process for all of them, because it takes seconds to
start. Set COWORLD_PEER_64 to a Python that has ``coworld`` 0.1.64.
"""

from __future__ import annotations

import importlib
import json
import os
import select
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WAIT_SECONDS = 60


@dataclass(frozen=True)
class PeerAnswer:
    """What one command line of the real client gave."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Its stdout as JSON. The command must have succeeded."""
        assert self.code == 0, self.err or self.out
        return json.loads(self.out)


class PeerProcess:
    """The client's interpreter, waiting for command lines."""

    def __init__(self, python: str) -> None:
        # Not our environment: no logins, no proxies, none of the marks by which it knows a coding agent.
        env = {"PATH": os.environ["PATH"], "COLUMNS": "200", "NO_COLOR": "1", "COWORLD_AGENT_GUIDANCE": "0"}
        self._process = subprocess.Popen(
            [python, __file__], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
        )

    def run(self, home: Path, commands: list[list[str]]) -> list[PeerAnswer]:
        """Run command lines one after the other in a home of their own."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        stdin.write(json.dumps({"home": str(home), "commands": commands}) + "\n")
        stdin.flush()
        assert select.select([stdout], [], [], WAIT_SECONDS)[0], f"no end of {commands}"
        return [PeerAnswer(**answer) for answer in json.loads(stdout.readline())]

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.communicate()


@dataclass(frozen=True)
class PeerClient:
    """The client with one server and one home, so that nothing of this machine's logins reaches it."""

    process: PeerProcess
    home: Path
    server: str

    def ask(self, *commands: tuple[str, ...]) -> list[PeerAnswer]:
        """Run command lines one after the other; ``--server`` is added to each."""
        return self.process.run(self.home, [[*command, "--server", self.server] for command in commands])


def main() -> None:
    """In the client's interpreter: a line of command lines on stdin, a line of answers on stdout."""
    answers_to = sys.stdout
    app = importlib.import_module("coworld.cli").app
    runner = importlib.import_module("typer.testing").CliRunner()
    for line in sys.stdin:
        job = json.loads(line)
        os.environ.update(HOME=job["home"], XDG_CACHE_HOME=f"{job['home']}/cache")
        os.chdir(job["home"])
        answers = []
        for arguments in job["commands"]:
            result = runner.invoke(app, arguments)
            error = result.stderr + (f"\n{result.exception!r}" if result.exception else "")
            answers.append({"code": result.exit_code, "out": result.stdout, "err": error})
        answers_to.write(json.dumps(answers) + "\n")
        answers_to.flush()


if __name__ == "__main__":
    main()
