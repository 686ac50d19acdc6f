"""Replays in a real terminal: a document of 500 MB, lines that grow, and the library."""

from __future__ import annotations

import json
import mmap
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import pytest

from tests.replay import big_files

from .conftest import Open
from .picture import Picture
from .pseudo import Terminal

SIZES = ((120, 40), (80, 24))
DEADLINE_SECONDS = 30.0
MOST_STEP_BYTES = 10_000
MOST_ANONYMOUS_BYTES = 150_000_000
ENTER, END, HOME = "\r", "\x1b[F", "\x1b[H"

_TITLE = re.compile(r"─ tick (\d+) ")
_POSITION = re.compile(r" +(\d+)/(\d+)(\+?) +(\d+)% ")
_BOARD_ROW = re.compile(r"│ *(\d+) ([·01]+)")
_STATUS = Path("/proc/self/status")


class Position(NamedTuple):
    """What the timeline says: frame 1 of so many, and whether there may be more."""

    frame: int
    length: int
    is_open: bool


class Reel:
    """A console on a replay, with what its window shows."""

    def __init__(self, terminal: Terminal, size: tuple[int, int]) -> None:
        self.terminal = terminal
        self.picture = Picture(terminal, *size)

    @property
    def tick(self) -> int | None:
        """The tick in the title of the timeline."""
        found = _TITLE.search("\n".join(self.picture.rows()))
        return int(found[1]) if found else None

    @property
    def position(self) -> Position | None:
        """The position beside the timeline."""
        found = _POSITION.search("\n".join(self.picture.rows()))
        return Position(int(found[1]), int(found[2]), bool(found[3])) if found else None

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Read until ``condition`` holds."""
        deadline = monotonic() + DEADLINE_SECONDS
        while not condition():
            assert self.terminal.process.poll() is None, f"ended before {what}:\n{self.terminal.text[-2000:]}"
            assert monotonic() < deadline, "\n".join([f"never {what}:", *self.picture.rows()])
            self.terminal.read(0.1)

    def first_position(self) -> Position:
        """Wait for the timeline; the position it shows first."""
        self.until(lambda: self.position, "a position")
        first = self.position
        assert first is not None
        return first

    def rows_with(self, *words: str) -> int:
        """How many lines of the window hold all the words."""
        return sum(all(word in row for word in words) for row in self.picture.rows())

    def goes_to(self, tick: int) -> None:
        """Wait until the title names a tick."""
        self.until(lambda: self.tick == tick, f"tick {tick}")

    def counts(self, length: int) -> None:
        """Wait until so many frames are known to be all there are."""
        self.until(lambda: (now := self.position) and now[1:] == (length, False), f"{length} frames")

    def falls_silent(self, seconds: float) -> None:
        """Wait until nothing was written for so long."""
        deadline = monotonic() + DEADLINE_SECONDS
        while self.terminal.read(seconds):
            assert monotonic() < deadline, "writes and writes"

    def shows_frame(self, frame: dict[str, Any]) -> None:
        """Read until the scores and all the tiles in view are those of ``frame``."""
        expected = _tiles(frame)
        scores = [f"{name} {score} " for name, score in zip("AB", frame["scores"], strict=True)]

        def shown() -> bool:
            text = "\n".join(self.picture.rows())
            rows = [(int(row[1]), row[2]) for row in _BOARD_ROW.finditer(text)]
            return (
                all(score in text for score in scores)
                and len(rows) >= 10
                and all(expected[number].startswith(tiles) for number, tiles in rows)
            )

        self.until(shown, f"the frame of tick {frame['tick']}")


class Document(NamedTuple):
    """The document of 500 MB, read without the program under test; ``cache`` is where its index was kept."""

    path: Path
    cache: Path

    def frame(self, index: int) -> dict[str, Any]:
        """Frame ``index``."""
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            # Frames are of nearly the same size: somewhat before where it is to be expected.
            start = max(0, len(text) * index // big_files.DOCUMENT_FRAMES - 1_000_000)
            at = text.find(b'{"type":"state","tick":%d,' % (index + 1), start)
            frame, _ = json.JSONDecoder().raw_decode(text[at : at + 64_000].decode())
        assert frame["tick"] == index + 1
        return dict(frame)

    def scores(self) -> list[int]:
        """What player 0 has, frame by frame."""
        with self.path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as text:
            return [int(found[1]) for found in re.finditer(rb'\],"scores":\[(\d+),', text)]


@pytest.fixture(scope="session")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Document]:
    """40 000 boards of 64x64, gone afterwards: pytest would keep three of them."""
    path = big_files.document(tmp_path_factory.mktemp("big") / "document.json")
    assert path.stat().st_size > 490_000_000
    home = tmp_path_factory.mktemp("has-index")
    environment = {**os.environ, "COWORLD_TUI_HOME": str(home)}
    command = [sys.executable, "-m", "coworld_tui", "inspect", str(path)]
    subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=True, timeout=60)
    yield Document(path, home / "cache")
    path.unlink()


@pytest.fixture
def kept(document: Document, home: Path) -> Document:
    """The document, its index kept in this test's home."""
    shutil.copytree(document.cache, home / "cache")
    return document


@pytest.fixture
def opened(terminal: Open) -> Callable[..., Reel]:
    """Opens a replay, or without a path the library."""

    def opening(*path: Path, size: tuple[int, int] = SIZES[0]) -> Reel:
        arguments = ["replay", *map(str, path)]
        # Without an engine, and in as many colours as take the most bytes.
        env = {"DOCKER_HOST": "unix:///nonexistent", "COLORTERM": "truecolor"}
        return Reel(terminal(*arguments, size=size, env=env), size)

    return opening


Opened = Callable[..., Reel]


@pytest.mark.parametrize("size", SIZES)
def test_the_first_frame_shows_while_the_document_is_still_read(
    size: tuple[int, int], document: Document, opened: Opened
) -> None:
    reel = opened(document.path, size=size)
    first = reel.first_position()
    assert first.is_open
    assert first.frame == 1
    assert 0 < first.length < big_files.DOCUMENT_FRAMES
    reel.goes_to(1)
    reel.shows_frame(document.frame(0))
    reel.counts(big_files.DOCUMENT_FRAMES)
    assert reel.tick == 1


@pytest.mark.parametrize("size", SIZES)
def test_keys_lead_to_any_place_of_the_document(
    size: tuple[int, int], kept: Document, opened: Opened
) -> None:
    reel = opened(kept.path, size=size)
    assert reel.first_position() == (1, big_files.DOCUMENT_FRAMES, False)
    last = big_files.DOCUMENT_FRAMES - 1
    places = {str(tenth): round(tenth / 10 * last) for tenth in (5, 1, 9, 3, 7, 2, 8, 0, 6, 4)}
    for key, index in {**places, END: last, HOME: 0}.items():
        reel.terminal.press(key)
        reel.goes_to(index + 1)
        reel.shows_frame(kept.frame(index))


@pytest.mark.parametrize("size", SIZES)
def test_three_hundred_keys_at_once_end_at_the_right_frame(
    size: tuple[int, int], kept: Document, opened: Opened
) -> None:
    reel = opened(kept.path, size=size)
    reel.counts(big_files.DOCUMENT_FRAMES)
    for keys, index in (("." * 300, 300), ("," * 150 + "." * 150, 300), ("," * 299, 1), ("," * 300, 0)):
        reel.terminal.press(keys)
        reel.goes_to(index + 1)
        reel.falls_silent(0.15)
        reel.goes_to(index + 1)
        reel.shows_frame(kept.frame(index))


def test_playing_at_64x_moves_and_stops(kept: Document, opened: Opened) -> None:
    reel = opened(kept.path)
    reel.counts(big_files.DOCUMENT_FRAMES)
    reel.terminal.press("======")
    reel.until(lambda: reel.rows_with(" 64x "), "64x")
    reel.terminal.press(" ")
    seen: set[int | None] = set()

    def far() -> bool:
        seen.add(reel.tick)
        return (reel.tick or 0) > 300

    reel.until(far, "300 frames on")
    assert len(seen) > 5
    reel.terminal.press(" ")
    reel.falls_silent(0.5)
    stopped = reel.tick
    assert stopped is not None
    reel.shows_frame(kept.frame(stopped - 1))
    assert reel.tick == stopped


def test_a_condition_is_found_wherever_it_holds(kept: Document, opened: Opened) -> None:
    reel = opened(kept.path)
    reel.counts(big_files.DOCUMENT_FRAMES)
    scores = kept.scores()
    assert len(scores) == big_files.DOCUMENT_FRAMES
    most = max(scores)
    places = [index for index, score in enumerate(scores) if score == most]
    reel.terminal.press("/")
    reel.until(lambda: reel.rows_with("─ find ─"), "the question")
    reel.terminal.press(f"scores.0 > {most - 1}", ENTER)
    for index in places:
        reel.goes_to(index + 1)
        reel.shows_frame(kept.frame(index))
        reel.terminal.press("f")
    reel.until(lambda: reel.rows_with("not after this frame"), "the end")


@pytest.mark.skipif(not _STATUS.exists(), reason="only Linux tells memory and mapped files apart")
def test_memory_stays_bounded_wherever_one_looks(document: Document, opened: Opened) -> None:
    reel = opened(document.path)
    most = 0

    def measured(condition: Callable[[], object]) -> Callable[[], object]:
        def check() -> object:
            nonlocal most
            most = max(most, _anonymous_bytes(reel.terminal.process.pid))
            return condition()

        return check

    reel.until(measured(lambda: reel.position == (1, big_files.DOCUMENT_FRAMES, False)), "all frames")
    for key, tick in (("5", 20_001), (END, 40_000), ("." * 50, 40_000), ("," * 300, 39_700), ("2", 8_001)):
        reel.terminal.press(key)
        reel.until(measured(lambda tick=tick: reel.tick == tick), f"tick {tick}")  # type: ignore[misc]
    reel.terminal.press("=======", " ")
    reel.until(measured(lambda: (reel.tick or 0) > 8_300), "playing")
    reel.terminal.press(" ", "/")
    reel.until(lambda: reel.rows_with("─ find ─"), "the question")
    reel.terminal.press("no such text", ENTER)
    reel.until(measured(lambda: reel.rows_with("not after this frame")), "an answer")
    assert 0 < most <= MOST_ANONYMOUS_BYTES


@pytest.mark.parametrize("size", SIZES)
def test_a_step_writes_little_and_rest_nothing(size: tuple[int, int], kept: Document, opened: Opened) -> None:
    reel = opened(kept.path, size=size)
    reel.counts(big_files.DOCUMENT_FRAMES)
    reel.terminal.press("5")
    reel.goes_to(20_001)
    # What is found out in the background is written too: the engine, and at last the events.
    reel.until(lambda: reel.rows_with("no docker") and reel.rows_with("▴"), "all that is found out")
    reel.falls_silent(0.5)
    written = []
    for step in range(1, 11):
        before = reel.terminal.press(".")
        reel.goes_to(20_001 + step)
        reel.falls_silent(0.1)
        written.append(len(reel.terminal.written) - before)
    assert max(written) <= MOST_STEP_BYTES, sorted(written)
    reel.shows_frame(kept.frame(20_010))
    reel.falls_silent(1.5)


@pytest.mark.parametrize(("end", "code"), [("q", 0), (signal.SIGTERM, 130)])
@pytest.mark.parametrize("is_read", [False, True], ids=["while it is read", "when it was read"])
def test_it_ends_at_once_and_leaves_the_terminal_as_it_was(
    end: str | signal.Signals, code: int, is_read: bool, home: Path, document: Document, opened: Opened
) -> None:
    reel = opened(document.path)
    reel.goes_to(1)
    if is_read:
        reel.counts(big_files.DOCUMENT_FRAMES)
        reel.terminal.press("5")
        reel.goes_to(20_001)
    if isinstance(end, signal.Signals):
        reel.terminal.process.send_signal(end)
    else:
        reel.terminal.press(end)
    assert reel.terminal.ends() == code
    assert reel.terminal.left_over_modes() == []
    assert "Traceback" not in reel.terminal.text
    assert not (home / "coworld-tui.log").exists()


def test_lines_that_are_appended_are_counted_and_reached(tmp_path: Path, opened: Opened) -> None:
    lines = big_files.lines(tmp_path / "whole.jsonl", 3_000).read_bytes().splitlines(keepends=True)
    path = tmp_path / "growing.jsonl"
    path.write_bytes(b"".join(lines[:2_000]))
    reel = opened(path)
    reel.counts(2_000)
    reel.goes_to(1)
    reel.falls_silent(0.5)
    # The last line is cut: it counts once it is whole.
    for until, cut in ((2_500, 100), (3_000, 0)):
        present = path.stat().st_size
        text = b"".join(lines[:until]) + (lines[until][:cut] if cut else b"")
        with path.open("ab") as file:
            file.write(text[present:])
        reel.counts(until)
        reel.terminal.press(END)
        reel.goes_to(until)


def test_lines_are_looked_through_while_they_are_read(tmp_path: Path, opened: Opened) -> None:
    path = big_files.lines(tmp_path / "lines.jsonl", 200_000)
    reel = opened(path)
    reel.goes_to(1)
    reel.counts(200_000)
    for key, tick in (("7", 140_000), (END, 200_000), ("," * 300, 199_700), (HOME, 1)):
        reel.terminal.press(key)
        reel.goes_to(tick)


@pytest.fixture(scope="session")
def two_runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the bundled game was played twice."""
    home = tmp_path_factory.mktemp("two-runs")
    command = ["demo", "--variant", "quick", "--display", "none", "--episodes", "2", "--jobs", "2"]
    environment = {**os.environ, "COWORLD_TUI_HOME": str(home)}
    subprocess.run([sys.executable, "-m", "coworld_tui", *command], env=environment, check=True, timeout=60)
    return home


@pytest.mark.parametrize("size", SIZES)
def test_without_a_path_the_library_opens_and_enter_opens_a_run(
    size: tuple[int, int], two_runs: Path, home: Path, opened: Opened
) -> None:
    shutil.copytree(two_runs, home, dirs_exist_ok=True)
    reel = opened(size=size)
    reel.until(lambda: reel.rows_with(" enclosure ", " run ") == 2, "two runs")
    assert reel.rows_with("library · 2") == 1
    assert reel.position is None
    reel.terminal.press("\x1b[B")
    reel.until(lambda: reel.rows_with("▸ enclosure") == 1, "a cursor")
    reel.terminal.press(ENTER)
    reel.goes_to(0)
    reel.counts(61)
    reel.terminal.press(END)
    reel.goes_to(60)
    # Back the way one came: to the library, then out.
    reel.terminal.press("q")
    reel.until(lambda: reel.rows_with("library · 2") == 1 and reel.position is None, "the library")
    reel.terminal.press("q")
    assert reel.terminal.ends() == 0
    assert reel.terminal.left_over_modes() == []


def _tiles(frame: dict[str, Any]) -> list[str]:
    """The rows of a board as they are drawn one character a tile, the players on top."""
    width = frame["width"]
    glyphs = ["·01"[owner + 1] for owner in frame["board"]]
    for slot, (column, row) in enumerate(frame["positions"]):
        glyphs[row * width + column] = str(slot)
    return ["".join(glyphs[start : start + width]) for start in range(0, len(glyphs), width)]


def _anonymous_bytes(pid: int) -> int:
    """Memory that is no file's pages."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("RssAnon"))
