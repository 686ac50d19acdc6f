"""Markdown and HTML as lines of text. Nothing in them is fetched or executed."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any, NamedTuple

from .lenses.spans import Line, Span
from .log_times import masked_line
from .page import Heading, Page

_PARAGRAPH_LIMIT = 20_000
_SUMMARY_LEVEL = 6


class Document(NamedTuple):
    """A document as lines, and its headings with the lines they stand on."""

    lines: list[Line]
    headings: list[Heading]


def markdown_lines(text: str, width: int) -> list[Line]:
    """A Markdown document as lines. Nothing in it is fetched; HTML in it stands as text."""
    return markdown_document(text, width).lines


def markdown_document(text: str, width: int) -> Document:
    """``markdown_lines`` with the headings."""
    from markdown_it import MarkdownIt

    if any(len(block) > _PARAGRAPH_LIMIT for block in re.split(r"\n[ \t]*\n", text)):
        return Document(_plain(text), [])
    page = Page(width)
    for token in MarkdownIt("commonmark", {"html": False}).enable("table").parse(text):
        match token.type:
            case "heading_open":
                page.heading(int(token.tag[1:]))
            case "blockquote_open":
                page.indent("│ ")
            case "bullet_list_open":
                page.open_list(None)
            case "ordered_list_open":
                page.open_list(int(token.attrs.get("start", 1)))
            case "bullet_list_close" | "ordered_list_close":
                page.close_list()
            case "list_item_open":
                page.open_item()
            case "list_item_close":
                page.close_item()
            case "blockquote_close":
                page.dedent()
            case "inline":
                _inline(page, token.children or [])
            case "tr_open":
                page.row()
            case "th_close" | "td_close":
                page.cell()
            case "table_close":
                page.table()
            case "fence" | "code_block":
                page.preformatted(token.content)
            case "hr":
                page.rule()
            case "heading_close" | "paragraph_close":
                page.close(has_gap=not token.hidden)
    return Document(page.lines(), page.headings())


def _inline(page: Page, tokens: list[Any]) -> None:
    styles, links = [""], []
    for token in tokens:
        match token.type:
            case "text" | "softbreak":
                page.text(token.content or " ", styles[-1])
            case "code_inline":
                page.text(token.content, "accent")
            case "hardbreak":
                page.close()
            case "image":
                page.text(f"[{token.content or 'image'}]", "muted")
            case "link_open":
                links.append(str(token.attrs.get("href", "")))
            case "link_close":
                page.target(links.pop())
            case "strong_open" | "em_open":
                styles.append("strong")
            case "strong_close" | "em_close":
                styles.pop()


def html_lines(text: str, width: int) -> list[Line]:
    """The text of an HTML document as lines. Scripts, styles and whatever else is no text are left out."""
    return html_document(text, width).lines


def html_document(text: str, width: int) -> Document:
    """``html_lines`` with the headings."""
    # What never ends costs the parser time that grows with its square, so nothing of that kind gets there.
    for pattern, instead in _NO_TEXT:
        text = pattern.sub(instead, text)
    reader = _HtmlReader(width)
    reader.feed(text)
    return reader.finish()


_NO_TEXT = (
    (re.compile(r"(?s)<!--.*?(?:-->|\Z)"), ""),
    (
        re.compile(
            r"(?is)<(script|style|title|template|noscript|svg|iframe|object|math|textarea)\b.*?(?:</\1\s*>|\Z)"
        ),
        "",
    ),
    (re.compile(r"<[!?][^<>]*>?"), ""),
    (re.compile(r"<(?!/?[A-Za-z][^<>]{0,4000}>)"), "&lt;"),
)


class _HtmlReader(HTMLParser):
    """Tells a page what an HTML document says."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.page = Page(width)
        self._strong = 0
        self._code = 0
        self._links: list[str] = []
        self._verbatim: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in _BLOCKS:
            self.page.close(has_gap=tag in _APART)
        match tag:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self.page.heading(int(tag[1:]))
            case "summary":
                self.page.heading(_SUMMARY_LEVEL)
            case "ul" | "ol":
                self.page.open_list(1 if tag == "ol" else None)
            case "li":
                self.page.open_item()
            case "blockquote":
                self.page.indent("│ ")
            case "tr":
                self.page.row()
            case "td" | "th":
                self.page.end_cell()
            case "hr":
                self.page.rule()
            case "pre":
                self._verbatim = []
            case "b" | "strong" | "em" | "i":
                self._strong += 1
            case "code" | "kbd" | "samp":
                self._code += 1
            case "a":
                self._links.append(dict(attrs).get("href") or "")
            case "img":
                self.page.text(f"[{dict(attrs).get('alt') or 'image'}]", "muted")

    def handle_endtag(self, tag: str) -> None:
        if tag == "pre" and self._verbatim is not None:
            self.page.preformatted("".join(self._verbatim))
            self._verbatim = None
        if tag in _BLOCKS:
            self.page.close(has_gap=tag in _APART)
        match tag:
            case "ul" | "ol":
                self.page.close_list()
            case "li":
                self.page.close_item()
            case "blockquote":
                self.page.dedent()
            case "td" | "th":
                self.page.cell()
            case "table":
                self.page.table()
            case "b" | "strong" | "em" | "i":
                self._strong = max(0, self._strong - 1)
            case "code" | "kbd" | "samp":
                self._code = max(0, self._code - 1)
            case "a" if self._links:
                self.page.target(self._links.pop())

    def handle_data(self, data: str) -> None:
        if self._verbatim is not None:
            self._verbatim.append(data)
        else:
            self.page.text(data, "accent" if self._code else "strong" if self._strong else "")

    def finish(self) -> Document:
        """The document, once everything was fed."""
        self.close()
        self.handle_endtag("pre")
        self.page.table()
        return Document(self.page.lines(), self.page.headings())


_APART = frozenset(
    (
        "blockquote",
        "dl",
        "fieldset",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "ol",
        "p",
        "pre",
        "table",
    )
) | {"ul"}


_BLOCKS = (
    _APART
    | frozenset(
        (
            "address",
            "article",
            "aside",
            "body",
            "br",
            "caption",
            "dd",
            "details",
            "div",
            "dt",
            "figure",
            "footer",
        )
    )
    | {"head", "header", "html", "main", "nav", "option", "section", "summary"}
)
"""Elements that end a paragraph; those in ``_APART`` with a blank line."""


def _plain(text: str) -> list[Line]:
    return [(Span(masked_line(line)),) for line in text.splitlines()] or [(Span("empty", "muted"),)]
