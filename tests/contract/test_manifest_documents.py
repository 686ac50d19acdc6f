"""Which documents a manifest has."""

from __future__ import annotations

from coworld_tui.contract.documents import DocumentEntry, documents_of

from .builders import edited, new_manifest, old_manifest, package


def page(page_id: str, title: str = "") -> dict[str, object]:
    return {"id": page_id, "title": title, "content": {"type": "text", "value": f"about {page_id}"}}


def test_in_reading_order() -> None:
    manifest = new_manifest()
    pages = [page("strategy.md"), page("play_fast.md", "Play"), page("Rules.md"), page("play_slow.md")]
    manifest["game"]["docs"]["pages"] = pages
    entries = documents_of(package(manifest).manifest)
    assert [(entry.id, entry.title) for entry in entries] == [
        ("readme", "Readme"),
        ("page:Rules.md", "Rules.md"),
        ("page:play_fast.md", "Play"),
        ("page:play_slow.md", "play_slow.md"),
        ("page:strategy.md", "strategy.md"),
        ("protocol:player", "Player protocol"),
        ("protocol:global", "Global protocol"),
    ]
    assert entries[0] == DocumentEntry("readme", "Readme", "text", "# Tiles")
    assert (entries[-1].kind, entries[-1].value) == ("uri", "https://example.com/global.md")


def test_old_manifests_have_few() -> None:
    lifted = edited(old_manifest(), "game.protocols", {"player": "send moves"})
    assert [entry.value for entry in documents_of(package(lifted).manifest)] == ["send moves"]
    without_any = edited(old_manifest(), "game.protocols", {})
    assert documents_of(package(without_any).manifest) == []


def test_ids_are_unique_and_words_are_safe() -> None:
    pages = [page("a"), page("a"), page("a (2)"), page("a"), page("\x1b[31mb\n", "\x1b]0;t\x07 two\nlines")]
    pages.append(page("", " "))
    entries = documents_of(package(edited(new_manifest(), "game.docs", {"pages": pages})).manifest)[:-2]
    assert len({entry.id for entry in entries}) == len(pages)
    assert all(entry.id.isprintable() and entry.title.isprintable() and entry.title for entry in entries)
    assert entries[4].title == "two lines"
