"""Loading a package from wherever it is, and refusing what is none."""

from __future__ import annotations

import asyncio
import gzip
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.fetching import url_label
from coworld_tui.contract.jsontext import SIZE_LIMIT
from coworld_tui.contract.package import is_unpublished_image, load_package, parse_package, read_package

from .builders import edited, encoded, new_manifest, old_manifest, package, written

SHARED = Path(os.environ.get("COWORLD_TUI_SHARED") or Path(__file__).parents[3] / "shared")


def failure(call: Callable[[], object]) -> CoworldError:
    with pytest.raises(CoworldError) as caught:
        call()
    return caught.value


async def load_failure(source: str, **options: Any) -> CoworldError:
    with pytest.raises(CoworldError) as caught:
        await load_package(source, **options)
    return caught.value


async def test_from_a_file_a_folder_and_a_uri(tmp_path: Path) -> None:
    folder = tmp_path / "my world"
    folder.mkdir()
    path = written(folder, new_manifest())
    for source in (str(path), str(folder), path.as_uri(), f"file://localhost{path}".replace(" ", "%20")):
        loaded = await load_package(source)
        assert loaded.label == "tiles 1.0"
        assert loaded.directory == folder
        assert loaded.raw == new_manifest()
        assert not loaded.builtin


async def test_relative_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written(tmp_path, old_manifest())
    monkeypatch.chdir(tmp_path)
    assert (await load_package(".")).generation == "0.1.11"


@pytest.mark.parametrize(
    "source", ["absent.json", "", "a\0b", "x" * 5000, "file://elsewhere/m.json", "file:///nope"]
)
async def test_nothing_there(source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    error = await load_failure(source)
    assert (error.type, error.exit_code, error.owner) == ("manifest_missing", 2, "you")
    assert error.next_step
    assert "\0" not in error.cause


def test_a_folder_without_manifest(tmp_path: Path) -> None:
    assert "no coworld_manifest.json" in failure(lambda: read_package(tmp_path)).cause


def test_a_file_under_a_file(tmp_path: Path) -> None:
    path = written(tmp_path, new_manifest())
    assert failure(lambda: read_package(path / "deeper")).type == "manifest_missing"


def test_a_folder_in_place_of_the_manifest(tmp_path: Path) -> None:
    (tmp_path / "coworld_manifest.json").mkdir()
    assert failure(lambda: read_package(tmp_path)).type == "manifest_invalid"


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert failure(lambda: read_package(tmp_path / "pipe")).type == "manifest_invalid"


def test_a_huge_file(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(SIZE_LIMIT + 36 * 1024 * 1024)
    assert "larger than 64 MiB" in failure(lambda: read_package(path)).cause


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_a_file_we_may_not_read(tmp_path: Path) -> None:
    path = written(tmp_path, new_manifest())
    path.chmod(0)
    assert "cannot be read" in failure(lambda: read_package(path)).cause


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b'{"game": {},\n}', "line 2, column 1"),
        (b"[]", "not an object"),
        (b"{}", "has no game"),
        (b'{"manifest": {"game": {}}}', "has no game"),
        (b'{"game": 3}', "game: Input should be"),
        (b"\xef\xbb\xbf{}", "byte order mark"),
        (b'{"game": NaN}', "NaN"),
    ],
)
def test_not_a_manifest(data: bytes, says: str) -> None:
    error = failure(lambda: parse_package(data, "some.json", None))
    assert (error.type, error.exit_code, error.owner) == ("manifest_invalid", 2, "you")
    assert says in error.cause


def test_the_first_problems_are_listed_and_the_rest_counted() -> None:
    manifest = edited(new_manifest(), "player", [{"image": "x"}] * 40)
    error = failure(lambda: package(manifest))
    assert error.title == "The manifest has 40 problems"
    assert error.cause.startswith("player[0].id: Field required; player[1].id: Field required; ")
    assert error.cause.endswith("and 35 more")
    assert error.next_step == "coworld-tui validate test"


def test_messages_and_labels_are_safe() -> None:
    hostile = edited(new_manifest(), "game.name", "\x1b]0;gotcha\x07paint\u202e\n" + "x" * 500)
    assert package(hostile).label.startswith("paint\ufffd\u240ax")
    assert len(package(hostile).label) <= 80
    error = failure(lambda: parse_package(b"[]", "\x1b[31m" + "y" * 5000, None))
    assert "\x1b" not in error.cause
    assert len(error.cause) < 300


async def test_ids_are_looked_up_among_the_downloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "coworld" / "cow_1"
    folder.mkdir(parents=True)
    written(folder, new_manifest())
    monkeypatch.chdir(tmp_path)
    for source in ("cow_1", "/v2/coworlds/cow_1"):
        assert (await load_package(source)).directory == Path("coworld/cow_1")


async def test_what_is_not_there_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    asked: list[str] = []

    async def download(coworld_id: str) -> Path:
        asked.append(coworld_id)
        folder = tmp_path / "elsewhere"
        folder.mkdir(exist_ok=True)
        written(folder, new_manifest())
        return folder

    for source in ("cow_2", "/v2/coworlds/cow_2"):
        assert (await load_package(source, download=download)).name == "tiles"
    assert asked == ["cow_2", "cow_2"]


async def test_ids_without_a_way_to_download(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for source in ("cow_3", "/v2/coworlds/cow_3"):
        error = await load_failure(source)
        assert (error.type, error.exit_code) == ("manifest_missing", 3)
        assert error.next_step == "coworld-tui league download cow_3"
    assert (await load_failure("/v2/coworlds/..")).type == "manifest_missing"


@asynccontextmanager
async def serving(answers: dict[str, bytes]) -> AsyncIterator[str]:
    """A loopback web server that sends a prepared answer for each path, else 404."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        path = (await reader.readline()).split()[1].decode().partition("?")[0]
        writer.write(answers.get(path, b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n"))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}"


def ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body


async def test_from_the_web() -> None:
    answers = {
        "/plain": ok(encoded(new_manifest())),
        "/envelope": ok(encoded({"id": "cow_1", "manifest": old_manifest()})),
        "/moved": b"HTTP/1.1 302 Found\r\nLocation: /plain\r\nContent-Length: 0\r\n\r\n",
        "/loop": b"HTTP/1.1 302 Found\r\nLocation: /loop\r\nContent-Length: 0\r\n\r\n",
        "/away": b"HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n",
        "/text": ok(b"hello"),
        "/neither": ok(b"{}"),
        "/locked": b"HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n",
        "/broken": b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
        "/short": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nx",
        "/garbage": b"SSH-2.0-OpenSSH\r\n",
    }
    async with serving(answers) as host:
        loaded = await load_package(f"http://me:s3cret@{host}/plain?token=s3cret")
        assert loaded.source == f"http://{host}/plain"
        assert loaded.directory is None
        assert (await load_package(f"http://{host}/envelope")).generation == "0.1.11"
        assert (await load_package(f"http://{host}/moved")).name == "tiles"
        for path, kind, code in [
            ("/absent", "manifest_missing", 2),
            ("/locked", "manifest_missing", 3),
            ("/broken", "manifest_missing", 3),
            ("/loop", "manifest_missing", 3),
            ("/away", "manifest_missing", 3),
            ("/short", "manifest_missing", 3),
            ("/garbage", "manifest_missing", 3),
            ("/text", "manifest_invalid", 2),
            ("/neither", "manifest_invalid", 2),
        ]:
            error = await load_failure(f"http://me:s3cret@{host}{path}?token=s3cret")
            assert (path, error.type, error.exit_code) == (path, kind, code)
            assert "s3cret" not in str(error.as_dict())


async def test_a_packed_download_is_bounded_while_it_is_unpacked() -> None:
    whole = gzip.compress(encoded(new_manifest()))
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nConnection: close\r\n\r\n"
    answers = {
        "/whole": head + whole,
        "/cut": head + whole[:-9],
        "/damaged": head + b"x" + whole,
        "/bomb": head + gzip.compress(bytes(SIZE_LIMIT + 1)),
    }
    async with serving(answers) as host:
        assert (await load_package(f"http://{host}/whole")).name == "tiles"
        for path, words in (
            ("/cut", "the body is not complete"),
            ("/damaged", "the body is damaged"),
            ("/bomb", "larger than 64 MiB"),
        ):
            assert words in (await load_failure(f"http://{host}{path}")).cause


async def test_a_download_without_end() -> None:
    flood = b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (SIZE_LIMIT + 1)
    async with serving({"/flood": flood}) as host:
        assert "larger than 64 MiB" in (await load_failure(f"http://{host}/flood")).cause


@pytest.mark.parametrize("source", ["http://", "http://[", "http://a b/", "http://x:99999/", "http://\x00/"])
async def test_impossible_addresses(source: str) -> None:
    assert (await load_failure(source)).type == "manifest_missing"


def test_addresses_are_shown_without_credentials() -> None:
    assert url_label("https://u:p@h.example:8443/a/b?sig=1#f") == "https://h.example:8443/a/b"
    assert url_label("http://[::1]:80/x") == "http://[::1]:80/x"
    assert url_label("http://[") == "the given address"


def test_unpublished_images() -> None:
    assert is_unpublished_image("img_0f8fad5b-d9cb-469f-a165-70867728950e")
    assert not is_unpublished_image("img_paint:latest")
    assert not is_unpublished_image("ghcr.io/x/img_0f8fad5b-d9cb-469f-a165-70867728950e")


def test_httpx_is_not_needed_to_read_a_file(tmp_path: Path) -> None:
    path = written(tmp_path, new_manifest())
    code = (
        "import sys, pathlib; import coworld_tui.contract.request as r, coworld_tui.contract.env; "
        f"from coworld_tui.contract.package import read_package; read_package(pathlib.Path({str(path)!r})); "
        "print([m for m in ('httpx', 'textual', 'rich', 'docker') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("generation", ["0.1.11", "0.1.64"])
def test_recorded_manifests(generation: str) -> None:
    folder = SHARED / "fixtures" / f"paintarena-{generation}" / "supporting"
    if not folder.exists():
        pytest.skip("the shared fixtures are not here (COWORLD_TUI_SHARED)")
    recorded = read_package(folder)
    assert (recorded.label, recorded.generation) == ("paintarena 0.1.0", generation)
    assert recorded.unknown_keys == []
