"""Run by a published ``coworld`` client's Python: build a project, read both manifests as it does.

Arguments: compose file, template, version, output, our manifest. Prints ``{theirs, ours}``, each as
the client itself writes it out.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any


def main(compose: str, template: str, version: str, output: str, ours: str) -> None:
    """Build with the client's own function; what the build prints goes to stderr."""
    bundle = importlib.import_module("coworld.bundle")
    with contextlib.redirect_stdout(sys.stderr):
        bundle.build_coworld_manifest(Path(compose), Path(template), version, Path(output))
    json.dump({"theirs": read(Path(output)), "ours": read(Path(ours))}, sys.stdout)


def read(path: Path) -> Any:
    """A manifest through the client's strict model."""
    document = json.loads(path.read_bytes())
    try:
        validate = importlib.import_module("coworld.manifest").validate_upload_manifest
    except ImportError:
        model = importlib.import_module("coworld.types").CoworldManifest
        return model.model_validate(document).model_dump(mode="json", by_alias=True)
    return validate(document).runtime_manifest.model_dump(mode="json")


if __name__ == "__main__":
    main(*sys.argv[1:])
