"""Which documents a manifest has, in the order people read them (local.md 1.2)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from .manifest import Doc, DocPage, Manifest
from .text import safe_line

_TITLE_LIMIT = 80
_ID_LIMIT = 120


@dataclass(frozen=True)
class DocumentEntry:
    """One document. ``id`` is unique within its manifest; ``id`` and ``title`` are safe to show.

    ``value`` is Markdown when ``kind`` is ``text``, a web address when it is ``uri``: as written, not
    yet safe to show.
    """

    id: str
    title: str
    kind: Literal["text", "uri"]
    value: str


def documents_of(manifest: Manifest) -> list[DocumentEntry]:
    """Return the readme, the pages (rules, then how to play, then the others) and the protocol documents."""
    entries: dict[str, DocumentEntry] = {}
    uses: Counter[str] = Counter()
    for wanted, title, doc in _documents(manifest):
        document_id = wanted
        while document_id in entries:  # ids of pages may repeat
            uses[wanted] += 1
            document_id = f"{wanted} ({uses[wanted] + 1})"
        entries[document_id] = DocumentEntry(document_id, title, doc.type, doc.value)
    return list(entries.values())


def _documents(manifest: Manifest) -> Iterator[tuple[str, str, Doc]]:
    game = manifest.game
    if game.docs is not None:
        if game.docs.readme is not None:
            yield "readme", "Readme", game.docs.readme
        for page in sorted(game.docs.pages, key=_reading_order):
            yield f"page:{safe_line(page.id, _ID_LIMIT)}", _title(page), page.content
    if game.protocols.player is not None:
        yield "protocol:player", "Player protocol", game.protocols.player
    if game.protocols.global_ is not None:
        yield "protocol:global", "Global protocol", game.protocols.global_


def _reading_order(page: DocPage) -> int:
    name = page.id.lower()
    return 0 if name.startswith("rules") else 1 if name.startswith("play") else 2


def _title(page: DocPage) -> str:
    return safe_line(" ".join((page.title or page.id).split()), _TITLE_LIMIT).strip() or "untitled"
