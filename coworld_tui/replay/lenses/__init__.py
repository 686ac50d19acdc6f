"""Lenses: plain functions from a frame to lines of styled text. No terminal library is imported here."""
