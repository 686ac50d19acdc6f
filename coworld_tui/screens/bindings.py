"""From the key registry to Textual's bindings."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from ..keys import PLACE, Key, of_scope


def bindings(scope: str) -> list[BindingType]:
    """The bindings of one scope, each with the registry's id so that settings can remap it."""
    return [binding for key in of_scope(scope) for binding in _bindings(key)]


def _bindings(key: Key) -> list[Binding]:
    together = PLACE not in key.action
    return [
        Binding(
            part,
            key.action.replace(PLACE, part),
            key.title,
            show=key.show,
            id=key.id if together else None,
            tooltip=key.help,
            key_display=key.short,
        )
        for part in ([key.key] if together else key.key.split(","))
    ]
