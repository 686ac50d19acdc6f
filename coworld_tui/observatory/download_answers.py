"""What the answers of a download mean: to be taken, gone on with, tried again, or an error for people."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import replace
from pathlib import Path

import httpx

from ..contract.errors import EXIT_FAILED, EXIT_MISSING, CoworldError
from ..contract.fetching import url_label
from ..contract.http_body import BadBody, bounded_body
from ..contract.text import safe_line
from ..runs.redact import Redactor
from .identity import Identity
from .part_file import PartFile, PartInfo, damaged
from .refusals import Refusal, no_connection, refusal, unreachable, what_it_says
from .storage import ApiFile, Source, key_of

_ATTEMPTS = 3
_BACKOFF_SECONDS = 0.25
_RETRY_SECONDS = 30.0
_REFUSAL_LIMIT = 64 * 1024
_ID_LIMIT = 100
_OUTDATED = frozenset({400, 401, 403, 404, 410, 412})
_GATEWAY = frozenset({502, 503, 504})
_STORAGE_PASSING = _GATEWAY | {429, 500}
_ENCODINGS = frozenset({"", "gzip", "x-gzip", "deflate"})
_RANGE = re.compile(r"bytes (?:(\d{1,18})-\d{1,18}|\*)/(\d{1,18})\Z")
_SECONDS = re.compile(r"[0-9]{1,4}\Z")
_STRONG = re.compile(r'"[\x21\x23-\x7e]{1,256}"\Z')


class TryAgainError(Exception):
    """A failure that may pass; ``delay`` in seconds when the server says for how long to wait."""

    def __init__(self, error: CoworldError, delay: float | None = None) -> None:
        super().__init__()
        self.error = error
        self.delay = delay


class OutdatedError(Exception):
    """The address is not good, or not any more."""

    def __init__(self, error: CoworldError) -> None:
        super().__init__()
        self.error = error


class Patience:
    """How often and for how long it is tried again."""

    def __init__(self) -> None:
        self._attempts = 0
        self._deadline = asyncio.get_running_loop().time() + _RETRY_SECONDS

    def went_on(self) -> None:
        """Something came: the next failure is a new one."""
        self._attempts = 0
        self._deadline = asyncio.get_running_loop().time() + _RETRY_SECONDS

    async def wait_after(self, error: Exception) -> None:
        """Wait until it may be tried again; raises the error for people when it may not."""
        if isinstance(error, OutdatedError):
            raise error.error from None
        if not isinstance(error, TryAgainError):
            raise error
        self._attempts += 1
        delay = _BACKOFF_SECONDS * self._attempts if error.delay is None else error.delay
        delay += random.uniform(0, _BACKOFF_SECONDS)
        if self._attempts >= _ATTEMPTS or asyncio.get_running_loop().time() + delay > self._deadline:
            raise error.error from None
        await asyncio.sleep(delay)


async def refused(identity: Identity, response: httpx.Response, source: Source) -> Exception:
    """Why there is no file: an error to raise, or one after which it may be tried again."""
    try:
        body, _ = await bounded_body(response, _REFUSAL_LIMIT)
    except BadBody:
        body = b""
    status = response.status_code
    wait = response.headers.get("Retry-After", "")
    wait = wait if _SECONDS.match(wait) else ""
    may_pass = status in _STORAGE_PASSING
    if isinstance(source, ApiFile) and response.extensions["is_api"]:
        redactor = Redactor([identity.token])
        rejected = response.headers.get("X-RateLimit-Outcome") == "rejected"
        may_pass = status in _GATEWAY or (status == 429 and rejected and bool(wait))
        request_id = redactor.text(safe_line(response.headers.get("X-Request-Id", ""), _ID_LIMIT))
        said = what_it_says(response, body, redactor)
        error = refusal(identity, status, source.path, said, request_id, wait)
    else:
        error = not_given(source, status)
    if may_pass:
        return TryAgainError(error, float(wait) if wait else None)
    return OutdatedError(error) if status in _OUTDATED else error


def meaning(error: Exception, server: str, source: Source) -> Exception:
    """What an error of the connection says to people; others are returned as they are."""
    place = server if isinstance(source, ApiFile) else key_of(source)
    if isinstance(error, httpx.ConnectError):
        return TryAgainError(no_connection(place, error))
    if isinstance(error, httpx.TimeoutException):
        return TryAgainError(unreachable(place, "no answer in time"))
    if isinstance(error, httpx.HTTPError | httpx.StreamError):
        # The message of an httpx error may repeat the address.
        return TryAgainError(unreachable(place, "the connection broke"))
    return error


def not_given(source: Source, status: int) -> Refusal:
    """The error for a file that is refused outside the API."""
    label = key_of(source) if isinstance(source, ApiFile) else url_label(source)
    is_gone = status in (404, 410)
    error = Refusal(
        "not_found" if is_gone else "download_refused",
        "The file is not there (any more)" if is_gone else "The file is not given out",
        cause=f"{label} answered {status}",
        owner="the server",
        next_step="try again: addresses of files end after some time",
        exit_code=EXIT_MISSING if status >= 500 else EXIT_FAILED,
    )
    error.status = status
    return error


def continues(response: httpx.Response, part: PartFile) -> bool:
    """Whether the answer goes on where the part ends."""
    found = _RANGE.match(response.headers.get("Content-Range", ""))
    return (
        found is not None
        and found[1] is not None
        and int(found[1]) == part.offset
        and part.info.total in (None, int(found[2]))
        and response.headers.get("ETag", part.info.etag) == part.info.etag
        and _encoding(response) == part.info.encoding
    )


def info_of(response: httpx.Response, source: str, target: Path) -> PartInfo:
    """What a whole answer says of the file. ``download_damaged`` for one wrapped in an unknown way."""
    encoding = _encoding(response)
    if encoding not in _ENCODINGS:
        raise damaged(target, f"it is encoded as {safe_line(encoding, 40)}")
    etag = response.headers.get("ETag", "")
    length = response.headers.get("Content-Length", "")
    info = PartInfo(source, etag if _STRONG.match(etag) else "", encoding=encoding)
    return replace(info, total=int(length)) if length.isdecimal() and len(length) < 19 else info


def _encoding(response: httpx.Response) -> str:
    encoding = str(response.headers.get("Content-Encoding", "")).strip().lower()
    return "" if encoding == "identity" else encoding


def begins_later(response: httpx.Response) -> bool:
    """Whether the answer is not the beginning of the file."""
    found = _RANGE.match(response.headers.get("Content-Range", ""))
    return found is not None and bool(int(found[1] or 0))
