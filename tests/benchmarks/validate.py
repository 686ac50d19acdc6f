"""200 manifests in one call of ``validate``, beyond what starting the program takes."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from coworld_tui.demo import manifest_path

from .table import Row

_MANIFESTS = 200
_RUNS = 5


def validate() -> list[Row]:
    """The bundled manifest in 200 versions; then with references and expressions, which need the worker."""
    plain = json.loads(manifest_path().read_bytes())
    schema = plain["game"]["config_schema"]
    named = {"type": "string", "pattern": "^[a-z]+$"}
    referring = {
        **schema,
        "$defs": {"name": named},
        "properties": {**schema["properties"], "label": {"$ref": "#/$defs/name"}},
    }
    return [
        _row(f"validate {_MANIFESTS} manifests, beyond start-up", plain),
        _row(
            f"validate {_MANIFESTS} manifests whose schemas have references and expressions",
            {**plain, "game": {**plain["game"], "config_schema": referring}},
        ),
    ]


def _row(what: str, manifest: dict[str, Any]) -> Row:
    with tempfile.TemporaryDirectory() as folder:
        paths = [_written(Path(folder, f"{number}.json"), manifest, number) for number in range(_MANIFESTS)]
        beyond = [_seconds(paths) - _seconds(paths[:1]) for _ in range(_RUNS)]
    return Row(what, f"{median(beyond):.2f} s (n={_RUNS})", "-", "-", "<= 2 s")


def _written(path: Path, manifest: dict[str, Any], number: int) -> Path:
    """The manifest with a version and a schema of its own, so that nothing can be remembered."""
    game = manifest["game"]
    schema = {**game["config_schema"], "title": f"config {number}"}
    path.write_text(
        json.dumps({**manifest, "game": {**game, "version": f"1.{number}", "config_schema": schema}})
    )
    return path


def _seconds(paths: list[Path]) -> float:
    began = time.perf_counter()
    program = str(Path(sys.executable).with_name("coworld-tui"))
    subprocess.run([program, "validate", "--json", *map(str, paths)], check=True, capture_output=True)
    return time.perf_counter() - began
