"""What the API says of an episode's files, and the episode as one zip."""

from __future__ import annotations

import contextlib
import io
import json
import zipfile
from pathlib import Path

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory import artifacts
from coworld_tui.observatory.episode_bundle import save_bundle
from coworld_tui.observatory.episode_logs import episode_log, save_logs
from coworld_tui.observatory.replays import download_replays, rows_of
from coworld_tui.replay.episode_files import open_episode
from coworld_tui.replay.opening import open_replay, settle

from .downloads import Json, completed, downloading, give, mine, names_in, replay_of
from .server import Observatory


@pytest.fixture
def episode(observatory: Observatory) -> Json:
    """An episode with a seat of mine, all of whose seats left something."""
    row = mine(observatory)
    seats = [seat["position"] for seat in row["participants"]]
    give(
        observatory,
        row,
        game_log=b"".join(b"tick %d\n" % tick for tick in range(1000)),
        seat_logs={seat: f"seat {seat}\n".encode() for seat in seats},
        seat_zips={seats[0]: zipped()},
    )
    return row


def zipped() -> bytes:
    """A zip that a policy may leave."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("notes.txt", "what I saw")
    return stream.getvalue()


def own_seat(server: Observatory, episode: Json) -> Json:
    players = server.state.tokens[server.token_user].players
    return next(seat for seat in episode["participants"] if seat["player_id"] in players)


async def test_statistics_and_seats(observatory: Observatory, episode: Json) -> None:
    async with downloading(observatory) as transfers:
        stats = await artifacts.stats(transfers.client, episode["id"])
        seats = await artifacts.seat_files(transfers.client, episode["id"])
    assert [row.position for row in stats.policy_stats] == [
        seat["position"] for seat in episode["participants"]
    ]
    assert stats.steps == 100
    assert [(seat.position, seat.has_log) for seat in seats] == [
        (own_seat(observatory, episode)["position"], True)
    ]


async def test_logs_of_the_game_of_mine_and_of_others(observatory: Observatory, episode: Json) -> None:
    seat = own_seat(observatory, episode)
    other = next(each for each in episode["participants"] if each is not seat)
    async with downloading(observatory) as transfers:
        client = transfers.client
        assert (await episode_log(client, episode["id"], tail=9)) == b"tick 999\n"
        mine_ = (seat["policy_version_id"], seat["position"])
        log = await episode_log(client, episode["id"], agent=mine_, tail=100, transfers=transfers)
        assert log == f"seat {seat['position']}\n".encode()
        with pytest.raises(CoworldError) as caught:
            await episode_log(client, episode["id"], agent=(other["policy_version_id"], other["position"]))
        assert caught.value.type == "not_found"
        with pytest.raises(CoworldError) as caught:
            await episode_log(client, episode["id"], agent=("../../up", 0))
        assert caught.value.exit_code == 2


async def test_logs_beside_a_replay_are_found_with_it(
    observatory: Observatory, episode: Json, tmp_path: Path
) -> None:
    seat = own_seat(observatory, episode)["position"]
    async with downloading(observatory) as transfers:
        (file,) = await download_replays(
            transfers, await rows_of(transfers.client, [episode["id"]]), tmp_path
        )
        paths = await save_logs(transfers, episode["id"], tmp_path)
        assert await save_logs(transfers, episode["id"], tmp_path) == paths
    assert [path.name for path in paths] == [
        f"{episode['id']}-{name}" for name in ("game.log", f"policy_agent_{seat}.log")
    ]
    with contextlib.closing(open_episode(file.path)) as found:
        assert set(found.parts.logs) == {"game", f"player {seat}"}
    observatory.state.artifacts.clear()
    async with downloading(observatory) as transfers:
        assert await save_logs(transfers, episode["id"], tmp_path.parent) == []


async def test_results_as_they_are(observatory: Observatory, episode: Json) -> None:
    async with downloading(observatory) as transfers:
        assert json.loads(await artifacts.results(transfers, episode["id"])) == {"scores": [40, 80]}


@pytest.mark.parametrize("server_has_one", [True, False])
async def test_the_bundle_opens_as_a_replay(
    observatory: Observatory, episode: Json, tmp_path: Path, server_has_one: bool
) -> None:
    if not server_has_one:
        observatory.fault(f"/v2/episode-requests/{episode['id']}/bundle", "404")
    async with downloading(observatory) as transfers:
        saved = await save_bundle(transfers, episode["id"], tmp_path / "b.zip")
    assert saved.is_made_here is not server_has_one
    assert saved.missing == ()
    assert names_in(tmp_path) == ["b.zip"]
    seat = own_seat(observatory, episode)["position"]
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert archive.read("replay") == replay_of()
        assert archive.read(f"logs/policy_agent_{seat}.log") == f"seat {seat}\n".encode()
    assert manifest["ereq_id"] == episode["id"]
    assert manifest["status"] == "success"
    wanted = ["results", "replay", "game_logs", "player_logs"] + ["player_artifact"] * (seat == 0)
    assert manifest["include"] == wanted
    replay = open_replay(tmp_path / "b.zip")
    settle(replay)
    assert len(replay.source) == 40
    replay.close()


async def test_parts_of_a_bundle(observatory: Observatory, episode: Json, tmp_path: Path) -> None:
    async with downloading(observatory) as transfers:
        await save_bundle(transfers, episode["id"], tmp_path / "a.zip", include=["results", "game_logs"])
        observatory.fault(f"/v2/episode-requests/{episode['id']}/bundle", "404")
        await save_bundle(transfers, episode["id"], tmp_path / "b.zip", include=["results", "game_logs"])
        for name in ("a.zip", "b.zip"):
            with zipfile.ZipFile(tmp_path / name) as archive:
                assert sorted(archive.namelist()) == ["logs/game.log", "manifest.json", "results.json"]
        with pytest.raises(CoworldError) as caught:
            await save_bundle(transfers, episode["id"], tmp_path / "c.zip", include=["results", "secrets"])
        assert caught.value.type == "include_unknown"
        with pytest.raises(CoworldError) as caught:
            await save_bundle(transfers, episode["id"], tmp_path / "a.zip")
        assert caught.value.type == "output_exists"
        await save_bundle(transfers, episode["id"], tmp_path / "a.zip", force=True)
    assert names_in(tmp_path) == ["a.zip", "b.zip"]


async def test_an_episode_that_calls_itself_a_path_leads_nowhere(
    observatory: Observatory, episode: Json, tmp_path: Path
) -> None:
    observatory.fault(f"/v2/episode-requests/{episode['id']}/bundle", "404")
    asked, episode["id"] = episode["id"], str(tmp_path / "outside")
    async with downloading(observatory) as transfers:
        with contextlib.suppress(CoworldError):
            await save_bundle(transfers, asked, tmp_path / "b.zip")
    assert names_in(tmp_path) == []


async def test_a_failed_episode_has_a_bundle_too(observatory: Observatory, tmp_path: Path) -> None:
    failed = next(row for row in observatory.state.episodes.values() if row["status"] == "failed")
    give(observatory, failed, error_info=b'{"error_type": "player_error"}', results=None)
    observatory.fault(f"/v2/episode-requests/{failed['id']}/bundle", "404")
    async with downloading(observatory) as transfers:
        saved = await save_bundle(transfers, failed["id"], tmp_path / "b.zip")
    assert saved.missing == ("results",)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        manifest = json.loads(archive.read("manifest.json"))
        assert json.loads(archive.read("error_info.json")) == {"error_type": "player_error"}
    assert manifest["status"] == "failed"


async def test_an_episode_that_is_not_there(observatory: Observatory, tmp_path: Path) -> None:
    row = completed(observatory)[0]
    gone = row["id"][:-1] + ("0" if row["id"][-1] != "0" else "1")
    async with downloading(observatory) as transfers:
        with pytest.raises(CoworldError) as caught:
            await save_bundle(transfers, gone, tmp_path / "b.zip")
        assert caught.value.type == "not_found"
        with pytest.raises(CoworldError) as caught:
            await artifacts.stats(transfers.client, "lpm_1")
        assert caught.value.exit_code == 2
    assert names_in(tmp_path) == []
