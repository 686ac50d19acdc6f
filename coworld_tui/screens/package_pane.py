"""One package: its tabs, on each the things to choose from and what is said of the chosen one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.worker import get_current_worker

from ..contract.text import safe_line
from ..replay.lenses.spans import Line, Span, text_of
from ..widgets.bars import TabBar
from ..widgets.lines import LinesView
from ..widgets.static_lines import StaticLines
from ..widgets.table import TableView
from .package_tabs.building import TABS, build_tab, verdict_of

if TYPE_CHECKING:
    from ..contract.errors import CoworldError
    from ..contract.package import Package
    from ..runs.doc_cache import FetchedDocument
    from ..widgets.table import Rows
    from .package_tabs.model import ImageFact, PackageTab
    from .packages import Found

_NARROW = 100
_MOST_IMAGES, _AT_A_TIME = 200, 8
_SHORT = {"overview": "info", "schemas": "schema", "findings": "check"}


class PackagePane(Vertical):
    """Tabs are built off the event loop, when they are shown and whenever the manifest changes."""

    def __init__(self) -> None:
        super().__init__(id="details", classes="pane")
        self.found: Found | None = None
        self.tab = "overview"
        self.built: PackageTab | None = None
        self._is_raw = False
        self._images: dict[str, ImageFact | None] = {}
        self._fetched: dict[str, FetchedDocument | CoworldError] = {}

    def compose(self) -> ComposeResult:
        yield TabBar(id="tabs")
        yield TableView(id="items")
        yield LinesView(id="text")

    def on_mount(self) -> None:
        """Nothing to choose from yet."""
        self.query_one("#items").display = False
        self._show_tabs()

    @property
    def row(self) -> int | None:
        """The row beneath the cursor; None where there are none."""
        table = self.query_one("#items", TableView)
        return table.cursor_row if table.display else None

    # -- what is shown ----------------------------------------------------------------------

    def show(self, found: Found | None) -> None:
        """Show another package, or the same one as it reads now."""
        is_same = found is not None and self.found is not None and found.source == self.found.source
        if found is self.found:
            return
        self.found = found
        if not is_same:
            self.built = None
            self.border_subtitle = Content("")
        if found is None:
            self.workers.cancel_node(self)
            self.border_title = Content("")
            self._show_lines(())
            self.query_one("#items").display = False
            return
        label = found.package.label if found.package is not None else safe_line(found.name, 60)
        self.border_title = Content(label)
        self.rebuild(is_same=is_same)
        self._judge(found)
        self.look_up_images()

    def show_tab(self, tab: str) -> None:
        """Show another tab, from its top."""
        self.tab = tab
        self.built = None
        self._show_tabs()
        self.rebuild(is_same=False)

    def toggle_raw(self) -> None:
        """The schemas as they are, or as an outline again."""
        self._is_raw = not self._is_raw
        self.rebuild(is_same=True)
        self.query_one("#text", LinesView).scroll_to(y=0, animate=False)

    def read_document(self) -> None:
        """Fetch the linked document beneath the cursor; go to the page of one that is there."""
        from .package_tabs.docs import DocsTab

        row = self.row
        if not isinstance(self.built, DocsTab) or row is None:
            return
        address = self.built.address(row)
        from ..runs.doc_cache import FetchedDocument

        if address is None or isinstance(self._fetched.get(address), FetchedDocument):
            self.query_one("#text").focus()
        else:
            self._fetch(address)

    @work(exclusive=True, group="document")
    async def _fetch(self, address: str) -> None:
        from ..contract.errors import CoworldError
        from ..runs.doc_cache import fetch_document_text
        from ..runs.settings import section

        self._show_lines([(Span("fetching …", "muted"),)])
        try:
            allowed = await asyncio.to_thread(lambda: section("documents").get("private") is True)
            self._fetched[address] = await fetch_document_text(address, allow_private=allowed)
        except CoworldError as error:
            self._fetched[address] = error
        self.rebuild()

    def rebuild(self, *, is_same: bool = True) -> None:
        """Build the tab anew. ``is_same`` leaves cursor and place where they are."""
        if self.found is not None:
            self._build(self.found, self.tab, is_same)

    @work(thread=True, exclusive=True, group="tab")
    def _build(self, found: Found, tab: str, is_same: bool) -> None:
        built = build_tab(tab, found, self._images, dict(self._fetched), is_raw=self._is_raw)
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._show_built, built, built.rows, is_same)

    def _show_built(self, built: PackageTab, rows: Rows | None, is_same: bool) -> None:
        if not self.is_attached:
            return
        self.built = built
        table = self.query_one("#items", TableView)
        had_focus = table.has_focus
        table.display = rows is not None
        if rows is None:
            if had_focus:
                self.query_one("#text").focus()
        elif is_same:
            table.replace(rows)
        else:
            table.show(rows)
        if rows is not None:
            has_header = any(column.title for column in rows.columns)
            table.styles.height = max(1, rows.row_count) + has_header
        if not is_same:
            self.query_one("#text").scroll_to(y=0, animate=False)
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """Say what there is to say of the row beneath the cursor."""
        width = self.query_one("#text", LinesView).room.width
        if self.built is not None and width:
            self._make_lines(self.built, self.row or 0, width)

    @work(thread=True, exclusive=True, group="lines")
    def _make_lines(self, built: PackageTab, row: int, width: int) -> None:
        lines = built.lines(row, width)
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._show_lines, lines)

    def _show_lines(self, lines: Sequence[Line]) -> None:
        if self.is_attached:
            self.query_one("#text", LinesView).show(StaticLines(lines))

    @work(thread=True, exclusive=True, group="verdict")
    def _judge(self, found: Found) -> None:
        verdict = verdict_of(found)
        accepted = [generation for generation, is_valid in verdict.accepted_by.items() if is_valid]
        said = f"valid for {', '.join(accepted)}" if accepted else "no generation accepts it"
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._show_verdict, said)

    def _show_verdict(self, said: str) -> None:
        if self.is_attached:
            self.border_subtitle = Content(said)

    @work(exclusive=True, group="images")
    async def look_up_images(self) -> None:
        """Ask the engine, if there is one, which images of the package it has."""
        package = self.found.package if self.found is not None else None
        if package is None or package.builtin:
            return
        images = await _image_facts(package)
        if images is not None and images != self._images and self.is_attached:
            self._images = images
            self.rebuild()

    def _show_tabs(self) -> None:
        short = _SHORT if self.app.size.width < _NARROW else {}
        tabs = [(tab, short.get(tab, tab).capitalize()) for tab in TABS]
        self.query_one(TabBar).show_tabs(tabs, self.tab)

    # -- what comes from the widgets --------------------------------------------------------

    def on_table_view_highlighted(self, message: TableView.Highlighted) -> None:
        """Another row, another text."""
        message.stop()
        self.query_one("#text").scroll_to(y=0, animate=False)
        self.draw()

    def on_resize(self) -> None:
        """Lines are laid out for the room there is."""
        self._show_tabs()
        self.call_after_refresh(self.draw)

    async def text(self) -> str:
        """Everything the tab says of the row beneath the cursor, as plain text."""
        built, row, width = self.built, self.row or 0, self.query_one("#text", LinesView).room.width
        return await asyncio.to_thread(lambda: text_of(built.lines(row, width))) if built is not None else ""


async def _image_facts(package: Package) -> dict[str, ImageFact | None] | None:
    """What the engine knows of each image of a package, None for absent ones; None without an engine."""
    from ..contract.errors import CoworldError
    from ..runner.docker_engine import connect
    from ..runner.doctor import image_details, images_of
    from .package_tabs.model import ImageFact

    try:
        engine = await connect()
    except CoworldError:
        return None
    turns = asyncio.Semaphore(_AT_A_TIME)

    async def fact_of(image: str) -> ImageFact | None:
        async with turns:
            found = await image_details(engine, image)
        if found is None:
            return None
        return ImageFact(int(found.get("Size", 0)), f"{found.get('Os', '')}/{found.get('Architecture', '')}")

    images = images_of(package)[:_MOST_IMAGES]
    return dict(zip(images, await asyncio.gather(*map(fact_of, images)), strict=True))
