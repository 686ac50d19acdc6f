"""A program in a pseudo terminal, timed from outside."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import struct
import termios
import time
from collections.abc import Mapping, Sequence


class Terminal:
    """Runs ``argv`` in a terminal of 120x40 and keeps what it wrote."""

    def __init__(self, argv: Sequence[str], environment: Mapping[str, str]) -> None:
        self.started = time.perf_counter()
        self.pid, self._master = pty.fork()
        if self.pid == 0:
            os.execvpe(argv[0], list(argv), {**os.environ, "TERM": "xterm-256color", **environment})
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
        self.written = 0

    def wait_for(self, text: bytes, seconds: float) -> float:
        """Read until ``text`` was written since this call; returns seconds since the program began."""
        seen = b""
        deadline = time.perf_counter() + seconds
        while text not in seen:
            seen = (seen + self._read(deadline))[-65_536:]
        return time.perf_counter() - self.started

    def drain(self, seconds: float) -> None:
        """Read whatever comes for a while."""
        deadline = time.perf_counter() + seconds
        while time.perf_counter() < deadline:
            if select.select([self._master], [], [], max(0.0, deadline - time.perf_counter()))[0]:
                self.written += len(os.read(self._master, 65_536))

    def press(self, keys: bytes) -> float:
        """Type; returns the moment."""
        os.write(self._master, keys)
        return time.perf_counter()

    def end(self) -> None:
        """Stop the program and read its last words."""
        os.kill(self.pid, signal.SIGTERM)
        try:
            while os.read(self._master, 65_536):
                continue
        except OSError:
            pass  # the other end of a pseudo terminal closes with an error
        os.waitpid(self.pid, 0)
        os.close(self._master)

    def _read(self, deadline: float) -> bytes:
        ready, _, _ = select.select([self._master], [], [], max(0.0, deadline - time.perf_counter()))
        if not ready:
            raise TimeoutError("the program did not write what was waited for")
        data = os.read(self._master, 65_536)
        self.written += len(data)
        return data
