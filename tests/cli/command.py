"""The program as people start it: its exit code, its two streams, and what it leaves behind."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import IO, Any

from ..processes import end_what_this_test_started

PROGRAM = (sys.executable, "-m", "coworld_tui")
WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Done:
    """A finished command."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The one JSON object on stdout."""
        (line,) = self.out.splitlines()
        document = json.loads(line)
        assert isinstance(document, dict)
        return document


def coworld(*arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None) -> Done:
    """Run ``coworld-tui`` to its end, without a terminal. It must never show a traceback."""
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**os.environ, **(env or {})},
        timeout=WAIT_SECONDS * 2,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Done(done.returncode, done.stdout, done.stderr)


class Running:
    """A command that still runs; its streams are read as they come."""

    def __init__(
        self,
        *arguments: str | Path,
        env: Mapping[str, str] | None = None,
        ignored: signal.Signals | None = None,
    ) -> None:
        def ignore() -> None:
            if ignored is not None:
                signal.signal(ignored, signal.SIG_IGN)

        self.process = subprocess.Popen(
            [*PROGRAM, *map(str, arguments)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **(env or {})},
            start_new_session=True,
            preexec_fn=ignore,
        )
        self.out = self.err = ""

    def says(self, words: str, times: int = 1) -> None:
        """Wait until stderr has the words so many times."""
        deadline = monotonic() + WAIT_SECONDS
        while self.err.count(words) < times:
            self.err += self._more(self.process.stderr, words, deadline)

    def tells(self, words: str) -> None:
        """Wait until stdout has the words."""
        deadline = monotonic() + WAIT_SECONDS
        while words not in self.out:
            self.out += self._more(self.process.stdout, words, deadline)

    def signal(self, number: signal.Signals) -> None:
        """Signal the program alone, not what it started."""
        self.process.send_signal(number)

    def ends(self, seconds: float = WAIT_SECONDS) -> Done:
        """Wait for its end."""
        out, err = self.process.communicate(timeout=seconds)
        self.out += out.decode()
        self.err += err.decode("utf-8", "replace")
        assert "Traceback" not in self.err, self.err
        return Done(self.process.returncode, self.out, self.err)

    def close(self) -> None:
        """End it, whatever state it is in."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
            end_what_this_test_started()
        self.process.communicate()

    def _more(self, stream: IO[bytes] | None, words: str, deadline: float) -> str:
        assert stream is not None
        shown = f"{words!r}:\n{self.out}\n{self.err}"
        left = max(0.0, deadline - monotonic())
        assert select.select([stream], [], [], left)[0], f"never said {shown}"
        data = os.read(stream.fileno(), 1 << 16)
        assert data, f"ended without {shown}"
        return data.decode("utf-8", "replace")


def until(condition: Callable[[], bool]) -> None:
    """Wait for something no stream tells of."""
    deadline = monotonic() + WAIT_SECONDS
    while not condition():
        assert monotonic() < deadline, "it never happened"
        select.select([], [], [], 0.02)


def manifests_of(home: Path) -> list[dict[str, Any]]:
    """The manifests of the runs under a home, oldest first."""
    return [json.loads(path.read_bytes()) for path in sorted(home.glob("runs/*/run_manifest.json"))]
