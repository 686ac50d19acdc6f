"""Adding a variant to the text of a manifest, everything else left as its author wrote it."""

from __future__ import annotations

import json
from typing import Any

from .errors import CoworldError
from .json_layout import Span, document_span, is_compact, item_spans, margin, member_spans, written
from .jsontext import UnreadableJson, read_json_object
from .problems import manifest_invalid
from .text import safe_line

_ID_LIMIT = 80


def with_variant(data: bytes, variant: dict[str, Any]) -> bytes:
    """Return the manifest ``data`` with ``variant`` in place of the one of its id, else as the last one.

    Keys of a replaced variant that the new one does not have (``parent_id``) stay. New text takes the
    indentation and the line ends of what is there. Raises ``manifest_invalid`` when the variants of
    ``data`` cannot be told apart.
    """
    try:
        document = read_json_object(data)
    except UnreadableJson as error:
        raise _invalid(f"it {error}") from None
    variants = document.get("variants", [])
    if not isinstance(variants, list):
        raise _invalid("its variants are not a list")
    places = [
        place
        for place, entry in enumerate(variants)
        if isinstance(entry, dict) and entry.get("id") == variant["id"]
    ]
    if len(places) > 1:
        shown = json.dumps(safe_line(variant["id"], _ID_LIMIT), ensure_ascii=False)
        raise _invalid(f"{len(places)} of its variants have the id {shown}")
    text = data.decode()
    root = document_span(text)
    members = member_spans(text, root)
    unit = _unit(text, root)
    if "variants" not in members:
        return _appended(text, root, '"variants": ', [variant], unit, is_empty=not members).encode()
    items = item_spans(text, members["variants"])
    if places:
        span = items[places[0]]
        edge = margin(text, span)
        value = {**variants[places[0]], **variant}
        new = written(value, text, unit if edge is not None else None, edge or "")
        return (text[: span.start] + new + text[span.stop :]).encode()
    return _appended(text, members["variants"], "", variant, unit, is_empty=not items).encode()


def _appended(text: str, span: Span, label: str, value: Any, unit: str | None, *, is_empty: bool) -> str:
    """``text`` with a value more, after ``label``, at the end of the object or list at ``span``."""
    end = span.stop - 1
    body = text[span.start + 1 : end]
    last = span.start + 1 + len(body.rstrip())
    if is_empty:
        edge = "" if unit is None else _line_margin(text, span.start) + unit
    else:
        tail = text[last:end]
        edge = tail.rpartition("\n")[2] + (unit or "") if "\n" in tail else ""
    is_spread = unit is not None and (is_empty or "\n" in text[last:end])
    comma = "" if is_empty else ","
    if not is_spread:
        space = " " if comma and not is_compact(text) else ""
        return text[:last] + comma + space + label + written(value, text, None) + text[last:]
    newline = "\r\n" if "\r\n" in text else "\n"
    close = newline + _line_margin(text, span.start) if is_empty else text[last:end]
    return (
        text[:last] + comma + newline + edge + label + written(value, text, unit, edge) + close + text[end:]
    )


def _unit(text: str, root: Span) -> str | None:
    """The indentation of one level; None when the document is written without."""
    inside = text[root.start + 1 : root.stop - 1]
    first = inside[: len(inside) - len(inside.lstrip())]
    return first.rpartition("\n")[2] or None if "\n" in first else None


def _line_margin(text: str, at: int) -> str:
    line = text[text.rfind("\n", 0, at) + 1 : at]
    return line[: len(line) - len(line.lstrip(" \t"))]


def _invalid(cause: str) -> CoworldError:
    return manifest_invalid(
        "The variant cannot be saved into that manifest", cause, "correct the manifest file"
    )
