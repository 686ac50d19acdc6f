"""``league``: the league screen without an action, else the action, which one of the rooms beside has."""

from __future__ import annotations

from argparse import Namespace
from importlib import import_module


def league(options: Namespace) -> int:
    """Do it, with ``--demo`` on a league that lives in this process."""
    if not options.demo:
        return _on_server(options)
    from .league_demo import demonstration

    with demonstration() as options.server:
        return _on_server(options)


def _on_server(options: Namespace) -> int:
    if options.room is None:
        from .console import leagues

        return leagues(options)
    actions = import_module(f"{__package__}.{options.room}").ACTIONS
    return int(actions[options.action](options))
