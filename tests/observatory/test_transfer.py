"""Downloading a file: whole or not at all, gone on with, and what goes wrong on the way."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import math
import random
import zlib
from pathlib import Path

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory import transfer
from coworld_tui.observatory.artifacts import game_log_file
from coworld_tui.observatory.storage import ApiFile, Source
from coworld_tui.observatory.transfer import Expected, Progress, Transfers

from ..runner.conftest import Mount, mounted
from .downloads import Json, asking, completed, downloading, give, names_in, no_pause, sign
from .server import Observatory
from .test_client_wire import reply, wire

__all__ = ["mounted", "no_pause"]

pytestmark = pytest.mark.usefixtures("no_pause")

NOISE = random.Random(1).randbytes(300_000)
LARGE = random.Random(2).randbytes(9_000_000)


@pytest.fixture
def episode(observatory: Observatory) -> Json:
    """An episode whose replay does not compress."""
    row = completed(observatory)[0]
    give(observatory, row, NOISE)
    return row


def path_of(episode: Json) -> str:
    """What the server is asked for."""
    return "/" + str(episode["replay_url"]).split("/", 3)[3]


def ranges(server: Observatory, episode: Json) -> list[str | None]:
    """The ranges that were asked for."""
    return [request.headers.get("range") for request in server.asked(path_of(episode))]


async def refused(transfers: Transfers, source: Source, target: Path, **options: object) -> CoworldError:
    """Why a file did not come."""
    with pytest.raises(CoworldError) as caught:
        await transfers.save(source, target, **options)  # type: ignore[arg-type]
    return caught.value


async def test_a_file_comes_whole_and_leaves_nothing_beside_it(
    observatory: Observatory, episode: Json, tmp_path: Path
) -> None:
    heard: list[Progress] = []
    async with downloading(observatory) as transfers:
        saved = await transfers.save(episode["replay_url"], tmp_path / "replay", progress=heard.append)
    assert (tmp_path / "replay").read_bytes() == NOISE
    assert (saved.size, saved.is_new) == (len(NOISE), True)
    assert names_in(tmp_path) == ["replay"]
    assert heard[-1].done == heard[-1].total
    assert heard[-1].remaining == 0


async def test_what_is_there_is_not_asked_for(
    observatory: Observatory, episode: Json, tmp_path: Path
) -> None:
    (tmp_path / "replay").write_bytes(b"mine")
    async with downloading(observatory) as transfers:
        saved = await transfers.save(episode["replay_url"], tmp_path / "replay")
        assert (saved.size, saved.is_new) == (4, False)
        assert not observatory.requests
        await transfers.save(episode["replay_url"], tmp_path / "replay", replacing=True)
    assert (tmp_path / "replay").read_bytes() == NOISE


@pytest.mark.parametrize("content", [NOISE, LARGE], ids=["small", "large"])
async def test_a_broken_connection_is_gone_on_with(
    observatory: Observatory, episode: Json, tmp_path: Path, content: bytes
) -> None:
    give(observatory, episode, content)
    observatory.fault(path_of(episode), "cut_body", 3)
    async with downloading(observatory) as transfers:
        await transfers.save(episode["replay_url"], tmp_path / "replay")
    assert (tmp_path / "replay").read_bytes() == content
    first, *others = ranges(observatory, episode)
    assert first is None
    assert len(others) == 3
    starts = [int(str(other).removeprefix("bytes=").rstrip("-")) for other in others]
    assert starts == sorted(set(starts))
    assert all("if-range" in request.headers for request in observatory.asked(path_of(episode))[1:])
    assert names_in(tmp_path) == ["replay"]


async def test_a_later_download_goes_on_where_one_was_cancelled(
    observatory: Observatory, episode: Json, tmp_path: Path
) -> None:
    observatory.fault(path_of(episode), "slow")
    async with downloading(observatory) as transfers:
        some = asyncio.Event()
        task = asyncio.create_task(
            transfers.save(episode["replay_url"], tmp_path / "replay", progress=lambda _: some.set())
        )
        await some.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert names_in(tmp_path) == ["replay.part", "replay.part.info"]
        arrived = (tmp_path / "replay.part").stat().st_size
        assert arrived > 0
        await transfers.save(episode["replay_url"], tmp_path / "replay")
    assert (tmp_path / "replay").read_bytes() == NOISE
    assert ranges(observatory, episode) == [None, f"bytes={arrived}-"]
    assert names_in(tmp_path) == ["replay"]


async def test_a_file_that_has_changed_begins_anew(
    observatory: Observatory, episode: Json, tmp_path: Path
) -> None:
    observatory.fault(path_of(episode), "slow")
    async with downloading(observatory) as transfers:
        some = asyncio.Event()
        task = asyncio.create_task(
            transfers.save(episode["replay_url"], tmp_path / "replay", progress=lambda _: some.set())
        )
        await some.wait()
        task.cancel()
        await asyncio.wait([task])
        give(observatory, episode, NOISE[::-1])
        await transfers.save(episode["replay_url"], tmp_path / "replay")
    assert (tmp_path / "replay").read_bytes() == NOISE[::-1]


async def test_without_a_mark_of_its_state_it_begins_anew(tmp_path: Path) -> None:
    asked: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        answer = reply(NOISE)
        writer.write(answer if len(asked) > 1 else answer[: len(answer) // 2])
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1")
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server, asking(f"{url}/api") as transfers:
        await transfers.save(f"{url}/replay", tmp_path / "replay")
    assert (tmp_path / "replay").read_bytes() == NOISE
    assert len(asked) == 2
    assert not any(b"range" in request.lower() for request in asked)


async def test_no_way_to_the_server(observatory: Observatory, episode: Json, tmp_path: Path) -> None:
    observatory.fault(path_of(episode), "drop", math.inf)
    async with downloading(observatory) as transfers:
        error = await refused(transfers, episode["replay_url"], tmp_path / "replay")
    assert (error.type, error.exit_code) == ("unreachable", 3)
    assert names_in(tmp_path) == []
    assert len(observatory.asked(path_of(episode))) == 3


@pytest.mark.parametrize(
    ("expected", "reason"),
    [(Expected(size=5), "bytes, not 5"), (Expected(sha256="0" * 64), "checksum")],
)
async def test_another_file_than_was_promised(
    observatory: Observatory, episode: Json, tmp_path: Path, expected: Expected, reason: str
) -> None:
    async with downloading(observatory) as transfers:
        error = await refused(transfers, episode["replay_url"], tmp_path / "replay", expected=expected)
    assert error.type == "download_damaged"
    assert reason in error.cause
    assert names_in(tmp_path) == []


async def test_the_file_that_was_promised(observatory: Observatory, episode: Json, tmp_path: Path) -> None:
    stored = zlib.compress(NOISE)
    expected = Expected(size=len(stored), sha256=hashlib.sha256(stored).hexdigest())
    async with downloading(observatory) as transfers:
        await transfers.save(episode["replay_url"], tmp_path / "a", expected=expected)
        await transfers.save(episode["replay_url"], tmp_path / "b", expected=expected, unpack=False)
    assert (tmp_path / "a").read_bytes() == NOISE
    assert (tmp_path / "b").read_bytes() == stored


@pytest.mark.parametrize("size", [20_000_000, 200_000_000], ids=["small", "large"])
async def test_a_bomb_goes_off_nowhere(
    observatory: Observatory, episode: Json, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(transfer, "UNWRAPPED_LIMIT", 10_000_000)
    give(observatory, episode, bytes(size))
    async with downloading(observatory) as transfers:
        error = await refused(transfers, episode["replay_url"], tmp_path / "replay")
    assert error.type == "download_too_large"
    assert names_in(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "sent", "came"),
    [
        ("r.json.z", zlib.compress(NOISE), NOISE),
        ("r.json.z", zlib.compress(NOISE) + b"more", NOISE),
        ("r.json.z", zlib.compress(NOISE)[:-9], "ends early"),
        ("r.json.z", NOISE, "cannot be read"),
        ("r.gz", gzip.compress(NOISE), NOISE),
        ("r.gz", gzip.compress(NOISE[:99]) + gzip.compress(NOISE[99:]) + bytes(40), NOISE),
        ("r.gz?x=.json", gzip.compress(NOISE), NOISE),
        ("r.json", zlib.compress(NOISE), zlib.compress(NOISE)),
        ("r.json", b"", b""),
        ("r.z", b"", "ends early"),
    ],
    ids=["z", "more", "cut", "none", "gz", "several", "query", "plain", "empty", "nothing"],
)
async def test_what_is_compressed_by_its_name(
    name: str, sent: bytes, came: bytes | str, tmp_path: Path
) -> None:
    async with wire(reply(sent)) as server, asking(server.url) as transfers:
        address = f"{server.url}/{name}"
        if isinstance(came, bytes):
            await transfers.save(address, tmp_path / "replay")
            assert (tmp_path / "replay").read_bytes() == came
        else:
            assert came in (await refused(transfers, address, tmp_path / "replay")).cause
            assert names_in(tmp_path) == []


async def test_what_is_sent_compressed_all_the_same(tmp_path: Path) -> None:
    answer = reply(gzip.compress(zlib.compress(NOISE)), Content_Encoding="gzip")
    async with wire(answer) as server, asking(server.url) as transfers:
        await transfers.save(f"{server.url}/r.z", tmp_path / "replay")
    assert (tmp_path / "replay").read_bytes() == NOISE


async def test_an_address_that_has_ended_is_asked_for_anew_once(
    observatory: Observatory, episode: Json, tmp_path: Path
) -> None:
    old = episode["replay_url"]
    sign(observatory, "second")
    asked = 0

    async def renewed() -> Source:
        nonlocal asked
        asked += 1
        return str(episode["replay_url"])

    async with downloading(observatory) as transfers:
        await transfers.save(old, tmp_path / "a", renewed=renewed)
        assert asked == 1
        sign(observatory, "third")
        episode["replay_url"] = old
        error = await refused(transfers, old, tmp_path / "b", renewed=renewed)
    assert asked == 2
    assert (error.type, error.exit_code) == ("download_refused", 1)
    assert "403" in error.cause
    assert names_in(tmp_path) == ["a"]


async def test_the_token_goes_to_the_api_only(
    observatory: Observatory, episode: Json, tmp_path: Path
) -> None:
    log = game_log_file(episode["id"])
    async with downloading(observatory) as transfers:
        await transfers.save(episode["replay_url"], tmp_path / "replay")
        await transfers.save(log, tmp_path / "log")
        observatory.fault(log.path, "moved")
        await transfers.save(log, tmp_path / "moved")
        observatory.fault(log.path, "redirect")  # to another name of the host: another origin
        error = await refused(transfers, log, tmp_path / "elsewhere")
    sent = ["authorization" in request.headers for request in observatory.requests]
    assert sent == [False, True, True, True, True, False]
    assert error.type == "download_refused"
    assert (tmp_path / "moved").read_bytes() == b"tick 1\ntick 2\n"


@pytest.mark.parametrize(
    ("kind", "told", "code"),
    [
        ("401", "login_needed", 3),
        ("403", "not_allowed", 3),
        ("404", "not_found", 1),
        ("500", "server_error", 3),
    ],
)
async def test_what_the_api_refuses(
    observatory: Observatory, episode: Json, tmp_path: Path, kind: str, told: str, code: int
) -> None:
    log = game_log_file(episode["id"])
    observatory.fault(log.path, kind, math.inf)  # type: ignore[arg-type]
    async with downloading(observatory) as transfers:
        error = await refused(transfers, log, tmp_path / "log")
        assert (error.type, error.exit_code) == (told, code)
        with pytest.raises(CoworldError) as caught:
            await transfers.read(log, limit=100)
    assert caught.value.type == told


async def test_only_so_many_at_a_time(tmp_path: Path) -> None:
    active, most = 0, 0

    async def answer() -> bytes:
        nonlocal active, most
        active += 1
        most = max(most, active)
        for _ in range(50):
            await asyncio.sleep(0)
        active -= 1
        return reply(b"x")

    async with wire(answer) as server, asking(server.url, at_once=3) as transfers:
        await transfer.all_of(transfers.save(f"{server.url}/{at}", tmp_path / str(at)) for at in range(20))
    assert most == 3
    assert server.connections == 3
    assert len(names_in(tmp_path)) == 20


async def test_reading_the_end_of_a_text(observatory: Observatory, episode: Json) -> None:
    text = b"".join(b"line %d\n" % number for number in range(100_000))
    give(observatory, episode, game_log=text)
    log = game_log_file(episode["id"])
    async with downloading(observatory) as transfers:
        tail = await transfers.read(log, limit=1000, tail=True)
        assert (tail.data, tail.is_cut) == (text[-1000:], True)
        head = await transfers.read(log, limit=1000)
        assert (head.data, head.is_cut) == (text[:1000], True)
        whole = await transfers.read(log, limit=len(text), tail=True)
        assert (whole.data, whole.is_cut) == (text, False)
        give(observatory, episode, game_log=b"")
        assert (await transfers.read(log, limit=1000, tail=True)).data == b""


async def test_reading_the_end_where_ranges_are_not_known() -> None:
    text = random.Random(3).randbytes(5_000_000)
    async with wire(reply(text)) as server, asking(server.url) as transfers:
        tail = await transfers.read(ApiFile("/v2/log"), limit=1000, tail=True)
    assert (tail.data, tail.is_cut) == (text[-1000:], True)


async def test_a_full_disk(observatory: Observatory, episode: Json, mounted: Mount) -> None:
    give(observatory, episode, LARGE)
    folder = mounted("size=6m")
    async with downloading(observatory) as transfers:
        error = await refused(transfers, episode["replay_url"], folder / "replay")
        assert (error.type, error.exit_code) == ("disk_full", 3)
        assert "repeat" in error.next_step
        assert not (folder / "replay").exists()


async def test_a_folder_that_is_not_there(observatory: Observatory, episode: Json, tmp_path: Path) -> None:
    async with downloading(observatory) as transfers:
        error = await refused(transfers, episode["replay_url"], tmp_path / "none" / "replay")
    assert (error.type, error.exit_code) == ("output_lost", 2)
