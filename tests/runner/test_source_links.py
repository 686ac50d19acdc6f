"""Links into the project's own repository are pinned to the commit they were built from."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.runner.source_links import with_pinned_sources

COMMIT = "0" * 40


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "init.defaultBranch=main")
    done = subprocess.run(
        ["git", *identity, "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose origin has ``main``, which HEAD contains, and ``other``, which it does not."""
    git(tmp_path, "init", "-q")
    git(tmp_path, "remote", "add", "origin", "https://github.com/acme/thing.git")
    for branch in ("other", "main"):
        git(tmp_path, "checkout", "-q", "--orphan", branch)
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", branch)
        git(tmp_path, "update-ref", f"refs/remotes/origin/{branch}", "HEAD")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "newer")
    return tmp_path


def pinned(folder: Path, *links: Any) -> tuple[list[Any], list[str]]:
    """The links of a game and its players once they are pinned, and those that could not be."""
    parts = [{"source_url": link} for link in links]
    document = {"game": {"runnable": parts[0]}, "player": parts[1:], "grader": [{}]}
    result, left = with_pinned_sources(document, folder)
    return [part["source_url"] for part in (result["game"]["runnable"], *result["player"])], left


def test_a_branch_becomes_the_commit_it_was_built_from(repository: Path) -> None:
    head, other = git(repository, "rev-parse", "HEAD"), git(repository, "rev-parse", "other")
    address = "https://github.com/acme/thing"
    links, left = pinned(
        repository,
        f"{address}/tree/main/game?x=1#y",
        f"{address}/blob/other/a.py",
        f"{address}/tree/unpushed",
        f"{address}/tree/{COMMIT}/game",
        "https://github.com/acme/else/tree/main/game",
        "https://example.com/acme/thing/tree/main/game",
        address,
        "https://[broken",
        None,
    )
    assert links[:3] == [
        f"{address}/tree/{head}/game?x=1#y",
        f"{address}/blob/{other}/a.py",
        f"{address}/tree/{head}",
    ]
    assert links[3:] == [
        f"{address}/tree/{COMMIT}/game",
        "https://github.com/acme/else/tree/main/game",
        "https://example.com/acme/thing/tree/main/game",
        address,
        "https://[broken",
        None,
    ]
    assert left == []


def test_without_a_repository_links_stay_and_are_named(tmp_path: Path) -> None:
    link = "https://github.com/acme/thing/tree/main"
    assert pinned(tmp_path, link, "https://example.com") == ([link, "https://example.com"], [link])
