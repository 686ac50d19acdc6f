"""Which server is meant, and the addresses that follow from it (hosted.md 1.1)."""

from __future__ import annotations

import shlex
from urllib.parse import urlsplit

from ..contract.errors import EXIT_USAGE, CoworldError
from ..contract.fetching import url_label
from ..runs.settings import section

DEFAULT_SERVER = "https://softmax.com/api"


def server_key(text: str) -> str:
    """Return the ``--server`` value as credentials are kept under: as typed, without trailing slashes.

    ``http://localhost:8000/api`` and ``http://127.0.0.1:8000/api`` are different servers. Raises
    ``invalid_request`` (exit code 2) for what is no plain http(s) address.
    """
    if not text.isascii() or not text.isprintable() or " " in text:
        raise _no_server("the given text", "it holds characters that no address has")
    key = text.rstrip("/")
    try:
        parts = urlsplit(key)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise _no_server("the given text", "it cannot be read as an address") from None
    if parts.scheme not in ("http", "https") or not host:
        raise _no_server(url_label(key), "servers are http or https addresses")
    if "@" in parts.netloc:
        raise _no_server(url_label(key), "a user name or password has no place in it")
    if "?" in key or "#" in key:
        raise _no_server(url_label(key), "nothing may follow the path")
    return key


def chosen_server(given: str | None = None) -> str:
    """The key of the server that was given, else of ``[league] server`` in the settings, else the usual."""
    configured = section("league").get("server")
    return server_key(given or (configured if isinstance(configured, str) and configured else DEFAULT_SERVER))


def api_root(server: str) -> str:
    """Return the address that API paths such as ``/v2/leagues`` are appended to."""
    return f"{server_key(server)}/observatory"


def server_option(server: str) -> str:
    """What a suggested command needs to mean the same server: `` --server URL``, empty for the usual one."""
    key = server_key(server)
    return "" if key == DEFAULT_SERVER else f" --server {shlex.quote(key)}"


def web_link(server: str, path: str) -> str:
    """The address of a page of the web app beside the API; ``path`` itself where that cannot be told.

    The rule of the real client: a server whose path is ``/api`` or ``/api/observatory`` has its pages on
    the same host. What is an address already stays one.
    """
    parts = urlsplit(server_key(server))
    if path.startswith("/") and parts.path in ("/api", "/api/observatory"):
        return f"{parts.scheme}://{parts.netloc}{path}"
    return path


def _no_server(shown: str, cause: str) -> CoworldError:
    return CoworldError(
        "invalid_request",
        "That is no server",
        cause=f"{shown}: {cause}",
        next_step=f"give --server an address like {DEFAULT_SERVER}",
        exit_code=EXIT_USAGE,
    )
