"""The runner, mostly against a rogue game."""
