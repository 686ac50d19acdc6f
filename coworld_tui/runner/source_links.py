"""Pinning ``source_url`` links of a manifest to the commit they were built from (0.1.64).

A GitHub ``tree`` or ``blob`` link into the project's own repository that names a branch gets the
commit instead: HEAD, or the branch on ``origin`` when HEAD does not contain it.
"""

from __future__ import annotations

import copy
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from ..contract.generations import ROLE_SECTIONS

_COMMIT = re.compile(r"[0-9a-f]{40}")
_GIT_SECONDS = 20
_HOST = "github.com"


def with_pinned_sources(document: Mapping[str, Any], folder: Path) -> tuple[dict[str, Any], list[str]]:
    """Return the manifest with its links pinned, and the links that stay as they are for want of git.

    Blocking. Nothing is asked of git unless a link names a branch.
    """
    result: dict[str, Any] = copy.deepcopy(dict(document))
    links = [
        (entry, parts) for entry in _runnables(result) if (parts := _branch_link(entry.get("source_url")))
    ]
    if not links:
        return result, []
    repository = _repository(folder)
    unpinned = []
    for entry, parts in links:
        owner, name, _, branch = parts[:4]
        if repository is None:
            unpinned.append(str(entry["source_url"]))
        elif f"{owner}/{name}" == repository and (commit := _commit(folder, branch)):
            address = urlsplit(entry["source_url"])
            path = "/" + "/".join([*parts[:3], commit, *parts[4:]])
            entry["source_url"] = urlunsplit(address._replace(path=path))
    return result, unpinned


def _runnables(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield document["game"]["runnable"]
    for section in ROLE_SECTIONS:
        yield from document.get(section) or []


def _branch_link(link: Any) -> list[str]:
    """The path's parts of a link to a branch on GitHub, else nothing."""
    if not isinstance(link, str):
        return []
    try:
        address = urlsplit(link)
    except ValueError:
        return []
    parts = address.path.removeprefix("/").split("/")
    is_link = address.netloc == _HOST and len(parts) >= 4 and parts[2] in ("tree", "blob")
    return parts if is_link and not _COMMIT.fullmatch(parts[3]) else []


def _repository(folder: Path) -> str | None:
    """``owner/name`` of the folder's origin on GitHub, empty when it is elsewhere, None without one."""
    remote = _git(folder, "remote", "get-url", "origin")
    if remote is None:
        return None
    if remote.startswith(f"git@{_HOST}:"):
        return remote.removeprefix(f"git@{_HOST}:").removesuffix(".git")
    address = urlsplit(remote)
    return address.path.removeprefix("/").removesuffix(".git") if address.netloc == _HOST else ""


def _commit(folder: Path, branch: str) -> str | None:
    head = _git(folder, "rev-parse", "HEAD")
    theirs = _git(folder, "rev-parse", "--verify", "--quiet", f"origin/{branch}^{{commit}}")
    if head is None or theirs is None:
        return head
    return head if _git(folder, "merge-base", "--is-ancestor", theirs, head) is not None else theirs


def _git(folder: Path, *arguments: str) -> str | None:
    """What git answers, None when it fails or is not here."""
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace").strip()
