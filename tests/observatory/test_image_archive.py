"""Reading the archive that an engine makes of an image: both layouts, and what is wrong with others."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.image_archive import ImageArchive, read_archive
from coworld_tui.observatory.layer_packing import chunks

from .images import CONFIG, LAYER, MANIFEST, config_of, digest, engine_archive, layer, oci_archive, tar_of

LAYERS = [layer("a"), layer("b", 30_000)]
AMD = {"os": "linux", "architecture": "amd64"}
ARM = {"os": "linux", "architecture": "arm64"}


def read(folder: Path, data: bytes) -> ImageArchive:
    path = folder / "image.tar"
    path.write_bytes(data)
    return read_archive(path, "game:1")


def content(archive: ImageArchive, number: int) -> bytes:
    return b"".join(chunks(archive.path, archive.layers[number]))


@pytest.mark.parametrize(
    "data",
    [
        engine_archive(LAYERS, "game:1"),
        oci_archive(LAYERS),
        oci_archive(LAYERS, platform=AMD),
        oci_archive(LAYERS, nested=True, platform=AMD, others=[ARM]),
        oci_archive(LAYERS, platform=AMD, others=[{"os": "unknown", "architecture": "unknown"}, ARM]),
    ],
    ids=["engine", "oci", "platform", "nested", "others"],
)
def test_config_and_layers_are_found_where_they_lie(data: bytes, tmp_path: Path) -> None:
    archive = read(tmp_path, data)
    assert archive.config.digest == digest(config_of(LAYERS))
    assert b"".join(chunks(archive.path, archive.config)) == config_of(LAYERS)
    assert [part.digest for part in archive.layers] == [digest(data) for data in LAYERS]
    assert [content(archive, 0), content(archive, 1)] == LAYERS
    assert (archive.media_type, archive.config.media_type) == (MANIFEST, CONFIG)
    assert {part.media_type for part in archive.layers} == {LAYER}


def test_a_layer_that_is_a_link_to_another(tmp_path: Path) -> None:
    archive = read(tmp_path, engine_archive([LAYERS[0], LAYERS[1], LAYERS[0]]))
    assert content(archive, 2) == LAYERS[0]


def oci_with(change: str) -> bytes:
    """An archive whose manifest lies about the config."""
    config = config_of(LAYERS)
    entry = {"mediaType": CONFIG, "digest": digest(config), "size": len(config)}
    entry = {**entry, "size": 5} if change == "size" else {**entry, "digest": "sha256:../../etc/passwd"}
    manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST, "config": entry, "layers": []}).encode()
    place = f"blobs/sha256/{digest(manifest).removeprefix('sha256:')}"
    index = {"manifests": [{"mediaType": MANIFEST, "digest": digest(manifest), "size": len(manifest)}]}
    config_place = f"blobs/sha256/{digest(config).removeprefix('sha256:')}"
    return tar_of({"index.json": json.dumps(index).encode(), place: manifest, config_place: config})


BAD: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "empty"),
    "no archive": (b"no tar at all" * 100, "invalid|truncated|bad"),
    "no manifest": (tar_of({"a": b"b"}), "no file manifest.json"),
    "no json": (tar_of({"manifest.json": b"{"}), "JSON"),
    "two images": (tar_of({"manifest.json": b"[{}, {}]"}), "exactly one image"),
    "other platform": (engine_archive(LAYERS, architecture="arm64"), "not for linux/amd64"),
    "only others": (oci_archive(LAYERS, platform=ARM), "no images for linux/amd64"),
    "two of them": (oci_archive(LAYERS, platform=AMD, others=[AMD]), "no file blobs/sha256"),
    "wrong size": (oci_with("size"), "another size"),
    "wrong digest": (oci_with("digest"), "no digest"),
    "links in a ring": (tar_of({}, {"manifest.json": "manifest.json"}), "no file manifest.json"),
    "link outside": (tar_of({}, {"manifest.json": "../../../etc/passwd"}), "no file manifest.json"),
    "odd index": (tar_of({"index.json": b'{"manifests": [7]}'}), "no digest"),
    "index that is a list": (tar_of({"index.json": b"[]"}), "names no manifests"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_no_such_archive(case: str, tmp_path: Path) -> None:
    data, reason = BAD[case]
    with pytest.raises(CoworldError) as caught:
        read(tmp_path, data)
    assert (caught.value.type, caught.value.exit_code) == ("image_export", 1)
    assert re.search(reason, caught.value.cause), caught.value.cause


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["manifests", "mediaType", "digest", "size", "platform", "Config", "Layers", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(name=st.sampled_from(["index.json", "manifest.json"]), value=json_values)
def test_any_document_is_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, name: str, value: Any
) -> None:
    folder = tmp_path_factory.mktemp("archive")
    with pytest.raises(CoworldError) as caught:
        read(folder, tar_of({name: json.dumps(value).encode()}))
    assert caught.value.type == "image_export"


def test_an_archive_that_was_cut_off(tmp_path: Path) -> None:
    data = engine_archive(LAYERS)
    with pytest.raises(CoworldError) as caught:
        read(tmp_path, data[: len(data) // 2])
    assert caught.value.type == "image_export"
