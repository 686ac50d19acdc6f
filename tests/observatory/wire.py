"""How the API speaks: ids and limits are checked, lists come in pages, refusals have a ``detail``."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import QueryParams

from .state import Caller, Json, State

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Refused(Exception):  # noqa: N818 - an answer, not a mistake of the server
    """The answer is an error with this status and ``detail``."""

    def __init__(self, status: int, detail: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


@dataclass(frozen=True)
class Reply:
    """A body to write as JSON, with headers of its own."""

    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Asked:
    """One request: who, and with which path and query parameters."""

    state: State
    caller: Caller
    path: Mapping[str, str]
    query: QueryParams

    def id_in_path(self, prefix: str) -> str:
        """The object asked for; a malformed id is 422 before anything is looked up."""
        (name, value), *_ = self.path.items()
        return _checked(value, f"{prefix}_{UUID}" if prefix else UUID, "path", name)

    def id_filter(self, name: str, prefix: str) -> str | None:
        """An optional id in the query."""
        value = self.query.get(name)
        pattern = f"{prefix}_{UUID}" if prefix else UUID
        return value if value is None else _checked(value, pattern, "query", name)

    def choice(self, name: str, words: Sequence[str]) -> str | None:
        """An optional word out of a fixed set."""
        value = self.query.get(name)
        return value if value is None else _checked(value, "|".join(words), "query", name)

    def flag(self, name: str) -> bool:
        """A boolean in the query, false when absent."""
        return _checked(self.query.get(name, "false"), "true|false", "query", name) == "true"

    def number(self, name: str, default: int, least: int, most: int) -> int:
        """A whole number in the query, within its bounds."""
        text = self.query.get(name, str(default))
        value = int(_checked(text, "[0-9]{1,9}", "query", name))
        if not least <= value <= most:
            raise _invalid("query", name, f"Input should be between {least} and {most}", text)
        return value


def _checked(value: str, pattern: str, place: str, name: str) -> str:
    if not re.fullmatch(pattern, value):
        raise _invalid(place, name, f"String should match pattern '^{pattern}$'", value)
    return value


def _invalid(place: str, name: str, message: str, value: str) -> Refused:
    return Refused(422, [{"loc": [place, name], "msg": message, "type": "value_error", "input": value}])


def page(asked: Asked, rows: Sequence[Json], default: int, most: int) -> tuple[list[Json], str | None]:
    """The rows after the cursor, at most ``limit`` of them, and the cursor of the next page.

    The cursor names the last row given, so rows added in front in the meantime do not shift the next page.
    """
    limit = asked.number("limit", default, 1, most)
    start = 0
    if (cursor := asked.query.get("cursor")) is not None:
        last = read_cursor(cursor).get("after")
        places = [place for place, row in enumerate(rows) if row["id"] == last]
        if not places:
            raise Refused(400, "Invalid cursor")
        start = places[0] + 1
    taken = list(rows[start : start + limit])
    more = start + limit < len(rows)
    return taken, write_cursor(after=taken[-1]["id"]) if more else None


def header_page(asked: Asked, rows: Sequence[Json], default: int, most: int) -> Reply:
    """A bare list; the next cursor is a header, absent on the last page."""
    taken, cursor = page(asked, rows, default, most)
    return Reply(taken, {} if cursor is None else {"X-Next-Cursor": cursor})


def body_page(asked: Asked, rows: Sequence[Json], default: int, most: int) -> Reply:
    """``{entries, next_cursor}``."""
    taken, cursor = page(asked, rows, default, most)
    return Reply({"entries": taken, "next_cursor": cursor})


def write_cursor(**members: Any) -> str:
    """An opaque token."""
    return base64.urlsafe_b64encode(json.dumps(members).encode()).decode().rstrip("=")


def read_cursor(cursor: str) -> Json:
    """What an own token says; anything else is refused."""
    try:
        members = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        members = None
    if not isinstance(members, dict):
        raise Refused(400, "Invalid cursor")
    return members
