"""Pushing an image to a real registry on loopback: what arrives, what is not sent twice, what goes wrong."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.jsontext import MIB
from coworld_tui.observatory import registry_push
from coworld_tui.observatory.image_archive import ImageArchive, read_archive
from coworld_tui.observatory.models.uploads import PushInfo
from coworld_tui.observatory.registry_push import PushProgress, push

from .images import LAYER, config_of, digest, engine_archive, layer, oci_archive
from .registry import TOKEN, Registry, Trouble, registry_in

LAYERS = [layer("a", 3 * MIB), layer("b"), layer("c", 50_000)]
PACKED = f"{LAYER}+gzip"
LOCAL = "http://127.0.0.1:9/api"

Saved = Callable[[bytes], ImageArchive]


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[Registry]:
    with registry_in(tmp_path / "registry") as running:
        yield running


@pytest.fixture
def saved(tmp_path: Path) -> Saved:
    """An archive on disk."""

    def save(data: bytes) -> ImageArchive:
        folder = tmp_path / "work"
        folder.mkdir(exist_ok=True)
        (folder / "image.tar").write_bytes(data)
        return read_archive(folder / "image.tar", "game:1")

    return save


def info(there: Registry, **changes: str) -> PushInfo:
    fields = {
        "registry": there.host,
        "repository": "softmax/mine",
        "tag": "v1",
        "endpoint_url": f"http://{there.host}",
        "authorization_token": TOKEN,
    }
    return PushInfo.model_validate({**fields, **changes})


def send(
    there: Registry,
    archive: ImageArchive,
    on_progress: registry_push.OnProgress = lambda progress: None,
    **changes: str,
) -> None:
    target = registry_push.Registry.of(info(there, **changes))
    asyncio.run(push(LOCAL, target, archive, on_progress))


def test_layers_arrive_packed_and_the_config_as_it_is(registry: Registry, saved: Saved) -> None:
    archive = saved(engine_archive(LAYERS))
    send(registry, archive)
    manifest = registry.only_manifest()
    assert registry.blob(manifest["config"]["digest"]) == config_of(LAYERS)
    assert [gzip.decompress(registry.blob(part["digest"])) for part in manifest["layers"]] == LAYERS
    assert {part["mediaType"] for part in manifest["layers"]} == {PACKED}
    assert list(registry.manifests) == [("softmax/mine", "v1")]
    assert [method for method, path in registry.asked if "manifests" in path] == ["PUT"]
    assert [path.name for path in archive.path.parent.iterdir()] == ["image.tar"]


def test_the_same_image_in_both_layouts_is_the_same_push(registry: Registry, saved: Saved) -> None:
    send(registry, saved(engine_archive(LAYERS)))
    before = registry.digests(), len(registry.sent())
    send(registry, saved(oci_archive(LAYERS)), tag="v2")
    assert (registry.digests(), len(registry.sent())) == before
    one, other = registry.manifests.values()
    assert one == other


def test_a_manifest_that_holds_is_published_as_the_engine_wrote_it(registry: Registry, saved: Saved) -> None:
    packed = [gzip.compress(data) for data in LAYERS]
    archive = saved(oci_archive(packed, media_type=PACKED, config=config_of(LAYERS)))
    send(registry, archive)
    ((data, _),) = registry.manifests.values()
    assert data == archive.manifest
    assert {digest(part) for part in packed} < registry.digests()


def test_a_registry_with_a_path(registry: Registry, saved: Saved) -> None:
    send(registry, saved(engine_archive(LAYERS)), registry=f"{registry.host}/12345/us-east-1")
    assert list(registry.manifests) == [("12345/us-east-1/softmax/mine", "v1")]


def test_progress_of_each_part_ends_whole(registry: Registry, saved: Saved) -> None:
    heard: dict[str, list[PushProgress]] = {}

    def hear(progress: PushProgress) -> None:
        heard.setdefault(progress.part, []).append(progress)

    send(registry, saved(engine_archive(LAYERS)), hear)
    names = {digest(data).removeprefix("sha256:")[:12] for data in LAYERS}
    assert heard.keys() == names | {"config", "manifest"}
    for part in names | {"config"}:
        pushed = [progress for progress in heard[part] if progress.state == "pushing"]
        assert [progress.done for progress in pushed] == sorted(progress.done for progress in pushed)
        assert heard[part][-1] == PushProgress(part, pushed[-1].total, pushed[-1].total, "done")
    large = heard[digest(LAYERS[0]).removeprefix("sha256:")[:12]]
    assert len(large) >= 5
    heard.clear()
    send(registry, saved(engine_archive(LAYERS)), hear)
    assert {part: progress[-1].state for part, progress in heard.items()} == {
        **dict.fromkeys([*names, "config"], "existing"),
        "manifest": "done",
    }


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trying again is under test, waiting before is not."""
    monkeypatch.setattr(registry_push, "_BACKOFF_SECONDS", 0.0)


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize("trouble", ["drop", "500"])
def test_one_that_passes_is_survived(registry: Registry, saved: Saved, trouble: Trouble) -> None:
    registry.troubles = [trouble]
    send(registry, saved(engine_archive(LAYERS)))
    assert len(registry.only_manifest()["layers"]) == 3


@pytest.mark.usefixtures("no_pause")
def test_a_push_that_broke_goes_on_where_it_was(registry: Registry, saved: Saved) -> None:
    archive = saved(engine_archive(LAYERS))
    heard: list[PushProgress] = []

    def hear(progress: PushProgress) -> None:
        heard.append(progress)
        if progress.state == "done" and not registry.troubles:
            registry.troubles = ["drop"] * 100

    with pytest.raises(CoworldError) as caught:
        send(registry, archive, hear)
    error = caught.value
    assert (error.type, error.exit_code, error.title) == ("registry_unreachable", 3, "The push broke off")
    assert "not sent again" in error.next_step
    assert not registry.manifests
    arrived = registry.digests()
    assert 0 < len(arrived) < 4
    registry.troubles.clear()
    sent = len(registry.sent())
    send(registry, archive)
    assert len(registry.sent()) - sent == 4 - len(arrived)
    assert len(registry.only_manifest()["layers"]) == 3


@pytest.mark.usefixtures("no_pause")
@pytest.mark.parametrize(
    ("trouble", "kind", "exit_code"),
    [("401", "registry_refused", 3), ("digest", "registry_failed", 1), ("500", "registry_failed", 1)],
)
def test_a_registry_that_does_not_want_it(
    registry: Registry, saved: Saved, trouble: Trouble, kind: str, exit_code: int
) -> None:
    registry.troubles = [trouble] * 100
    with pytest.raises(CoworldError) as caught:
        send(registry, saved(engine_archive(LAYERS)))
    error = caught.value
    assert (error.type, error.exit_code) == (kind, exit_code)
    assert TOKEN not in f"{error.cause} {error!r} {error.as_dict()}"
    assert registry.host in error.cause
    assert not registry.manifests


@pytest.mark.usefixtures("no_pause")
def test_a_registry_that_is_not_there(saved: Saved, tmp_path: Path) -> None:
    with registry_in(tmp_path / "gone") as registry:
        pass
    with pytest.raises(CoworldError) as caught:
        send(registry, saved(engine_archive(LAYERS)))
    assert (caught.value.type, caught.value.exit_code) == ("registry_unreachable", 3)
    assert caught.value.title == "The registry cannot be reached"


def test_wrong_credentials(registry: Registry, saved: Saved) -> None:
    with pytest.raises(CoworldError) as caught:
        send(registry, saved(engine_archive(LAYERS)), authorization_token="d3Jvbmc=")
    assert caught.value.type == "registry_refused"
    assert "d3Jvbmc=" not in str(caught.value.as_dict())


def test_a_layer_that_is_not_what_it_says(registry: Registry, saved: Saved) -> None:
    archive = saved(engine_archive(LAYERS))
    with archive.path.open("r+b") as file:
        file.seek(archive.layers[1].offset + 1000)
        file.write(b"changed")
    with pytest.raises(CoworldError) as caught:
        send(registry, archive)
    assert (caught.value.type, caught.value.exit_code) == ("image_export", 1)
    assert not registry.manifests


async def test_a_push_can_be_stopped(registry: Registry, saved: Saved) -> None:
    archive = saved(engine_archive(LAYERS))
    begun = asyncio.Event()

    def hear(progress: PushProgress) -> None:
        if progress.state == "pushing":
            begun.set()

    task = asyncio.create_task(push(LOCAL, registry_push.Registry.of(info(registry)), archive, hear))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not registry.manifests


async def test_credentials_stay_with_the_registry(registry: Registry, saved: Saved, tmp_path: Path) -> None:
    """One that has its blobs sent elsewhere, signed in the address, gets no credentials sent there."""
    with registry_in(tmp_path / "elsewhere") as elsewhere:
        registry.sends_to = elsewhere.host
        with pytest.raises(CoworldError) as caught:
            await push(
                LOCAL,
                registry_push.Registry.of(info(registry)),
                saved(engine_archive(LAYERS[1:2])),
                lambda progress: None,
            )
    assert elsewhere.asked and elsewhere.authorized == [None]
    assert caught.value.type == "registry_refused"


async def test_a_public_server_sends_no_image_to_a_private_registry(registry: Registry, saved: Saved) -> None:
    target = registry_push.Registry.of(info(registry))
    with pytest.raises(CoworldError) as caught:
        await push("https://8.8.8.8/api", target, saved(engine_archive(LAYERS)), lambda progress: None)
    assert (caught.value.type, caught.value.exit_code) == ("address_refused", 1)
    assert registry.asked == []


@pytest.mark.parametrize(
    "changes",
    [
        {"registry": ""},
        {"registry": "host:65536"},
        {"registry": "user@host"},
        {"registry": "host/../x y"},
        {"registry": "host?x=1"},
        {"repository": ""},
        {"repository": "a/../../b"},
        {"repository": "a?b"},
        {"tag": ""},
        {"tag": "a/b"},
        {"authorization_token": ""},
        {"authorization_token": "a\r\nX-Other: b"},
    ],
    ids=str,
)
def test_a_target_that_cannot_be_one(registry: Registry, changes: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=r"registry|names|credentials"):
        registry_push.Registry.of(info(registry, **changes))


@pytest.mark.parametrize("endpoint", ["", "https://api.ecr.example", "ftp://x", "HTTP://x"])
def test_only_an_endpoint_without_tls_makes_it_plain(registry: Registry, endpoint: str) -> None:
    target = registry_push.Registry.of(info(registry, endpoint_url=endpoint))
    assert target.base == f"https://{registry.host}/v2/softmax/mine"
    assert TOKEN not in repr(target)
