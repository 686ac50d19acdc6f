"""Replays: where frames come from, how they are looked at, searched, compared and taken out."""
