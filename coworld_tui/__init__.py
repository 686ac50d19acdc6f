"""coworld-tui: a console for Coworld games, players and episodes."""

__version__ = "0.1.0"
