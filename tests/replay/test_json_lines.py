"""Lines are those that splitting gives, whatever the pieces, and however the file grows."""

from __future__ import annotations

import json
import threading
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.blob import open_blob
from coworld_tui.replay.decoding import is_json
from coworld_tui.replay.documents import sniff_source
from coworld_tui.replay.json_lines import JsonLines

from .big_files import lines
from .blobs import MemoryBlob, payloads, scanned
from .json_forms import LINES, STATES, sniffed, values
from .json_values import unhurried


def test_a_line_that_is_no_json_is_a_text_frame() -> None:
    source = sniffed(LINES + b"game over\n" + b'{"cut":\n' + LINES)
    assert len(source) == 14
    assert [source.kind(index) for index in (5, 6, 7, 8)] == ["json", "text", "text", "json"]
    assert source.payload(6) == b"game over"
    assert source.tick(6) is None
    assert values(sniffed(b"# log\n" + LINES)) == ["# log", *STATES]


def test_the_header_of_a_cast_is_no_frame() -> None:
    cast = b'{"version":2,"width":80,"height":24}\n[0.1,"o","hi"]\n[0.2,"o","\\u001b[31mho"]\n'
    source = sniffed(cast)
    assert values(source) == [[0.1, "o", "hi"], [0.2, "o", "\x1b[31mho"]]
    assert source.members() == {"version": 2, "width": 80, "height": 24}


def test_a_first_line_without_a_tick_describes_lines_that_have_one() -> None:
    header = b'{"type": "header", "game": "pong", "players": ["A", "B"]}\n'
    source = sniffed(header + LINES)
    assert values(source) == STATES
    assert source.members()["game"] == "pong"
    assert len(sniffed(LINES)) == len(STATES)
    assert len(sniffed(b'{"broken"\n' + LINES)) == len(STATES) + 1
    assert len(sniffed(b'{"a": 1}\n{"a": 2}\n{"a": 3}\n')) == 3


def test_lines_that_are_appended_turn_up(tmp_path: Path) -> None:
    path = tmp_path / "live.jsonl"
    path.write_bytes(LINES[:-1])
    source, _ = sniff_source(open_blob(path))
    seen = [json.loads(frame) for frame in payloads(scanned(source))]
    assert seen == STATES
    for addition, count in [(b"\n", 6), (b'{"tick":6', 6), (b"}", 7), (b'\n{"tick":7}\n\n', 8), (b"bye", 9)]:
        with path.open("ab") as file:
            file.write(addition)
        assert source.advance()
        scanned(source)
        now = values(source)
        assert len(now) == count
        assert now[: len(seen)] == seen
        seen = now[:8]
    assert values(source)[6:] == [{"tick": 6}, {"tick": 7}, "bye"]


def test_a_single_line_without_frames_is_the_first_of_more(tmp_path: Path) -> None:
    path = tmp_path / "live.jsonl"
    path.write_bytes(b'{"tick":0}\n')
    source, _ = sniff_source(open_blob(path))
    assert len(scanned(source)) == 1
    with path.open("ab") as file:
        file.write(b'{"tick":1}\n')
    assert len(scanned(source)) == 2


def test_frames_are_read_while_others_are_found(tmp_path: Path) -> None:
    source, _ = sniff_source(open_blob(lines(tmp_path / "lines", 60_000)))
    wrong: list[int] = []
    done = threading.Event()

    def read() -> None:
        at = 1
        while not done.is_set():
            at = at * 7919 % len(source)
            for index in (at, len(source) - 1):
                if source.tick(index) != index + 1:
                    wrong.append(index)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    scanned(source)
    done.set()
    for thread in threads:
        thread.join()
    assert len(source) == 60_000
    assert not wrong


_lines = st.lists(
    st.sampled_from(
        [b"", b" ", b"\t\r", b"{}", b' {"a":1}', b"[1]\r", b"text", b"\x1b[2J", b"\xff", b"{", b"7"]
    )
    | st.binary(max_size=9).map(lambda line: line.replace(b"\n", b"")),
    max_size=30,
)


def _expected(lines: list[bytes], *, ended: bool) -> list[bytes]:
    *whole, last = [*lines, b""] if ended else lines or [b""]
    frames = [line for line in whole if line.strip()]
    cut = last.lstrip().startswith((b"{", b"[")) and not is_json(last)
    return frames if cut or not last.strip() else [*frames, last]


@unhurried
@given(_lines, st.booleans(), st.integers(1, 40))
def test_lines_are_those_of_a_plain_split(lines: list[bytes], ended: bool, piece: int) -> None:
    data = b"\n".join(lines) + b"\n" * ended
    source = scanned(JsonLines(MemoryBlob(data), piece=piece))
    assert payloads(source) == list(source.payloads(0, len(source))) == _expected(lines, ended=ended)


@unhurried
@given(_lines, st.integers(0, 60), st.integers(1, 9), st.integers(1, 40))
def test_lines_that_turn_up_later_never_move_others(
    lines: list[bytes], shown: int, step: int, piece: int
) -> None:
    source = JsonLines(MemoryBlob(b"\n".join(lines), shown=shown, step=step), piece=piece)
    counted = 0
    seen: list[bytes] = []
    while source.advance():
        now = payloads(source)
        assert len(now) >= counted
        assert now[: max(0, counted - 1)] == seen[: max(0, counted - 1)]
        if counted and now[counted - 1] != seen[-1]:
            assert now[counted - 1].startswith(seen[-1])  # a last line that went on
        counted, seen = len(now), now
    assert seen == _expected(lines, ended=False)
