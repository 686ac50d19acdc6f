"""Widgets that draw rows of spans: board, tree, log, slots. They do no disk, network or decoding work."""
