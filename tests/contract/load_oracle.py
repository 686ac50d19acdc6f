"""Run by a published ``coworld`` client's Python: which of these manifests does its strict loader load?

Reads a JSON list of manifest texts from stdin and prints a list with null, or the error, for each.
"""

from __future__ import annotations

import functools
import importlib
import json
import sys
import tempfile
from pathlib import Path
from typing import Any


def answers(texts: list[str]) -> list[str | None]:
    """Load each text as a package."""
    certifier: Any = importlib.import_module("coworld.certifier")
    if hasattr(certifier, "coworld_manifest_schema"):  # 0.1.11 makes the same schema again for every load
        certifier.coworld_manifest_schema = functools.cache(certifier.coworld_manifest_schema)
    path = Path(tempfile.mkdtemp()) / "coworld_manifest.json"

    def refusal(text: str) -> str | None:
        path.write_text(text, encoding="utf-8")
        try:
            certifier.load_coworld_package(path)
        except Exception as error:
            return f"{type(error).__name__}: {error}"[:1000]
        return None

    return [refusal(text) for text in texts]


if __name__ == "__main__":
    json.dump(answers(json.load(sys.stdin)), sys.stdout)
