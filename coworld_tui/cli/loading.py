"""The package that an argument names."""

from __future__ import annotations

import asyncio
from pathlib import Path

from ..contract.bundled import BUNDLED_NAME, bundled_package
from ..contract.package import DOWNLOADS, Package, load_package


def load(source: str) -> Package:
    """The package at ``source``, or the bundled one for ``demo``."""
    if source == BUNDLED_NAME and not Path(source).exists():
        return bundled_package()
    return asyncio.run(load_package(source, download=_download))


async def _download(coworld_id: str) -> Path:
    """Fetch a Coworld from the server, as the ``coworld`` client does for an id it has not got."""
    from ..observatory.client import Observatory
    from ..observatory.identity import identity_of
    from ..observatory.packages import download_package
    from ..observatory.servers import chosen_server
    from ..observatory.transfer import Transfers
    from .output import say

    server = chosen_server()
    say(f"downloading {coworld_id} from {server}")
    identity = await asyncio.to_thread(identity_of, server)
    async with Observatory(server, identity) as client, Transfers(client) as transfers:
        return (await download_package(transfers, coworld_id, DOWNLOADS)).folder
