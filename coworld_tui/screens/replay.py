"""The replay screen: a replay frame by frame, with everything that came with it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.events import Unmount
from textual.worker import get_current_worker

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from ..keys import of_scope
from ..replay.lenses.model import FrameView
from ..replay.lenses.registry import grid_of
from ..replay.lenses.spans import Line
from ..replay.paths import MISSING
from ..replay.source import Replay
from ..replay.timeline import neighbour
from ..widgets.bars import KeyBar, LineBar, TooSmall, TopBar
from ..widgets.lens_pane import LensPane
from ..widgets.timeline import Timeline
from ..widgets.tree_view import TreeView
from . import inspection
from .bindings import bindings
from .console import ConsoleScreen
from .dialogs import Prompt
from .inspector import Inspector
from .library_pane import LibraryPane
from .viewing import Viewing

if TYPE_CHECKING:
    from ..replay.query import Query

PLAY_HERTZ = 30
_NEWS_SECONDS = 0.2
_LEAST_SECONDS = 1 / 60
_WAIT_SECONDS = 0.3
_OF_REPLAY = frozenset(key.action.partition("(")[0] for key in of_scope("replay")) - {"leave"}


class ReplayScreen(ConsoleScreen):
    """Shows one replay at a time, and the library it was chosen from.

    Frames are drawn where the reader is and nowhere else; reading on, series, events and searches
    happen on threads, whose findings are taken over at the screen's own pace.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings("replay")
    SCOPE = "replay"
    place = "replay"

    def __init__(self, path: Path | None = None, folders: tuple[Path, ...] = ()) -> None:
        super().__init__()
        self._path = path
        self._folders = folders
        self.viewing: Viewing | None = None
        self.beside: Viewing | None = None
        self._split = False
        self._drawn_at = 0.0
        self._draw_waits = False
        self._query: Query | None = None
        self._asked = ""
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
        with Vertical(id="ruler", classes="pane"):
            yield Timeline(id="timeline")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Open what was asked for; without that, the library is what there is to see."""
        self.query_one("#inspector").border_title = Content("inspect")
        self.query_one("#beside").display = False
        self._clock = self.set_interval(1 / PLAY_HERTZ, self._play_on, pause=True)
        self.set_interval(_NEWS_SECONDS, self._take_news)
        self._show_library(self._path is None)
        if self._path is not None:
            self.open(self._path)

    def on_screen_resume(self) -> None:
        """Name the place."""
        self._name_place()

    # -- opening ----------------------------------------------------------------------------

    def open(self, path: Path, *, beside: bool = False) -> None:
        """Open a replay in place of the present one, or beside it to compare them."""
        self._say(f"opening {path.name} …")
        self._open(path, beside=beside)

    @work(thread=True, group="opening", exclusive=True)
    def _open(self, path: Path, *, beside: bool) -> None:
        from ..replay.opening import open_replay

        try:
            replay = open_replay(path)
        except CoworldError as error:
            self.app.call_from_thread(self._cannot_open, error)
            return
        if get_current_worker().is_cancelled:
            replay.close()
            return
        self.app.call_from_thread(self._opened, replay, beside)

    def _cannot_open(self, error: CoworldError) -> None:
        self._say("")
        text = f"✗ {error.title}\n{error.cause}\n\n{error.next_step}"
        if self.viewing is None:
            self.query_one("#lens", LensPane).show(None, text)
        else:
            self.notify(text, severity="error", markup=False)

    def _opened(self, replay: Replay, beside: bool) -> None:
        if not self.is_attached:
            replay.close()
            return
        viewing = Viewing(replay)
        if beside:
            self._close(self.beside)
            self.beside = viewing
            self.query_one("#beside").display = True
            self.query_one(Inspector).tab = "compare"
        else:
            self._remember()
            self._close(self.viewing)
            self.viewing = viewing
            viewing.recall()
            self._show_library(False)
            self.query_one("#lens", LensPane).wanted = viewing.lens
            self.query_one("#lens", LensPane).shown.focus()
        self._say("")
        self._name_place()
        self._read(viewing)
        self._draw()

    @work(thread=True, group="reading")
    def _read(self, viewing: Viewing) -> None:
        """Read on until everything is known, however long the replay grows."""
        worker = get_current_worker()
        while not worker.is_cancelled and not viewing.closed:
            if viewing.work():
                continue
            if viewing.finished:
                return
            worker.cancelled_event.wait(_WAIT_SECONDS)

    def _close(self, viewing: Viewing | None) -> None:
        if viewing is not None:
            viewing.close()

    def on_unmount(self, _: Unmount) -> None:
        """Let go of the files."""
        self._remember()
        self._close(self.viewing)
        self._close(self.beside)

    def _remember(self) -> None:
        if self.viewing is not None:
            self.viewing.remember()

    # -- drawing ----------------------------------------------------------------------------

    def _draw_soon(self) -> None:
        """Draw now, or a moment later where keys come faster than frames can be seen."""
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
        other = self._draw_beside(viewing, view)
        self._draw_who(viewing, view)
        self.query_one(Inspector).show(viewing, view, other)
        self._draw_timeline(viewing)
        self._drawn_at = time.monotonic()

    def _draw_beside(self, viewing: Viewing, view: FrameView | None) -> list[Line] | None:
        pane = self.query_one("#beside", LensPane)
        if self.beside is not None:
            index = self.beside.index_like(viewing)
            other = self.beside.view(index) if index is not None else None
            pane.show(other, "the other replay has no such tick")
            width = self.query_one(Inspector).size.width - 4
            return inspection.compared_lines(viewing, view, self.beside, other, width)
        if self._split:
            pane.show(view)
        return None

    def _draw_who(self, viewing: Viewing, view: FrameView | None) -> None:
        grid = grid_of(view) if view is not None else None
        scores = grid.scores if grid is not None and grid.scores else viewing.scores_here()
        bar = self.query_one("#who", LineBar)
        bar.show(inspection.who_line(viewing, scores, bar.size.width))

    def _draw_timeline(self, viewing: Viewing) -> None:
        self.query_one(Timeline).show(viewing.timeline())
        self._title(viewing)

    def _title(self, viewing: Viewing) -> None:
        ruler = self.query_one("#ruler")
        title = Content(self._note or viewing.place())
        if ruler.border_title != title:
            ruler.border_title = title

    def _say(self, note: str) -> None:
        self._note = note
        if self.viewing is not None:
            self._title(self.viewing)
        else:
            self.query_one("#ruler").border_title = Content(note)

    def _name_place(self) -> None:
        self.place = "replay"
        if self.viewing is not None:
            self.place = f"replay › {self.viewing.title}"
        self.console.show_top(self.query_one(TopBar), self.place)

    # -- time -------------------------------------------------------------------------------

    def _play_on(self) -> None:
        viewing = self.viewing
        if viewing is None or not viewing.playback.playing:
            self._clock.pause()
            return
        if viewing.playback.advance(time.monotonic()):
            self._draw()
        elif not viewing.playback.playing:
            self._draw_timeline(viewing)

    def _take_news(self) -> None:
        """Show what the threads found meanwhile."""
        viewing = self.viewing
        if viewing is None or not self.is_current:
            return
        had_frames = viewing.playback.length > 0
        if viewing.take_news():
            if had_frames:
                self._draw_timeline(viewing)
                self.query_one(Inspector).show_news()
            else:
                self._draw()

    # -- moving -----------------------------------------------------------------------------

    def action_play(self) -> None:
        """Play or pause."""
        if self.viewing is not None:
            self.viewing.playback.toggle(time.monotonic())
            self._clock.resume()
            self._draw_soon()

    def action_step(self, frames: int) -> None:
        """Step by frames."""
        if self.viewing is not None:
            self._go(self.viewing.playback.index + frames)

    def action_leap(self, share: float) -> None:
        """Move by a share of the replay."""
        if self.viewing is not None:
            self.viewing.playback.leap(share)
            self._draw_soon()

    def action_share(self, share: float) -> None:
        """Go to a share of the replay."""
        if self.viewing is not None:
            self.viewing.playback.seek_share(share)
            self._draw_soon()

    def action_tenth(self, tenth: int) -> None:
        """Go to 0 %, 10 % … 90 %."""
        self.action_share(tenth / 10)

    def action_speed(self, steps: int) -> None:
        """Play faster or slower."""
        if self.viewing is not None:
            self.viewing.playback.change_speed(steps)
            self._draw_timeline(self.viewing)

    def action_loop(self) -> None:
        """Begin anew at the end, or not."""
        if self.viewing is not None:
            self.viewing.playback.loop = not self.viewing.playback.loop
            self._draw_timeline(self.viewing)

    def action_event(self, step: int) -> None:
        """Go to the next event, or the one before."""
        viewing = self.viewing
        if viewing is None:
            return
        event = neighbour(viewing.events, viewing.playback.index, step)
        if event is not None:
            self._go(event.index)
        else:
            self._say("no event after this frame" if step > 0 else "no event before this frame")

    def action_go_to_tick(self) -> None:
        """Ask for a tick."""
        if self.viewing is not None:
            self.app.push_screen(Prompt("go to", "a tick, #frame or per cent: 41  #41  50%"), self._go_to)

    def _go_to(self, answer: str | None) -> None:
        viewing = self.viewing
        if not answer or viewing is None:
            return
        number = answer.strip("#% ")
        try:
            value = float(number)
        except ValueError:
            self._say(f"{safe_line(answer, 40)} is no tick")
            return
        if answer.endswith("%"):
            self.action_share(value / 100)
        elif answer.startswith("#"):
            self._go(int(value) - 1)
        else:
            self._seek_tick(viewing, int(value))

    @work(thread=True, group="seeking", exclusive=True)
    def _seek_tick(self, viewing: Viewing, tick: int) -> None:
        index = viewing.index_of_tick(tick)
        self.app.call_from_thread(self._went, index, f"no frame of tick {tick}")

    def _went(self, index: int | None, otherwise: str) -> None:
        if index is None:
            self._say(otherwise)
        else:
            self._go(index)

    def _go(self, index: int) -> None:
        if self.viewing is not None:
            self._note = ""
            self.viewing.playback.seek(index)
            self._draw_soon()

    def on_timeline_sought(self, message: Timeline.Sought) -> None:
        """A place on the bar was clicked."""
        self._go(message.index)

    def on_inspector_picked(self, message: Inspector.Picked) -> None:
        """An event was picked."""
        self._go(message.index)

    # -- finding ----------------------------------------------------------------------------

    def action_find(self) -> None:
        """Ask what to look for."""
        if self.viewing is not None:
            prompt = Prompt("find", "text, or  scores.0 > 10   positions.1 changed", self._asked)
            self.app.push_screen(prompt, self._look_for)

    def _look_for(self, asked: str | None) -> None:
        from ..replay.query import parse_query

        if not asked:
            return
        try:
            self._query = parse_query(asked)
        except CoworldError as error:
            self.notify(f"{error.title}\n{error.cause}", severity="error", markup=False)
            return
        self._asked = asked
        self.action_find_again(1)

    def action_find_again(self, step: int) -> None:
        """Look for the next match, or the one before."""
        if self.viewing is None:
            return
        if self._query is None:
            self.action_find()
            return
        self._find(self.viewing, self._query, step)

    @work(thread=True, group="finding", exclusive=True)
    def _find(self, viewing: Viewing, query: Query, step: int) -> None:
        from ..replay.find import find

        worker, app = get_current_worker(), self.app
        told = time.monotonic()

        def progress(share: float) -> None:
            nonlocal told
            if time.monotonic() - told > _NEWS_SECONDS:
                told = time.monotonic()
                app.call_from_thread(
                    self._say, f"looking for {safe_line(self._asked, 60)}  {share:.0%}  escape stops"
                )

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
            app.call_from_thread(self._say, f"cannot be read any more: {safe_line(str(error), 100)}")
            return
        if not worker.is_cancelled:
            where = "after" if step > 0 else "before"
            app.call_from_thread(self._went, found, f"{safe_line(self._asked, 60)}: not {where} this frame")

    # -- markers ----------------------------------------------------------------------------

    def action_mark(self) -> None:
        """Set a marker at this frame, or take it away."""
        if self.viewing is not None:
            self.viewing.mark()
            self._draw_timeline(self.viewing)

    def action_marks(self) -> None:
        """Go to the next marker, round the end."""
        viewing = self.viewing
        if viewing is None or not viewing.markers:
            self._say("no markers: m sets one")
            return
        after = [index for index in viewing.markers if index > viewing.playback.index]
        self._go(min(after or viewing.markers))

    # -- looking ----------------------------------------------------------------------------

    def action_lens(self) -> None:
        """The next lens, in the pane that has focus."""
        beside, pane = self.query_one("#beside", LensPane), self.query_one("#lens", LensPane)
        (beside if beside.has_focus_within else pane).next_lens()
        if self.viewing is not None:
            self.viewing.lens = pane.wanted

    def action_layer(self) -> None:
        """The next layer of the board alone."""
        name = self.query_one("#lens", LensPane).next_layer()
        self._say(safe_line(name, 60) or "this board has one layer")

    def action_split(self) -> None:
        """Two lenses side by side; while comparing, end that."""
        pane = self.query_one("#beside", LensPane)
        if self.beside is not None:
            self._close(self.beside)
            self.beside = None
            self._split = False
        else:
            self._split = not self._split
        pane.display = self._split
        if self._split and self.viewing is not None:
            pane.show(self.viewing.view(self.viewing.playback.index))
            pane.next_lens()
        self._draw()

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
        tree = self._tree()
        if self.viewing is None or tree is None:
            self._say("open the tree (t, or v) and put the cursor on a number")
            return
        path = tuple(step for step in tree.cursor_path if not isinstance(step, range))
        if not isinstance(tree.cursor_value, int | float):
            self._say("that is no number")
            return
        self.viewing.follow(path)
        self._read(self.viewing)
        self.query_one(Inspector).choose("series")

    def _tree(self) -> TreeView | None:
        """The tree that has focus, else one that is shown."""
        if isinstance(self.focused, TreeView):
            return self.focused
        inspector = self.query_one(Inspector)
        if inspector.tab == "tree":
            return inspector.tree_view
        shown = self.query_one("#lens", LensPane).shown
        return shown if isinstance(shown, TreeView) else None

    def action_zoom(self) -> None:
        """Give the window to the frame, or back to all."""
        self.toggle_class("zoomed")

    def action_library(self) -> None:
        """Show or hide the list of replays."""
        self._show_library(not self.query_one(LibraryPane).display)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a replay there is nothing to do but choose one."""
        del parameters
        is_ours = action in _OF_REPLAY
        return not is_ours or self.viewing is not None

    def _show_library(self, shown: bool) -> None:
        choosing = self.viewing is None and self._path is None
        shown = shown or choosing
        library = self.query_one(LibraryPane)
        library.display = shown
        self.set_class(choosing, "choosing")
        self.query_one(KeyBar).update_keys()
        if shown:
            library.begin()
            library.focus_list()
        elif self.viewing is not None:
            self.query_one("#lens", LensPane).shown.focus()

    def on_library_pane_chosen(self, message: LibraryPane.Chosen) -> None:
        """A replay was chosen."""
        self._path = message.path
        self.open(message.path)

    def action_pan(self, dx: int, dy: int) -> None:
        """Move boards that are larger than their panes."""
        for pane in self.query(LensPane):
            pane.pan(dx, dy)

    # -- taking things out ------------------------------------------------------------------

    def action_copy_value(self) -> None:
        """Copy the value under the cursor of the tree; without a tree, where this frame is."""
        viewing, tree = self.viewing, self._tree()
        if viewing is None:
            return
        if tree is None:
            self.console.copy(viewing.place())
        else:
            self.console.copy(_as_json(tree.cursor_value))

    def action_copy_frame(self) -> None:
        """Copy the frame as text."""
        view = self._view()
        if view is not None:
            self.console.copy(_text_of(view))

    def action_save_frame(self) -> None:
        """Ask where to save the frame's bytes."""
        view, viewing = self._view(), self.viewing
        if view is None or viewing is None:
            return
        name = (
            f"{viewing.file_stem}-frame-{viewing.playback.index}.{'json' if view.kind == 'json' else 'bin'}"
        )
        self.app.push_screen(Prompt("save frame", "a file that does not exist yet", name), self._save_frame)

    def _save_frame(self, answer: str | None) -> None:
        view = self._view()
        if not answer or view is None:
            return
        try:
            with Path(answer).expanduser().open("xb") as file:
                file.write(view.payload)
        except OSError as error:
            self.notify(f"not saved: {error.strerror or error}", severity="error", markup=False)
        else:
            self.notify(f"saved {answer}", markup=False)

    def action_pager(self) -> None:
        """Open the frame in $PAGER."""
        from .pager import page

        view = self._view()
        if view is not None:
            page(self.app, _text_of(view))

    def action_export(self) -> None:
        """Ask what to export."""
        from .exporting import ExportScreen

        if self.viewing is not None:
            lens = self.query_one("#lens", LensPane)
            self.app.push_screen(ExportScreen(self.viewing, lens.lens.name if lens.lens else None, lens.size))

    def on_inspector_opened(self, message: Inspector.Opened) -> None:
        """Show a file that came with the replay."""
        from .file_screen import FileScreen

        self.app.push_screen(FileScreen(message.file))

    def _view(self) -> FrameView | None:
        return self.viewing.view(self.viewing.playback.index) if self.viewing is not None else None

    # -- leaving ----------------------------------------------------------------------------

    def action_leave(self) -> None:
        """Stop a search, undo a zoom, end a comparison, then back to where one came from."""
        searches = [worker for worker in self.workers if worker.group == "finding" and worker.is_running]
        if searches:
            for worker in searches:
                worker.cancel()
            self._say("stopped")
        elif self.has_class("zoomed"):
            self.action_zoom()
        elif self.beside is not None or self._split:
            self.action_split()
        else:
            self.console.leave()


def _as_json(value: Any) -> str:
    import json

    return "" if value is MISSING else json.dumps(value, ensure_ascii=False)


def _text_of(view: FrameView) -> str:
    """A frame as text a person can read, safe for a terminal."""
    if view.kind == "binary" or view.decoded is MISSING or isinstance(view.decoded, str | bytes):
        text = view.payload.decode("utf-8", "replace")
    else:
        import json

        text = json.dumps(view.decoded, indent=1, ensure_ascii=False)
    return "\n".join(safe_line(line) for line in text.splitlines())
