"""The export form: what of a replay, in which form, into which file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from ..widgets.choice import Choice
from .form_rows import form_bindings, form_row
from .viewing import Viewing

if TYPE_CHECKING:
    from ..replay.exporting import What

KINDS: dict[str, tuple[What, str]] = {
    "frames, JSON lines": ("frames", ".jsonl"),
    "frames, Parquet": ("frames", ".parquet"),
    "frames, a folder of texts": ("frames", ""),
    "series, CSV": ("series", ".csv"),
    "series, JSON": ("series", ".json"),
    "series, Parquet": ("series", ".parquet"),
    "official stats, Parquet": ("stats", ".parquet"),
    "cast for asciinema": ("cast", ".cast"),
}
PICTURE = "picture of this frame, SVG"
BUNDLE = "the episode for others, zip"
"""Tokens and secrets are taken out of it; the command line can keep them."""


class ExportScreen(ModalScreen[None]):
    """Asks what to export and writes it; nothing that is there already is overwritten."""

    BINDINGS: ClassVar[list[BindingType]] = form_bindings("export")

    def __init__(self, viewing: Viewing, lens: str | None, size: Size) -> None:
        super().__init__()
        self._viewing = viewing
        self._lens = lens
        self._size = size
        # The replay may play on behind the form.
        self._index, self._place = viewing.playback.index, viewing.place()

    def compose(self) -> ComposeResult:
        first = next(iter(KINDS))
        with Vertical(classes="dialog form") as box:
            box.border_title = Content("export")
            box.border_subtitle = Content("enter export   ↑↓ fields   ←→ choices   escape back")
            yield from form_row("what", Choice([*KINDS, BUNDLE, PICTURE], first, id="what"))
            yield from form_row("file", Input(self._file_name(first), id="file", compact=True))
            yield from form_row("from tick", Input(placeholder="the first", id="from", compact=True))
            yield from form_row("to tick", Input(placeholder="the last", id="to", compact=True))
            yield Label("", id="problem", markup=False)

    def on_choice_changed(self, message: Choice.Changed) -> None:
        """Name the file after what is exported."""
        self.query_one("#file", Input).value = self._file_name(message.value)

    def on_input_submitted(self) -> None:
        """Enter in a field exports as well."""
        self.action_export()

    def action_export(self) -> None:
        """Write the file."""
        try:
            first, last = (self._tick(field) for field in ("from", "to"))
        except ValueError as error:
            self._complain(f"{error} is no tick")
            return
        name = self.query_one("#file", Input).value.strip()
        try:
            output = Path(name).expanduser()
        except RuntimeError as error:
            self._complain(f"{name}: {error}")
            return
        self._complain("writing …")
        self._write(self.query_one(Choice).value, output, first, last)

    @work(thread=True, exclusive=True)
    def _write(self, kind: str, output: Path, first: int | None, last: int | None) -> None:
        try:
            told = self._written(kind, output, first, last)
        except CoworldError as error:
            self.app.call_from_thread(
                self._complain, f"{error.title}: {error.cause}" if error.cause else error.title
            )
            return
        self.app.call_from_thread(self._done, told)

    def _written(self, kind: str, output: Path, first: int | None, last: int | None) -> str:
        from ..replay.exporting import Export, export_replay

        if kind == PICTURE:
            return self._picture(output)
        if kind == BUNDLE:
            return self._bundle(output)
        wanted = Export(
            KINDS[kind][0],
            output,
            first,
            last,
            lens=self._lens,
            width=self._size.width,
            height=self._size.height,
            paths=tuple(self._viewing.followed),
        )
        written = export_replay(self._viewing.replay, wanted)
        return f"{written.path}: {written.rows} rows, {written.format}"

    def _bundle(self, output: Path) -> str:
        from ..replay.bundling import write_bundle

        bundled = write_bundle(self._viewing.replay.path, output)
        left_out = f"; {'; '.join(bundled.problems)}" if bundled.problems else ""
        return f"{bundled.path}: {', '.join(bundled.include)}{left_out}"

    def _picture(self, output: Path) -> str:
        from ..replay.export import new_file
        from ..replay.views import view_lines
        from ..widgets.pictures import svg_of

        width, height = self._size
        lines = view_lines(self._viewing.replay, self._index, self._lens, width, height)
        with new_file(output) as stream:
            stream.write(svg_of(lines, width, f"{self._viewing.title} · {self._place}").encode())
        return str(output)

    def _done(self, told: str) -> None:
        self.app.notify(f"written {safe_line(told, 300)}", markup=False)
        self.dismiss(None)

    def _complain(self, problem: str) -> None:
        if self.is_attached:
            self.query_one("#problem", Label).update(Content(safe_line(problem, 300)))

    def _tick(self, field: str) -> int | None:
        text = self.query_one(f"#{field}", Input).value.strip()
        if not text:
            return None
        try:
            return int(text)
        except ValueError:
            raise ValueError(safe_line(text, 40)) from None

    def _file_name(self, kind: str) -> str:
        if kind == PICTURE:
            return f"{frame_stem(self._viewing, self._index)}.svg"
        if kind == BUNDLE:
            return f"{self._viewing.file_stem}-episode.zip"
        what, ending = KINDS[kind]
        return f"{self._viewing.file_stem}-{what}{ending}"

    def action_leave(self) -> None:
        """Close without exporting."""
        self.dismiss(None)


def frame_stem(viewing: Viewing, index: int) -> str:
    """What files made from one frame are named after: its tick, or its number from 1 on."""
    try:
        tick = viewing.replay.source.tick(index)
    except OSError:
        tick = None
    return f"{viewing.file_stem}-" + (f"frame-{index + 1}" if tick is None else f"tick-{tick}")
