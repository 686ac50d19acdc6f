"""What the inspector says of the frame in view, as lines."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from textwrap import wrap

from ..contract.text import safe_line
from ..replay.changes import Change, changes
from ..replay.compare import Comparison, PathDifference
from ..replay.lenses.grid import score_text
from ..replay.lenses.model import FrameView
from ..replay.lenses.spans import Line, Span, cell_width, fit, slot_glyph
from ..replay.lenses.tree import value_spans
from ..replay.paths import MISSING, Path, dotted
from ..replay.series import sparkline
from ..replay.source import Event
from ..replay.timeline import Values, event_text
from .viewing import Viewing

MOST_CHANGES = 200
_EVENTS_AROUND = 5
_PLOT_HEIGHT = 16
_LOWEST_PLOT = 5
_WITH_NUMBERS = 38
_FEW = 6


def change_lines(viewing: Viewing, view: FrameView, width: int) -> list[Line]:
    """What differs from the frame before, the followed series up to here, and the events around."""
    lines: list[Line] = []
    if view.before is MISSING:
        lines.append((Span("the first frame", "muted"),))
    elif view.decoded is MISSING:
        lines.append((Span("too large to be compared", "muted"),))
    else:
        found = changes(view.before, view.decoded, MOST_CHANGES)
        lines += changed_values(found, width)
        if len(found) == MOST_CHANGES:
            lines.append((Span(f"the first {MOST_CHANGES} changes", "muted"),))
        if not found:
            lines.append((Span("nothing changed", "muted"),))
    lines += _sparklines(viewing, width)
    around = events_around(viewing.events, viewing.playback.index, _EVENTS_AROUND)
    if around:
        lines += [(), (Span("events", "heading"),)]
        lines += [event_line(event, viewing.playback.index) for event in around]
    return lines


def changed_values(found: Sequence[Change], width: int) -> list[Line]:
    """A line a change: path, value before, value now. Where much of a list changed, that comes last."""
    few, many = _by_list(found)
    lines = _value_lines(few, width)
    for path, members in many.items():
        lines += [(), (Span(dotted(path), "heading"), Span(f"  {len(members)} values", "muted"))]
        lines += _value_lines(members, width, skip=len(path))
    return lines


def _by_list(found: Sequence[Change]) -> tuple[list[Change], dict[Path, list[Change]]]:
    lists: dict[Path, list[Change]] = {}
    for change in found:
        if change.path and isinstance(change.path[-1], int):
            lists.setdefault(change.path[:-1], []).append(change)
    many = {path: members for path, members in lists.items() if len(members) > _FEW}
    return [change for change in found if change.path[:-1] not in many], many


def _value_lines(found: Sequence[Change], width: int, skip: int = 0) -> list[Line]:
    """``skip`` steps of each path stand above already."""
    names = [dotted(change.path[skip:]) if change.path else "the frame" for change in found]
    room = min(max(map(cell_width, names), default=0), max(8, width // 2))
    return [
        (
            Span(f"{_end_of(name, room)}  ", "muted"),
            Span(_short(change.before, width // 4), "error"),
            Span(" → ", "muted"),
            Span(_short(change.now, width // 3), "good"),
        )
        for name, change in zip(names, found, strict=True)
    ]


def _end_of(name: str, room: int) -> str:
    """A path in ``room`` cells; of a longer one the end, which tells it from others."""
    if cell_width(name) <= room:
        return fit(name, room)
    tail = name
    while cell_width(tail) >= room:
        tail = tail[1:]
    return fit(f"…{tail}", room)


def pair_lines(
    viewing: Viewing, view: FrameView | None, other: Viewing, beside: FrameView | None, width: int
) -> list[Line]:
    """How the frame in view differs from the one beside it."""
    lines: list[Line] = [
        (Span("left   ", "error"), Span(f"{safe_line(viewing.title, 60)}  "), _file(viewing)),
        (Span("right  ", "good"), Span(f"{safe_line(other.title, 60)}  "), _file(other)),
        (),
    ]
    if view is None or beside is None:
        return [*lines, (Span("the other replay has no such frame", "muted"),)]
    if view.decoded is MISSING or beside.decoded is MISSING:
        return [*lines, (Span("too large to be compared", "muted"),)]
    found = changes(view.decoded, beside.decoded, MOST_CHANGES)
    return [*lines, *(changed_values(found, width) or [(Span("the same", "good"),)])]


def comparison_lines(
    comparison: Comparison, ranking: Sequence[PathDifference], first: int | None, width: int
) -> list[Line]:
    """How two replays differ altogether: the first frame that does, and the values that do most often."""
    compared, pairs = comparison.compared, len(comparison.pairs)
    lines: list[Line] = [(), (Span("altogether", "heading"),)]
    if compared < pairs:
        lines.append((Span(f"{compared} of {pairs} frames compared", "muted"),))
    if first is None:
        return [*lines, (Span("no difference" + (" so far" if compared < pairs else ""), "good"),)]
    lines.append(
        (
            Span(f"{comparison.differing} of {compared} frames differ, first "),
            Span(f"#{first + 1}", "accent"),
        )
    )
    is_wide = width >= _WITH_NUMBERS
    room = max(8, width - (26 if is_wide else 8))
    head = f"{fit('value', room)} {'frames':>7}" + (f" {'mean':>7} {'most':>8}" if is_wide else "")
    lines.append((Span(head, "muted"),))
    for found in ranking:
        has_numbers = is_wide and found.mean is not None
        numbers = f" {found.mean:>7.4g} {found.largest:>8.4g}" if has_numbers else ""
        name = _end_of(dotted(found.path), room)
        lines.append((Span(f"{name} ", "muted"), Span(f"{found.count:>7}"), Span(numbers, "strong")))
    return lines


def _file(viewing: Viewing) -> Span:
    name = safe_line(viewing.replay.path.name, 80)
    return Span("" if name == viewing.title else name, "muted")


def series_lines(viewing: Viewing, width: int, height: int) -> list[Line]:
    """The followed series as one plot, with their values here."""
    from ..replay.plot import PlotSeries, plot_lines

    columns = viewing.columns
    if columns is None or not viewing.followed:
        return _how_to_follow()
    series = [
        PlotSeries(series_name(viewing, path), viewing.values(path), series_style(viewing, path))
        for path in viewing.followed
    ]
    index = viewing.playback.index
    room = max(_LOWEST_PLOT, min(_PLOT_HEIGHT, height - len(series) - 3))
    lines = [*plot_lines(series, width, room, index), ()]
    for one in series:
        room = max(8, width - 13)
        value = _number_at(one.values, index)
        lines.append((Span("■ ", one.style), Span(fit(one.name, room)), Span(f"{value:>10}", one.style)))
    if columns.covered < len(viewing.replay.source):
        lines.append((Span(f"read {columns.covered} of {len(viewing.replay.source)} frames", "muted"),))
    return [*lines, *_how_to_follow()]


def player_lines(viewing: Viewing, width: int) -> list[Line]:
    """Who played, how it ended, and what the results say."""
    replay = viewing.replay
    lines: list[Line] = []
    for slot in range(max(len(replay.players), len(replay.scores))):
        name = replay.players[slot] if slot < len(replay.players) else f"player {slot}"
        score = score_text(replay.scores[slot]) if slot < len(replay.scores) else "–"
        lines.append(
            (
                Span(f" ◆{slot_glyph(slot)} ", f"piece.{slot}"),
                Span(f" {fit(safe_line(name, 60), max(6, width - 16))} "),
                Span(f"{score:>8}", f"slot.{slot}"),
            )
        )
    if not lines:
        lines.append((Span("nobody is named in this replay", "muted"),))
    for title, document in (("results", replay.results), ("config", replay.config)):
        if document:
            keys = [safe_line(str(key), 40) for key in document]
            room = min(22, max(map(cell_width, keys)))
            lines += [(), (Span(title, "heading"),)]
            lines += [
                (Span(f"{fit(key, room)} ", "muted"), *value_spans(value))
                for key, value in zip(keys, document.values(), strict=True)
            ]
    lines += [(), (Span("from", "heading"),)]
    lines += [(Span(part, "muted"),) for part in wrap(safe_line(str(replay.path)), width)]
    lines += [(Span(part),) for part in wrap(safe_line(replay.note), width)]
    for problem in replay.problems:
        lines += [(Span(part, "warning"),) for part in wrap(f"! {safe_line(problem)}", width)]
    return lines


def who_line(viewing: Viewing, scores: Sequence[int | float], width: int) -> Line:
    """Players with their scores at this frame, cut to the room there is."""
    players = viewing.replay.players
    count = max(len(players), min(len(scores), 8))
    if not count:
        return ()
    names = [safe_line(players[slot], 40) if slot < len(players) else "" for slot in range(count)]
    told = [score_text(scores[slot]) if slot < len(scores) else "" for slot in range(count)]
    # A badge takes four cells, and a name and a score stand apart from what follows.
    spare = width - sum(4 + 1 + 1 + len(score) + 2 for score in told)
    longest = max(map(cell_width, names), default=0)
    while longest > 3 and sum(min(longest, cell_width(name)) for name in names) > spare:
        longest -= 1
    spans: list[Span] = []
    for slot, (name, score) in enumerate(zip(names, told, strict=True)):
        spans.append(Span(f" ◆{slot_glyph(slot)} ", f"piece.{slot}"))
        spans.append(Span(f" {name if cell_width(name) <= longest else fit(name, longest)} "))
        spans.append(Span(f"{score}  ", f"slot.{slot}"))
    return tuple(spans)


def event_line(event: Event, index: int) -> Line:
    """One event; the one of the frame in view stands out."""
    is_here = event.index == index
    place = event.tick if event.tick is not None else event.index
    style = f"slot.{event.slot}" if event.slot >= 0 else ""
    return (
        Span("▸" if is_here else " ", "accent"),
        Span(f"{place:>6}  ", "strong" if is_here else "muted"),
        Span(event_text(event), "changed" if is_here else style),
    )


def events_around(events: Sequence[Event], index: int, count: int) -> Sequence[Event]:
    """At most ``count`` events, those nearest to a frame."""
    at = bisect_left([event.index for event in events], index)
    start = max(0, min(at - count // 2, len(events) - count))
    return events[start : start + count]


def series_name(viewing: Viewing, path: Path) -> str:
    """A path, with the player's name where its last step is a slot."""
    players, slot = viewing.replay.players, viewing.slot_of(path)
    if slot is None or slot >= len(players):
        return dotted(path)
    return f"{dotted(path)} {safe_line(players[slot], 30)}"


def series_style(viewing: Viewing, path: Path) -> str:
    """The player's colour where it is a player's, else one of those that are left."""
    slot = viewing.slot_of(path)
    others = len(viewing.replay.players) + viewing.followed.index(path)
    return f"slot.{others if slot is None else slot}"


def _sparklines(viewing: Viewing, width: int) -> Iterator[Line]:
    columns = viewing.columns
    if columns is None or not viewing.followed:
        return
    index = viewing.playback.index
    yield ()
    yield (Span("series", "heading"),)
    for path in viewing.followed[:8]:
        values = viewing.values(path)
        style = series_style(viewing, path)
        name = min(14, width // 3)
        room = max(6, width - name - 11)
        count = min(room, max(1, len(values)))
        sample = [float(values[at * len(values) // count]) for at in range(count)] if len(values) else []
        cursor = index * count // max(1, len(values))
        bars = sparkline(sample, count)
        yield (
            Span(f"{fit(dotted(path), name)} ", "muted"),
            Span(f"{_number_at(values, index):>8} ", style),
            Span(bars[: cursor + 1], style),
            Span(bars[cursor + 1 :], "line"),
        )


def _number_at(values: Values, index: int) -> str:
    value = float(values[index]) if index < len(values) else math.nan
    return "–" if math.isnan(value) else f"{value:g}"


def _short(value: object, room: int) -> str:
    if value is MISSING:
        return "∅"
    text = "".join(span.text for span in value_spans(value))
    return text if cell_width(text) <= room else fit(text, max(3, room)).rstrip()


def _how_to_follow() -> list[Line]:
    return [
        (),
        (Span("a", "accent"), Span(" in the tree follows a number, or drops it", "muted")),
    ]
