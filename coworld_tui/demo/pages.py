"""The HTML pages under ``/client``: what the address is, the websocket behind it, and a small board."""

from __future__ import annotations

from html import escape

CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src ws: wss:"
)

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Enclosure: {title}</title>
<style>
body {{ background: #14171c; color: #c9d1d9; font: 15px/1.5 ui-monospace, monospace; margin: 2em }}
code {{ color: #7fd1b9 }} h1 {{ font-size: 1.2em }}
canvas {{ display: block; margin: 1em 0; max-width: 100% }}
</style>
<h1>Enclosure: {title}</h1>
<p>{text}</p>
<p>Websocket: <code id="socket">{socket}</code><br>Terminal viewer: <code>coworld-tui</code></p>
{body}</html>
"""

# Page to websocket: http becomes ws, /client/x becomes /x, the query stays; an `address` parameter wins.
_BOARD = """<p id="line"></p><canvas id="board"></canvas>
<script>
const address = new URLSearchParams(location.search).get("address");
const url = (address || location.href.replace("/client/", "/")).replace(/^http/, "ws").replace(/#.*/, "");
const colours = ["#e0635c", "#4f9fe0", "#5dbb63", "#d9a441"], board = document.getElementById("board");
document.getElementById("socket").textContent = url;
const say = text => { document.getElementById("line").textContent = text; };
function draw(frame) {
  const size = 24, pen = board.getContext("2d");
  board.width = frame.width * size; board.height = frame.height * size;
  const fill = (cell, alpha, slot, inset) => {
    pen.globalAlpha = alpha; pen.fillStyle = slot < 0 ? "#20252d" : colours[slot];
    pen.fillRect(cell % frame.width * size + inset, Math.floor(cell / frame.width) * size + inset,
                 size - 2 * inset, size - 2 * inset);
  };
  frame.tile_owners.forEach((slot, cell) => fill(cell, slot < 0 ? 1 : 0.55, slot, 1));
  frame.trails.forEach((slot, cell) => { if (slot >= 0) fill(cell, 1, slot, 9); });
  frame.homes.forEach(([x, y], slot) => fill(y * frame.width + x, 1, slot, 4));
  frame.positions.forEach(([x, y], slot) => fill(y * frame.width + x, 1, slot, 1));
  const scores = frame.player_names.map((name, slot) => name + " " + frame.scores[slot]);
  const parts = ["tick " + frame.tick + "/" + frame.max_ticks, ...scores, ...(frame.done ? ["over"] : [])];
  say(parts.join(" \\u00b7 "));
}
const socket = new WebSocket(url);
socket.onclose = () => say(document.getElementById("line").textContent + " \\u00b7 closed");
SCRIPT
</script>"""

_WATCH = "socket.onmessage = message => draw(JSON.parse(message.data));"

_PLAY = """let move = "stay";
const keys = {ArrowUp: "up", ArrowDown: "down", ArrowLeft: "left", ArrowRight: "right", " ": "stay"};
onkeydown = event => { if (event.key in keys) { move = keys[event.key]; event.preventDefault(); } };
socket.onmessage = message => {
  const frame = JSON.parse(message.data);
  draw(frame);
  if (frame.type === "observation") socket.send(JSON.stringify({move, tick: frame.tick}));
};"""

_SCRUB = """const slider = document.createElement("input");
slider.type = "range"; slider.value = 0; slider.style.width = "100%"; board.after(slider);
socket.onmessage = message => {
  const replay = JSON.parse(message.data);
  if (replay.type !== "replay") return;
  slider.max = replay.frames.length - 1;
  slider.oninput = () => draw(replay.frames[slider.value]);
  slider.oninput();
};"""


def player(socket: str, name: str) -> str:
    """The page of one seat, from which a person can play it with the arrow keys."""
    text = f"The seat of {name}. The arrow keys steer, space stops. Opening this page takes the seat over."
    return _page("player", text, socket, _BOARD.replace("SCRIPT", _PLAY))


def watch(socket: str) -> str:
    """The page that shows the game to anybody."""
    return _page("global", "The game as everybody may see it.", socket, _BOARD.replace("SCRIPT", _WATCH))


def admin(socket: str) -> str:
    """The page that explains the admin websocket."""
    commands = '{"command":"pause"}, {"command":"resume"}, {"command":"tick_rate","tick_rate":15}'
    return _page("admin", f"Commands, each answered by a snapshot: {commands}", socket, "")


def replay(socket: str) -> str:
    """The page that shows a finished game with a slider."""
    return _page("replay", "A finished game.", socket, _BOARD.replace("SCRIPT", _SCRUB))


def _page(title: str, text: str, socket: str, body: str) -> str:
    return _PAGE.format(title=title, text=escape(text), socket=escape(socket), body=body)
