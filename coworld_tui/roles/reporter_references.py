"""Reporters of generation 0.1.64, which only the platform runs: what can be checked here (local.md 4.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ..contract.manifest import ReporterReference, WasmReporter
from ..contract.package import Package
from ..contract.text import safe_line

_REFERENCE = re.compile(r"[a-z0-9]+/[a-z0-9][a-z0-9_.-]*@[1-9][0-9]*\Z")
_SHOWN = 120
_ATTRIBUTES = ("purpose", "world")
_OUTPUT_FIELDS = ("name", "type", "description")


def reporter_problems(package: Package, index: int) -> tuple[str, ...]:
    """What is wrong with ``reporter[index]``, a line each, as a certifier finds it; a container has nothing.

    Reads no more of a wasm component than its size. Without a folder, as for a package loaded from an
    address, the component cannot be looked for.
    """
    reporter = package.manifest.reporter[index]
    if isinstance(reporter, ReporterReference):
        if _REFERENCE.match(reporter.reporter):
            return ()
        return (f"{safe_line(reporter.reporter, _SHOWN)!r} is no reference: write owner/name@version",)
    if isinstance(reporter, WasmReporter):
        return (*_component_problems(reporter.wasm, package.directory), *_missing(reporter.attributes))
    return ()


def _component_problems(wasm: str, folder: Path | None) -> Iterator[str]:
    shown = safe_line(wasm, _SHOWN)
    if PurePosixPath(wasm).is_absolute():
        yield f"wasm path must be relative to the package: {shown}"
        return
    if folder is None:
        yield f"wasm component {shown} is not at hand: the package was not loaded from a folder"
        return
    try:
        root, path = folder.resolve(), (folder / wasm).resolve()
        if not path.is_relative_to(root):
            yield f"wasm path leads out of the package: {shown}"
        elif not path.is_file():
            yield f"there is no wasm component {shown}"
        elif path.stat().st_size == 0:
            yield f"the wasm component is empty: {shown}"
    except (OSError, ValueError, RuntimeError):  # too long, a null byte, a circle of links
        yield f"the wasm component cannot be read: {shown}"


def _missing(attributes: dict[str, Any]) -> Iterator[str]:
    for name in _ATTRIBUTES:
        if not _is_text(attributes.get(name)):
            yield f"attributes.{name} must say something"
    outputs = attributes.get("outputs")
    if not isinstance(outputs, list) or not outputs:
        yield "attributes.outputs must list what it writes"
        return
    for at, output in enumerate(outputs):
        if not isinstance(output, dict):
            yield f"attributes.outputs[{at}] must be an object"
            continue
        for name in _OUTPUT_FIELDS:
            if not _is_text(output.get(name)):
                yield f"attributes.outputs[{at}].{name} must say something"


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())
