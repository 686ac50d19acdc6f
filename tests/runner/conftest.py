"""Fixtures of the runner's tests."""

from __future__ import annotations

import contextlib
import io
import os
import struct
import subprocess
import tarfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ..rogue.launch import BARE_IMAGE, GAME, PLAYER

Mount = Callable[[str], Path]


@pytest.fixture
def mounted(tmp_path: Path) -> Iterator[Mount]:
    """Mounts a tmpfs with the given options for one test."""
    folders: list[Path] = []

    def mount(options: str) -> Path:
        folder = tmp_path / f"mount-{len(folders)}"
        folder.mkdir()
        if os.geteuid() != 0:
            pytest.skip("only root can mount a small disk")
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True, text=True
        )
        if done.returncode:
            pytest.skip(f"this machine lets nobody mount a small disk: {done.stderr.strip()}")
        folders.append(folder)
        return folder

    yield mount
    for folder in folders:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="session")
def rogue_image(docker_engine: Any) -> Iterator[str]:
    """An image with the rogue scripts at ``/rogue``, made for this session and gone afterwards."""
    files = {"Dockerfile": f"FROM {BARE_IMAGE}\nCOPY game.py player.py /rogue/\n".encode()}
    files |= {script.name: script.read_bytes() for script in (GAME, PLAYER)}
    with built_image(docker_engine, files) as tag:
        yield tag


@pytest.fixture(scope="session")
def foreign_image(docker_engine: Any) -> Iterator[str]:
    """An image whose only program is for a processor that this engine does not have."""
    architecture, machine = ("amd64", 62) if docker_engine.version()["Arch"] == "arm64" else ("arm64", 183)
    program = b"\x7fELF\x02\x01\x01" + bytes(9)
    program += struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 0, 0, 0, 0, 64, 56, 0, 64, 0, 0)
    files = {"Dockerfile": b"FROM scratch\nCOPY python3 /usr/bin/python3\n", "python3": program}
    with built_image(docker_engine, files, platform=f"linux/{architecture}") as tag:
        yield tag


@contextlib.contextmanager
def built_image(engine: Any, files: dict[str, bytes], platform: str | None = None) -> Iterator[str]:
    """Build an image from files in memory; it is removed at the end."""
    tag = f"coworld-tui-test:{uuid.uuid4().hex}"
    context = io.BytesIO()
    with tarfile.open(fileobj=context, mode="w") as archive:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o755
            archive.addfile(entry, io.BytesIO(content))
    context.seek(0)
    engine.images.build(fileobj=context, custom_context=True, tag=tag, platform=platform, rm=True)
    yield tag
    engine.images.remove(tag, force=True)
