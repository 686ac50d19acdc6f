"""The yardstick for first paint: the smallest Textual app with something in it."""

from __future__ import annotations

from textual.app import App, ComposeResult
from textual.widgets import DataTable, Footer, Header


class OneTable(App[None]):
    """A header, a table of ten rows, a footer."""

    def compose(self) -> ComposeResult:
        yield Header()
        yield DataTable()
        yield Footer()

    def on_mount(self) -> None:
        """Fill the table."""
        table = self.query_one(DataTable)
        table.add_columns("first column", "second", "third")
        table.add_rows([(f"row {row}", str(row), "x") for row in range(10)])


if __name__ == "__main__":
    OneTable().run()
