"""A log as lines, and which of them was the last at a time or a tick."""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache

import numpy as np
import numpy.typing as npt

from ..contract.text import LINE_LIMIT, safe_line
from ..runs.redact import Redactor
from .lenses.spans import Line
from .log_line import log_line

SIZE_LIMIT = 64 * 1024 * 1024
"""Bytes of a log that are looked at; the rest is left out."""

MAX_ROWS = 8_000_000
"""Most lines told apart; whatever follows counts as part of the last one."""

HIDDEN = "hidden"
"""Stands for the value of a secret."""

_CHUNK = 4 * 1024 * 1024
_ROWS_AT_ONCE = 65_536
_NEWLINE, _COLON, _BRACE, _ZERO, _NINE = b"\n:{09"
_STAMP_WITHIN = 100
_DAY = 86_400_000_000

_CLOCK = re.compile(
    rb"(?:(?<!\d)(\d{4})-(\d\d)-(\d\d)[T ]|(?<![\d:.-]))([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)"
    rb"(?:[.,](\d{1,9}))?(?![\d:])(?: ?(Z|[+-]\d\d:?\d\d)(?!\d))?"
)
_DATE_WIDTH = len("2026-11-20T")
_EPOCH = re.compile(rb"[\[(]?(\d{10}(?:\d{3}){0,3})(?:\.(\d{1,9}))?(?![\d.])")
_JSON_EPOCH = re.compile(rb'"(?:ts|time|timestamp)" ?: ?(\d{10}(?:\d{3}){0,3})(?:\.(\d{1,9}))?(?![\d.eE])')
_JSON_CLOCK = re.compile(rb'"(?:ts|time|timestamp)" ?: ?"(?=[\dT:. +-]{8})')
_JSON_WITHIN = 4_000
# Begins with letters alone, which the re module finds fast; what stands before them is looked at after.
_TICK = re.compile(
    rb'ick(?<![A-Za-z0-9_][Tt]ick)(?<=[Tt]ick)"?[ \t]{0,2}[=:]?[ \t]{0,2}(\d{1,18})(?![\d.]*\d)'
)

_SECRET_WORD = r"(?:api[-_]?key|authorization|credential|passw(?:or)?d|private[-_]?key|secret|token)"
_SECRET_STEMS = ("api", "authorization", "credential", "passw", "private", "secret", "token")
_SECRET_NAME = re.compile(rf"(?i){_SECRET_WORD}")
_SECRET_MEMBER = re.compile(
    rf"(?i)({_SECRET_WORD}[\w-]{{0,20}}\\?[\"']\s*:\s*)"
    r"(?:\[[^\]]*\]?|\{[^}]*\}?|\"(?:[^\"\\]|\\.)*\"?|\\\"(?:[^\"\\]|\\[^\"])*(?:\\?\"|$)|'[^']*'?)"
)
_redacted = Redactor().text


@lru_cache(1_024)
def is_secret_name(name: str) -> bool:
    """Whether what goes by this name is likely to be a credential."""
    return _SECRET_NAME.search(name) is not None


def masked_text(text: str, mask: Callable[[str], str] = _redacted) -> str:
    """``text``, printable and of any length, with credentials hidden.

    That is what ``mask`` hides, and strings and lists in JSON within the text that are named like a secret.
    """
    # Looking for words is many times as fast as looking for the pattern, and nearly all text has none.
    lowered = text.lower()
    if any(word in lowered for word in _SECRET_STEMS):
        text = _SECRET_MEMBER.sub(rf'\1"{HIDDEN}"', text)
    return mask(text)


def masked_line(text: str, mask: Callable[[str], str] = _redacted) -> str:
    """``text`` as one printable line without credentials."""
    # Printable first: an escape sequence in the middle of ``token=`` must not keep it from being found.
    return safe_line(masked_text(safe_line(text, 2 * LINE_LIMIT), mask))


class Rows:
    """Where the lines of a text begin. Holds four bytes for each, never a string."""

    def __init__(self, data: bytes) -> None:
        self.data = data[:SIZE_LIMIT]
        self.starts = _line_starts(self.data)

    def __len__(self) -> int:
        """Number of lines: none in an empty text, and none after the last line break."""
        return len(self.starts)

    def raw(self, row: int) -> bytes:
        """The bytes of a line without its end."""
        stop = int(self.starts[row + 1]) if row + 1 < len(self.starts) else len(self.data)
        return self.data[int(self.starts[row]) : stop].rstrip(b"\r\n")

    def text(self, row: int) -> str:
        """A line as far as it could ever be shown."""
        start = int(self.starts[row])
        stop = int(self.starts[row + 1]) if row + 1 < len(self.starts) else len(self.data)
        longest = 8 * LINE_LIMIT  # twice what is shown, and a character takes up to four bytes
        return self.data[start : min(stop, start + longest)].rstrip(b"\r\n").decode("utf-8", "replace")

    def of_offsets(self, offsets: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The lines in which bytes at these offsets lie."""
        return np.searchsorted(self.starts, offsets, side="right").astype(np.int64) - 1


class LogTimes:
    """The lines of a log, and the times and ticks found in them.

    Times are ISO 8601, ``HH:MM:SS`` or seconds since 1970 near the beginning of a line, and the
    members ``ts``, ``time`` or ``timestamp`` of a line of JSON. ``reference`` is a moment near the
    beginning of the log: times without a date get its day (the next one after midnight), times
    without a zone its zone, else UTC. Without it, times without a date say nothing.

    Lines are found at once; times and ticks at the first ``line_at``, which reads the whole log.
    ``mask`` hides what must not be shown.
    """

    def __init__(
        self, data: bytes, reference: datetime | None = None, mask: Callable[[str], str] = _redacted
    ) -> None:
        self._rows = Rows(data)
        self._reference = reference
        self._mask = mask

    @property
    def row_count(self) -> int:
        """Number of lines."""
        return len(self._rows)

    def lines(self, start: int, stop: int) -> list[Line]:
        """Draw lines ``start`` up to but not including ``stop``, as far as there are any."""
        rows = range(max(0, start), min(stop, len(self._rows)))
        return [log_line(masked_line(self._rows.text(row), self._mask)) for row in rows]

    def line_at(self, time: datetime | None, tick: int | None) -> int | None:
        """The last line at or before ``tick`` if the log names ticks, else at or before ``time``.

        ``None`` when there is no such line, or nothing in the log to tell by.
        """
        if tick is not None and len(self._ticks[0]):
            return _last_at(self._ticks, tick)
        if time is not None:
            return _last_at(self._times, _microseconds(time))
        return None

    @cached_property
    def _ticks(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        offsets, ticks = array("q"), array("q")
        for found in _TICK.finditer(self._rows.data):
            offsets.append(found.start())
            ticks.append(int(found[1]))
        return self._rows.of_offsets(_as_numbers(offsets)), _as_numbers(ticks)

    @cached_property
    def _times(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        rows, times = array("q"), array("q")
        clock = _Clock(self._reference)
        data = self._rows.data
        for row, start, at in _candidates(self._rows):
            time = clock.time_in(data, start, at)
            if time is not None:
                rows.append(row)
                times.append(time)
        return _as_numbers(rows), _as_numbers(times)


class _Clock:
    """Turns the times written in a log into microseconds since 1970."""

    def __init__(self, reference: datetime | None) -> None:
        self._has_day = reference is not None
        if reference is not None and reference.tzinfo is None:
            reference = reference.replace(tzinfo=UTC)
        zone = reference.utcoffset() if reference is not None else None
        self._zone = (zone or timedelta()) // timedelta(microseconds=1)
        # Local time of the line before: a line without a date lies within half a day of it.
        self._last = _microseconds(reference) + self._zone if reference is not None else 0
        self._days: dict[tuple[bytes, bytes, bytes], int | None] = {}

    def time_in(self, data: bytes, start: int, at: int) -> int | None:
        """The time in the line that begins at ``start``; ``at`` is where ``HH:MM:SS`` may stand in it."""
        if data[start] == _BRACE:
            found = _JSON_EPOCH.search(data, start, start + _JSON_WITHIN)
            if found is not None:
                return _since_epoch(found)
            named = _JSON_CLOCK.search(data, start, start + _JSON_WITHIN)
            clock = (
                None if named is None else self._match(data, named.end(), data.find(b":", named.end()) - 2)
            )
        elif at < 0:
            epoch = _EPOCH.match(data, start)
            return None if epoch is None else _since_epoch(epoch)
        else:
            clock = self._match(data, start, at)
        return None if clock is None else self._time(clock)

    def _match(self, data: bytes, start: int, at: int) -> re.Match[bytes] | None:
        dated = _CLOCK.match(data, at - _DATE_WIDTH) if at - _DATE_WIDTH >= start else None
        return dated or (_CLOCK.match(data, at) if at >= start else None)

    def _time(self, match: re.Match[bytes]) -> int | None:
        year, month, day, hour, minute, second, part, zone = match.groups()
        clock = (int(hour) * 3600 + int(minute) * 60 + int(second)) * 1_000_000 + _fraction(part)
        if year is not None:
            days = self._day((year, month, day))
        else:
            days = round((self._last - clock) / _DAY) if self._has_day else None
        if days is None:
            return None
        local = days * _DAY + clock
        self._last, self._has_day = local, True
        return local - (self._zone if zone is None else _offset(zone))

    def _day(self, written: tuple[bytes, bytes, bytes]) -> int | None:
        if written not in self._days:
            try:
                day: int | None = date(*map(int, written)).toordinal() - date(1970, 1, 1).toordinal()
            except ValueError:
                day = None
            self._days[written] = day
        return self._days[written]


def _since_epoch(match: re.Match[bytes]) -> int:
    whole, part = match.groups()
    # Ten digits are seconds; three more are milliseconds, six microseconds, nine nanoseconds.
    return int(whole[:10]) * 1_000_000 + _fraction(whole[10:] or part)


def _fraction(digits: bytes | None) -> int:
    return int((digits or b"")[:6].ljust(6, b"0"))


def _offset(zone: bytes) -> int:
    if zone == b"Z":
        return 0
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return (-minutes if zone.startswith(b"-") else minutes) * 60_000_000


def _microseconds(time: datetime) -> int:
    if time.tzinfo is None:
        time = time.replace(tzinfo=UTC)
    return (time - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _as_numbers(values: array[int]) -> npt.NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _last_at(found: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]], wanted: int) -> int | None:
    rows, values = found
    before = np.flatnonzero(values <= wanted)
    return int(rows[before[-1]]) if len(before) else None


def _candidates(rows: Rows) -> Iterator[tuple[int, int, int]]:
    """Lines that may tell a time: the line, where it begins, where ``HH:MM:SS`` may stand (or -1)."""
    codes = np.frombuffer(rows.data, dtype=np.uint8)
    starts = rows.starts.astype(np.int64)
    for first in range(0, len(starts), _ROWS_AT_ONCE):
        part = starts[first : first + _ROWS_AT_ONCE]
        last = first + len(part)
        stop = int(starts[last]) if last < len(starts) else len(codes)
        clocks = np.full(len(part), -1, dtype=np.int64)
        for at in reversed(range(int(part[0]), stop, _CHUNK)):
            colons = np.flatnonzero(codes[at : min(at + _CHUNK, stop)] == _COLON) + at
            colons = colons[colons < len(codes) - 3]
            colons = colons[(codes[colons + 3] == _COLON) & _is_digit(codes[colons + 1])]
            owners = np.searchsorted(part, colons, side="right") - 1
            near = colons - part[owners] < _STAMP_WITHIN
            # Backwards, so that of several in a line the first one stays.
            clocks[owners[near][::-1]] = colons[near][::-1] - 2
        begins = codes[part]
        is_number = _is_digit(begins) | (begins == ord("[")) | (begins == ord("("))
        for row in np.flatnonzero((clocks >= 0) | (begins == _BRACE) | is_number).tolist():
            yield first + row, int(part[row]), int(clocks[row])


def _is_digit(codes: npt.NDArray[np.uint8]) -> npt.NDArray[np.bool_]:
    return (codes >= _ZERO) & (codes <= _NINE)


def _line_starts(data: bytes) -> npt.NDArray[np.uint32]:
    codes = np.frombuffer(data, dtype=np.uint8)
    parts = [np.zeros(min(1, len(data)), dtype=np.uint32)]
    count = len(parts[0])
    for at in range(0, len(data), _CHUNK):
        ends = np.flatnonzero(codes[at : at + _CHUNK] == _NEWLINE)
        parts.append((ends + (at + 1)).astype(np.uint32))
        count += len(ends)
        if count > MAX_ROWS:
            break
    starts = np.concatenate(parts)[:MAX_ROWS]
    return starts[:-1] if len(starts) and starts[-1] == len(data) else starts
