"""A league on this machine: a made-up Observatory that answers as the real one does (hosted.md).

``coworld-tui league --demo`` runs on it, and so do the tests. ``state`` is what the server knows, ``wire``
how it speaks, ``routes*`` what can be asked; ``application`` and ``serving`` put that on a loopback port.
Nothing here imports the rest of coworld_tui: the server and its clients have only the contract in common.
"""
