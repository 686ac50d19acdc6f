"""Reading the body of an HTTP answer, bounded before and after it is inflated."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

from .text import safe_line

if TYPE_CHECKING:
    import httpx

_ENCODINGS = ("identity", "gzip", "x-gzip", "deflate")
_SHOWN = 40


class BadBody(ValueError):  # noqa: N818 - it names the thing, as the messages do
    """A body that does not become bytes; the message completes the sentence "the body ..."."""


async def bounded_body(answer: httpx.Response, limit: int) -> tuple[bytes, bool]:
    """At most ``limit`` bytes of the body, inflated no further than that, and whether there is more.

    ``BadBody`` for a body that is damaged or encoded in an unknown way, errors of httpx as they come.
    """
    encoding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in _ENCODINGS:
        raise BadBody(f"is encoded as {safe_line(encoding, _SHOWN)}")
    unpacker = zlib.decompressobj(wbits=47) if encoding != "identity" else None
    body = bytearray()
    surplus = 0
    async for chunk in answer.aiter_raw():
        if unpacker is not None and unpacker.eof:
            # Read to its end: only then can the connection be used again.
            surplus += len(chunk)
            if surplus > limit:
                break
            continue
        if unpacker is not None:
            try:
                chunk = unpacker.decompress(chunk, limit + 1 - len(body))
            except zlib.error:
                raise BadBody("is damaged") from None
        body += chunk
        if len(body) > limit:
            return bytes(body[:limit]), True
    if unpacker is not None and not unpacker.eof:
        raise BadBody("is not complete")
    return bytes(body), False
