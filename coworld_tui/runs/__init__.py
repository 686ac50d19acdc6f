"""Run directories: where they are, what is in them, who owns them, what must not leave them."""
