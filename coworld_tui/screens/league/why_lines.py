"""Why something is as it is, as lines to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...contract.measures import age
from ...observatory.failures import FailureGroup
from ...observatory.reasons import HistoryEntry, SeatOutcome, Why
from ...replay.lenses.spans import Line, Span
from ..facts import fact, wrapped
from .signs import score, state

_INDENT = "    "


def why_lines(why: Why, width: int) -> Sequence[Line]:
    """Everything that was found out, the sentence that says most first."""
    lines: list[Line] = [(Span(part, "strong"),) for part in wrapped(why.title, width)]
    lines += [(Span(part, "error"),) for part in wrapped(why.reason, width)]
    if why.meaning is not None:
        lines += fact("meaning", f"{why.meaning.text} (up to {why.meaning.owner})", width)
    if why.log_line:
        lines += fact(f"log {why.log_of}", why.log_line, width, "error")
    for group in why.groups:
        lines += _group(group, width)
    if why.seats:
        lines += [(), (Span(f"{'seat':>5}  {'score':>10}  {'usually':>10}  policy", "muted"),)]
        lines += [_seat(seat) for seat in why.seats]
    for entry in why.history:
        lines += _entry(entry, width)
    if why.missing:
        lines.append(())
        lines += [line for each in why.missing for line in fact("not known", each, width, "muted")]
    return lines


def _group(group: FailureGroup, width: int) -> Iterator[Line]:
    seat = "" if group.seat is None else f" · seat {group.seat}"
    yield ()
    yield (
        Span(f"{group.count} × ", "error"),
        Span(group.error_type, "error"),
        Span(f"  {group.policy or 'no policy to blame'}", "strong"),
        Span(f"  {group.share:.0%} of its {group.of}{seat}", "muted"),
    )
    yield from _indented(group.meaning.text, width, "muted")
    yield from _indented(group.log_line or group.error, width, "")
    if group.log_problem:
        yield from _indented(f"the log: {group.log_problem}", width, "muted")


def _seat(seat: SeatOutcome) -> Line:
    usual = score(seat.expected) if seat.expected_of else "–"
    style = "error" if seat.failed else ""
    trend = Span("   ")
    if seat.score is not None and seat.expected is not None and seat.score != seat.expected:
        trend = Span(" ▲ ", "good") if seat.score > seat.expected else Span(" ▼ ", "error")
    notes = " · ".join(
        part
        for part in (
            seat.player,
            "never connected" if seat.connected is False else "",
            "log" if seat.has_log else "",
        )
        if part
    )
    return (
        Span(
            f"{'✗' if seat.failed else ' '} {'?' if seat.position is None else seat.position:>3}  ",
            style or "muted",
        ),
        Span(f"{score(seat.score):>10}", "strong"),
        trend,
        Span(f"{usual:>9}  ", "muted"),
        Span(seat.label, style),
        Span(f"  {notes}", "muted"),
    )


def _entry(entry: HistoryEntry, width: int) -> Iterator[Line]:
    yield ()
    yield (
        Span(f"{age(entry.at):>5}  ", "muted"),
        state(entry.status),
        Span(f"  {entry.substatus}", "muted"),
        Span(f"  {entry.where}"),
    )
    yield from _indented(entry.reason, width, "")
    for each in entry.evidence:
        yield from _indented(each, width, "muted")


def _indented(text: str, width: int, style: str) -> Iterator[Line]:
    for part in wrapped(text, width - len(_INDENT)):
        yield (Span(_INDENT), Span(part, style))
