"""A program in a pseudo-terminal: what it writes, keys for it, signals, and the terminal going away."""

from __future__ import annotations

import errno
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from pathlib import Path
from time import monotonic

from ..processes import end_what_this_test_started

WAIT_SECONDS = 30.0
_SEQUENCES = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_].*?(?:\x1b\\|\x07)|\x1b[ -/]*[0-~]", re.DOTALL)
_MODES = (b"1049", b"1000", b"1003", b"1006", b"1004", b"2004")


class Terminal:
    """Starts ``coworld-tui`` with ``arguments`` as the leader of a session of its own terminal."""

    def __init__(
        self, *arguments: str, env: dict[str, str | None], cwd: Path, size: tuple[int, int] = (100, 30)
    ) -> None:
        self.written = bytearray()
        self._master, slave = pty.openpty()
        self.resize(*size)
        self.modes = termios.tcgetattr(slave)
        wanted: dict[str, str | None] = {**os.environ, "TERM": "xterm-256color", **env}

        def own_terminal() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)

        self.process = subprocess.Popen(
            [sys.executable, "-m", "coworld_tui", *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={name: value for name, value in wanted.items() if value is not None},
            start_new_session=True,
            preexec_fn=own_terminal,
        )
        os.close(slave)

    @property
    def text(self) -> str:
        """All it wrote, without escape sequences."""
        return _SEQUENCES.sub(b"", bytes(self.written)).decode("utf-8", "replace")

    def read(self, seconds: float) -> bool:
        """Take what is there, waiting at most ``seconds`` for it; False when nothing came or all is over."""
        if self._master < 0 or not select.select([self._master], [], [], max(0.0, seconds))[0]:
            return False
        try:
            data = os.read(self._master, 1 << 16)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        self.written += data
        return bool(data)

    def shows(self, *words: str, since: int = 0, seconds: float = WAIT_SECONDS) -> str:
        """Wait until it wrote all the words after byte ``since``; they must be on one line each."""
        deadline = monotonic() + seconds
        while True:
            text = _SEQUENCES.sub(b"", bytes(self.written[since:])).decode("utf-8", "replace")
            if all(word in text for word in words):
                return text
            assert self.process.poll() is None or self.read(0), f"ended without {words}:\n{text[-3000:]}"
            assert monotonic() < deadline, f"never showed {words}:\n{text[-3000:]}"
            self.read(deadline - monotonic())

    def shows_bytes(self, sequence: bytes) -> None:
        """Wait until it wrote an escape sequence."""
        deadline = monotonic() + WAIT_SECONDS
        while sequence not in self.written:
            assert monotonic() < deadline, f"never wrote {sequence!r}"
            self.read(deadline - monotonic())

    def press(self, *keys: str) -> int:
        """Type keys; returns where what is written from now on begins."""
        here = len(self.written)
        for key in keys:
            os.write(self._master, key.encode())
        return here

    def resize(self, columns: int, lines: int) -> None:
        """Another window size; the program gets SIGWINCH."""
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))

    def hang_up(self) -> None:
        """The terminal goes away."""
        os.close(self._master)
        self._master = -1

    def ends(self, seconds: float = WAIT_SECONDS) -> int:
        """The exit code; what is written until then is read."""
        deadline = monotonic() + seconds
        while self.process.poll() is None:
            assert monotonic() < deadline, f"still runs after {seconds} s:\n{self.text[-3000:]}"
            if not self.read(0.05) and self._master < 0:
                try:
                    self.process.wait(max(0.0, deadline - monotonic()))
                except subprocess.TimeoutExpired:
                    raise AssertionError(f"still runs after {seconds} s") from None
        while self.read(0):
            pass
        return self.process.returncode

    def left_over_modes(self) -> list[str]:
        """What of the terminal is not as it was: screen, cursor, mouse, paste, focus, echo."""
        written = bytes(self.written)
        left = [
            mode.decode() for mode in _MODES if written.rfind(b"?%bh" % mode) > written.rfind(b"?%bl" % mode)
        ]
        if written.rfind(b"?25l") > written.rfind(b"?25h"):
            left.append("cursor")
        if termios.tcgetattr(self._master)[:4] != self.modes[:4]:
            left.append("line discipline")
        return left

    def close(self) -> None:
        """End it, whatever state it is in."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            end_what_this_test_started()
        if self._master >= 0:
            self.hang_up()
