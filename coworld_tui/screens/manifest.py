"""The manifest screen: packages on the left, the chosen one on the right, and from here everything starts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.message import Message

from ..widgets.bars import KeyBar, TabBar, TooSmall, TopBar
from ..widgets.table import TableView
from .bindings import bindings
from .console import ConsoleScreen
from .following import Follower
from .package_pane import PackagePane
from .packages_pane import PackagesPane

if TYPE_CHECKING:
    from ..contract.package import Package
    from ..runner.launch import Kind
    from .launch import Launch
    from .packages import Found


class ManifestScreen(ConsoleScreen):
    """Lists packages and shows one. Nothing is read before the first paint."""

    BINDINGS: ClassVar[list[BindingType]] = bindings("manifest")
    SCOPE = "manifest"
    place = "packages"

    class Saved(Message):
        """The manifest that is shown was saved: the package as it reads now."""

        def __init__(self, found: Found) -> None:
            super().__init__()
            self.found = found

    def __init__(self, opened: tuple[str, ...] = ()) -> None:
        super().__init__()
        self._opened = opened
        self._follower = Follower(lambda found: self.post_message(self.Saved(found)))

    def compose(self) -> ComposeResult:
        yield TopBar(id="top")
        yield TooSmall()
        with Horizontal(id="body"):
            yield PackagesPane()
            yield PackagePane()
        yield KeyBar(id="keys")

    def on_mount(self) -> None:
        """The packages are looked for after the first paint."""
        self.packages.focus_list()
        self.call_after_refresh(self.action_reload)
        self._follower.start()

    def on_unmount(self) -> None:
        """Nothing is to be followed any more."""
        self._follower.stop()

    def on_screen_resume(self) -> None:
        """Runs may have ended meanwhile."""
        self.console.show_top(self.query_one(TopBar), self.place)
        self.pane.rebuild()
        self._follow()

    def on_screen_suspend(self) -> None:
        """What nobody sees need not be followed."""
        self._follower.follow(None)

    @property
    def packages(self) -> PackagesPane:
        """The list."""
        return self.query_one(PackagesPane)

    @property
    def pane(self) -> PackagePane:
        """The package that is shown."""
        return self.query_one(PackagePane)

    # -- finding and following --------------------------------------------------------------

    @work(exclusive=True, group="packages")
    async def action_reload(self) -> None:
        """Look for packages again."""
        found = await asyncio.to_thread(_discover, self._opened)
        if self.is_attached:
            self.packages.fill(found)

    def on_packages_pane_shown(self, message: PackagesPane.Shown) -> None:
        """Show the package beneath the cursor."""
        self.pane.show(message.found)
        self._follow()

    def _follow(self) -> None:
        found = self.pane.found
        is_file = found is not None and not _is_builtin(found)
        self._follower.follow(found if is_file and self.is_current else None)

    def on_manifest_screen_saved(self, message: Saved) -> None:
        """Show the package as it reads now."""
        self.packages.put(message.found)

    # -- the package ------------------------------------------------------------------------

    def on_tab_bar_chosen(self, message: TabBar.Chosen) -> None:
        """A tab was clicked."""
        self.pane.show_tab(message.tab)

    def on_table_view_chosen(self, message: TableView.Chosen) -> None:
        """Enter on a package opens the launch form, on a row of it what that row is about."""
        if message.table.id == "list":
            self.action_launch()
            return
        from .package_tabs.runs import RunsTab

        built = self.pane.built
        if isinstance(built, RunsTab):
            self.console.show_replays(built.runs[message.row].path)
        elif built is not None:
            self._choose(self.pane.tab)

    def _choose(self, tab: str) -> None:
        if tab == "variants":
            self.action_launch()
        elif tab == "schemas":
            self.pane.toggle_raw()
        elif tab == "docs":
            self.pane.read_document()

    def action_tab(self, tab: str) -> None:
        """Show a tab; once more, the overview."""
        self.pane.show_tab("overview" if tab == self.pane.tab else tab)

    def action_next_tab(self, step: int) -> None:
        """The neighbour of the tab, round the end."""
        self.pane.show_tab(self.pane.query_one(TabBar).neighbour(step))

    def action_edit(self) -> None:
        """Open the manifest in the reader's editor; the screen follows what is saved."""
        from .outside import edit

        found = self.pane.found
        if found is None or _is_builtin(found):
            self.notify("the bundled game is not yours to edit: N writes one of your own", markup=False)
            return
        self.run_worker(edit(self.app, found.source), exclusive=True, group="outside")

    def action_copy(self) -> None:
        """Copy what the tab says of the row beneath the cursor."""
        self._copy()

    @work(exclusive=True, group="copying")
    async def _copy(self) -> None:
        self.console.copy(await self.pane.text())

    def action_build(self) -> None:
        """Build images and manifest of a project, from the package's folder or this one."""
        from .building import BuildScreen, project_of

        found = self.pane.found
        package = found.package if found is not None else None
        self.app.push_screen(BuildScreen(project_of(package)), self.open)

    def action_new(self) -> None:
        """Write a small player or Coworld to start from."""
        from .starting import StartScreen

        self.app.push_screen(StartScreen())

    # -- launching --------------------------------------------------------------------------

    def _package(self) -> Package | None:
        found = self.pane.found
        if found is None or found.package is None:
            self.notify("choose a package that could be read", markup=False)
            return None
        return found.package

    def _variant(self) -> str:
        """The variant beneath the cursor of the variants, else the fixture."""
        from ..contract.request import FIXTURE
        from .package_tabs.variants import VariantsTab

        built, row = self.pane.built, self.pane.row
        return built.id_of(row) if isinstance(built, VariantsTab) and row is not None else FIXTURE

    def action_launch(self) -> None:
        """Open the launch form."""
        self._open_form("episode")

    def action_play(self) -> None:
        """Open the launch form for play mode."""
        self._open_form("play")

    def _open_form(self, kind: Kind) -> None:
        package = self._package()
        if package is not None:
            from .launch import LaunchScreen

            self.app.push_screen(LaunchScreen(package, kind, self._variant()), self._launched)

    def _launched(self, launch: Launch | None) -> None:
        if launch is not None:
            self.console.launch(launch)

    def action_run_again(self) -> None:
        """Launch what was launched last of this package, or its certification fixture."""
        package = self._package()
        if package is not None:
            self.console.launch_again(package)

    def action_certify(self) -> None:
        """Take the package through certification."""
        package = self._package()
        if package is not None:
            self.console.certify(package)

    def action_config(self) -> None:
        """Build a configuration, from that of the variant beneath the cursor."""
        package = self._package()
        if package is not None:
            self._edit_config(package, self._variant())

    @work(exclusive=True, group="config")
    async def _edit_config(self, package: Package, variant: str) -> None:
        from .config_editor import ConfigEditor, form_of

        form = await asyncio.to_thread(form_of, package, variant)
        if self.is_current:
            self.app.push_screen(ConfigEditor(package, variant, form), self._configured)

    def _configured(self, config: dict[str, Any] | None) -> None:
        package = self._package()
        if config is not None and package is not None:
            from .launch import LaunchScreen

            self.app.push_screen(LaunchScreen(package, config=config), self._launched)

    def action_live(self) -> None:
        """Go to the episodes of this session."""
        self.console.show_live()

    def action_league(self) -> None:
        """Leagues of the server."""
        self.console.show_league()

    def action_replays(self) -> None:
        """Runs, downloads and bundles to look back at."""
        self.console.show_replays()

    # -- the list ---------------------------------------------------------------------------

    async def action_filter(self) -> None:
        """Filter the packages."""
        await self.packages.begin_filter()

    def action_open_path(self) -> None:
        """Ask for a path and add the package there."""
        from .dialogs import Prompt

        self.app.push_screen(Prompt("open", "manifest file or package folder"), self.open)

    def open(self, path: str | None) -> None:
        """Add the package at a path, and show it."""
        if path:
            self._opened = (path, *self._opened)
            self.action_reload()


def _discover(opened: tuple[str, ...]) -> list[Found]:
    from .packages import discover

    return discover(opened)


def _is_builtin(found: Found) -> bool:
    return found.package is not None and found.package.builtin
