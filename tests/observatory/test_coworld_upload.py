"""Publishing a Coworld: what is refused before, what goes where, and what the server makes of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.package import Package, parse_package
from coworld_tui.league_demo.state import Json
from coworld_tui.observatory import coworld_upload, hosted_checks
from coworld_tui.observatory.coworld_upload import UploadPlan, plan_upload, upload_coworld
from coworld_tui.observatory.hosted_checks import certification_until_over, smoke_until_over
from coworld_tui.observatory.manifest_changes import changed, stored_coworld
from coworld_tui.observatory.models.coworlds import Coworld
from coworld_tui.observatory.uploading import UploadProgress

from .packages import UPLOADED, container_package, file_package, written
from .registry import Registry
from .server import Observatory
from .uploading import bodies, quiet, signed_in, uploads_of

Find = Callable[[str], Path]


async def sent(observatory: Observatory, login: Path, plan: UploadPlan, on_progress: Any = quiet) -> Coworld:
    async with signed_in(observatory, login) as client:
        return await upload_coworld(client, plan, on_progress)


@pytest.mark.docker
async def test_each_image_and_file_is_sent_once_and_named_as_the_server_does(
    observatory: Observatory,
    login: Path,
    registry: Registry,
    small_image: str,
    peer_manifest: Find,
    tmp_path: Path,
) -> None:
    package = file_package(peer_manifest("0.1.64"), tmp_path, small_image)
    before = json.dumps(package.raw)
    plan = await plan_upload(package)
    assert [image.ref for image in plan.images] == [small_image]
    heard: list[UploadProgress] = []
    coworld = await sent(observatory, login, plan, heard.append)
    manifest = observatory.state.coworlds[coworld.id]["manifest"]
    (image_id,) = {row["image"] for row in manifest["grader"]} | {manifest["game"]["runnable"]["image"]}
    assert image_id.startswith("img_")
    assert len(registry.manifests) == 1
    (player,) = plan.files.players.values()
    assert plan.files.viewer is not None
    assert manifest["player"][0]["file"] == f"sha256:{player.sha256}"
    assert manifest["game"]["replay_viewer"] == {
        "bundle": f"sha256:{plan.files.viewer.sha256}",
        "replay_compression": "identity",
    }
    me = observatory.state.tokens[observatory.token_user].user_id
    assert manifest["reporter"] == [
        {"reporter": f"{me}/paintarena-round-recap@1"},
        {"reporter": "abc/other@2"},
    ]
    assert set(uploads_of(observatory).files) == {file.sha256 for file in plan.files.every()}
    assert json.dumps(package.raw) == before
    assert {progress.of for progress in heard} == {small_image, "players/sweep", "build/recap.wasm", "viewer"}
    assert all("authorization" not in seen.headers for seen in observatory.requests if seen.method == "PUT")


@pytest.mark.docker
async def test_a_second_version_sends_only_what_is_new(
    observatory: Observatory,
    login: Path,
    registry: Registry,
    small_image: str,
    peer_manifest: Find,
    tmp_path: Path,
) -> None:
    source = peer_manifest("0.1.64")
    await sent(observatory, login, await plan_upload(file_package(source, tmp_path, small_image)))
    asked, before = len(registry.asked), len(observatory.requests)
    package = file_package(source, tmp_path, small_image, version="9.9.9")
    coworld = await sent(observatory, login, await plan_upload(package))
    assert coworld.version == "9.9.9"
    assert len(registry.asked) == asked
    later = observatory.requests[before:]
    assert [seen for seen in later if seen.method == "PUT"] == []
    assert not [seen for seen in later if seen.path.endswith("/complete")]


@pytest.mark.docker
async def test_a_version_that_is_there_already(
    observatory: Observatory,
    login: Path,
    registry: Registry,
    small_image: str,
    peer_manifest: Find,
    tmp_path: Path,
) -> None:
    plan = await plan_upload(container_package(peer_manifest("0.1.64"), tmp_path, small_image))
    await sent(observatory, login, plan)
    with pytest.raises(CoworldError) as caught:
        await sent(observatory, login, plan)
    assert (caught.value.type, caught.value.exit_code) == ("conflict", 1)
    assert "already exists" in caught.value.cause


@pytest.mark.docker
async def test_an_answer_that_got_lost(
    observatory: Observatory,
    login: Path,
    registry: Registry,
    small_image: str,
    peer_manifest: Find,
    tmp_path: Path,
) -> None:
    observatory.fault("/v2/coworlds/upload", "cut_body")
    plan = await plan_upload(container_package(peer_manifest("0.1.64"), tmp_path, small_image))
    with pytest.raises(CoworldError) as caught:
        await sent(observatory, login, plan)
    assert (caught.value.type, caught.value.exit_code) == ("outcome_unknown", 3)
    assert "league coworlds" in caught.value.next_step
    assert len(observatory.asked("/v2/coworlds/upload")) == 1


@pytest.mark.docker
async def test_the_fingerprint_tells_every_part(
    small_image: str, docker_engine: Any, peer_manifest: Find, tmp_path: Path
) -> None:
    source = peer_manifest("0.1.64")

    async def fingerprint(**game: Any) -> str:
        return (await plan_upload(file_package(source, tmp_path, small_image, **game))).fingerprint

    first = await fingerprint()
    assert await fingerprint() == first
    assert await fingerprint(version="9") != first
    package = file_package(source, tmp_path, small_image)
    for name in ("players/sweep/main.py", "build/recap.wasm", "viewer/js/a.js"):
        (tmp_path / name).write_text("changed")
        assert (await plan_upload(package)).fingerprint != first
        (tmp_path / name).write_text(f"content of {name}")


def with_image(package: Package, folder: Path, image: str) -> Package:
    document: Json = json.loads(json.dumps(package.raw))
    document["player"][0]["image"] = image
    return written(document, folder)


@pytest.mark.docker
@pytest.mark.parametrize(
    ("image", "kind", "exit_code"),
    [
        ("ghcr.io/me/player:latest", "manifest_invalid", 2),
        ("localhost:5000/player", "manifest_invalid", 2),
        ("coworld-tui-no-such-image:1", "image_unreachable", 3),
    ],
)
async def test_images_that_are_refused_before_anything_is_sent(
    small_image: str, peer_manifest: Find, tmp_path: Path, image: str, kind: str, exit_code: int
) -> None:
    package = container_package(peer_manifest("0.1.64"), tmp_path, small_image)
    with pytest.raises(CoworldError) as caught:
        await plan_upload(with_image(package, tmp_path, image))
    assert (caught.value.type, caught.value.exit_code) == (kind, exit_code)
    assert image in caught.value.cause + caught.value.title


async def test_a_manifest_of_the_older_generation(peer_manifest: Find) -> None:
    data = peer_manifest("0.1.11").read_bytes()
    with pytest.raises(CoworldError) as caught:
        await plan_upload(parse_package(data, "old.json", None))
    assert (caught.value.type, caught.value.exit_code) == ("manifest_invalid", 2)
    assert "validate old.json" in caught.value.next_step


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda folder: (folder / "viewer/index.html").unlink(), "no index.html"),
        (lambda folder: (folder / "viewer/link").symlink_to("/etc/passwd"), "is a link"),
        (lambda folder: (folder / "players/sweep/link").symlink_to("/etc/passwd"), "is a link"),
        (lambda folder: (folder / "build/recap.wasm").unlink(), "there is no build/recap.wasm"),
    ],
    ids=["viewer", "viewer link", "player link", "component"],
)
async def test_files_that_are_refused_before_anything_is_sent(
    peer_manifest: Find, tmp_path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    package = file_package(peer_manifest("0.1.64"), tmp_path, UPLOADED)
    spoil(tmp_path)
    with pytest.raises(CoworldError) as caught:
        await plan_upload(package)
    assert caught.value.exit_code == 2
    assert reason in caught.value.cause


async def test_a_manifest_that_came_without_its_files(peer_manifest: Find, tmp_path: Path) -> None:
    package = file_package(peer_manifest("0.1.64"), tmp_path, UPLOADED)
    with pytest.raises(CoworldError) as caught:
        await plan_upload(parse_package(json.dumps(package.raw).encode(), "web", None))
    assert caught.value.type == "package_files"


# -- a viewer is unpacked ---------------------------------------------------------------------


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Looks again at once."""
    monkeypatch.setattr(coworld_upload, "_BUNDLE_POLL", (0.0, 0.0))


def is_there(observatory: Observatory) -> None:
    """Have the server know the image that packages of files name."""
    observatory.state.images[UPLOADED] = {"id": UPLOADED, "name": "x", "version": 1, "status": "ready"}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("course", "fault"),
    [
        (("expanding", "expanding", "ready"), None),
        (("pending", "pending", "ready"), None),
        (("ready",), "cut_body"),
        (("expanding", "ready"), "cut_body"),
    ],
    ids=["expanding", "pending", "answer lost", "both"],
)
async def test_a_viewer_that_takes_its_time(
    observatory: Observatory,
    login: Path,
    peer_manifest: Find,
    tmp_path: Path,
    course: tuple[str, ...],
    fault: Any,
) -> None:
    is_there(observatory)
    uploads_of(observatory).bundle_course = course
    if fault:
        observatory.fault("/v2/coworlds/replay-viewer-bundles/upload/complete", fault)
    plan = await plan_upload(file_package(peer_manifest("0.1.64"), tmp_path, UPLOADED))
    coworld = await sent(observatory, login, plan)
    assert plan.files.viewer is not None
    viewer = observatory.state.coworlds[coworld.id]["manifest"]["game"]["replay_viewer"]
    assert viewer["bundle"] == f"sha256:{plan.files.viewer.sha256}"


@pytest.mark.usefixtures("quick")
async def test_a_viewer_that_cannot_be_unpacked(
    observatory: Observatory, login: Path, peer_manifest: Find, tmp_path: Path
) -> None:
    is_there(observatory)
    uploads_of(observatory).bundle_course = ("expanding", "failed")
    plan = await plan_upload(file_package(peer_manifest("0.1.64"), tmp_path, UPLOADED))
    with pytest.raises(CoworldError) as caught:
        await sent(observatory, login, plan)
    assert (caught.value.type, caught.value.exit_code) == ("bundle_failed", 1)
    assert "it has no index.html" in caught.value.cause
    assert not [path for path, _ in bodies(observatory) if path == "/v2/coworlds/upload"]


# -- what the server makes of it --------------------------------------------------------------


@pytest.fixture
async def new_version(observatory: Observatory, login: Path, peer_manifest: Find, tmp_path: Path) -> str:
    """The id of a version that was just uploaded."""
    is_there(observatory)
    plan = await plan_upload(container_package(peer_manifest("0.1.64"), tmp_path, UPLOADED))
    return (await sent(observatory, login, plan)).id


async def test_hosted_episodes_are_followed_to_their_end(
    observatory: Observatory, login: Path, new_version: str
) -> None:
    async with signed_in(observatory, login) as client:
        seen = [
            {episode.status for episode in found}
            async for found in smoke_until_over(client, new_version, timeout_seconds=60, poll_seconds=0)
        ]
    assert seen == [{"pending"}, {"running"}, {"completed"}]


async def test_a_hosted_episode_that_failed_says_why(
    observatory: Observatory, login: Path, new_version: str
) -> None:
    uploads_of(observatory).smoke_course = ("pending", "failed")
    async with signed_in(observatory, login) as client:
        async for found in smoke_until_over(client, new_version, timeout_seconds=60, poll_seconds=0):
            last = found
    assert [episode.has_failed for episode in last] == [True, True]
    assert {episode.error for episode in last} == {"the game did not start"}


async def test_certification_is_followed_to_its_end(
    observatory: Observatory, login: Path, new_version: str
) -> None:
    async with signed_in(observatory, login) as client:
        found = [
            state
            async for state in certification_until_over(
                client, new_version, timeout_seconds=60, poll_seconds=0
            )
        ]
    assert [state.state for state in found] == ["never_run", "queued", "certifying", "certified"]
    assert [step.id for step in found[-1].transcript_summary] == ["matriculate", "smoke-episode"]


async def test_patience_ends(observatory: Observatory, login: Path, new_version: str) -> None:
    uploads_of(observatory).certification_course = ("queued",)
    async with signed_in(observatory, login) as client:
        with pytest.raises(CoworldError) as caught:
            async for _ in certification_until_over(
                client, new_version, timeout_seconds=0.01, poll_seconds=1
            ):
                pass
    assert (caught.value.type, caught.value.exit_code) == ("timeout", 3)


async def test_waiting_can_be_stopped(
    observatory: Observatory, login: Path, new_version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads_of(observatory).smoke_course = ("running",)
    looked = asyncio.Event()

    async def follow() -> None:
        async with signed_in(observatory, login) as client:
            async for _ in smoke_until_over(client, new_version, timeout_seconds=600):
                looked.set()

    task = asyncio.create_task(follow())
    await looked.wait()
    assert hosted_checks.POLL_SECONDS >= 1
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# -- from one that is there -------------------------------------------------------------------


async def test_a_coworld_is_found_by_id_and_its_canonical_version_by_name(
    observatory: Observatory, login: Path
) -> None:
    state = observatory.state
    canonical = next(row for row in state.coworlds.values() if row["canonical"])
    other = next(row for row in state.coworlds.values() if row["name"] == "maze")
    async with signed_in(observatory, login) as client:
        assert (await stored_coworld(client, "paintarena")).id == canonical["id"]
        assert (await stored_coworld(client, other["id"])).id == other["id"]
        canonical["name"] = "paint-arena"
        assert (await stored_coworld(client, "paint_arena")).id == canonical["id"]
        for name in ("maze", "nothing"):
            with pytest.raises(CoworldError) as caught:
                await stored_coworld(client, name)
            assert (caught.value.type, caught.value.exit_code) == ("not_found", 1)


@pytest.fixture
def source(peer_manifest: Find) -> Coworld:
    return Coworld(id="cow_x", manifest=json.loads(peer_manifest("0.1.64").read_bytes()))


def test_patch_then_version_then_images(source: Coworld) -> None:
    package = changed(
        source,
        version="2.0.0",
        patch={"tags": None, "game": {"description": "New.", "version": "1.5.0"}, "players_per_user": 2},
        images=[
            ("game", "g:1"),
            ("player", "p:1"),
            ("grader.paint-arena-grader", "r:1"),
            ("optimizer[0]", "o:1"),
        ],
    )
    raw = package.raw
    assert (raw["game"]["version"], raw["game"]["description"]) == ("2.0.0", "New.")
    assert "tags" not in raw
    assert raw["players_per_user"] == 2
    images = [raw["game"]["runnable"], raw["player"][0], raw["grader"][0], raw["optimizer"][0]]
    assert [part["image"] for part in images] == ["g:1", "p:1", "r:1", "o:1"]
    assert raw["commissioner"][0]["image"] == source.manifest["commissioner"][0]["image"]
    assert source.manifest["game"]["runnable"]["image"] != "g:1"


@pytest.mark.parametrize(
    "place", ["", "games", "player[3]", "player.nobody", "reporter", "player[-1]", "variants[0]"]
)
def test_places_that_are_none(source: Coworld, place: str) -> None:
    with pytest.raises(CoworldError) as caught:
        changed(source, images=[(place, "x:1")])
    assert (caught.value.type, caught.value.exit_code) == ("invalid_request", 2)
