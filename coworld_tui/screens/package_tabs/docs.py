"""The documents of a package with their headings, as pages to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from ...contract.documents import DocumentEntry, documents_of
from ...contract.errors import CoworldError
from ...contract.fetching import url_label
from ...contract.measures import age
from ...contract.package import Package
from ...replay.lenses.spans import Line, Span
from ...replay.markup import Document, html_document, markdown_document
from ...replay.zip_view import DOCUMENT_LIMIT
from ...runs.doc_cache import FetchedDocument, kept_document
from ...widgets.listed_rows import ListedRows
from ...widgets.table import Column
from ..facts import fact, paragraph

_COLUMNS = (Column("document", 0, least=20), Column("", 16, "right", "muted", optional=True))
_DEEPEST = 3
_USUAL_WIDTH = 80
_HEADINGS_WITHIN = 1 << 20
"""Characters of documents whose headings are listed; the others have a row without them."""


class _Place(NamedTuple):
    """A document, or one of its headings by its number."""

    document: DocumentEntry
    title: str
    level: int = 0
    heading: int | None = None


@dataclass(frozen=True)
class DocsTab:
    """``fetched`` holds, by address, what was fetched of linked documents or why it was not."""

    package: Package
    fetched: Mapping[str, FetchedDocument | CoworldError]
    _pages: dict[tuple[str, int], Document] = field(default_factory=dict)
    _kept: dict[str, FetchedDocument | CoworldError | None] = field(default_factory=dict)

    @cached_property
    def _places(self) -> list[_Place]:
        places: list[_Place] = []
        read = 0
        for document in documents_of(self.package.manifest):
            places.append(_Place(document, document.title))
            read += len(self._source(document))
            if read > _HEADINGS_WITHIN:
                continue
            places += [
                _Place(document, each.text, each.level, at)
                for at, each in enumerate(self._page(document, _USUAL_WIDTH).headings)
                if each.level <= _DEEPEST
            ]
        return places

    @cached_property
    def rows(self) -> ListedRows:
        """Every document, and beneath one that is there its headings."""
        entries = [((place.document.id, place.heading), self._cells(place)) for place in self._places]
        return ListedRows(_COLUMNS, entries, "the manifest has no documents")

    def address(self, row: int) -> str | None:
        """Where a document is to be fetched from; None for one that is in the manifest."""
        document = self._places[row].document
        return document.value if document.kind == "uri" else None

    def lines(self, row: int, width: int) -> Sequence[Line]:
        """The page, from the heading on."""
        if not self._places:
            return ()
        document, heading = self._places[row].document, self._places[row].heading
        page = self._page(document, width)
        if heading is not None:
            return page.lines[page.headings[heading].line :]
        return [*self._told(document, width), *page.lines]

    def _page(self, document: DocumentEntry, width: int) -> Document:
        """A document laid out; without lines when it is not there."""
        key = document.id, width
        if key not in self._pages:
            found = self._found(document)
            is_html = isinstance(found, FetchedDocument) and found.is_html
            lay_out = html_document if is_html else markdown_document
            text = self._source(document)
            self._pages[key] = lay_out(text, width) if text else Document([], [])
        return self._pages[key]

    def _source(self, document: DocumentEntry) -> str:
        """The text of a document, as much as is laid out; empty when it is not there."""
        if document.kind == "text":
            return document.value[:DOCUMENT_LIMIT]
        found = self._found(document)
        return found.text[:DOCUMENT_LIMIT] if isinstance(found, FetchedDocument) else ""

    def _found(self, document: DocumentEntry) -> FetchedDocument | CoworldError | None:
        """What was fetched of a linked document, now or some other time; always the same of one tab."""
        if document.kind == "text":
            return None
        if document.value not in self._kept:
            self._kept[document.value] = self.fetched.get(document.value) or kept_document(document.value)
        return self._kept[document.value]

    def _told(self, document: DocumentEntry, width: int) -> list[Line]:
        """Where a linked document comes from, and how old it is."""
        if document.kind == "text":
            return []
        lines = fact("from", url_label(document.value), width, "accent")
        found = self._found(document)
        if found is None:
            return [
                *lines,
                (),
                (Span("enter", "accent"), Span(" fetches it; read once, it is there offline too")),
            ]
        if isinstance(found, CoworldError):
            said = f"{found.title}: {found.cause}" if found.cause else found.title
            lines += [(), *paragraph(said, width, "error"), ()]
            return [*lines, (Span("enter", "accent"), Span(" tries again"))]
        lines += fact("fetched", found.fetched_at, width)
        lines += fact("not newer", found.problem, width, "warning")
        lines += fact("cut", "only its beginning" if found.is_truncated else "", width, "warning")
        return [*lines, ()]

    def _cells(self, place: _Place) -> Sequence[Span | None]:
        if place.heading is not None:
            return (Span(f"{'  ' * place.level}{place.title}", "muted"), None)
        return (Span(place.title, "strong"), Span(self._state(place.document)))

    def _state(self, document: DocumentEntry) -> str:
        if document.kind == "text":
            return "in the manifest"
        found = self._found(document)
        if found is None:
            return "linked"
        if isinstance(found, CoworldError):
            return "not to be had"
        return f"fetched {age(found.fetched_at)}"
