"""The folders a role works in: gone afterwards whatever lies in them, and left ones a day later."""

from __future__ import annotations

import os
from pathlib import Path
from time import time

from coworld_tui.roles.role_room import clear_room, make_room

DEEP = 1_500


def deepen(folder: Path) -> None:
    """Folders in folders, deeper than a path may be long."""
    place = os.open(folder, os.O_RDONLY)
    for _ in range(DEEP):
        os.mkdir("deeper", dir_fd=place)
        below = os.open("deeper", os.O_RDONLY, dir_fd=place)
        os.close(place)
        place = below
    os.close(place)


def test_a_deep_room_is_cleared(home: Path) -> None:
    room = make_room()
    deepen(room / "output")
    clear_room(room)
    assert not room.exists()


def test_links_out_of_a_room_are_not_followed(home: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o750)
    (mine / "kept").write_text("x")
    room = make_room()
    (room / "output/link").symlink_to(mine)
    (room / "link").symlink_to(mine)
    clear_room(room)
    assert not room.exists()
    assert (mine / "kept").read_text() == "x"
    assert mine.stat().st_mode & 0o777 == 0o750


def test_closed_folders_are_cleared(nobodys_folder: Path) -> None:
    room = nobodys_folder / "room"
    inner = room / "output/closed/inner"
    inner.mkdir(parents=True)
    (inner / "file").write_text("x")
    for path in (inner, inner.parent, room / "output", room):
        path.chmod(0o000)
    clear_room(room)
    assert not room.exists()


def test_rooms_of_killed_runs_go_a_day_later(home: Path) -> None:
    old, young = make_room(), make_room()
    (old / "input/bundle.zip").write_bytes(b"x")
    stray = old.parent / "stray"
    stray.write_text("x")
    outside = home / "outside"
    outside.mkdir()
    (old.parent / "link").symlink_to(outside)
    long_ago = time() - 25 * 3600
    for path in (old, stray, outside):
        os.utime(path, (long_ago, long_ago))
    fresh = make_room()
    assert not old.exists()
    assert all(path.exists() for path in (young, fresh, stray, outside))
