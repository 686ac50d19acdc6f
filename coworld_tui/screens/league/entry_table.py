"""The tables of the league screen."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from ...widgets.table import TableView


class EntryTable(TableView):
    """Tells in the key bar that enter leads somewhere, as long as it does."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "open", key_display="enter", id="league-open")
    ]

    leads_on = True

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter is for rows with something behind them."""
        del parameters
        return action != "choose" or self.leads_on
