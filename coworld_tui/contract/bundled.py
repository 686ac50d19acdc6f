"""The package that ships with this program and needs no Docker."""

from __future__ import annotations

from dataclasses import replace

from ..demo import manifest_path
from .package import Package, read_package

BUNDLED_NAME = "demo"


def bundled_package() -> Package:
    """The bundled Coworld."""
    return replace(read_package(manifest_path()), source=BUNDLED_NAME, builtin=True)
