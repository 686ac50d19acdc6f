"""The manifest screen: packages on the left, the chosen one on the right, and from here everything starts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from ..contract.text import safe_line
from ..replay.lenses.spans import Line, Span, fit
from ..widgets.bars import KeyBar, TabBar, TooSmall, TopBar
from ..widgets.lines import LinesView
from ..widgets.static_lines import StaticLines
from .bindings import bindings
from .console import ConsoleScreen

if TYPE_CHECKING:
    from ..contract.package import Package
    from ..runner.launch import Kind
    from .launch import Launch
    from .packages import Found

TABS = ("overview", "variants", "runs")
_RUNS_SHOWN = 100
_RUNS_ON_OVERVIEW = 5


class ManifestScreen(ConsoleScreen):
    """Lists packages and shows one. Nothing is read before the first paint."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("manifest")
    SCOPE = "manifest"
    place = "packages"

    def __init__(self, opened: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._opened = opened
        self._found: list[Found] = []
        self._shown: list[Found] = []
        self._images: dict[str, str] = {}
        self._tab = "overview"
        self._selected = ""

    def compose(self) -> ComposeResult:
        yield TopBar(id="top")
        yield TooSmall()
        with Horizontal(id="body"):
            with Vertical(id="packages", classes="pane"):
                yield OptionList(id="list", markup=False)
                yield Input(placeholder="filter", id="filter", compact=True)
            with Vertical(id="details", classes="pane"):
                yield TabBar(id="tabs")
                yield LinesView(id="text")
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """Frame the panes; the packages are looked for after the first paint."""
        packages = self.query_one("#packages")
        packages.border_title = Content("packages")
        packages.border_subtitle = Content("/ filter")
        self.query_one("#filter").display = False
        self._show_text([(Span("looking for packages …", "muted"),)])
        self.query_one(OptionList).focus()
        self.call_after_refresh(self.action_reload)

    def on_screen_resume(self) -> None:
        """Runs may have ended meanwhile."""
        self.console.show_top(self.query_one(TopBar), self.place)
        if self._found:
            self._show_details()

    # -- finding ----------------------------------------------------------------------------

    @work(exclusive=True, group="packages")
    async def action_reload(self) -> None:
        """Look for packages again."""
        self._found = await asyncio.to_thread(_discover, self._opened)
        if self.is_attached:
            self._fill_list()

    def _fill_list(self) -> None:
        wanted = self.query_one("#filter", Input).value.strip().lower()
        self._shown = [found for found in self._found if wanted in found.name.lower()]
        options = self.query_one(OptionList)
        options.clear_options()
        narrow = self.has_class("-narrow")
        options.add_options(Option(_entry(found, narrow=narrow)) for found in self._shown)
        if not self._shown:
            self._show_text([(Span("no package of that name", "muted"),)])
            return
        at = next((at for at, found in enumerate(self._shown) if found.source == self._selected), 0)
        options.highlighted = at

    def on_option_list_option_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        """Show the package beneath the cursor."""
        self._selected = self._shown[message.option_index].source
        self._show_details()
        self._look_up_images()

    def on_option_list_option_selected(self) -> None:
        """Enter on a package opens the launch form."""
        self.action_launch()

    @property
    def current(self) -> Found | None:
        """The package that is shown."""
        return next((found for found in self._shown if found.source == self._selected), None)

    @work(exclusive=True, group="images")
    async def _look_up_images(self) -> None:
        found = self.current
        if found is None or found.package is None or found.package.builtin:
            return
        images = await _image_sizes(found.package)
        if images is not None and self.is_attached:
            self._images = images
            self._show_details()

    # -- showing ----------------------------------------------------------------------------

    def _show_details(self) -> None:
        from . import overview

        found = self.current
        if found is None:
            return
        details = self.query_one("#details")
        details.border_title = Content(
            found.package.label if found.package is not None else safe_line(found.name, 60)
        )
        self.query_one(TabBar).show_tabs([(tab, tab.capitalize()) for tab in TABS], self._tab)
        if found.package is None:
            self._show_text(overview.problem_lines(found, self._room()))
        elif self._tab == "variants":
            self._show_text(overview.variant_lines(found.package, self._room()))
        else:
            self._load_runs(found)

    @work(exclusive=True, group="runs")
    async def _load_runs(self, found: Found) -> None:
        from ..runs.index import newest_runs
        from . import overview

        package, tab = found.package, self._tab
        if package is None:
            return
        limit = _RUNS_SHOWN if tab == "runs" else _RUNS_ON_OVERVIEW
        runs = await asyncio.to_thread(lambda: list(newest_runs(limit, f"{package.name}:")))
        if not self.is_attached or self.current is not found or self._tab != tab:
            return
        if tab == "overview":
            self._show_text(overview.overview_lines(package, self._images, runs, self._room()))
        else:
            self._show_text(overview.runs_lines(runs, self._room()))

    def _room(self) -> int:
        return self.query_one("#text", LinesView).room.width

    def on_resize(self) -> None:
        """Lines are wrapped to the room there is."""
        self.call_after_refresh(self._show_details)

    def _show_text(self, lines: list[Line]) -> None:
        self.query_one("#text", LinesView).show(StaticLines(lines))

    def on_tab_bar_chosen(self, message: TabBar.Chosen) -> None:
        """A tab was clicked."""
        self.action_tab(message.tab)

    # -- keys -------------------------------------------------------------------------------

    def action_tab(self, tab: str) -> None:
        """Show a tab; once more, the overview."""
        self._tab = "overview" if tab == self._tab else tab
        self._show_details()
        text = self.query_one("#text", LinesView)
        text.scroll_to(y=0, animate=False)

    def action_replays(self) -> None:
        """Runs, downloads and bundles to look back at."""
        self.console.show_replays()

    def action_filter(self) -> None:
        """Type a part of a name; enter goes back to the list, escape forgets the filter."""
        field = self.query_one("#filter", Input)
        field.display = True
        field.focus()

    def on_input_changed(self) -> None:
        """Filter as it is typed."""
        self._fill_list()

    def on_input_submitted(self) -> None:
        """Back to the list."""
        field = self.query_one("#filter", Input)
        field.display = bool(field.value)
        self.query_one(OptionList).focus()

    def key_escape(self) -> None:
        """Forget the filter."""
        field = self.query_one("#filter", Input)
        if field.display:
            field.value = ""
            field.display = False
            self.query_one(OptionList).focus()

    def action_launch(self) -> None:
        """Open the launch form."""
        self._open_form("episode")

    def action_play(self) -> None:
        """Open the launch form for play mode."""
        self._open_form("play")

    def _open_form(self, kind: Kind) -> None:
        found = self.current
        if found is None or found.package is None:
            self.notify("there is nothing to run: choose a package that could be read", markup=False)
            return
        from .launch import LaunchScreen

        self.app.push_screen(LaunchScreen(found.package, kind), self._launched)

    def _launched(self, launch: Launch | None) -> None:
        if launch is not None:
            self.console.launch(launch)

    def action_run_again(self) -> None:
        """Launch what was launched last of this package, or its certification fixture."""
        found = self.current
        if found is not None and found.package is not None:
            self.console.launch_again(found.package)

    def action_live(self) -> None:
        """Go to the episodes of this session."""
        self.console.show_live()

    def action_open_path(self) -> None:
        """Ask for a path and add the package there."""
        from .dialogs import Prompt

        self.app.push_screen(Prompt("open", "manifest file or package folder"), self._open)

    def _open(self, path: str | None) -> None:
        if path:
            self._opened = (path, *self._opened)
            self._selected = ""
            self.action_reload()


def _discover(opened: tuple[str, ...]) -> list[Found]:
    from .packages import discover

    return discover(opened)


async def _image_sizes(package: Package) -> dict[str, str] | None:
    """Size of each image of a package, empty for absent ones; None without an engine."""
    from ..contract.errors import CoworldError
    from ..runner.docker_engine import connect
    from ..runner.doctor import image_details, images_of

    try:
        engine = await connect()
    except CoworldError:
        return None
    details = await asyncio.gather(*(image_details(engine, image) for image in images_of(package)))
    sizes = (f"{int(found.get('Size', 0)) / 1e6:.0f} MB" if found else "" for found in details)
    return dict(zip(images_of(package), sizes, strict=True))


def _entry(found: Found, *, narrow: bool) -> Content:
    package = found.package
    name = fit(safe_line(found.name, 40), 12 if narrow else 16)
    if package is None:
        return Content.assemble(name, (" unreadable", "$muted"), ("" if narrow else " ✗", "$error"))
    version = "built in" if package.builtin else safe_line(package.version, 10)
    generation = "" if narrow else f" {package.generation}"
    return Content.assemble((name, "bold"), (f" {fit(version, 8)}{generation}", "$muted"))
