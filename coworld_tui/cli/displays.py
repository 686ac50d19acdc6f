"""How a headless run is shown: plain lines, JSON lines, or not at all."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from time import monotonic
from typing import Protocol

from ..contract.package import Package
from ..contract.text import safe_line
from ..runner.episode import Episode
from ..runner.events import Event
from ..runner.outcome import Outcome, summarize
from .output import explain, number, say, tell, tell_json
from .terminal import why_not_full

_POLL_SECONDS = 0.1


class Display(Protocol):
    """Shows a batch without a screen."""

    name: str

    def begin(self, package: Package, episodes: Sequence[Episode]) -> None:
        """Before anything starts."""
        ...

    async def watch(self, episodes: Sequence[Episode]) -> None:
        """While it runs; cancelled at the end."""
        ...

    def ended(self, episode: Episode, outcome: Outcome) -> None:
        """One episode is over."""
        ...

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        """All are over."""
        ...


def choose_display(wanted: str | None, *, as_json: bool, people: bool) -> Display:
    """The display that was asked for, else the one that fits the terminal.

    ``people`` are to join: then it must be one that says the links.
    """
    name = wanted or ("full" if not as_json else "plain" if people else "none")
    if name == "full" and (reason := why_not_full()):
        say(f"plain display: {reason}")
        name = "plain"
    if name == "json":
        return JsonDisplay()
    if name == "plain":
        return PlainDisplay(as_json=as_json)
    return SilentDisplay(name, as_json=as_json)


class SilentDisplay:
    """Nothing while it runs; the outcome at the end when it is asked for as JSON."""

    def __init__(self, name: str, *, as_json: bool) -> None:
        self.name = name
        self._as_json = as_json

    def begin(self, package: Package, episodes: Sequence[Episode]) -> None:
        """Nothing."""

    async def watch(self, episodes: Sequence[Episode]) -> None:
        """Nothing."""

    def ended(self, episode: Episode, outcome: Outcome) -> None:
        """Nothing."""

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        if self._as_json:
            tell_json(as_document(outcomes))


class PlainDisplay:
    """A line on stderr for each thing that happens, the result on stdout."""

    name = "plain"

    def __init__(self, *, as_json: bool) -> None:
        self._as_json = as_json
        self._seen: dict[str, int] = {}
        self._links_said: set[str] = set()
        self._many = False
        self._began = monotonic()

    def begin(self, package: Package, episodes: Sequence[Episode]) -> None:
        self._many = len(episodes) > 1
        first = episodes[0]
        names = " vs ".join(safe_line(seat.name, 40) for seat in first.plan.seats)
        times = f"{len(episodes)} episodes of " if self._many else ""
        say(f"{times}{first.title} {package.version}   {names}")

    async def watch(self, episodes: Sequence[Episode]) -> None:
        while True:
            for episode in episodes:
                self._show(episode)
            await asyncio.sleep(_POLL_SECONDS)

    def ended(self, episode: Episode, outcome: Outcome) -> None:
        self._show(episode)
        self.tell_outcome(outcome)

    def tell_outcome(self, outcome: Outcome) -> None:
        """The end of one episode in a line, and its error in a few."""
        mark = {"passed": "✓", "failed": "✗"}.get(outcome.status, "○")
        scores = " : ".join(number(score) for score in outcome.scores or ())
        frames = f"{outcome.recorded} frames"
        say(f"{mark} {outcome.run_id}  {outcome.status}  {scores or '—'}  {frames}  {outcome.seconds:.1f} s")
        if outcome.error is not None:
            explain(outcome.error)

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        if self._as_json:
            tell_json(as_document(outcomes))
            return
        for line in self._table(outcomes):
            tell(line)

    def _show(self, episode: Episode) -> None:
        if episode.events is None:
            return
        if episode.links and episode.run_id not in self._links_said:
            self._links_said.add(episode.run_id)
            for label, link in links_to_join(episode).items():
                (say if self._as_json else tell)(f"{label:<10} {link}")
        seen = self._seen.get(episode.run_id, 0)
        fresh = [event for event in episode.events.events if event.seq >= seen]
        self._seen[episode.run_id] = episode.events.count
        prefix = f"{episode.run_id[-8:]} " if self._many else ""
        for event in fresh:
            if line := _line_of(event):
                say(f"{monotonic() - self._began:6.1f} s  {prefix}{line}")

    def _table(self, outcomes: Sequence[Outcome]) -> list[str]:
        summary = summarize(outcomes)
        lines = []
        if len(outcomes) > 1:
            lines.append(
                f"{summary['episodes']} episodes: {summary['passed']} passed, "
                f"{summary['failed']} failed, {summary['cancelled']} cancelled"
            )
        for row in summary["slots"]:
            mean = "—" if row["mean"] is None else number(row["mean"])
            name = safe_line(str(row["name"]), 32)
            extra = f"   wins {row['wins']}   failures {row['failures']}" if len(outcomes) > 1 else ""
            lines.append(f"slot {row['slot']}  {name:<32}  {mean:>8}{extra}")
        for outcome in outcomes[:1] if len(outcomes) == 1 else []:
            lines.append(f"run     {outcome.run_dir or '—'}")
            if outcome.replay:
                lines.append(f"replay  {outcome.replay}")
        if len(outcomes) > 1 and outcomes[0].run_dir:
            lines.append(f"runs    {Path(outcomes[0].run_dir).parent}")
        return lines


class JsonDisplay:
    """Every engine event as a JSON line on stdout, the outcome (``kind: outcome``) as the last line."""

    name = "json"

    def begin(self, package: Package, episodes: Sequence[Episode]) -> None:
        """Nothing."""

    async def watch(self, episodes: Sequence[Episode]) -> None:
        seen: dict[str, int] = {}
        linked: set[str] = set()
        try:
            while True:
                self._tell_new(episodes, seen)
                self._tell_links(episodes, linked)
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            self._tell_new(episodes, seen)

    def ended(self, episode: Episode, outcome: Outcome) -> None:
        """The events say it."""

    def finish(self, outcomes: Sequence[Outcome]) -> None:
        tell_json({"kind": "outcome", **as_document(outcomes)})

    def _tell_links(self, episodes: Sequence[Episode], linked: set[str]) -> None:
        for episode in episodes:
            links = links_to_join(episode)
            if links and episode.run_id not in linked:
                linked.add(episode.run_id)
                tell_json({"run_id": episode.run_id, "kind": "links", "links": links})

    def _tell_new(self, episodes: Sequence[Episode], seen: dict[str, int]) -> None:
        for episode in episodes:
            if episode.events is None:
                continue
            for event in episode.events.events:
                if event.seq >= seen.get(episode.run_id, 0):
                    tell_json({"run_id": episode.run_id, **event.as_dict()})
            seen[episode.run_id] = episode.events.count


def links_to_join(episode: Episode) -> dict[str, str]:
    """The browser links people need: all of them in play mode, else those of human slots.

    They hold tokens, and are here once the game is healthy.
    """
    if episode.options.kind == "play":
        return episode.links
    labels = [f"player {seat.slot}" for seat in episode.plan.seats if seat.kind == "human"]
    return {label: episode.links[label] for label in labels if label in episode.links}


def as_document(outcomes: Sequence[Outcome]) -> dict[str, object]:
    """The ``--json`` object: the outcome itself, or ``episodes`` and ``summary`` for several."""
    if len(outcomes) == 1:
        return outcomes[0].as_dict()
    statuses = {outcome.status for outcome in outcomes}
    status = "passed" if statuses == {"passed"} else "cancelled" if "cancelled" in statuses else "failed"
    return {
        "status": status,
        "episodes": [outcome.as_dict() for outcome in outcomes],
        "summary": summarize(outcomes),
    }


def _line_of(event: Event) -> str:
    if event.kind == "phase":
        took = event.data.get("seconds")
        left = event.data.get("left", "")
        done = f"   {left.replace('_', ' ')} took {took:.2f} s" if took is not None else ""
        return f"◐ {event.message}{done}"
    return "" if event.kind == "end" else f"  {event.message}"
