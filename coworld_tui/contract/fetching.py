"""Downloading one JSON document, bounded in size and time, without repeating credentials."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from .errors import EXIT_MISSING, EXIT_USAGE, CoworldError
from .http_body import BadBody, bounded_body
from .jsontext import MIB
from .text import safe_line

_TOTAL_SECONDS = 60.0
_STEP_SECONDS = 15.0
_REDIRECTS = 5
USER_AGENT = "coworld-tui"
_LABEL_LIMIT = 200


async def fetch_document(url: str, limit: int) -> bytes:
    """Return the body of ``url``, at most ``limit`` bytes, following a few redirects.

    Raises ``manifest_missing``: exit code 2 when the server has no such document, 3 when it
    cannot be reached or does not let us in.
    """
    import httpx

    label = url_label(url)
    try:
        async with (
            asyncio.timeout(_TOTAL_SECONDS),
            httpx.AsyncClient(
                follow_redirects=True,
                max_redirects=_REDIRECTS,
                timeout=_STEP_SECONDS,
                headers={
                    "User-Agent": USER_AGENT,
                    "Accept": "application/json",
                    "Accept-Encoding": "gzip",
                },
            ) as client,
            client.stream("GET", url) as response,
        ):
            if response.status_code != httpx.codes.OK:
                raise _refused(label, response.status_code)
            body, is_truncated = await bounded_body(response, limit)
            if is_truncated:
                raise CoworldError(
                    "manifest_invalid",
                    "The download is too large",
                    cause=f"{label} is larger than {limit // MIB} MiB",
                    next_step="check the address",
                    exit_code=EXIT_USAGE,
                )
            return body
    except httpx.InvalidURL:
        raise CoworldError(
            "manifest_missing",
            "That is not a web address",
            cause=label,
            next_step="check the address",
            exit_code=EXIT_USAGE,
        ) from None
    except BadBody as error:
        raise _unreachable(label, f"the body {error}") from None
    except TimeoutError:
        raise _unreachable(label, f"no complete answer within {_TOTAL_SECONDS:.0f} seconds") from None
    except httpx.HTTPError as error:
        # The message of an httpx error may repeat the address, credentials included.
        raise _unreachable(label, type(error).__name__) from None


def url_label(url: str) -> str:
    """Return ``url`` fit to be shown and kept: without user, password, query and fragment."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "the given address"
    if ":" in host:
        host = f"[{host}]"
    return safe_line(f"{parts.scheme}://{host}{port}{parts.path}", _LABEL_LIMIT)


def _refused(label: str, status: int) -> CoworldError:
    denied = status in {401, 403}
    return CoworldError(
        "manifest_missing",
        "The server does not let us in" if denied else "The server does not have that manifest",
        cause=f"{label} answered {status}",
        next_step="log in, or give a downloaded folder instead" if denied else "check the address",
        exit_code=EXIT_MISSING if denied or status >= 500 else EXIT_USAGE,
    )


def _unreachable(label: str, reason: str) -> CoworldError:
    return CoworldError(
        "manifest_missing",
        "The manifest could not be downloaded",
        cause=f"{label}: {reason}",
        next_step="check the network, or give a downloaded folder instead",
        exit_code=EXIT_MISSING,
    )
