"""What nobody refuses and an author should know: rules that are documented only, keys that are ignored."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, get_args

from ..generations import ROLE_SECTIONS, Generation
from ..package import is_unpublished_image
from .generation_11 import RoleRunnable, Runnable
from .refusal import Place, Refusal, as_object, entries

_PLAY_PAGE = re.compile(r"play_[A-Za-z0-9_-]+\.md")
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}")
_GENERATIONS: tuple[Generation, ...] = get_args(Generation)


def advice(raw: dict[str, Any]) -> Iterator[Refusal]:
    """Yield what could be better, for each generation it concerns."""
    yield from _old_documents(raw)
    yield from _old_roles(raw)
    yield from _old_variants(raw)
    yield from _images(raw)
    if raw.get("tags") is None:
        yield Refusal(("tags",), "add three tags or more: certification requires them", "0.1.64")


def _old_documents(raw: dict[str, Any]) -> Iterator[Refusal]:
    pages = as_object(as_object(raw.get("game")).get("docs")).get("pages")
    ids = [page.get("id") for _, page in entries(pages)]
    place = ("game", "docs", "pages")
    if "rules.md" not in ids:
        yield Refusal(place, "add a page rules.md: the documents of 0.1.11 require it", "0.1.11")
    if not any(isinstance(page_id, str) and _PLAY_PAGE.fullmatch(page_id) for page_id in ids):
        yield Refusal(place, "add a page such as play_it.md: the documents of 0.1.11 require it", "0.1.11")


def _old_roles(raw: dict[str, Any]) -> Iterator[Refusal]:
    for section in ROLE_SECTIONS:
        if section != "player" and not raw.get(section):
            yield Refusal((section,), "add an entry: the documents of 0.1.11 require one", "0.1.11")
        for index, entry in entries(raw.get(section)):
            if entry.get("type") in ROLE_SECTIONS and entry["type"] != section:
                yield Refusal(
                    (section, index, "type"),
                    f"make it {section}: the documents of 0.1.11 require it",
                    "0.1.11",
                )
            yield from _ignored((section, index), entry, RoleRunnable)
    yield from _ignored(("game", "runnable"), as_object(as_object(raw.get("game")).get("runnable")), Runnable)


def _ignored(
    place: Place, runnable: dict[str, Any], model: type[Runnable | RoleRunnable]
) -> Iterator[Refusal]:
    for key in sorted(runnable.keys() - model.model_fields.keys()):
        yield Refusal((*place, key), f"remove {key}, or expect nothing: 0.1.11 ignores it", "0.1.11")


def _old_variants(raw: dict[str, Any]) -> Iterator[Refusal]:
    seen: set[str] = set()
    for index, variant in entries(raw.get("variants")):
        name = variant.get("id")
        if not isinstance(name, str):
            continue
        if name in seen:
            yield Refusal(
                ("variants", index, "id"), "give it an id of its own: the last of equal ones wins", "0.1.11"
            )
        seen.add(name)


def _images(raw: dict[str, Any]) -> Iterator[Refusal]:
    runnables: list[tuple[Place, dict[str, Any]]] = [
        (("game", "runnable"), as_object(as_object(raw.get("game")).get("runnable")))
    ]
    for section in ROLE_SECTIONS:
        runnables += [((section, index), entry) for index, entry in entries(raw.get(section))]
    for place, runnable in runnables:
        image = runnable.get("image")
        if not isinstance(image, str):
            continue
        if is_unpublished_image(image):
            message = "publish it first: Docker knows no image of this name"
        elif _PLACEHOLDER.search(image):
            message = "fill in the placeholder: coworld-tui build does"
        else:
            continue
        for generation in _GENERATIONS:
            yield Refusal((*place, "image"), message, generation)
