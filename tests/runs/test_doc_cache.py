"""Documents are fetched once, kept, and readable when the network is gone."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from coworld_tui.contract.errors import CoworldError
from coworld_tui.runs import doc_cache
from coworld_tui.runs.directory import write_json
from coworld_tui.runs.doc_cache import FetchedDocument, fetch_document_text
from coworld_tui.runs.paths import cache_dir

from ..contract.strategies import outside_bytes
from ..contract.web_server import answer, redirect, serving

FIELDS = {
    "text": "# Kept\n",
    "address": "http://127.0.0.1/",
    "fetched_at": "2026-11-20T10:00:00+00:00",
    "is_html": False,
    "is_truncated": False,
}


def cached_files() -> list[Path]:
    return sorted((cache_dir() / "documents").glob("*"))


def grow_older(age: timedelta) -> None:
    """Make what was fetched an old story."""
    [path] = cached_files()
    write_json(path, {**FIELDS, "fetched_at": (datetime.now(UTC) - age).isoformat()})


async def test_fetched_once_while_it_is_fresh() -> None:
    async with serving({"/a": answer(b"# One\n")}) as web:
        url = web.url("/a?key=hidden", "ann:hidden@127.0.0.1")
        first = await fetch_document_text(url, allow_private=True)
        assert first == FetchedDocument(
            "# One\n", web.url("/a"), first.fetched_at, is_html=False, is_truncated=False
        )
        assert datetime.now(UTC) - datetime.fromisoformat(first.fetched_at) < timedelta(minutes=1)
        web.answers["/a"] = answer(b"# Two\n")
        again = await fetch_document_text(url, allow_private=True)
        assert (again.text, again.from_cache, bool(again.problem)) == ("# One\n", True, False)
        assert again.fetched_at == first.fetched_at
        assert len(web.requests) == 1
        newer = await fetch_document_text(url, allow_private=True, refresh=True)
        assert (newer.text, newer.from_cache) == ("# Two\n", False)
    [path] = cached_files()
    assert b"hidden" not in path.read_bytes()
    assert "hidden" not in path.name
    assert path.stat().st_mode & 0o777 == 0o600


async def test_old_ones_are_asked_for_again() -> None:
    async with serving({"/": answer(b"# One\n")}) as web:
        await fetch_document_text(web.url("/"), allow_private=True)
        grow_older(doc_cache.FRESH - timedelta(minutes=1))
        assert (await fetch_document_text(web.url("/"), allow_private=True)).text == "# Kept\n"
        grow_older(doc_cache.FRESH)
        assert (await fetch_document_text(web.url("/"), allow_private=True)).text == "# One\n"
        grow_older(timedelta(hours=-2))
        assert (await fetch_document_text(web.url("/"), allow_private=True)).text == "# One\n"


async def test_offline_the_kept_copy_is_shown_with_the_reason() -> None:
    async with serving({"/": answer(b"# One\n")}) as web:
        url = web.url("/")
        await fetch_document_text(url, allow_private=True)
    grow_older(timedelta(days=40))
    kept = await fetch_document_text(url, allow_private=True)
    assert (kept.text, kept.from_cache, bool(kept.problem)) == ("# Kept\n", True, True)
    assert "could not be downloaded" in kept.problem
    with pytest.raises(CoworldError):
        await fetch_document_text(url + "other", allow_private=True)


async def test_a_page_that_turns_bad_leaves_the_copy() -> None:
    async with serving({"/": answer(b"# One\n")}) as web:
        await fetch_document_text(web.url("/"), allow_private=True)
        web.answers["/"] = redirect("file:///etc/passwd")
        kept = await fetch_document_text(web.url("/"), allow_private=True, refresh=True)
        assert (kept.text, bool(kept.problem)) == ("# One\n", True)
        web.answers["/"] = answer(b"# Two\n")
        assert (await fetch_document_text(web.url("/"), allow_private=True, refresh=True)).text == "# Two\n"


async def test_nothing_private_by_default() -> None:
    async with serving({"/": answer(b"# One\n")}) as web:
        with pytest.raises(CoworldError, match="private"):
            await fetch_document_text(web.url("/"))
        assert web.requests == []
    assert cached_files() == []


async def test_those_not_read_for_longest_make_room(monkeypatch: pytest.MonkeyPatch) -> None:
    async with serving({f"/{name}": answer(name.encode() * 1_000) for name in "abc"}) as web:
        for place, name in enumerate("ab"):
            await fetch_document_text(web.url(f"/{name}"), allow_private=True)
            for path in cached_files():
                if name * 100 in path.read_text():
                    os.utime(path, (place, place))
        await fetch_document_text(web.url("/a"), allow_private=True)  # read again, so b is older now
        monkeypatch.setattr(doc_cache, "TOTAL_LIMIT", 2_600)
        await fetch_document_text(web.url("/c"), allow_private=True)
    kept = [path.read_text() for path in cached_files()]
    assert sorted(name for name in "abc" for text in kept if name * 100 in text) == ["a", "c"]


async def test_a_cache_that_cannot_be_written_is_no_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("COWORLD_TUI_HOME", str(tmp_path / "file"))
    async with serving({"/": answer(b"# One\n")}) as web:
        assert (await fetch_document_text(web.url("/"), allow_private=True)).text == "# One\n"


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=outside_bytes(FIELDS))
async def test_a_damaged_copy_is_as_good_as_none(data: bytes) -> None:
    async with serving({"/": answer(b"# One\n")}) as web:
        await fetch_document_text(web.url("/"), allow_private=True)
        [path] = cached_files()
        path.write_bytes(data)
        found = await fetch_document_text(web.url("/"), allow_private=True)
        path.unlink()
    assert isinstance(found.text, str)
    assert found.text == "# One\n" or found.from_cache
