"""The package that an argument names."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..contract.bundled import BUNDLED_NAME, bundled_package
from ..contract.package import Package, load_package


def load(source: str) -> Package:
    """The package at ``source``, or the bundled one for ``demo``."""
    if source == BUNDLED_NAME and not Path(source).exists():
        return bundled_package()
    return asyncio.run(load_package(source))
