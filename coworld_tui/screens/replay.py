"""The replay screen: a replay frame by frame, with everything that came with it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Unmount
from textual.geometry import Size
from textual.worker import get_current_worker

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from ..keys import of_scope
from ..replay.lenses.model import FrameView
from ..replay.lenses.registry import grid_of
from ..replay.lenses.tree import value_path
from ..replay.paths import dotted
from ..widgets.bars import KeyBar, LineBar, TooSmall, TopBar
from ..widgets.lens_pane import LensPane
from ..widgets.timeline import Ruler, Timeline
from ..widgets.tree_view import TreeView
from . import inspection
from .beside import Beside
from .bindings import bindings
from .dialogs import Prompt
from .finding import Finding
from .inspector import Inspector
from .judging import Judging
from .library_pane import LibraryPane
from .moving import Moving
from .taking_out import TakingOut
from .viewing import Viewing

_NEWS_SECONDS = 0.2
_LOOK_SECONDS = 1.0
_LEAST_SECONDS = 1 / 60
_WAIT_SECONDS = 0.3
_OF_REPLAY = frozenset(key.action.partition("(")[0] for key in of_scope("replay")) - {"leave"}


class ReplayScreen(Moving, Finding, TakingOut, Judging):
    """Shows one replay at a time, and the library it was chosen from.

    Frames are drawn where the reader is and nowhere else; reading on, series, events and searches
    happen on threads, whose findings are taken over at the screen's own pace.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("replay")
    SCOPE = "replay"
    place = "replays"

    def __init__(
        self, path: Path | None = None, folders: tuple[Path, ...] = (), max_inflated: int | None = None
    ) -> None:
        super().__init__()
        self._path = path
        # Beside the replay that was asked for, others may lie.
        self._folders = (*folders, path.parent) if path is not None else folders
        self._max_inflated = max_inflated
        self.beside: Beside | None = None
        self._compared = 0
        self._is_chosen = False
        self._drawn_at = 0.0
        self._draw_waits = False
        self._inspector_waits = False
        self._note = ""

    def compose(self) -> ComposeResult:
        yield TopBar(id="top")
        yield TooSmall()
        with Horizontal(id="body"):
            yield LibraryPane(self._folders, id="library", classes="pane")
            with Vertical(id="reel", classes="pane"):
                yield LineBar(id="who")
                with Horizontal(id="lenses"):
                    yield LensPane(id="lens")
                    yield LensPane(id="beside")
            yield Inspector(id="inspector", classes="pane")
        yield Ruler(id="ruler", classes="pane")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Open what was asked for; without that, the library is what there is to see."""
        self.query_one("#inspector").border_title = Content("inspect")
        self.query_one("#beside").display = False
        self.set_interval(_NEWS_SECONDS, self._take_news)
        self.set_interval(_LOOK_SECONDS, self._look_again)
        self._show_library(self._path is None)
        if self._path is not None:
            self.open(self._path)

    def on_resize(self) -> None:
        """Names and hints are cut to the room there is."""
        self.call_after_refresh(self._draw)

    def on_screen_resume(self) -> None:
        """Name the place."""
        self._name_place()

    # -- opening ----------------------------------------------------------------------------

    def open(self, path: Path, *, beside: bool = False) -> None:
        """Open a replay in place of the present one, or beside it to compare them."""
        self.say(f"opening {safe_line(path.name, 80)} …")
        self._open(path, beside=beside)

    @work(thread=True, group="opening", exclusive=True)
    def _open(self, path: Path, *, beside: bool) -> None:
        from ..replay.opening import DEFAULT_INFLATED_LIMIT, open_replay

        try:
            replay = open_replay(path, max_inflated=self._max_inflated or DEFAULT_INFLATED_LIMIT)
        except CoworldError as error:
            self.app.call_from_thread(self._cannot_open, error)
            return
        if get_current_worker().is_cancelled:
            replay.close()
            return
        viewing = Viewing(replay)
        if not beside:
            viewing.recall()
        self.app.call_from_thread(self._opened, viewing, beside)

    def _cannot_open(self, error: CoworldError) -> None:
        self.say("")
        text = f"✗ {error.title}\n{error.cause}\n\n{error.next_step}"
        if self.viewing is None and not self._is_chosen:
            pane = self.query_one("#lens", LensPane)
            pane.show(None, text)
            pane.shown.focus()
            return
        self.notify(text, severity="error", markup=False)
        if self.viewing is None:
            self._back_to_library()

    def _opened(self, viewing: Viewing, beside: bool) -> None:
        if not self.is_attached:
            viewing.close()
            return
        if beside and self.viewing is not None:
            if self.beside is not None:
                self.beside.close()
            self.beside = Beside(self.viewing, viewing)
            self.query_one("#beside").display = True
            self.query_one(Inspector).tab = "compare"
            self._compare(self.beside)
        else:
            self._close()
            self.viewing = viewing
            self._show_library(False)
            pane = self.query_one("#lens", LensPane)
            pane.wanted = viewing.lens
            pane.shown.focus()
            self._show_split(bool(viewing.split))
            self._read(viewing)
        self.say("")
        self._name_place()
        self._draw()

    def _read(self, viewing: Viewing) -> None:
        if viewing.begin_reading():
            self._read_on(viewing)

    @work(thread=True, group="reading")
    def _read_on(self, viewing: Viewing) -> None:
        """Read on until everything is known, however long the replay grows."""
        worker = get_current_worker()
        viewing.goes_on = viewing.is_running()
        while not worker.is_cancelled and not viewing.closed:
            if viewing.work():
                continue
            if viewing.goes_on and not viewing.is_running():
                # The run has ended meanwhile: from now on its replay is the truth.
                self.app.call_from_thread(self.open, viewing.replay.path)
                return
            if not viewing.goes_on and viewing.end_reading():
                return
            worker.cancelled_event.wait(_WAIT_SECONDS)

    @work(thread=True, group="reading")
    def _compare(self, beside: Beside) -> None:
        """Compare all frames, as they are counted."""
        worker = get_current_worker()
        while not worker.is_cancelled and not beside.closed and not beside.finished:
            if not beside.work():
                worker.cancelled_event.wait(_WAIT_SECONDS)

    def _close(self) -> None:
        """Remember where the reader is, and let go of the files."""
        if self.beside is not None:
            self.beside.close()
            self.beside = None
        if self.viewing is not None:
            self.viewing.remember()
            self.viewing.close()

    @property
    def _is_split(self) -> bool:
        """Whether two lenses show the same frame."""
        return self.query_one("#beside").display and self.beside is None

    def on_unmount(self, _: Unmount) -> None:
        """Let go of the files."""
        self._close()

    # -- drawing ----------------------------------------------------------------------------

    def moved(self) -> None:
        """Draw now, or a moment later where keys come faster than frames can be seen."""
        self._note = ""
        wait = self._drawn_at + _LEAST_SECONDS - time.monotonic()
        if wait <= 0:
            self._draw()
        elif not self._draw_waits:
            self._draw_waits = True
            self.set_timer(wait, self._draw)

    def _draw(self) -> None:
        self._draw_waits = False
        viewing = self.viewing
        if viewing is None or not self.is_attached:
            return
        view = viewing.view(viewing.playback.index)
        lens = self.query_one("#lens", LensPane)
        lens.show(view, "reading …" if not viewing.playback.complete else "this replay has no frames")
        self._draw_beside(view)
        self._name_lenses()
        self._draw_who(viewing, view)
        self.draw_timeline()
        self._drawn_at = time.monotonic()
        # The frame comes first; what is said of it follows when that is on the screen.
        if not self._inspector_waits:
            self._inspector_waits = True
            self.call_after_refresh(self._draw_inspector)

    def _draw_inspector(self) -> None:
        self._inspector_waits = False
        viewing = self.viewing
        if viewing is None or not self.is_attached:
            return
        view = viewing.view(viewing.playback.index)
        self.query_one(Inspector).show(viewing, view, self.beside)

    def _draw_beside(self, view: FrameView | None) -> None:
        pane = self.query_one("#beside", LensPane)
        if self.beside is not None:
            pane.show(self.beside.view(), "the other replay has no such frame")
        elif self._is_split:
            pane.show(view)

    def _name_lenses(self) -> None:
        """Say which lenses are shown, and what moves them."""
        panes = [self.query_one("#lens", LensPane), self.query_one("#beside", LensPane)]
        names = [pane.lens.name for pane in panes if pane.display and pane.lens is not None]
        ends = (
            "V ends comparing" if self.beside is not None else "V one lens" if self._is_split else "V split"
        )
        pan = "hjkl move   " if any(pane.is_panned for pane in panes) else ""
        subtitle = Content(f"{' · '.join(names)}   {pan}v lens   {ends}" if names else "")
        reel = self.query_one("#reel")
        # Assigning it repaints the pane.
        if reel.border_subtitle != subtitle:
            reel.border_subtitle = subtitle

    def _draw_who(self, viewing: Viewing, view: FrameView | None) -> None:
        grid = grid_of(view) if view is not None else None
        scores = grid.scores if grid is not None and grid.scores else viewing.scores_here()
        bar = self.query_one("#who", LineBar)
        bar.show(inspection.who_line(viewing, scores, bar.size.width))

    def draw_timeline(self) -> None:
        """Draw the timeline alone."""
        if self.viewing is not None:
            self.query_one(Timeline).show(self.viewing.timeline())
            self._title(self.viewing)

    def _title(self, viewing: Viewing) -> None:
        place = viewing.place()
        self.query_one(Ruler).retitle(f"{place} · {self._note}" if self._note else place)

    def say(self, note: str) -> None:
        """Say something above the timeline until the next move."""
        self._note = note
        if self.viewing is not None:
            self._title(self.viewing)
        else:
            self.query_one(Ruler).retitle(note)

    def _name_place(self) -> None:
        self.place = "replays"
        if self.viewing is not None:
            self.place = f"replay › {self.viewing.title}"
        self.console.show_top(self.query_one(TopBar), self.place)

    # -- what the threads found -------------------------------------------------------------

    def _look_again(self) -> None:
        """Read on in a file that somebody still writes to."""
        if self.viewing is not None and self.viewing.has_grown():
            self._read(self.viewing)

    def _take_news(self) -> None:
        """Show what the threads found meanwhile."""
        viewing = self.viewing
        if viewing is None or not self.is_current:
            return
        before = viewing.playback.index, viewing.playback.length > 0
        compared = self.beside.compared if self.beside is not None else 0
        was_compared, self._compared = self._compared, compared
        if viewing.take_news() or compared != was_compared:
            if compared != was_compared or before != (viewing.playback.index, True):
                self._draw()
            else:
                self.draw_timeline()
                self.query_one(Inspector).show_news()

    # -- choosing a frame elsewhere ---------------------------------------------------------

    def on_timeline_sought(self, message: Timeline.Sought) -> None:
        """A place on the bar was clicked."""
        self.go(message.index)

    def on_inspector_picked(self, message: Inspector.Picked) -> None:
        """An event was picked."""
        self.go(message.index)

    # -- looking ----------------------------------------------------------------------------

    def action_lens(self) -> None:
        """The next lens, in the pane that has focus."""
        beside, pane = self.query_one("#beside", LensPane), self.query_one("#lens", LensPane)
        if self.beside is not None:
            pane.next_lens()
            beside.wanted = pane.wanted
        else:
            (beside if beside.has_focus_within else pane).next_lens()
        if self.viewing is not None:
            self._draw()
            self.viewing.lens = pane.wanted
            self.viewing.split = beside.wanted if self._is_split else ""

    def action_layer(self) -> None:
        """The next layer of the board alone."""
        name = self.query_one("#lens", LensPane).next_layer()
        self.say(safe_line(name, 60) or "this board has one layer")

    def action_split(self) -> None:
        """Two lenses side by side; while comparing, end that."""
        viewing, pane = self.viewing, self.query_one("#beside", LensPane)
        if viewing is None:
            return
        if self.beside is not None:
            self.beside.close()
            self.beside = None
            self._show_split(bool(viewing.split))
        else:
            self._show_split(not self._is_split)
            viewing.split = pane.wanted if self._is_split else ""
        self._draw()

    def _show_split(self, shown: bool) -> None:
        viewing, pane = self.viewing, self.query_one("#beside", LensPane)
        pane.display = shown
        if viewing is not None and shown:
            pane.wanted = viewing.split
            pane.show(viewing.view(viewing.playback.index))
            if not viewing.split:
                pane.choose_other_than(self.query_one("#lens", LensPane))

    def action_compare(self) -> None:
        """Ask for another replay; in the library, the one under the cursor."""
        library = self.query_one(LibraryPane)
        if self.viewing is None:
            return
        if library.display and library.has_focus_within and library.current is not None:
            self.open(library.current, beside=True)
            return
        self.app.push_screen(Prompt("compare with", "a replay, bundle, run or folder"), self._compare_with)

    def _compare_with(self, answer: str | None) -> None:
        if answer:
            self.open(Path(answer).expanduser(), beside=True)

    def action_tab(self, step: int) -> None:
        """The next tab of the inspector."""
        self.query_one(Inspector).neighbour(step)

    def action_follow(self) -> None:
        """Follow the number under the cursor of the tree."""
        tree = self.focused_tree()
        if self.viewing is None or tree is None:
            self.say("t shows the tree; tab, j and k go to a number in it, a follows that")
            return
        path = value_path(tree.cursor_path)
        if not isinstance(tree.cursor_value, int | float):
            self.say("that is no number")
            return
        self.viewing.follow(path)
        self._read(self.viewing)
        verb = "following" if path in self.viewing.followed else "no longer following"
        self.say(f"{verb} {dotted(path)}")

    def action_chart(self) -> None:
        """The next series on the timeline."""
        if self.viewing is not None:
            self.say(f"timeline: {self.viewing.chart_next()}")
            self.draw_timeline()

    def focused_tree(self) -> TreeView | None:
        """The tree that has focus, else one that is shown."""
        if isinstance(self.focused, TreeView):
            return self.focused
        inspector = self.query_one(Inspector)
        if inspector.tab == "tree":
            return inspector.tree_view
        shown = self.query_one("#lens", LensPane).shown
        return shown if isinstance(shown, TreeView) else None

    def lens_in_view(self) -> tuple[str | None, Size]:
        """The name of the lens in view, and its room."""
        pane = self.query_one("#lens", LensPane)
        return pane.lens.name if pane.lens is not None else None, pane.size

    def action_zoom(self) -> None:
        """Give the window to the inspector when it has focus, else to the frame; or back to all."""
        if self.has_class("zoomed"):
            self.remove_class("zoomed", "zoom-inspector", "zoom-frame")
            self.call_after_refresh(self._draw)
            return
        is_inspector = self.query_one(Inspector).has_focus_within
        self.call_after_refresh(self._draw)
        self.add_class("zoomed", "zoom-inspector" if is_inspector else "zoom-frame")

    def action_library(self) -> None:
        """Show or hide the list of replays."""
        self._show_library(not self.query_one(LibraryPane).display)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a replay there is nothing to do but choose one."""
        del parameters
        if action == "library":
            return self.viewing is not None or self._path is not None
        return action not in _OF_REPLAY or self.viewing is not None

    def _show_library(self, shown: bool) -> None:
        choosing = self.viewing is None and self._path is None
        shown = shown or choosing
        library = self.query_one(LibraryPane)
        library.display = shown
        self.set_class(choosing, "choosing")
        self.refresh_bindings()
        self.call_after_refresh(self._draw)
        if shown:
            library.begin()
            library.focus_list()
        elif self.viewing is not None:
            self.query_one("#lens", LensPane).shown.focus()

    def on_library_pane_chosen(self, message: LibraryPane.Chosen) -> None:
        """A replay was chosen."""
        self._is_chosen = self._is_chosen or self.viewing is None
        self._path = message.path
        self.open(message.path)

    def action_pan(self, dx: int, dy: int) -> None:
        """Move boards that are larger than their panes."""
        for pane in self.query(LensPane):
            pane.pan(dx, dy)

    # -- leaving ----------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Undo what was done last: a search, a zoom, a comparison, the choice of this replay; then leave."""
        library = self.query_one(LibraryPane)
        if self.find_nothing_more():
            self.say("stopped")
        elif self.has_class("zoomed"):
            self.action_zoom()
        elif self.viewing is not None and library.display and library.has_focus_within:
            self._show_library(False)
        elif self.beside is not None or self._is_split:
            self.action_split()
        elif self._is_chosen:
            self._back_to_library()
        else:
            self.console.leave()

    def _back_to_library(self) -> None:
        self._close()
        self.viewing = self._path = None
        self._is_chosen = False
        self._name_place()
        self._show_library(True)
