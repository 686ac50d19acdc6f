"""``league --demo``: the demonstration league, for people without an account."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ..league_demo.demonstration import demo_login, serving_demo
from ..observatory.identity import CONFIG_VARIABLE


@contextmanager
def demonstration() -> Iterator[str]:
    """A server on loopback with a login of its own for this process; yields what ``--server`` takes."""
    with TemporaryDirectory(prefix="coworld-tui-demo-") as folder, serving_demo() as url:
        os.environ[CONFIG_VARIABLE] = str(demo_login(url, Path(folder)))
        yield url
