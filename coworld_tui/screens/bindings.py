"""From the key registry to Textual's bindings."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from ..keys import of_scope


def bindings(scope: str) -> list[BindingType]:
    """The bindings of one scope, each with the registry's id so that settings can remap it."""
    return [
        Binding(
            key.key,
            key.action,
            key.title,
            show=key.show,
            id=key.id,
            tooltip=key.help,
            key_display=key.short,
        )
        for key in of_scope(scope)
    ]
