"""Log files are whole, rings are bounded, lines come out redacted however they were cut."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.runner.logs import LINE_CHARACTERS, LogFile, LogRing
from coworld_tui.runs.redact import MASK, Redactor

STAMP = len("00:00:00.0  ")
TOKEN = "tok-0123456789-abcdefgh"


def ring_of(*secrets: str, capacity: int = 100) -> LogRing:
    """A ring that knows these secrets."""
    return LogRing(Redactor(secrets), capacity)


def texts(ring: LogRing) -> list[str]:
    """The lines without their stamps."""
    return [ring.line(index)[STAMP:] for index in range(ring.first, ring.total)]


@given(
    st.lists(
        st.text(
            st.characters(exclude_characters="\n", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"]),
            max_size=30,
        ),
        max_size=20,
    ),
    st.data(),
)
def test_lines_come_out_as_they_went_in_however_the_bytes_are_cut(
    lines: list[str], data: st.DataObject
) -> None:
    raw = "".join(f"{line}\n" for line in lines).encode()
    ring = ring_of()
    log = LogFile(Path("/dev/null"), ring)
    at = 0
    while at < len(raw):
        step = data.draw(st.integers(1, 50))
        log.feed(raw[at : at + step])
        at += step
    log.close()
    assert texts(ring) == [line.rstrip() for line in lines]
    assert log.size == len(raw)


def test_the_last_line_needs_no_newline(tmp_path: Path) -> None:
    ring = ring_of()
    log = LogFile(tmp_path / "log", ring)
    log.feed(b"one\ntwo")
    assert texts(ring) == ["one"]
    log.close()
    assert texts(ring) == ["one", "two"]
    assert (tmp_path / "log").read_bytes() == b"one\ntwo"


def test_a_ring_keeps_the_last_lines() -> None:
    ring = ring_of(capacity=3)
    ring.add([str(number) for number in range(10)])
    assert (ring.total, ring.first, texts(ring)) == (10, 7, ["7", "8", "9"])
    assert ring.line(6) == ring.line(10) == ring.line(-1) == ""
    assert [line[STAMP:] for line in ring.tail(2)] == ["8", "9"]
    assert len(ring.tail(50)) == 3
    assert ring.tail(0) == []


@pytest.mark.parametrize("before", range(LINE_CHARACTERS - 30, LINE_CHARACTERS + 3))
def test_a_secret_across_the_cut_of_a_long_line_does_not_show(before: int, tmp_path: Path) -> None:
    ring = ring_of(TOKEN)
    log = LogFile(tmp_path / "log", ring)
    for chunk in (b"x" * before, TOKEN[:10].encode(), TOKEN[10:].encode(), b"y" * 9_000, b"\n"):
        log.feed(chunk)
    log.close()
    (line,) = texts(ring)
    assert len(line) <= LINE_CHARACTERS
    assert TOKEN[:4] not in line


def test_a_secret_that_arrives_in_pieces_is_masked(tmp_path: Path) -> None:
    ring = ring_of(TOKEN)
    log = LogFile(tmp_path / "log", ring)
    for byte in f"hello {TOKEN} bye\n".encode():
        log.feed(bytes([byte]))
    log.close()
    assert texts(ring) == [f"hello {MASK} bye"]


def test_a_stream_without_newlines_stays_small(tmp_path: Path) -> None:
    ring = ring_of()
    log = LogFile(tmp_path / "log", ring)
    for _ in range(200):
        log.feed(b"z" * 65_536)
    log.close()
    assert [len(line) for line in texts(ring)] == [LINE_CHARACTERS]
    assert (tmp_path / "log").stat().st_size == 200 * 65_536


def test_two_streams_may_share_a_ring(tmp_path: Path) -> None:
    ring = ring_of(capacity=10_000)
    logs = [LogFile(tmp_path / str(number), ring) for number in range(2)]

    def write(log: LogFile) -> None:
        for number in range(2_000):
            log.feed(f"line {number}\n".encode())

    writers = [threading.Thread(target=write, args=(log,)) for log in logs]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert sorted(texts(ring)) == sorted([f"line {number}" for number in range(2_000)] * 2)


def test_a_full_disk_is_remembered_and_lines_go_on() -> None:
    ring = ring_of()
    log = LogFile(Path("/dev/full"), ring)
    log.feed(b"one\ntwo\n")
    log.feed(b"three\n")
    log.close()
    assert log.write_error is not None
    assert texts(ring) == ["one", "two", "three"]
