"""Measured figures, each a ratio against a named peer in the same run. Not tests: nothing here fails."""
