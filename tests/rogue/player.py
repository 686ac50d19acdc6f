"""A Coworld player that misbehaves on request. Only the standard library, as the rogue game.

Without arguments it joins, listens until the game closes the socket, and exits 0.
"""

from __future__ import annotations

import argparse
import base64
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path
from urllib.parse import unquote, urlsplit

_MIB = 1 << 20
_LATE = b'"tick":20'


def parse(arguments: list[str]) -> argparse.Namespace:
    """The ways to misbehave."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--crash", choices=["start", "joined", "playing", "end"], help="exit 7 at that moment"
    )
    parser.add_argument("--absent", action="store_true", help="never connect")
    parser.add_argument("--stay", action="store_true", help="never exit")
    parser.add_argument("--stubborn", action="store_true", help="ignore SIGTERM")
    parser.add_argument("--tell", action="store_true", help="print the token and the secret environment")
    parser.add_argument("--artifact", choices=["good", "link"], help="leave an artifact")
    parser.add_argument("--grandchild", choices=["group", "session"], help="leave one that holds the pipes")
    parser.add_argument("--eat", type=int, default=0, help="use so many MiB of memory")
    parser.add_argument("--say", default="", help="print a line")
    parser.add_argument(
        "--warm", type=int, default=0, help="answer 200 at /ready on that port before joining"
    )
    return parser.parse_args(arguments)


def main() -> None:
    """Play."""
    how = parse(sys.argv[1:])
    url = urlsplit(os.environ["COWORLD_PLAYER_WS_URL"])
    if how.stubborn:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if how.tell:
        _say(f"I am {url.geturl()} and know {os.environ.get('ROGUE_SECRET')!r}")
    if how.say:
        _say(how.say)
    if how.warm:
        _warm_up(how.warm)
    if how.grandchild:
        subprocess.Popen(
            [sys.executable, "-c", "import signal; signal.pause()"],
            start_new_session=how.grandchild == "session",
        )
    if how.artifact:
        target = urlsplit(os.environ["COWORLD_PLAYER_ARTIFACT_UPLOAD_URL"]).path
        _leave_artifact(Path(unquote(target)), how.artifact)
    if how.eat:
        _say(f"ate {len(bytearray(how.eat * _MIB))}")
    if how.crash == "start":
        sys.exit(7)
    if how.absent:
        signal.pause()
    _join(url.hostname or "", url.port or 0, f"{url.path}?{url.query}", how)
    if how.stay:
        signal.pause()
    sys.exit(7 if how.crash == "end" else 0)


def _warm_up(port: int) -> None:
    """Be ready, and join only when the game is."""
    ready = http.server.HTTPServer(("0.0.0.0", port), _Ready)
    threading.Thread(target=ready.serve_forever, daemon=True).start()
    game = os.environ["COWORLD_PLAYER_START_URL"]
    while True:
        try:
            with urllib.request.urlopen(game, timeout=1):
                _say(f"the game is up at {game}")
                return
        except OSError:
            continue


class _Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/ready" else 404)
        self.end_headers()


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _leave_artifact(path: Path, kind: str) -> None:
    if kind == "link":
        path.symlink_to("/etc/hostname")
    else:
        path.write_bytes(b"PK\x05\x06" + bytes(18))


def _join(host: str, port: int, target: str, how: argparse.Namespace) -> None:
    key = base64.b64encode(os.urandom(16)).decode()
    with socket.create_connection((host, port)) as connection:
        connection.sendall(
            f"GET {target} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        if not connection.recv(_MIB).startswith(b"HTTP/1.1 101"):
            sys.exit("refused")
        if how.crash == "joined":
            sys.exit(7)
        try:
            while said := connection.recv(_MIB):
                if how.crash == "playing" and _LATE in said:
                    sys.exit(7)
        except ConnectionError:
            pass  # the game went away without a word


if __name__ == "__main__":
    main()
