"""The starting points that ``new`` writes: written out, played, refused and certified."""
