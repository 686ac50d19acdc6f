"""The config editor: a game configuration built from its schema, checked as it is typed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import DescendantBlur
from textual.screen import ModalScreen
from textual.widgets import Input
from textual.worker import get_current_worker

from ..contract.config_form import Field, Form, config_form
from ..contract.errors import CoworldError
from ..contract.package import Package
from ..contract.request import FIXTURE
from ..contract.text import safe_line
from ..replay.lenses.spans import Line, Span
from ..widgets.lines import LinesView
from ..widgets.listed_rows import ListedRows
from ..widgets.static_lines import StaticLines
from ..widgets.table import Column, TableView
from .facts import paragraph

_COLUMNS = (
    Column("field", 0, style="key", least=16),
    Column("value", 0, least=16),
    Column("", 0, style="muted", optional=True, least=12),
)
_KEYS = "enter edit   ←→ choose   r launch   s variant   w request   escape back"


class ConfigEditor(ModalScreen[dict[str, Any] | None]):
    """Returns the configuration to launch, None when left.

    A row a field. Choices turn with left and right, everything else is typed on the line beneath.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "back", show=False),
        Binding("left,h", "turn(-1)", "previous", show=False),
        Binding("right,l,space", "turn(1)", "next", show=False),
        Binding("delete,backspace", "unset", "unset", show=False),
        Binding("r", "launch", "launch", show=False),
        Binding("s", "save_variant", "save as variant", show=False),
        Binding("w", "save_request", "save as request", show=False),
    ]

    def __init__(self, package: Package, variant: str, form: Form) -> None:
        super().__init__()
        self._package = package
        self._variant = variant
        self.form = form
        self._problems: dict[str, str] = {}
        self._is_checked = False
        self._edited: Field | None = None
        self._before = ""

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog tall") as box:
            box.border_title = Content(
                f"configuration of {self._package.label}, from {safe_line(self._variant, 40)}"
            )
            box.border_subtitle = Content(_KEYS)
            yield TableView(id="config-fields")
            yield Input(id="config-value", compact=True)
            yield LinesView(id="config-about")

    def on_mount(self) -> None:
        """Show every field."""
        self.query_one(Input).display = False
        table = self.query_one(TableView)
        table.show(self._rows())
        table.styles.height = len(self.form.fields) + 1
        table.focus()
        self._check()

    # -- showing ----------------------------------------------------------------------------

    def _rows(self) -> ListedRows:
        entries = [
            (field.path, _cells(field, self._problems.get(field.path, ""))) for field in self.form.fields
        ]
        return ListedRows(_COLUMNS, entries, "the schema asks for nothing but tokens")

    @work(thread=True, exclusive=True)
    def _check(self) -> None:
        """A schema can take its time: not on the event loop."""
        problems = self.form.problems()
        if not get_current_worker().is_cancelled:
            self.app.call_from_thread(self._checked, problems)

    def _checked(self, problems: dict[str, str]) -> None:
        if self.is_attached:
            self._problems = problems
            self._is_checked = True
            self._show()

    def _show(self) -> None:
        self.query_one(TableView).replace(self._rows())
        self._describe()

    def _field(self) -> Field | None:
        row = self.query_one(TableView).cursor_row
        return self.form.fields[row] if row is not None else None

    def _describe(self) -> None:
        view = self.query_one("#config-about", LinesView)
        width = max(20, view.room.width)
        field = self._field()
        lines: list[Line] = []
        problems = [self._problems.get("", "")]
        if field is not None:
            problems.insert(0, self._problems.get(field.path, ""))
            lines += paragraph(f"{field.help}  {field.description}", width, "muted")
        for problem in filter(None, problems):
            lines += paragraph(f"✗ {problem}", width, "error")
        view.show(StaticLines(lines))

    def on_table_view_highlighted(self) -> None:
        """Say what the field beneath the cursor is."""
        self._describe()

    # -- editing ----------------------------------------------------------------------------

    def on_table_view_chosen(self) -> None:
        """Type the value of a field; a choice turns instead."""
        field = self._field()
        if field is None:
            return
        if field.choices:
            self.action_turn(1)
            return
        if field.read_only:
            self.notify(f"{field.label} is too long to be edited here", markup=False)
            return
        line = self.query_one(Input)
        self._edited, self._before = field, field.value_text
        line.display = True
        line.placeholder = field.help
        line.value = field.value_text
        line.focus()

    def on_input_changed(self, message: Input.Changed) -> None:
        """Take the value as it is typed, and say at once what is wrong with it."""
        if self._edited is not None and message.value != self._edited.value_text:
            self._set(self._edited, message.value)

    def on_input_submitted(self) -> None:
        """Go on to the next field; a value that is wrong stays marked."""
        self.query_one(TableView).focus()
        self.query_one(TableView).action_move(1)

    def on_descendant_blur(self, event: DescendantBlur) -> None:
        """The line is of one field: it closes when the reader goes elsewhere."""
        if event.widget is self.query_one(Input):
            self._close_line()

    def _set(self, field: Field, text: str) -> None:
        self.form.set(field.path, text)
        self._is_checked = False
        self._show()
        self._check()

    def _close_line(self) -> None:
        self._edited = None
        self.query_one(Input).display = False

    def action_turn(self, step: int) -> None:
        """The neighbour of a choice, round the end."""
        field = self._field()
        if field is None or not field.choices:
            return
        choices = [*field.choices]
        at = choices.index(field.value_text) if field.value_text in choices else -1 if step > 0 else 0
        self._set(field, choices[(at + step) % len(choices)])

    def action_unset(self) -> None:
        """Leave a field out of the configuration."""
        field = self._field()
        if field is not None:
            self._set(field, "")

    # -- what comes of it -------------------------------------------------------------------

    def action_launch(self) -> None:
        """On to the launch form, if nothing is wrong."""
        if self._is_right():
            self.dismiss(self.form.config())

    def action_save_variant(self) -> None:
        """Write it into the manifest as a variant."""
        if self._package.builtin or self._package.directory is None:
            self.notify("only the manifest of a package of yours takes variants", markup=False)
        elif self._is_right():
            from .dialogs import Prompt

            taken = "" if self._variant == FIXTURE else self._variant
            self.app.push_screen(Prompt("save as variant", "id of the variant", taken), self._save_variant)

    def action_save_request(self) -> None:
        """Write an episode_request.json."""
        if self._is_right():
            from .dialogs import Prompt

            self.app.push_screen(
                Prompt("save as request", "file", "episode_request.json"), self._save_request
            )

    def _save_variant(self, variant_id: str | None) -> None:
        if variant_id:
            self._write_variant(variant_id)

    @work(thread=True)
    def _write_variant(self, variant_id: str) -> None:
        from ..runs.config_saving import save_variant

        package = self._package
        known = next((each for each in package.manifest.variants if each.id == variant_id), None)
        name, about = (known.name, known.description) if known is not None else (variant_id, variant_id)

        def save() -> None:
            self._package = save_variant(package, variant_id, name, about, self.form.config())

        self._try(save, f"variant {variant_id} is in {package.source}")

    def _save_request(self, path: str | None) -> None:
        if path:
            self._write_request(path)

    @work(thread=True)
    def _write_request(self, path: str) -> None:
        from ..runs.config_saving import save_request

        def save() -> None:
            place = Path(path).expanduser()
            if place.exists():
                raise FileExistsError(f"{place} already exists")
            save_request(self._package, self.form.config(), place)

        self._try(save, f"written {path}")

    def _is_right(self) -> bool:
        wrong = next(iter(self._problems.items()), None)
        if wrong is not None:
            said = safe_line(f"{wrong[0] or 'configuration'}: {wrong[1]}", 200)
            self.notify(said, severity="error", markup=False)
        elif not self._is_checked:
            self.notify("it is still being checked", markup=False)
        return wrong is None and self._is_checked

    def _try(self, save: Callable[[], object], done: str) -> None:
        try:
            save()
        except (CoworldError, OSError, RuntimeError, ValueError) as error:
            said = safe_line(str(error), 300)
            self.app.call_from_thread(self.notify, said, severity="error", markup=False)
        else:
            self.app.call_from_thread(self.notify, safe_line(done, 300), markup=False)

    def action_leave(self) -> None:
        """From the line back to the list, with the value as it was; from the list to the package."""
        if self._edited is None:
            self.dismiss(None)
            return
        edited, before = self._edited, self._before
        self.query_one(TableView).focus()
        self._set(edited, before)


def form_of(package: Package, variant: str) -> Form:
    """The form to edit, filled in as a variant or the fixture is. A large schema takes its time."""
    return config_form(package.manifest, _config_of(package, variant))


def _config_of(package: Package, variant: str) -> dict[str, Any]:
    manifest = package.manifest
    chosen = next((each.game_config for each in manifest.variants if each.id == variant), None)
    if chosen is None:
        chosen = manifest.certification.game_config if manifest.certification is not None else {}
    return chosen


def _cells(field: Field, problem: str) -> tuple[Span, Span, Span]:
    name = Span(f"{field.label}{' *' if field.required else ''}")
    value = Span(field.value_text) if field.value_text else Span(field.default or "not set", "muted")
    if field.choices:
        value = value._replace(text=f"‹ {value.text} ›")
    return (name, value, Span(problem, "error") if problem else Span(field.help))
