"""The live screen: an episode as it plays, and to look back at while it plays and afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import ContentSwitcher

from ..replay.lenses.spans import text_of
from ..runner.episode import Episode
from ..widgets.bars import KeyBar, LineBar, TabBar, TooSmall, TopBar
from ..widgets.board import BoardView
from ..widgets.lens_pane import LensPane
from ..widgets.lines import LinesView
from ..widgets.log_view import LogView
from ..widgets.slots import SlotsView
from ..widgets.static_lines import StaticLines
from ..widgets.tree_view import TreeView
from .bindings import bindings
from .console import ConsoleScreen
from .dialogs import Question, links_table
from .feed import EventLines, Feed, episodes_line, phase_line, result_lines

FRAMES_PER_SECOND = 20
_SLOW_SECONDS = 0.25


class LiveScreen(ConsoleScreen):
    """Shows one of several episodes. It takes what it shows at its own pace; nothing waits for it."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("live")
    SCOPE = "live"
    place = "packages › live"

    def __init__(self, episodes: tuple[Episode, ...]) -> None:
        super().__init__()
        self._episodes = episodes
        self._feeds = {episode.run_id: Feed(episode) for episode in episodes}
        self._at = 0
        self._tab = "game"
        self._ended: set[str] = set()
        self._invited: set[str] = set()

    @property
    def episode(self) -> Episode:
        """The episode that is shown."""
        return self._episodes[self._at]

    @property
    def feed(self) -> Feed:
        """The view of the episode that is shown."""
        return self._feeds[self.episode.run_id]

    def compose(self) -> ComposeResult:
        yield TopBar(id="top")
        yield LineBar(id="phases")
        yield LineBar(id="episodes")
        yield TooSmall()
        with Horizontal(id="stage"):
            yield LensPane(id="frame", classes="pane")
            yield SlotsView(id="slots", classes="pane")
        with Vertical(id="lower", classes="pane"):
            yield TabBar(id="tabs")
            with ContentSwitcher(initial="log", id="tab"):
                yield LogView(id="log")
                yield TreeView(id="raw")
                yield LinesView(id="result")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Start taking frames."""
        self.query_one("#slots").border_title = Content("slots")
        self.query_one("#lower").border_title = Content("logs")
        self.query_one("#episodes").display = len(self._episodes) > 1
        self._show_episode()
        self.set_interval(1 / FRAMES_PER_SECOND, self.take)
        self.set_interval(_SLOW_SECONDS, self.take_slow)
        self.query_one(LensPane).shown.focus()

    # -- taking what is new -----------------------------------------------------------------

    def take(self) -> None:
        """Show the newest frame and log lines, if there are any."""
        if not self.is_current:
            return
        if self.feed.advance():
            self._draw_frame()
        self.query_one("#log", LogView).refresh_source()

    def take_slow(self) -> None:
        """What changes without frames: times, states, counters, the end."""
        if not self.is_current:
            return
        for episode in self._episodes:
            if episode.outcome is not None and episode.run_id not in self._ended:
                self._ended.add(episode.run_id)
                if episode is self.episode:
                    self._show_end()
        self._draw_state()
        self._invite()

    def _invite(self) -> None:
        """Once the game is up, show the links to an episode that waits for somebody to join."""
        episode = self.episode
        wanted = episode.options.kind == "play" or any(seat.kind == "human" for seat in episode.plan.seats)
        if wanted and episode.links and episode.outcome is None and episode.run_id not in self._invited:
            self._invited.add(episode.run_id)
            self.action_links()

    def _draw_frame(self) -> None:
        self.query_one(LensPane).show(self.feed.view, self._waiting_message())
        self._name_lens()
        if self._tab == "frame":
            self.query_one("#raw", TreeView).show(self.feed.decoded)
        self._draw_phases()
        self.query_one(SlotsView).show(self.feed.slots())

    def _waiting_message(self) -> str:
        outcome = self.episode.outcome
        if outcome is not None and outcome.error is not None:
            return f"✗ {outcome.error.title}\n{outcome.error.cause}\n\n{outcome.error.next_step}"
        return "no frames yet" if outcome is None else "the game sent no frames"

    def _draw_state(self) -> None:
        episode, width = self.episode, self.size.width
        self._draw_phases()
        if len(self._episodes) > 1:
            self.query_one("#episodes", LineBar).show(episodes_line(self._episodes, episode, width))
        self.console.show_top(self.query_one(TopBar), self.place)
        if self.feed.shown is None:
            self.query_one(LensPane).show(None, self._waiting_message())
        self.query_one(SlotsView).show(self.feed.slots())
        self._draw_tabs()

    def _name_lens(self) -> None:
        pane = self.query_one(LensPane)
        subtitle = Content(f"{pane.lens.name}   v lens   z zoom" if pane.lens is not None else "")
        # Assigning it repaints the pane.
        if pane.border_subtitle != subtitle:
            pane.border_subtitle = subtitle

    def _draw_phases(self) -> None:
        line = phase_line(self.episode, self.size.width, self.feed.position())
        self.query_one("#phases", LineBar).show(line)

    def _draw_tabs(self) -> None:
        events = self.episode.events.count if self.episode.events is not None else 0
        narrow = self.has_class("-narrow")
        tabs = [(name, name.replace("player ", "p") if narrow else name) for name in self.episode.rings]
        tabs += [("events", f"events {events}"), ("frame", "frame"), ("result", "result")]
        self.query_one(TabBar).show_tabs(tabs, self._tab)

    # -- switching --------------------------------------------------------------------------

    def _show_episode(self) -> None:
        self.query_one("#frame").border_title = Content(self.episode.title)
        self.query_one(LensPane).show(None, self._waiting_message())
        self._show_tab("result" if self.episode.outcome is not None else self._tab)
        if self.feed.shown is not None:
            self._draw_frame()
        self._draw_state()

    def _show_end(self) -> None:
        """Show the result, unless the reader is busy looking back."""
        if not self.feed.following:
            return
        self.feed.advance()
        if self.feed.shown is not None:
            self._draw_frame()
        self._show_tab("result")

    def _show_tab(self, tab: str) -> None:
        self._tab = tab if tab in ("events", "frame", "result") or tab in self.episode.rings else "game"
        switcher = self.query_one("#tab", ContentSwitcher)
        log = self.query_one("#log", LogView)
        match self._tab:
            case "frame":
                switcher.current = "raw"
                self.query_one("#raw", TreeView).show(self.feed.decoded)
            case "result":
                switcher.current = "result"
                self.query_one("#result", LinesView).show(StaticLines(result_lines(self.episode)))
            case "events":
                switcher.current = "log"
                log.set_source(EventLines(self.episode))
            case ring:
                switcher.current = "log"
                log.set_source(self.episode.rings[ring])
        self._draw_tabs()

    def on_tab_bar_chosen(self, message: TabBar.Chosen) -> None:
        """A tab was clicked."""
        self._show_tab(message.tab)

    # -- keys -------------------------------------------------------------------------------

    def action_pause(self) -> None:
        """Freeze the view, or go on with the newest frame."""
        if self.feed.paused or self.feed.at is not None:
            self.action_follow()
        else:
            self.feed.paused = True
            self._draw_state()

    def action_step(self, frames: int) -> None:
        """Scrub by frames."""
        if self.feed.shown is not None:
            self._seek(self.feed.shown.seq + frames)

    def action_leap(self, share: float) -> None:
        """Scrub by a share of the recording."""
        recorder = self.episode.recorder
        if self.feed.shown is not None and recorder is not None:
            self._seek(self.feed.shown.seq + round(share * recorder.count))

    def action_seek(self, share: float) -> None:
        """Go to a share of the recording."""
        recorder = self.episode.recorder
        if recorder is not None:
            self._seek(round(share * recorder.count))

    def _seek(self, seq: int) -> None:
        if self.feed.seek(seq):
            self._draw_frame()

    def action_follow(self) -> None:
        """Back to the newest frame."""
        self.feed.follow()
        self.feed.advance()
        self._draw_frame()

    def action_lens(self) -> None:
        """The next lens that fits the frame."""
        self.query_one(LensPane).next_lens()
        self._name_lens()

    def action_next_tab(self) -> None:
        """The next tab of the lower pane."""
        self._show_tab(self.query_one(TabBar).neighbour(1))

    def action_previous_tab(self) -> None:
        """The tab before."""
        self._show_tab(self.query_one(TabBar).neighbour(-1))

    def action_zoom(self) -> None:
        """Give the window to the pane that has focus, or back to all."""
        if self.has_class("zoomed"):
            self.remove_class("zoomed", "zoom-lower", "zoom-frame")
            return
        in_lower = self.focused is not None and any(node.id == "lower" for node in self.focused.ancestors)
        self.add_class("zoomed", "zoom-lower" if in_lower else "zoom-frame")

    def action_episode(self, step: int) -> None:
        """Show another episode of the batch."""
        self._at = (self._at + step) % len(self._episodes)
        self._show_episode()

    def action_links(self) -> None:
        """The browser links."""
        self.app.push_screen(links_table(self.episode.links))

    def action_replay(self) -> None:
        """The replay of this episode, once it has ended."""
        outcome = self.episode.outcome
        if outcome is None or not outcome.run_dir:
            self.notify("the replay comes when the episode has ended", markup=False)
            return
        self.console.show_replays(Path(outcome.run_dir))

    def action_stop(self) -> None:
        """Ask once, then stop this episode or all of them."""
        if all(episode.outcome is not None for episode in self._episodes):
            self.notify("nothing runs any more", markup=False)
            return
        answers = [("x", "one", "stop this episode; what was recorded is kept")]
        if len(self._episodes) > 1:
            answers.append(("a", "all", "stop all episodes of this launch"))
        self.app.push_screen(Question("stop", "Stop the episode?", answers), self._stop)

    def _stop(self, answer: str | None) -> None:
        for episode in self._episodes if answer == "all" else (self.episode,) if answer == "one" else ():
            episode.cancel()

    def action_copy(self) -> None:
        """Copy where the run lies; with the frame tab open, the frame as text."""
        outcome = self.episode.outcome
        text = outcome.run_dir if outcome is not None else self.episode.run_id
        if self._tab == "frame" and self.feed.grid is not None:
            text = text_of(self.query_one(BoardView).lines_in_view())
        self.console.copy(text)

    def action_pan(self, dx: int, dy: int) -> None:
        """Move a board that is larger than its pane."""
        self.query_one(LensPane).pan(dx, dy)

    def action_leave(self) -> None:
        """Back to the packages; what runs goes on."""
        if self.has_class("zoomed"):
            self.action_zoom()
            return
        self.console.leave()
