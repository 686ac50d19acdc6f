"""Run by the published client's Python: what its own models make of answers, as its ``--json`` prints them.

On stdin a JSON list of ``[model, body]``; models are named as in ``coworld.api_client``, those of uploads as
``upload.NAME``. Prints a JSON list of documents.
"""

from __future__ import annotations

import importlib
import json
import sys
from typing import Any


def read(name: str, body: Any) -> Any:
    """One answer through the client's model."""
    module = "coworld.upload" if name.startswith("upload.") else "coworld.api_client"
    model = getattr(importlib.import_module(module), name.removeprefix("upload."))
    return model.model_validate(body).model_dump(mode="json")


if __name__ == "__main__":
    json.dump([read(name, body) for name, body in json.load(sys.stdin)], sys.stdout)
