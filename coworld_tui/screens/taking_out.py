"""Taking things out of a replay: copied, saved, paged, exported."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from textual import work
from textual.geometry import Size

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from ..replay.lenses.model import FrameView
from ..replay.paths import MISSING
from ..replay.tokens import hide_tokens
from .dialogs import Prompt
from .inspector import Inspector
from .replay_base import ReplayBase


class TakingOut(ReplayBase):
    """What leaves is what is in view."""

    def lens_in_view(self) -> tuple[str | None, Size]:
        """The name of the lens in view, and its room."""
        raise NotImplementedError

    def action_copy_value(self) -> None:
        """Copy the value under the cursor of the tree; without a tree, where this frame is."""
        viewing, tree = self.viewing, self.focused_tree()
        if viewing is None:
            return
        if tree is None:
            self.console.copy(viewing.place())
        else:
            self.console.copy(_as_json(tree.cursor_value))

    def action_copy_frame(self) -> None:
        """Copy the frame as text."""
        view = self.frame_view()
        if view is not None:
            self.console.copy(_text_of(view))

    def action_save_frame(self) -> None:
        """Ask where to save the frame's bytes."""
        from .exporting import frame_stem

        view, viewing = self.frame_view(), self.viewing
        if view is None or viewing is None:
            return
        ending = "json" if view.kind == "json" else "bin"
        self._ask_where(view.payload, f"{frame_stem(viewing, viewing.playback.index)}.{ending}")

    def _ask_where(self, payload: bytes, name: str) -> None:
        prompt = Prompt("save frame", "a file that does not exist yet", name)
        self.app.push_screen(prompt, partial(self._save, payload))

    def _save(self, payload: bytes, answer: str | None) -> None:
        if not answer:
            return
        try:
            place = Path(answer).expanduser().absolute()
        except RuntimeError as error:
            self._not_saved(payload, answer, str(error))
        else:
            self._write(payload, answer, place)

    @work(thread=True)
    def _write(self, payload: bytes, answer: str, place: Path) -> None:
        from ..replay.export import new_file

        try:
            with new_file(place) as file:
                file.write(payload)
        except CoworldError as error:
            self.app.call_from_thread(self._not_saved, payload, answer, str(error))
        else:
            saved = partial(self.notify, safe_line(f"saved {place}", 300), markup=False)
            self.app.call_from_thread(saved)

    def _not_saved(self, payload: bytes, answer: str, reason: str) -> None:
        self.notify(safe_line(f"not saved: {answer}: {reason}", 300), severity="error", markup=False)
        self._ask_where(payload, answer)

    def action_pager(self) -> None:
        """Open the frame in $PAGER."""
        from .outside import page

        view = self.frame_view()
        if view is not None:
            self.run_worker(page(self.app, _text_of(view)), exclusive=True, group="outside")

    def action_export(self) -> None:
        """Ask what to export."""
        from .exporting import ExportScreen

        if self.viewing is not None:
            self.app.push_screen(ExportScreen(self.viewing, *self.lens_in_view()))

    def on_inspector_opened(self, message: Inspector.Opened) -> None:
        """Show a file that came with the replay."""
        from .file_screen import FileScreen

        self.app.push_screen(FileScreen(message.file))


def _as_json(value: Any) -> str:
    import json

    return "" if value is MISSING else json.dumps(value, ensure_ascii=False)


def _text_of(view: FrameView) -> str:
    """A frame as text a person can read, safe for a terminal."""
    if view.kind == "binary" or view.decoded is MISSING or isinstance(view.decoded, str | bytes):
        text = hide_tokens(view.payload).decode("utf-8", "replace")
    else:
        import json

        text = json.dumps(view.decoded, indent=1, ensure_ascii=False)
    return "\n".join(safe_line(line) for line in text.splitlines())
