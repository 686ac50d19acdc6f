"""The form for a new policy version: an image of the engine, or a file that the game runs itself."""

from __future__ import annotations

import os
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from ...observatory.policy_upload import FilePolicy, ImagePolicy
from ...widgets.choice import Choice
from ..form_rows import form_bindings, form_row, path_of

_IMAGE, _FILE = "an image", "a file or folder"


class UploadForm(ModalScreen[ImagePolicy | FilePolicy | None]):
    """Asks what to upload, and under which name; None when left."""

    BINDINGS: ClassVar[list[BindingType]] = form_bindings("upload")

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog form") as box:
            box.border_title = Content("upload a policy")
            box.border_subtitle = Content("enter go on   ↑↓ fields   ←→ choices   escape back")
            yield from form_row("what", Choice([_IMAGE, _FILE], _IMAGE, id="what"))
            yield from form_row("which", Input(placeholder="my-player:latest", id="which", compact=True))
            yield from form_row("name", Input(placeholder="the acting player's", id="name", compact=True))
            yield from form_row(
                "secrets",
                Input(placeholder="names of variables of this shell: API_KEY", id="secrets", compact=True),
            )
            yield Label("", id="problem", markup=False)

    def on_input_submitted(self) -> None:
        """Enter in a field goes on as well."""
        self.action_upload()

    def action_upload(self) -> None:
        """Go on with what was filled in."""
        which, name, secrets = (
            self.query_one(f"#{field}", Input).value.strip() for field in ("which", "name", "secrets")
        )
        names = secrets.replace(",", " ").split()
        missing = [each for each in names if each not in os.environ]
        if not which:
            self._complain("name an image or a file")
        elif missing:
            self._complain(f"this console was started without {', '.join(missing)}")
        elif self.query_one(Choice).value == _FILE and names:
            self._complain("a file that the game runs has no secrets")
        elif self.query_one(Choice).value == _FILE:
            self.dismiss(FilePolicy(path_of(which), name or None))
        else:
            self.dismiss(
                ImagePolicy(which, name or None, secret_env={each: os.environ[each] for each in names})
            )

    def _complain(self, problem: str) -> None:
        self.query_one("#problem", Label).update(problem)

    def action_leave(self) -> None:
        """Close without uploading."""
        self.dismiss(None)
