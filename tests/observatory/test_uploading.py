"""Having the server have an image or a file: what is sent, what is not, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.league_demo import routes_uploads
from coworld_tui.observatory import presigned
from coworld_tui.observatory.image_export import LocalImage, local_image
from coworld_tui.observatory.player_files import FileContent
from coworld_tui.observatory.presigned import put
from coworld_tui.observatory.upload_room import room
from coworld_tui.observatory.uploading import UploadProgress, send_file, upload_image
from coworld_tui.runner.docker_engine import DockerEngine, connect
from coworld_tui.runs.paths import cache_dir

from ..runner.conftest import Mount
from .images import config_of, digest, layer, loaded
from .registry import TOKEN, Registry, registry_in
from .server import Observatory
from .test_client_wire import wire
from .uploading import LAYERS, bodies, quiet, signed_in, uploads_of

CONTENT = FileContent("player.zip", b"player" * 1000)
FILES = "/v2/coworlds/player-files/upload"


async def uploaded(observatory: Observatory, login: Path, ref: str, on_progress: Any = quiet) -> Any:
    engine = await connect()
    async with signed_in(observatory, login) as client:
        return await upload_image(client, engine, await local_image(engine, ref), on_progress)


def left(home: Path) -> list[Path]:
    """Files of uploads that are still there."""
    return [path for path in home.rglob("*") if "uploads" in path.parts and path.name != "uploads"]


@pytest.mark.docker
async def test_an_image_is_pushed_once(
    observatory: Observatory, login: Path, registry: Registry, small_image: str, home: Path
) -> None:
    heard: list[UploadProgress] = []
    image = await uploaded(observatory, login, small_image, heard.append)
    config = digest(config_of(LAYERS))
    name = small_image.partition(":")[0]
    assert bodies(observatory) == [
        ("/v2/container_images/upload", {"name": name, "client_hash": config}),
        ("/v2/container_images/upload/complete", {"id": image.id}),
    ]
    assert (image.status, image.client_hash) == ("ready", config)
    assert registry.only_manifest()["config"]["digest"] == config
    assert heard[0].of == small_image
    assert heard[-1].part.part == "manifest"
    asked = len(registry.asked)
    heard.clear()
    assert await uploaded(observatory, login, small_image, heard.append) == image
    assert len(registry.asked) == asked
    assert [(progress.part.part, progress.part.state) for progress in heard] == [("image", "existing")]
    assert len(bodies(observatory)) == 3
    assert left(home) == []


@pytest.mark.docker
async def test_our_token_does_not_reach_the_registry_nor_its_token_the_server(
    observatory: Observatory, login: Path, registry: Registry, small_image: str
) -> None:
    await uploaded(observatory, login, small_image)
    assert set(registry.authorized) == {f"Basic {TOKEN}"}
    seen = " ".join(str(dict(request.headers)) for request in observatory.requests)
    assert TOKEN not in seen
    assert observatory.token_user in seen


@pytest.mark.docker
async def test_a_push_that_broke_leaves_nothing_here_and_is_not_completed(
    observatory: Observatory, login: Path, registry: Registry, small_image: str, home: Path
) -> None:
    registry.troubles = ["401"] * 10
    with pytest.raises(CoworldError) as caught:
        await uploaded(observatory, login, small_image)
    assert caught.value.type == "registry_refused"
    assert [path for path, _ in bodies(observatory)] == ["/v2/container_images/upload"]
    assert left(home) == []
    registry.troubles.clear()
    image = await uploaded(observatory, login, small_image)
    assert image.status == "ready"


@pytest.mark.docker
async def test_stopped_while_the_engine_writes(
    observatory: Observatory, login: Path, registry: Registry, small_image: str, home: Path
) -> None:
    begun = asyncio.Event()

    def hear(progress: UploadProgress) -> None:
        if progress.part.state == "saving":
            begun.set()

    task = asyncio.create_task(uploaded(observatory, login, small_image, hear))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert left(home) == []


@pytest.mark.docker
async def test_no_room_for_the_archive(
    observatory: Observatory,
    login: Path,
    registry: Registry,
    small_image: str,
    mounted: Mount,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    small = mounted("size=1m")
    monkeypatch.setenv("COWORLD_TUI_HOME", str(small))
    with pytest.raises(CoworldError) as caught:
        await uploaded(observatory, login, small_image)
    assert (caught.value.type, caught.value.exit_code) == ("disk_full", 3)
    assert "COWORLD_TUI_HOME" in caught.value.next_step
    assert left(small) == []
    assert not registry.asked


@pytest.mark.docker
async def test_the_disk_fills_up_while_it_is_written(
    observatory: Observatory,
    login: Path,
    registry: Registry,
    small_image: str,
    mounted: Mount,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The engine's count is what is known before; here it is too small."""
    small = mounted("size=1m")
    monkeypatch.setenv("COWORLD_TUI_HOME", str(small))
    engine = await connect()
    found = await local_image(engine, small_image)
    async with signed_in(observatory, login) as client:
        with pytest.raises(CoworldError) as caught:
            await upload_image(client, engine, LocalImage(found.ref, found.id, 0), quiet)
    assert (caught.value.type, caught.value.exit_code) == ("disk_full", 3)
    assert left(small) == []


@pytest.mark.docker
async def test_an_image_that_is_not_there() -> None:
    with pytest.raises(CoworldError) as caught:
        await local_image(await connect(), "coworld-tui-no-such-image:1")
    assert (caught.value.type, caught.value.exit_code) == ("image_unreachable", 3)


@pytest.mark.docker
async def test_an_image_for_another_platform(docker_engine: Any) -> None:
    with (
        loaded(docker_engine, [layer("arm", 1000)], architecture="arm64") as ref,
        pytest.raises(CoworldError) as caught,
    ):
        await local_image(await connect(), ref)
    assert (caught.value.type, caught.value.exit_code) == ("image_platform", 2)
    assert "linux/arm64" in caught.value.title
    assert "--platform linux/amd64" in caught.value.next_step


async def test_no_engine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    with pytest.raises(CoworldError) as caught:
        await connect()
    assert (caught.value.type, caught.value.exit_code) == ("engine_unavailable", 3)


@pytest.mark.parametrize(
    ("ref", "name"),
    [
        ("sweeper", "sweeper"),
        ("sweeper:v2", "sweeper"),
        ("ghcr.io/me/sweeper:v2", "sweeper"),
        ("localhost:5000/sweeper@sha256:" + "a" * 64, "sweeper"),
        (":x", "coworld-image"),
    ],
)
def test_what_an_upload_is_called(ref: str, name: str) -> None:
    assert LocalImage(ref, "sha256:x", 1).name == name


async def test_a_file_is_sent_once_and_without_our_token(observatory: Observatory, login: Path) -> None:
    body = {"content_hash": CONTENT.sha256, "size_bytes": CONTENT.size}
    heard: list[UploadProgress] = []
    async with signed_in(observatory, login) as client:
        await send_file(client, CONTENT, FILES, body, heard.append)
        await send_file(client, CONTENT, FILES, body, heard.append)
    assert uploads_of(observatory).files == {CONTENT.sha256: CONTENT.data}
    (sent,) = [seen for seen in observatory.requests if seen.method == "PUT"]
    assert "authorization" not in sent.headers
    assert sent.headers["content-type"] == "application/octet-stream"
    states = [progress.part.state for progress in heard]
    assert states == ["pushing", "done", "existing"]


async def test_a_conflict_says_that_it_is_there_only_where_the_api_means_that(
    observatory: Observatory, login: Path
) -> None:
    body = {"content_hash": CONTENT.sha256, "size_bytes": CONTENT.size}
    observatory.fault(FILES, "409", 2)
    heard: list[UploadProgress] = []
    async with signed_in(observatory, login) as client:
        assert await send_file(client, CONTENT, FILES, body, heard.append, known_by_conflict=True) == {}
        assert [progress.part.state for progress in heard] == ["existing"]
        with pytest.raises(CoworldError) as caught:
            await send_file(client, CONTENT, FILES, body, quiet)
    assert caught.value.type == "conflict"


async def test_an_answer_that_names_no_place_is_not_taken_for_one_that_has_it(
    observatory: Observatory, login: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(routes_uploads, "_signed", lambda asked: 7)
    body = {"content_hash": CONTENT.sha256, "size_bytes": CONTENT.size}
    async with signed_in(observatory, login) as client:
        with pytest.raises(CoworldError) as caught:
            await send_file(client, CONTENT, FILES, body, quiet)
    assert (caught.value.type, caught.value.exit_code) == ("bad_answer", 3)


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trying again is under test, waiting before is not."""
    monkeypatch.setattr(presigned, "_BACKOFF_SECONDS", 0.0)


@pytest.mark.usefixtures("no_pause")
async def test_a_file_whose_connection_breaks(observatory: Observatory, login: Path) -> None:
    path = f"/storage/{CONTENT.sha256}"
    observatory.fault(path, "drop", 2)
    body = {"content_hash": CONTENT.sha256, "size_bytes": CONTENT.size}
    async with signed_in(observatory, login) as client:
        await send_file(client, CONTENT, FILES, body, quiet)
        assert CONTENT.sha256 in uploads_of(observatory).files
        uploads_of(observatory).files.clear()
        observatory.fault(path, "drop", 3)
        with pytest.raises(CoworldError) as caught:
            await send_file(client, CONTENT, FILES, body, quiet)
    assert (caught.value.type, caught.value.exit_code) == ("upload_unreachable", 3)
    assert "Signature" not in str(caught.value.as_dict())


async def test_an_address_that_has_expired(observatory: Observatory, login: Path) -> None:
    observatory.fault(f"/storage/{CONTENT.sha256}", "403")
    body = {"content_hash": CONTENT.sha256, "size_bytes": CONTENT.size}
    async with signed_in(observatory, login) as client:
        with pytest.raises(CoworldError) as caught:
            await send_file(client, CONTENT, FILES, body, quiet)
    assert (caught.value.type, caught.value.exit_code) == ("upload_refused", 1)
    assert "Signature" not in str(caught.value.as_dict())


@pytest.mark.parametrize(
    "address",
    [
        "http://storage.example/x",
        "file:///etc/passwd",
        "https://me:pw@storage.example/x",
        "x",
        "https://",
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest",
        "https://[::ffff:10.0.0.1]/x",
        "https://8.8.8.8:65536/x",
        "https://8.8.8.8\\@127.0.0.1/x",
        "https://8.8.8.8\n@127.0.0.1/x",
        "https://8.8.8.8/\ud800",
    ],
)
async def test_addresses_that_nothing_is_sent_to(address: str) -> None:
    with pytest.raises(CoworldError) as caught:
        await put("https://8.8.8.8/api", address, b"x", lambda sent: None)
    assert (caught.value.type, caught.value.exit_code) == ("address_refused", 1)
    assert "pw@" not in str(caught.value.as_dict())


async def test_what_storage_says_beside_its_status_is_not_waited_for() -> None:
    head = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 1000000000000\r\n\r\nno, and furthermore"
    async with wire(head) as storage:
        with pytest.raises(CoworldError) as caught:
            await put(storage.url, f"{storage.url}/x", b"", lambda sent: None)
    assert caught.value.type == "upload_refused"


async def test_what_a_killed_upload_left_is_cleared_away(home: Path) -> None:
    """That of one that is still under way is not, however old it is."""
    dead = cache_dir() / "uploads" / "dead"
    dead.mkdir(parents=True)
    (dead / "image.tar").write_bytes(b"x" * 1000)
    async with room() as first:
        os.utime(first, (0, 0))
        assert left(home) == [first]
        async with room() as second:
            assert sorted(left(home)) == sorted([first, second])
        assert left(home) == [first]
    assert left(home) == []


async def test_room_that_cannot_be_had(
    observatory: Observatory, login: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("COWORLD_TUI_HOME", os.fspath(tmp_path / "file"))
    engine = DockerEngine("unix:///nowhere", None, None, {}, 1)
    async with signed_in(observatory, login) as client:
        with registry_in(tmp_path / "registry") as there:
            there.attach(observatory)
            with pytest.raises(CoworldError) as caught:
                await upload_image(client, engine, LocalImage("a:1", "sha256:" + "a" * 64, 1), quiet)
    assert (caught.value.type, caught.value.exit_code) == ("disk_error", 3)
