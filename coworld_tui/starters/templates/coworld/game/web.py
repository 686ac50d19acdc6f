"""Plain HTTP on the websocket port: addresses, answers, and the pages for people with a browser."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import parse_qs, urlsplit

from websockets.datastructures import Headers
from websockets.http11 import Response

# A page under /client/ belongs to the websocket of the same name: /client/player?slot=0 to /player?slot=0. An
# `address` in the query is the whole websocket URL instead.
_PAGE = """<!doctype html>
<meta charset="utf-8"><title>Orchard</title>
<style>body { background: #14171c; color: #c9d1d9; font: 16px/1.3 monospace; margin: 2em }</style>
<p id="line">connecting</p><pre id="board"></pre><p id="help"></p>
<input id="at" type="range" value="0" hidden>
<script>
const get = id => document.getElementById(id);
const address = new URLSearchParams(location.search).get("address");
const url = (address || location.href.replace("/client/", "/")).replace(/^http/, "ws").replace(/#.*/, "");
const keys = { ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right", " ": "stay" };
let move = "stay";
onkeydown = event => { if (event.key in keys) { move = keys[event.key]; event.preventDefault(); } };
function draw(frame) {
  const rows = frame.board.map(row => row.split(""));
  frame.positions.forEach(([x, y], slot) => { rows[y][x] = "AB"[slot]; });
  get("board").textContent = rows.map(row => row.join(" ")).join("\\n");
  const players = frame.player_names.map((name, slot) =>
    `${"AB"[slot]} ${name}: ${frame.scores[slot]} points, carries ${frame.carrying[slot]}`);
  get("line").textContent = `tick ${frame.tick}/${frame.max_ticks} | ${players.join(" | ")}`;
}
const socket = new WebSocket(url);
socket.onmessage = message => {
  const frame = JSON.parse(message.data);
  if (frame.type === "replay") {
    get("at").hidden = false;
    get("at").max = frame.frames.length - 1;
    get("at").oninput = () => draw(frame.frames[get("at").value]);
    return draw(frame.frames[0]);
  }
  draw(frame);
  if (frame.type === "observation") {
    get("help").textContent = "The arrow keys steer, space stops.";
    socket.send(JSON.stringify({ move, tick: frame.tick }));
  }
};
socket.onclose = () => { get("help").textContent = "The connection is closed."; };
</script>
"""


class Target:
    """The path and the query of a request."""

    def __init__(self, request_path: str) -> None:
        parts = urlsplit(request_path)
        self.path = parts.path
        self._query = parse_qs(parts.query)

    def get(self, name: str) -> str:
        """The first value of a query parameter; empty without one."""
        return self._query.get(name, [""])[0]


def page() -> Response:
    """The page of every address under ``/client``: it shows what its websocket sends."""
    return _answer(HTTPStatus.OK, "text/html; charset=utf-8", _PAGE)


def healthy() -> Response:
    """The answer to ``/healthz``."""
    return _answer(HTTPStatus.OK, "application/json", '{"ok":true}')


def not_found() -> Response:
    """The answer to an address nobody knows."""
    return refuse(HTTPStatus.NOT_FOUND, "nothing here")


def refuse(status: HTTPStatus, why: str) -> Response:
    """No page, and before a websocket's handshake its end."""
    return _answer(status, "text/plain; charset=utf-8", f"{why}\n")


def _answer(status: HTTPStatus, kind: str, body: str) -> Response:
    content = body.encode()
    headers = Headers(
        {"Content-Type": kind, "Content-Length": str(len(content)), "Connection": "close"},
    )
    return Response(status.value, status.phrase, headers, content)
