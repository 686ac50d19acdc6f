"""From a manifest template to a manifest: its version, its images, their content tags (local.md 1.3).

The author's own JSON is kept: only what building decides is filled in. The published client
writes the same with every default spelled out.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .compose import Service
from .generations import ROLE_SECTIONS
from .jsontext import VALUE_LIMIT, UnreadableJson, read_json_object
from .package import Package, parse_package
from .problems import listed, manifest_invalid
from .text import safe_line
from .validation import dotted_path

TAG_DIGITS = 12


def read_template(data: bytes, source: str, version: str) -> Package:
    """Return the template as a package of ``version``, its placeholders still in place.

    Raises ``manifest_invalid`` when it is no manifest or carries a version of its own.
    """
    label = safe_line(source, 200)
    try:
        document = read_json_object(data, values=VALUE_LIMIT)
    except UnreadableJson as error:
        raise manifest_invalid(
            "That is not a manifest template", f"{label} {error}", f"correct {label}"
        ) from None
    game = document.get("game")
    if isinstance(game, dict):
        if "version" in game:
            raise manifest_invalid(
                "A manifest template has no game.version",
                f"{label} sets it; the build does, to what --version says",
                f"remove game.version from {label}",
            )
        game["version"] = version
    return parse_package(json.dumps(document, ensure_ascii=False).encode(), source, None)


def hydrated(document: Mapping[str, Any], services: Sequence[Service]) -> dict[str, Any]:
    """Return the manifest with the image of a service for each placeholder.

    Raises ``manifest_invalid`` when a placeholder is no service's.
    """
    images = {service.placeholder: service.image for service in services}
    unknown = [
        f"{dotted_path(path)} is {image}"
        for path, image in image_places(document)
        if image not in images and image.startswith("{{") and image.endswith("}}")
    ]
    if unknown:
        raise manifest_invalid(
            "The template names images that no service has",
            listed(unknown),
            "write one of " + (listed(list(images), 10) or "none: the compose file has no active service"),
        )
    return with_images(document, images)


def image_places(document: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield the path and the text of every image of a manifest: game, roles, task environments."""
    game = document["game"]
    places: list[tuple[str | int, ...]] = [("game", "runnable", "image")]
    places += [("game", "task_environments", name, "image") for name in game.get("task_environments") or {}]
    for section in ROLE_SECTIONS:
        places += [(section, index, "image") for index in range(len(document.get(section) or []))]
    for path in places:
        image = _holder(document, path).get("image")
        if isinstance(image, str):
            yield path, image


def images_of(document: Mapping[str, Any]) -> list[str]:
    """Return every image of a manifest once, in the order they appear."""
    return list(dict.fromkeys(image for _, image in image_places(document)))


def with_images(document: Mapping[str, Any], images: Mapping[str, str]) -> dict[str, Any]:
    """Return a copy of the manifest with its images replaced as ``images`` says."""
    result: dict[str, Any] = copy.deepcopy(dict(document))
    for path, image in list(image_places(result)):
        _holder(result, path)["image"] = images.get(image, image)
    return result


def content_tag(image: str, image_id: str) -> str:
    """Return ``name:coworld-<12 hex of the image id>`` for an image of any tag or none."""
    return f"{image_name(image)}:coworld-{image_id.removeprefix('sha256:')[:TAG_DIGITS]}"


def image_name(image: str) -> str:
    """Return the reference without digest and tag; a registry's port is no tag."""
    image = image.partition("@")[0]
    colon = image.rfind(":")
    return image[:colon] if colon > image.rfind("/") else image


def is_pinned(image: str) -> bool:
    """Whether the reference names content by digest, which no build changes."""
    return "@sha256:" in image


def is_moving(image: str) -> bool:
    """Whether the reference is a tag in a registry that may name something else tomorrow.

    A registry is a first component with a dot or a port, or ``localhost``; a content tag stays
    what it is.
    """
    first, slash, _ = image.partition("/")
    tag = image.removeprefix(image_name(image))
    is_registry = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return is_registry and not is_pinned(image) and not tag.startswith(":coworld-")


def _holder(document: Mapping[str, Any], path: Sequence[str | int]) -> Any:
    value: Any = document
    for part in path[:-1]:
        value = value[part]
    return value
