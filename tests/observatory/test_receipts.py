"""Evidence with receipts: what the real client writes, byte by byte, and files that do not come."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.receipts import CATEGORIES, Collected, Receipt, download_evidence
from coworld_tui.replay.downloads import download_of

from .downloads import Json, downloading, give, mine, names_in, sign
from .peer_client import PeerClient
from .server import Observatory


@pytest.fixture
def episode(observatory: Observatory) -> Json:
    """An episode with a seat of mine, all of whose seats left something."""
    row = mine(observatory)
    seats = [seat["position"] for seat in row["participants"]]
    give(
        observatory,
        row,
        results='{"scores": [40, 80], "name": "Zoë"}'.encode(),
        seat_logs={seat: f"seat {seat}\n".encode() for seat in seats},
        seat_zips={seat: b"PK" + bytes([seat]) * 50 for seat in seats},
    )
    return row


async def collect(
    server: Observatory, ids: list[str], folder: Path, *include: str, **more: object
) -> Collected:
    """A download of evidence."""
    async with downloading(server) as transfers:
        return await download_evidence(
            transfers,
            ids,
            folder,
            include=include or CATEGORIES,
            **more,  # type: ignore[arg-type]
        )


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def folder_of(folder: Path, name: str) -> Path:
    (found,) = folder.rglob(name)
    return found


@pytest.mark.peer
async def test_the_folder_is_the_real_clients(
    observatory: Observatory, episode: Json, peer: PeerClient, tmp_path: Path
) -> None:
    ours, theirs = tmp_path / "ours", peer.home / "theirs"
    found = await collect(observatory, [episode["id"]], ours)
    include = [word for category in CATEGORIES for word in ("--include", category)]
    (done,) = peer.ask(("xp-request", "download", episode["id"], *include, "-d", str(theirs)))
    assert done.code == 0, done.err
    assert tree(ours) == tree(theirs)
    assert len(found.receipts) >= 5
    assert found.is_complete
    # Each goes on in the folder of the other.
    observatory.requests.clear()
    await collect(observatory, [episode["id"]], theirs)
    assert not [request for request in observatory.requests if request.path.startswith("/files")]


async def test_a_receipt_that_is_not_true_any_more(
    observatory: Observatory, episode: Json, tmp_path: Path
) -> None:
    await collect(observatory, [episode["id"]], tmp_path, "game_logs")
    log = folder_of(tmp_path, "game.log")
    log.write_bytes(b"changed")
    (log.parent / "download.json").write_bytes(b"[]")
    found = await collect(observatory, [episode["id"]], tmp_path, "game_logs")
    assert found.receipts[0].state == "completed"
    assert log.read_bytes() == b"tick 1\ntick 2\n"
    assert len((tmp_path / "manifest.jsonl").read_bytes().splitlines()) == 2


@pytest.mark.parametrize("changes", [{"path": "../../secret"}, {"filename": "../up"}, {"size": "1"}])
async def test_a_receipt_of_another_file_is_not_believed(
    observatory: Observatory, episode: Json, tmp_path: Path, changes: Json
) -> None:
    (before,) = (await collect(observatory, [episode["id"]], tmp_path, "game_logs")).receipts
    receipt = folder_of(tmp_path, "download.json")
    receipt.write_text(json.dumps({**json.loads(receipt.read_bytes()), **changes}))
    found = await collect(observatory, [episode["id"]], tmp_path, "game_logs")
    assert found.receipts == [before]


async def test_others_files_and_seats(observatory: Observatory, episode: Json, tmp_path: Path) -> None:
    players = observatory.state.tokens[observatory.token_user].players
    own = [seat["position"] for seat in episode["participants"] if seat["player_id"] in players]
    assert len(own) < len(episode["participants"])
    found = await collect(observatory, [episode["id"]], tmp_path, "player_logs")
    assert [each.filename for each in found.receipts] == [f"policy_agent_{seat}.log" for seat in own]
    none = await collect(observatory, [episode["id"]], tmp_path, "player_logs", agents=[99])
    assert none.receipts == []
    assert none.is_complete


async def test_addresses_that_ended(observatory: Observatory, episode: Json, tmp_path: Path) -> None:
    log = f"/files/{episode['id']}/game.log"
    observatory.fault(log, "403")
    heard: list[Receipt] = []
    found = await collect(
        observatory, [episode["id"]], tmp_path, "game_logs", "results", on_receipt=heard.append
    )
    assert found.is_complete
    assert [each.state for each in heard] == ["completed"] * 2
    assert len(observatory.asked("/v2/episode-requests/download-manifest")) == 2
    observatory.fault(log, "403", math.inf)
    again = await collect(observatory, [episode["id"]], tmp_path / "other", "game_logs", "results")
    assert {each.filename: (each.state, each.http_status) for each in again.receipts} == {
        "results.json": ("completed", None),
        "game.log": ("failed", 403),
    }
    assert not again.is_complete


async def test_what_is_not_there_yet_and_what_never_will_be(observatory: Observatory, tmp_path: Path) -> None:
    running = next(row for row in observatory.state.episodes.values() if row["status"] == "running")
    gone = running["id"][:-1] + ("0" if running["id"][-1] != "0" else "1")
    found = await collect(observatory, [running["id"], gone], tmp_path, "replay", "game_logs")
    assert {each.state for each in found.receipts} == {"pending"}
    assert found.unavailable == [gone]
    assert not found.is_complete
    lines = [json.loads(line) for line in (tmp_path / "manifest.jsonl").read_bytes().splitlines()]
    assert [line["kind"] for line in lines] == ["selector", "artifact", "artifact"]


async def test_a_whole_batch_over_several_pages(observatory: Observatory, tmp_path: Path) -> None:
    batch, ids = next(iter(observatory.state.batches.items()))
    for ereq in ids:
        give(observatory, observatory.state.episodes[ereq])
    found = await collect(observatory, [batch], tmp_path)
    assert {each.episode_request_id for each in found.receipts} == set(ids)
    replays = [each for each in found.receipts if each.filename == "replay.json.z" and each.path]
    assert replays
    opened = download_of(tmp_path / str(replays[0].path))
    assert opened is not None
    assert opened.listed.episode == replays[0].episode_request_id


@pytest.mark.parametrize(
    "name", ["../up", "a/b", "", ".", "..", "download.json", "a\0b", "a" * 250, "\ud800"]
)
async def test_names_that_lead_elsewhere(
    observatory: Observatory, episode: Json, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    sign(observatory, "")
    async with downloading(observatory) as transfers:
        usual = transfers.client.get

        async def get(path: str, params: object = None) -> object:
            answer = await usual(path, params)  # type: ignore[arg-type]
            for entry in answer.data["entries"]:
                entry["filename"] = name
            return answer

        monkeypatch.setattr(transfers.client, "get", get)
        found = await download_evidence(transfers, [episode["id"]], tmp_path / "in", include=["game_logs"])
    assert [each.state for each in found.receipts] == ["failed"]
    assert names_in(tmp_path) == ["in"]
    assert names_in(tmp_path / "in") == ["manifest.jsonl"]


@pytest.mark.parametrize(
    "changes", [{"etag": "é"}, {"etag": "a\r\nX-Other: b"}, {"url": "https://8.8.8.8/\ud800"}, {"size": -1}]
)
async def test_files_that_cannot_be_asked_for(
    observatory: Observatory,
    episode: Json,
    tmp_path: Path,
    changes: Json,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with downloading(observatory) as transfers:
        usual = transfers.client.get

        async def get(path: str, params: object = None) -> object:
            answer = await usual(path, params)  # type: ignore[arg-type]
            for entry in answer.data["entries"]:
                entry |= changes
            return answer

        monkeypatch.setattr(transfers.client, "get", get)
        found = await download_evidence(transfers, [episode["id"]], tmp_path, include=["game_logs"])
    assert [each.state for each in found.receipts] == ["failed"]
    assert not list(tmp_path.rglob("game.log*"))


@pytest.mark.parametrize("ids", [[], ["ereq_1", "xreq_1"], ["cow_1"], [f"ereq_{n}" for n in range(51)]])
async def test_ids_of_no_kind(observatory: Observatory, tmp_path: Path, ids: list[str]) -> None:
    with pytest.raises(CoworldError) as caught:
        await collect(observatory, ids, tmp_path)
    assert caught.value.exit_code == 2
