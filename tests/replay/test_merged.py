"""A replay and the recording of the same episode as one sequence."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.replay.blob import open_blob
from coworld_tui.replay.merged import MergedFrames
from coworld_tui.replay.recorded import ClosedFrames

from .episodes import START, counted, write_closed
from .json_values import unhurried
from .sources import MORNING, ListSource


def of(tick: int | None, who: str) -> dict[str, Any]:
    return {"tick": tick, "who": who} if tick is not None else {"who": who}


def merged(
    path: Path, replay: list[Any], recorded: list[int | None], shown: int | None = None
) -> MergedFrames:
    shots = [of(tick, f"live {seq}") for seq, tick in enumerate(recorded)]
    recording = ClosedFrames(open_blob(write_closed(path, shots)))
    source = ListSource([of(tick, "file") for tick in replay], shown)
    return MergedFrames("replay.json", source, recording)


def shape(source: MergedFrames) -> list[tuple[int | None, str]]:
    found = []
    for index in range(counted(source)):
        frame = json.loads(source.payload(index))
        assert source.tick(index) == frame.get("tick")
        assert source.origin(index) == ("replay" if frame["who"] == "file" else "recording")
        found.append((frame.get("tick"), frame["who"]))
    return found


def test_ticks_the_replay_lacks_come_from_the_recording_the_last_of_each(tmp_path: Path) -> None:
    source = merged(tmp_path / "r", [1, 2, 4], [0, 0, 1, 3, 3, 4, 5, 6])
    assert shape(source) == [
        (0, "live 1"),
        (1, "file"),
        (2, "file"),
        (3, "live 4"),
        (4, "file"),
        (5, "live 6"),
        (6, "live 7"),
    ]
    assert source.note == "replay.json, times and 4 more frames from the recording"


def test_the_first_recorded_frame_of_a_tick_tells_its_time(tmp_path: Path) -> None:
    source = merged(tmp_path / "r", [1, 2], [0, 1, 1, 3])
    times = [source.time(index) for index in range(counted(source))]
    own = MORNING + timedelta(seconds=0.1)  # the replay's, of a tick nobody received
    assert times == [START, START + timedelta(seconds=0.1), own, START + timedelta(seconds=0.3)]


def test_nothing_is_added_to_a_replay_that_has_every_tick(tmp_path: Path) -> None:
    source = merged(tmp_path / "r", [0, 1, 1, 2], [0, 0, 2])
    assert shape(source) == [(0, "file"), (1, "file"), (1, "file"), (2, "file")]
    assert source.note == "replay.json, times from the recording"


@pytest.mark.parametrize(
    ("replay", "recorded"), [([1, 2], [None, None]), ([1, 2], [5, 3]), ([None, None], [0, 1]), ([1], [])]
)
def test_without_usable_ticks_the_replay_stands_alone(tmp_path: Path, replay: Any, recorded: Any) -> None:
    source = merged(tmp_path / "r", replay, recorded)
    assert shape(source) == [(tick, "file") for tick in replay]
    assert source.note.startswith("replay.json, alone")


def test_where_the_ticks_of_a_replay_go_back_nothing_more_is_added(tmp_path: Path) -> None:
    source = merged(tmp_path / "r", [1, 2, 1, 5], [0, 3, 4, 6])
    assert shape(source) == [(0, "live 0"), (1, "file"), (2, "file"), (1, "file"), (5, "file")]


def test_a_frame_once_counted_keeps_its_index_while_the_replay_is_still_read(tmp_path: Path) -> None:
    source = merged(tmp_path / "r", [1, 3, 5], [0, 2, 4, 6], shown=1)
    seen: list[bytes] = []
    while not source.is_complete:
        seen += [source.payload(index) for index in range(len(seen), len(source))]
        assert [source.payload(index) for index in range(len(seen))] == seen
        source.advance()
    assert [tick for tick, _ in shape(source)] == [0, 1, 2, 3, 4, 5, 6]


def test_an_index_outside_is_an_index_error(tmp_path: Path) -> None:
    source = merged(tmp_path / "r", [1], [1])
    for index in (-1, 1):
        with pytest.raises(IndexError):
            source.payload(index)


ticks = st.lists(st.integers(0, 12) | st.none(), max_size=12)


@settings(unhurried, max_examples=60)
@given(replay=ticks, recorded=ticks, shown=st.integers(0, 3), ordered=st.booleans())
def test_every_frame_of_the_replay_is_there_in_order_and_ticks_stay_sorted(
    tmp_path_factory: pytest.TempPathFactory, replay: Any, recorded: Any, shown: int, ordered: bool
) -> None:
    if ordered:
        replay = sorted(tick for tick in replay if tick is not None)
        recorded = sorted(tick for tick in recorded if tick is not None)
    source = merged(tmp_path_factory.getbasetemp() / "r", replay, recorded, min(shown, len(replay)))
    found = shape(source)
    assert [tick for tick, who in found if who == "file"] == replay
    assert list(source.payloads(0, len(found))) == [source.payload(index) for index in range(len(found))]
    if ordered and recorded:
        assert [tick for tick, _ in found] == sorted([*replay, *({*recorded} - {*replay})])
    source.close()
