"""Replays in a folder: what the real client writes, and what it does not survive."""

from __future__ import annotations

import asyncio
import json
import math
from pathlib import Path

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.episodes import EpisodeFilter
from coworld_tui.observatory.models.episodes import EpisodeRow
from coworld_tui.observatory.reading import episode
from coworld_tui.observatory.replays import (
    ReplaysProgress,
    download_replays,
    fetch_replay,
    replay_rows,
    rows_of,
)
from coworld_tui.replay.downloads import download_of
from coworld_tui.replay.library import Library
from coworld_tui.replay.opening import open_replay, settle
from coworld_tui.runs.paths import downloads_dir

from .downloads import (
    Json,
    big_round,
    completed,
    downloading,
    give,
    mine,
    names_in,
    no_pause,
    replay_of,
    sign,
)
from .peer_client import PeerClient
from .server import Observatory

__all__ = ["no_pause"]

pytestmark = pytest.mark.usefixtures("no_pause")


@pytest.fixture
def full(observatory: Observatory) -> tuple[str, list[Json]]:
    """A round of which every replay is there, each another one."""
    round_id, rows = big_round(observatory)
    for number, row in enumerate(rows):
        give(observatory, row, replay_of(3 + number))
    return round_id, rows


def path_of(row: Json) -> str:
    return "/" + str(row["replay_url"]).split("/", 3)[3]


async def saved(server: Observatory, round_id: str, folder: Path, limit: int = 100) -> list[Json]:
    """What a download of a round leaves in the index."""
    async with downloading(server) as transfers:
        found = await replay_rows(transfers.client, EpisodeFilter(round_id=round_id), limit=limit)
        await download_replays(transfers, found.entries, folder)
    document: list[Json] = json.loads((folder / "index.json").read_bytes())
    return document


@pytest.mark.peer
async def test_the_folder_is_the_real_clients(
    observatory: Observatory, full: tuple[str, list[Json]], peer: PeerClient, tmp_path: Path
) -> None:
    round_id, _ = full
    ours, theirs = tmp_path / "ours", peer.home / "theirs"
    await saved(observatory, round_id, ours, limit=15)
    (done,) = peer.ask(("replays", "--round", round_id, "--limit", "15", "--download-dir", str(theirs)))
    assert done.code == 0, done.err
    assert names_in(ours) == names_in(theirs)
    assert len(names_in(ours)) > 5
    for name in names_in(ours):
        data = (ours / name).read_bytes()
        assert data.replace(str(ours).encode(), str(theirs).encode()) == (theirs / name).read_bytes(), name
    # Each goes on in the folder of the other.
    observatory.requests.clear()
    await saved(observatory, round_id, theirs, limit=15)
    assert not [request for request in observatory.requests if request.path.startswith("/files")]


async def test_more_than_a_page(
    observatory: Observatory, full: tuple[str, list[Json]], tmp_path: Path
) -> None:
    round_id, rows = full
    index = await saved(observatory, round_id, tmp_path / "all", limit=1000)
    assert {row["episode_request_id"] for row in index} == {row["id"] for row in rows}
    async with downloading(observatory) as transfers:
        first = await replay_rows(transfers.client, EpisodeFilter(round_id=round_id), limit=100)
        rest = await replay_rows(
            transfers.client, EpisodeFilter(round_id=round_id), limit=100, cursor=first.next_cursor
        )
    assert rest.next_cursor is None
    assert len(first.entries) + len(rest.entries) == len(rows)


async def test_one_that_fails_does_not_keep_the_others(
    observatory: Observatory, full: tuple[str, list[Json]], tmp_path: Path
) -> None:
    _, rows = full
    del observatory.state.artifacts[rows[1]["id"]]
    told: list[ReplaysProgress] = []
    wanted = [EpisodeRow.model_validate(row) for row in rows[:4]]
    wanted.append(EpisodeRow.model_validate({**rows[0], "id": "ereq_../../up"}))
    wanted.append(EpisodeRow.model_validate({**rows[0], "id": "ereq_1", "replay_url": "ftp://x/y"}))
    async with downloading(observatory) as transfers:
        files = await download_replays(transfers, wanted, tmp_path / "out", progress=told.append)
    errors = [file.error.type if file.error else "" for file in files]
    assert errors == ["", "not_found", "", "", "invalid_request", "address_refused"]
    assert told[-1].over == told[-1].count == 6
    assert told[-1].failed == 3
    index = json.loads((tmp_path / "out" / "index.json").read_bytes())
    assert [row["episode_request_id"] for row in index] == [row["id"] for row in (rows[0], *rows[2:4])]
    assert names_in(tmp_path) == ["out"]


async def test_the_rest_comes_the_next_time(
    observatory: Observatory, full: tuple[str, list[Json]], tmp_path: Path
) -> None:
    round_id, rows = full
    observatory.fault(path_of(rows[5]), "drop", 3)
    first = await saved(observatory, round_id, tmp_path, limit=1000)
    observatory.requests.clear()
    second = await saved(observatory, round_id, tmp_path, limit=1000)
    assert len(first) == len(rows) - 1
    assert len(second) == len(rows)
    asked = [request.path for request in observatory.requests if request.path.startswith("/files")]
    assert asked == [path_of(rows[5])]


async def test_addresses_that_ended_are_read_anew(
    observatory: Observatory, full: tuple[str, list[Json]], tmp_path: Path
) -> None:
    _, rows = full
    sign(observatory, "old")
    wanted = [EpisodeRow.model_validate(row) for row in rows[:5]]
    sign(observatory, "new")
    async with downloading(observatory) as transfers:
        files = await download_replays(transfers, wanted, tmp_path)
    assert all(file.is_new for file in files)
    for row in rows[:5]:
        assert len(observatory.asked(f"/v2/episode-requests/{row['id']}")) == 1


async def test_the_conductor_is_the_api(observatory: Observatory, tmp_path: Path) -> None:
    row = completed(observatory)[0]
    replay = give(observatory, row)
    row["replay_url"] = f"conductor://episodes/{row['id']}/replay.z"
    async with downloading(observatory) as transfers:
        (file,) = await download_replays(transfers, await rows_of(transfers.client, [row["id"]]), tmp_path)
    assert file.path.read_bytes() == replay
    assert observatory.requests[-1].path.endswith("/artifacts/replay")
    assert "authorization" in observatory.requests[-1].headers


async def test_by_id_and_without_a_replay(observatory: Observatory) -> None:
    failed = next(row for row in observatory.state.episodes.values() if row["replay_url"] is None)
    done = completed(observatory)[0]
    async with downloading(observatory) as transfers:
        rows = await rows_of(transfers.client, [done["id"], done["id"]])
        assert [row.id for row in rows] == [done["id"]]
        with pytest.raises(CoworldError) as caught:
            await rows_of(transfers.client, [done["id"], failed["id"]])
    assert caught.value.type == "not_found"
    assert failed["status"] in caught.value.cause


async def test_cancelled_in_the_middle(
    observatory: Observatory, full: tuple[str, list[Json]], tmp_path: Path
) -> None:
    _, rows = full
    observatory.fault(path_of(rows[3]), "stall", math.inf)
    wanted = [EpisodeRow.model_validate(row) for row in rows[:6]]
    others = asyncio.Event()

    def hear(progress: ReplaysProgress) -> None:
        if progress.over == 5:
            others.set()

    async with downloading(observatory) as transfers:
        task = asyncio.create_task(download_replays(transfers, wanted, tmp_path / "out", progress=hear))
        await others.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert len(names_in(tmp_path / "out")) == 5
    assert all(name.endswith(".replay") for name in names_in(tmp_path / "out"))


async def test_a_disk_that_refuses_ends_it(
    observatory: Observatory, full: tuple[str, list[Json]], tmp_path: Path
) -> None:
    _, rows = full
    (tmp_path / "file").write_bytes(b"")
    async with downloading(observatory) as transfers:
        with pytest.raises(CoworldError) as caught:
            await download_replays(transfers, [EpisodeRow.model_validate(rows[0])], tmp_path / "file" / "out")
    assert (caught.value.type, caught.value.exit_code) == ("output_lost", 2)


async def test_a_fetched_replay_opens_in_the_library(
    observatory: Observatory, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COWORLD_TUI_HOME", str(tmp_path))
    row = mine(observatory)
    give(observatory, row, replay_of(25))
    sign(observatory, "secret-signature")
    async with downloading(observatory) as transfers:
        detail = await episode(transfers.client, row["id"])
        path = await fetch_replay(transfers.client, detail)
        observatory.requests.clear()
        assert await fetch_replay(transfers.client, detail) == path
        assert not observatory.requests
    assert path == downloads_dir() / f"{row['id']}.replay"
    assert b"secret-signature" not in (downloads_dir() / "index.json").read_bytes()
    replay = open_replay(path)
    settle(replay)
    assert len(replay.source) == 25
    replay.close()
    found = download_of(path)
    assert found is not None
    assert found.listed.players == tuple(
        f"{seat['policy_name']}:v{seat['version']}" for seat in row["participants"]
    )
    library = Library([downloads_dir()])
    while library.advance():
        pass
    (listed,) = library.rows
    assert listed.kind == "download"
    assert library.describe(listed).length == 25


async def test_several_at_once_are_all_in_the_index(
    observatory: Observatory, full: tuple[str, list[Json]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COWORLD_TUI_HOME", str(tmp_path))
    _, rows = full
    async with downloading(observatory) as transfers:
        wanted = [EpisodeRow.model_validate(row) for row in rows[:12]]
        await asyncio.gather(*(fetch_replay(transfers.client, row, transfers=transfers) for row in wanted))
    index = json.loads((downloads_dir() / "index.json").read_bytes())
    assert {row["episode_request_id"] for row in index} == {row["id"] for row in rows[:12]}
