"""What grader and diagnoser are given: an episode bundle, a zip whose ``manifest.json`` names its files."""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from ..files import read

_LARGEST = 64 << 20


@dataclass(frozen=True)
class Episode:
    """The results and the replay of one game, as the server wrote them."""

    results: dict[str, Any]
    replay: dict[str, Any]


def load(uri: str) -> Episode:
    """The episode in a bundle. OSError, ValueError or KeyError when it holds none of this game."""
    with zipfile.ZipFile(BytesIO(read(uri))) as bundle:
        names = json.loads(_entry(bundle, "manifest.json"))["files"]
        return Episode(
            json.loads(_entry(bundle, names["results"])), json.loads(_entry(bundle, names["replay"]))
        )


def _entry(bundle: zipfile.ZipFile, name: str) -> bytes:
    if bundle.getinfo(name).file_size > _LARGEST:
        raise ValueError(f"{name} is too large")
    return bundle.read(name)
