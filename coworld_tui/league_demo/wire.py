"""How the API speaks: ids and limits are checked, lists come in pages, refusals have a ``detail``."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import QueryParams

from .state import Caller, Json, State

UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class Refused(Exception):  # noqa: N818 - an answer, not a mistake of the server
    """The answer is an error with this status and ``detail``."""

    def __init__(self, status: int, detail: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


@dataclass(frozen=True)
class Reply:
    """What is answered: JSON, or with a ``media_type`` bytes, whole or in pieces as they are taken."""

    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    status: int = 200
    media_type: str | None = None
    """None: ``body`` is written as JSON. Else it is ``bytes``, or an (async) iterable of them."""


@dataclass(frozen=True)
class Asked:
    """One request: who, and with which path and query parameters."""

    state: State
    caller: Caller
    path: Mapping[str, str]
    query: QueryParams
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    """By names in any case."""
    body: bytes = b""
    origin: str = ""
    """The server's ``http://127.0.0.1:port``: what addresses outside the API begin with."""

    @property
    def json(self) -> Any:
        """The body as JSON; none is 422, as the API says it."""
        try:
            return json.loads(self.body)
        except ValueError:
            detail = {"loc": ["body"], "msg": "JSON decode error", "type": "json_invalid"}
            raise Refused(422, [detail]) from None

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

    def seconds(self, name: str, most: float) -> float:
        """A length of time in the query, whole or not; none when absent."""
        text = self.query.get(name, "0")
        value = float(_checked(text, r"[0-9]{1,9}(\.[0-9]{1,30})?", "query", name))
        if value > most:
            raise _invalid("query", name, f"Input should be at most {most:g}", text)
        return value


@dataclass(frozen=True)
class Route:
    """What can be asked: a path beneath ``<server>/observatory``, or ``outside`` it one of the host.

    ``open`` ones answer without a login. Of two routes that fit, the one with fewer ``{parameters}`` answers.
    """

    method: str
    path: str
    answer: Callable[[Asked], Reply | Awaitable[Reply]]
    open: bool = False
    outside: bool = False


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
    cursor = asked.query.get("cursor")
    start = 0 if cursor is None else 1 + _place(rows, read_cursor(cursor))
    taken = list(rows[start : start + limit])
    left = len(rows) - start - len(taken)
    return taken, write_cursor(after=taken[-1]["id"], left=left) if left else None


def _place(rows: Sequence[Json], cursor: Json) -> int:
    """Where the row is that the cursor names: as far from the end as it was, else anywhere."""
    last, left = cursor.get("after"), cursor.get("left")
    if isinstance(left, int) and 0 <= left < len(rows) and rows[-1 - left]["id"] == last:
        return len(rows) - 1 - left
    for place, row in enumerate(rows):
        if row["id"] == last:
            return place
    raise Refused(400, "Invalid cursor")


def header_page(asked: Asked, rows: Sequence[Json], default: int, most: int) -> Reply:
    """A bare list; the next cursor is a header, absent on the last page."""
    taken, cursor = page(asked, rows, default, most)
    return Reply(taken, {} if cursor is None else {"X-Next-Cursor": cursor})


def body_page(asked: Asked, rows: Sequence[Json], default: int, most: int) -> Reply:
    """``{entries, next_cursor}``."""
    taken, cursor = page(asked, rows, default, most)
    return Reply({"entries": taken, "next_cursor": cursor})


def file_reply(asked: Asked, data: bytes, media_type: str, name: str | None = None) -> Reply:
    """A file, or the one range of it that is asked for and, by ``If-Range``, still the same file."""
    etag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Accept-Ranges": "bytes"}
    if name is not None:
        headers["Content-Disposition"] = f'attachment; filename="{name}"'
    wanted = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.headers.get("range", ""))
    if wanted is None or wanted[0] == "bytes=-" or asked.headers.get("if-range", etag) != etag:
        return Reply(data, headers, media_type=media_type)
    first, last = wanted.groups()
    start = int(first) if first else max(0, len(data) - int(last))
    end = min(int(last) + 1, len(data)) if first and last else len(data)
    if start >= end:
        return Reply(b"", headers | {"Content-Range": f"bytes */{len(data)}"}, 416, media_type)
    headers["Content-Range"] = f"bytes {start}-{end - 1}/{len(data)}"
    return Reply(data[start:end], headers, 206, media_type)


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
