"""Lines are those that splitting gives, whatever the pieces, and however the file grows."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay.decoding import is_json
from coworld_tui.replay.json_document import JsonDocument
from coworld_tui.replay.json_lines import JsonLines

from .blobs import MemoryBlob, payloads, scanned
from .json_values import unhurried

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


_frames = st.lists(
    st.dictionaries(
        st.sampled_from("abc]}"), st.integers() | st.text(alphabet='a"\\]}{[', max_size=5), max_size=3
    ),
    min_size=1,
    max_size=6,
)


@unhurried
@given(_frames, st.booleans(), st.data())
def test_a_document_cut_anywhere_gives_the_frames_before(
    frames: list[dict[str, Any]], nested: bool, data: st.DataObject
) -> None:
    document: object = {"seed": 1, "frames": frames, "results": [{}, {}, {}]}
    text = json.dumps({"match": document} if nested else document).encode()
    cut = data.draw(st.integers(0, len(text)))
    whole = payloads(scanned(JsonDocument(MemoryBlob(text))))
    assert [json.loads(frame) for frame in whole] == frames
    source = scanned(JsonDocument(MemoryBlob(text[:cut]), piece=data.draw(st.integers(1, 50))))
    if source.path is not None:
        assert payloads(source) == whole[: len(source)]
    assert source.problems or cut == len(text) or not cut
