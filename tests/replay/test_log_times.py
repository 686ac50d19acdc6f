"""Logs by window, and the line that goes with a time or a tick."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.replay import log_times
from coworld_tui.replay.lenses.spans import Span, text_of
from coworld_tui.replay.log_times import LogTimes, Rows, masked_line
from coworld_tui.runs.redact import Redactor

from .episodes import recorded_episode
from .json_values import unhurried
from .test_grid import assert_printable

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)


def at(hour: int = 12, minute: int = 0, second: float = 0, day: int = 20) -> datetime:
    return datetime(2026, 11, day, hour, minute, tzinfo=UTC) + timedelta(seconds=second)


def shown(log: LogTimes) -> str:
    return text_of(log.lines(0, log.row_count))


def test_lines_are_counted_as_editors_count_them() -> None:
    assert [LogTimes(data).row_count for data in (b"", b"a", b"a\n", b"a\nb", b"\n\n")] == [0, 1, 1, 2, 2]
    assert shown(LogTimes(b"one\r\ntwo\n\nfour")) == "one\ntwo\n\nfour"
    assert LogTimes(b"a\nb\n").lines(-3, 1) == LogTimes(b"a\nb\n").lines(0, 1)
    assert LogTimes(b"a\nb\n").lines(2, 9) == []


def test_the_last_line_at_or_before_a_time() -> None:
    log = LogTimes(
        b"starting\n2026-11-20T12:00:01Z one\n  continued\n"
        b"2026-11-20T12:00:02.500Z two\n2026-11-20 12:00:09Z three\n"
    )
    assert log.line_at(at(second=0), None) is None
    assert log.line_at(at(second=1), None) == 1
    assert log.line_at(at(second=2.4), None) == 1
    assert log.line_at(at(second=2.5), None) == 3
    assert log.line_at(at(hour=23), None) == 4
    assert log.line_at(None, None) is None


@pytest.mark.parametrize(
    "line",
    [
        "2026-11-20T12:00:05Z x",
        "2026-11-20T13:00:05+01:00 x",
        "2026-11-20 07:00:05.000-0500 x",
        "2026-11-20 12:00:05,000 INFO x",
        "[2026-11-20 12:00:05] x",
        "INFO 2026-11-20T12:00:05 x",
        "12:00:05 x",
        "[12:00:05.000] x",
        "1795176005 x",
        "1795176005.000 x",
        "[1795176005] x",
        "1795176005000 x",
        '{"level": "info", "ts": 1795176005.0, "msg": "x"}',
        '{"time":1795176005000}',
        '{"timestamp": "2026-11-20T12:00:05Z"}',
        '{"msg": "at 01:02:03", "time": "2026-11-20T12:00:05"}',
    ],
)
def test_times_are_read_in_many_forms(line: str) -> None:
    log = LogTimes(f"first\n{line}\n".encode(), NOON)
    assert log.line_at(at(second=4.999), None) is None
    assert log.line_at(at(second=5), None) == 1


@pytest.mark.parametrize(
    "line",
    [
        "listening on 127.0.0.1:33323",
        "2026-13-40T12:00:05Z x",
        "25:00:00 x",
        "12:61:00 x",
        "a::b:cd",
        "took 1795176005 ns",
        "17951760051 x",
        "1.2.1795176005",
        '{"ts": 41}',
        '{"ts": 1795176005e9}',
        "x" * 100 + " 12:00:05",
    ],
)
def test_what_is_no_time_is_none(line: str) -> None:
    log = LogTimes(f"{line}\n".encode(), NOON)
    assert log.line_at(datetime(2999, 1, 1, tzinfo=UTC), None) is None


def test_times_without_a_date_need_a_day_and_pass_midnight() -> None:
    data = b"23:59:58 a\n23:59:59 b\n00:00:01 c\n"
    assert LogTimes(data).line_at(at(day=30), None) is None
    log = LogTimes(data, at(23, 59))
    assert [log.line_at(at(23, 59, second), None) for second in (58, 59, 61)] == [0, 1, 2]
    assert LogTimes(b"00:00:01 a\n", at(23, 59)).line_at(at(0, 0, 1, day=21), None) == 0
    dated = LogTimes(b"2026-11-20T12:00:00Z a\n12:00:05 b\n")
    assert dated.line_at(at(second=5), None) == 1, "the line before it says which day it is"


def test_times_without_a_zone_are_in_the_zone_of_the_reference() -> None:
    local = datetime(2026, 11, 20, 14, tzinfo=timezone(timedelta(hours=2)))
    for line in (b"14:00:05 a\n", b"2026-11-20 14:00:05 a\n"):
        log = LogTimes(line, local)
        assert log.line_at(at(second=4), None) is None
        assert log.line_at(at(second=5), None) == 0


@pytest.mark.parametrize(
    "form", ["tick=%d", "tick %d", "Tick: %d", '{"tick": %d}', '{"tick":%d,"x":1}', "(tick %d)"]
)
def test_ticks_win_over_times(form: str) -> None:
    lines = [f"12:00:0{tick} {form % tick}" for tick in (1, 3, 5)]
    log = LogTimes("\n".join(["start", *lines, "end"]).encode(), NOON)
    assert [log.line_at(at(second=9), tick) for tick in (0, 1, 2, 3, 4, 5, 99)] == [None, 1, 1, 2, 2, 3, 3]
    assert log.line_at(at(second=3), None) == 2


def test_other_words_with_tick_in_them_are_no_ticks() -> None:
    log = LogTimes(b"tick_rate=10 max_tick=60 sticktick 3 tick=1.5 after 60 ticks\n12:00:01 b\n", NOON)
    assert log.line_at(at(second=5), 1_000) == 1, "the time decides"


def test_the_first_time_in_a_line_counts() -> None:
    log = LogTimes(b"2026-11-20T12:00:05Z due 2026-11-20T12:00:01Z\n")
    assert log.line_at(at(second=4), None) is None


def test_a_log_of_several_pieces_is_read_like_one(monkeypatch: pytest.MonkeyPatch) -> None:
    data = b"".join(b"12:%02d:%02d line\nmore\n\n" % (minute, minute) for minute in range(60))
    whole = LogTimes(data, NOON)
    expected = [whole.line_at(at(minute=minute, second=minute), None) for minute in range(60)]
    assert expected == [3 * minute for minute in range(60)]
    monkeypatch.setattr(log_times, "_CHUNK", 7)
    monkeypatch.setattr(log_times, "_ROWS_AT_ONCE", 5)
    pieces = LogTimes(data, NOON)
    assert pieces.row_count == whole.row_count == 180
    assert [pieces.line_at(at(minute=minute, second=minute), None) for minute in range(60)] == expected


def test_lines_beyond_the_bounds_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_times, "MAX_ROWS", 3)
    assert text_of(LogTimes(b"a\nb\nc\nd\n").lines(0, 9)) == "a\nb\nc␊d"
    monkeypatch.setattr(log_times, "SIZE_LIMIT", 4)
    assert shown(LogTimes(b"aa\nbb\ncc")) == "aa\nb"


def test_lines_are_drawn_as_those_of_a_log() -> None:
    (line,) = LogTimes(b"12:00:05 ERROR it broke\n").lines(0, 9)
    assert line == (Span("12:00:05 ", "muted"), Span("ERROR it broke", "error"))


def test_tokens_of_players_in_real_logs_are_hidden() -> None:
    data = (recorded_episode("0.1.11") / "logs" / "game.stderr.log").read_bytes()
    log = LogTimes(data)
    assert text_of(log.lines(8, 10)) == (
        'INFO:     127.0.0.1:49744 - "WebSocket /player?slot=1&token=[redacted]" [accepted]\n'
        "INFO:     connection open"
    )
    assert "hRBfhVNdzfovz" not in shown(log)
    assert log.line_at(NOON, 41) is None, "it tells neither times nor ticks"


def test_known_secrets_are_hidden_by_the_mask_given() -> None:
    log = LogTimes(b"hello s9cHUzfd14xAvOiJwl\n", mask=Redactor(["s9cHUzfd14xAvOiJwl"]).text)
    assert shown(log) == "hello [redacted]"


@pytest.mark.parametrize(
    "text",
    [
        "GET /player?slot=0&token=quiet",
        "GET /player?slot=0&tok\x1b[0men=quiet",
        '{"tokens": ["quiet", "quiet"]}',
        '{"api_key":"quiet"}',
        "{'password': 'quiet'}",
        '{"value": "{\\"tokens\\": [\\"quiet\\"]}"}',
        '{"secret": "a\\"quiet',
        '{"secrets": {"a": "quiet"}}',
        '{"token_0": "quiet"}',
        "x" * 1_990 + " token=quiet" + "y" * 90,
    ],
)
def test_credentials_are_hidden(text: str) -> None:
    assert "quiet" not in masked_line(text)


def test_numbers_and_words_that_are_no_credentials_stay() -> None:
    for text in ('{"tokens": 512}', "the tokens are hidden", '{"type": "token"}', "secret santa"):
        assert masked_line(text) == text


@unhurried
@given(st.binary(max_size=300), st.integers(-5, 20), st.integers(-5, 20))
def test_any_bytes_are_printable_lines(data: bytes, start: int, stop: int) -> None:
    log = LogTimes(data)
    assert_printable(log.lines(start, stop))
    assert len(log.lines(0, log.row_count)) == log.row_count
    rows = Rows(data)
    assert [rows.raw(row) for row in range(len(rows))] == [
        line.rstrip(b"\r")
        for line in (data.split(b"\n")[:-1] if data.endswith(b"\n") else data.split(b"\n"))
        if data
    ]


TIMES = ["12:00:05", "99:99:99", "2026-11-20T", "0000-00-00 ", "Z", "+99:99", ".123", "1795176005", "9" * 19]
pieces = st.sampled_from([*TIMES, "\n", " ", '{"ts": ', '"', "}", "tick", "=", "41", ":", "[", "é"])


@unhurried
@given(st.lists(pieces, max_size=30), st.datetimes(timezones=st.just(UTC)), st.none() | st.integers())
def test_any_text_answers_with_a_line_of_its_own(parts: list[str], time: datetime, tick: int | None) -> None:
    for reference in (None, NOON, time):
        log = LogTimes("".join(parts).encode(), reference)
        line = log.line_at(time, tick)
        assert line is None or 0 <= line < log.row_count


@unhurried
@given(st.lists(st.integers(0, 86_399), min_size=1, max_size=30), st.integers(0, 86_399))
def test_lines_by_time_equal_a_plain_search(seconds: list[int], wanted: int) -> None:
    start = at(0)
    data = "".join(f"{start + timedelta(seconds=second):%Y-%m-%dT%H:%M:%S}Z x\n" for second in seconds)
    before = [row for row, second in enumerate(seconds) if second <= wanted]
    expected = before[-1] if before else None
    assert LogTimes(data.encode()).line_at(start + timedelta(seconds=wanted), None) == expected
