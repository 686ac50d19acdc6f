"""Going to a tick, a marker, or the next frame that matches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual import work
from textual.worker import get_current_worker

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from .dialogs import Prompt
from .replay_base import ReplayBase
from .viewing import Viewing

if TYPE_CHECKING:
    from ..replay.query import Query

_PROGRESS_SECONDS = 0.2


class Finding(ReplayBase):
    """Searches run on threads of their own; a new one ends the one before."""

    def find_nothing_more(self) -> bool:
        """End a search that runs. Whether there was one."""
        searches = [worker for worker in self.workers if worker.group == "finding" and worker.is_running]
        for worker in searches:
            worker.cancel()
        return bool(searches)

    def action_go_to_tick(self) -> None:
        """Ask for a tick."""
        if self.viewing is not None:
            self.app.push_screen(Prompt("go to", "a tick, #frame or per cent: 41  #41  50%"), self._go_to)

    def _go_to(self, answer: str | None) -> None:
        viewing = self.viewing
        if not answer or viewing is None:
            return
        number, is_share = answer.strip("#% "), answer.endswith("%")
        try:
            value = round(float(number) / 100 * viewing.playback.last) if is_share else int(number)
        except (ValueError, OverflowError):
            self.say(f"{safe_line(answer, 40)} is no tick")
            return
        if is_share:
            self.go(value)
        elif answer.startswith("#"):
            self.go(value - 1)
        else:
            self._seek_tick(viewing, value)

    @work(thread=True, group="seeking", exclusive=True)
    def _seek_tick(self, viewing: Viewing, tick: int) -> None:
        index = viewing.index_of_tick(tick)
        self.app.call_from_thread(self._went, index, f"no frame of tick {tick}")

    def _went(self, index: int | None, otherwise: str) -> None:
        if index is None:
            self.say(otherwise)
        else:
            self.go(index)

    def action_find(self) -> None:
        """Ask what to look for."""
        if self.viewing is not None:
            prompt = Prompt("find", "text, or  scores.0 > 10   positions.1 changed", self.viewing.asked)
            self.app.push_screen(prompt, self._look_for)

    def _look_for(self, asked: str | None) -> None:
        if asked and self.viewing is not None:
            self.viewing.asked = asked
            self.action_find_again(1)

    def action_find_again(self, step: int) -> None:
        """Look for the next match, or the one before."""
        from ..replay.query import parse_query

        if self.viewing is None:
            return
        if not self.viewing.asked:
            self.action_find()
            return
        try:
            query = parse_query(self.viewing.asked)
        except CoworldError as error:
            self.notify(f"{error.title}\n{error.cause}", severity="error", markup=False)
            return
        self._find(self.viewing, query, step)

    @work(thread=True, group="finding", exclusive=True)
    def _find(self, viewing: Viewing, query: Query, step: int) -> None:
        from ..replay.find import find
        from ..replay.query import TextQuery

        worker, app, asked = get_current_worker(), self.app, safe_line(viewing.asked, 60)
        if isinstance(query, TextQuery):
            asked = f"the text {asked}"
        told = time.monotonic()

        def progress(share: float) -> None:
            nonlocal told
            if time.monotonic() - told > _PROGRESS_SECONDS:
                told = time.monotonic()
                app.call_from_thread(self.say, f"looking for {asked}  {share:.0%}  escape stops")

        try:
            found = find(
                viewing.replay.source,
                query,
                viewing.playback.index,
                step,
                cancelled=lambda: worker.is_cancelled,
                progress=progress,
            )
        except OSError as error:
            app.call_from_thread(self.say, f"cannot be read any more: {safe_line(str(error), 100)}")
            return
        if not worker.is_cancelled:
            where = "after" if step > 0 else "before"
            app.call_from_thread(self._went, found, f"{asked}: not {where} this frame")

    def action_mark(self) -> None:
        """Set a marker at this frame, or take it away."""
        if self.viewing is not None:
            self.viewing.mark()
            self.draw_timeline()

    def action_marks(self) -> None:
        """Go to the next marker, round the end."""
        viewing = self.viewing
        if viewing is None or not viewing.markers:
            self.say("no markers: m sets one")
            return
        after = [index for index in viewing.markers if index > viewing.playback.index]
        self.go(min(after or viewing.markers))
