"""What either client downloaded opens with what its index says of it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coworld_tui.replay.blob import MIB
from coworld_tui.replay.opening import replays_in

from .episodes import decoded, document, failure, frames, opened, write_folder


def index_row(name: str, number: int) -> dict[str, Any]:
    return {
        "episode_request_id": f"ereq_{number}",
        "coworld_id": "cow_1",
        "replay_url": "https://example.test/x",
        "local_path": f"some/where/else/{name}",
        "status": "completed",
        "participants": [
            {"position": 1, "policy_version_id": "b", "policy_name": "splat", "label": "splat v2"},
            {"position": 0, "policy_version_id": "a", "policy_name": "sweep", "label": "sweep v1"},
        ],
        "scores": [{"policy_version_id": "b", "score": 0.25}, {"policy_version_id": "a", "score": 0.75}],
    }


def test_a_downloaded_replay_knows_its_row_of_the_index(tmp_path: Path) -> None:
    data = json.dumps(document()).encode()
    rows = [index_row("ereq_1.replay", 1), index_row("ereq_2.replay", 2)]
    folder = write_folder(
        tmp_path,
        {
            "ereq_1.replay": data,
            "ereq_2.replay": data,
            "index.json": json.dumps(rows).encode(),
            "ereq_1-policy_agent_0.log": b"mine",
            "ereq_2-policy_agent_0.log": b"other",
        },
    )
    replay = opened(folder / "ereq_1.replay")
    assert (replay.kind, replay.episode, replay.game) == ("download", "ereq_1", "cow_1")
    assert (replay.players, replay.scores) == (("sweep v1", "splat v2"), (0.75, 0.25))
    assert replay.logs["player 0"].read(MIB) == b"mine"
    error = failure(folder)
    assert error.type == "many_replays"
    assert str(folder) in error.next_step
    assert replays_in(folder) == [folder / "ereq_1.replay", folder / "ereq_2.replay"]


def test_scores_by_policy_say_nothing_of_one_that_plays_itself(tmp_path: Path) -> None:
    row = index_row("ereq_1.replay", 1)
    for seat in row["participants"]:
        seat["policy_version_id"] = "a"
    row["scores"] = [{"policy_version_id": "a", "score": 0.25}, {"policy_version_id": "a", "score": 0.75}]
    files = {
        "ereq_1.replay": json.dumps(document()).encode(),
        "index.json": json.dumps([row]).encode(),
    }
    assert opened(write_folder(tmp_path, files) / "ereq_1.replay").scores == (41.0, 42.5)


def receipts(store: Path, episode: str, files: Mapping[str, bytes]) -> list[dict[str, str]]:
    rows = []
    for name, data in files.items():
        artifact = f"{episode}:{name}:-"
        digest = hashlib.sha256(f"{artifact}:v1".encode()).hexdigest()
        write_folder(store / digest, {name: data, "download.json": b"{}"})
        rows.append(
            {
                "kind": "artifact",
                "episode_request_id": episode,
                "artifact_id": artifact,
                "version": "v1",
                "filename": name,
                "path": "/etc/passwd",
            }
        )
    return rows


def test_a_receipt_store_is_put_together_by_episode(tmp_path: Path) -> None:
    files = {"results.json": b'{"scores": [7, 8]}', "game.log": b"started", "policy_agent_1.log": b"hi"}
    replay_file = {"replay.replay": json.dumps(document()).encode()}
    rows = receipts(tmp_path, "ereq_1", {**replay_file, **files})
    rows += receipts(tmp_path, "ereq_2", {"game.log": b"not mine"})
    rows.append({**rows[0], "filename": "../../../etc/passwd"})
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (tmp_path / "manifest.jsonl").write_text(text + '{"kind": "selector", "state": "unavailable"}\n{cut')
    replay = opened(tmp_path)
    assert (replay.kind, replay.episode, replay.scores) == ("download", "ereq_1", (7.0, 8.0))
    assert decoded(replay.source) == frames()
    assert replay.logs["game"].read(MIB) == b"started"
    assert sorted(file.name for file in replay.files) == sorted(files)


def test_a_broken_index_is_no_reason_not_to_open(tmp_path: Path) -> None:
    for broken in (b"", b"{", b"[1, 2]", b'[{"local_path": 3}]', b"[" * 100_000):
        write_folder(tmp_path, {"a.replay": json.dumps(document()).encode(), "index.json": broken})
        assert decoded(opened(tmp_path / "a.replay").source) == frames()
