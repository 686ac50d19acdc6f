"""Opening bundles and archives, and what is gathered around the frames."""

from __future__ import annotations

import gc
import json
from pathlib import Path

import pyarrow as pa
import pytest

from coworld_tui.replay.blob import MIB

from .episodes import (
    EREQ,
    GENERATIONS,
    NAMES,
    bundle_files,
    decoded,
    document,
    failure,
    frames,
    opened,
    workspace_files,
    write_folder,
    write_zip,
)


def test_a_bundle_is_read_through_its_manifest(tmp_path: Path) -> None:
    for generation in GENERATIONS:
        replay = opened(write_zip(tmp_path / "b.zip", bundle_files(generation)))
        assert (replay.kind, replay.episode, replay.note) == ("bundle", EREQ, "the.bin")
        assert replay.scores == (41.0, 42.5)
        assert set(replay.logs) == (
            {"game", "player 0", "player 1"}
            if generation == "0.1.64"
            else {"game", "game stderr", "player 0", "player 1"}
        )
        assert replay.logs["player 0"].read(MIB) == b"hello [redacted]\n"
        assert replay.logs["game"].read(MIB) == b"GET /player?slot=0&token=[redacted]\n"
        replay.close()


def test_an_extracted_bundle_needs_no_usual_names(tmp_path: Path) -> None:
    replay = opened(write_folder(tmp_path / "b", bundle_files()))
    assert (replay.kind, replay.note, decoded(replay.source)) == ("bundle", "the.bin", frames())


def test_a_manifest_of_another_program_makes_no_bundle(tmp_path: Path) -> None:
    files = {
        "manifest.json": b'{"name": "app", "icons": []}',
        "match.replay": json.dumps(document()).encode(),
    }
    replay = opened(write_folder(tmp_path / "b", files))
    assert (replay.kind, replay.problems, decoded(replay.source)) == ("file", (), frames())


def test_a_bundle_that_lists_what_is_not_there_names_it(tmp_path: Path) -> None:
    files = bundle_files()
    del files["out/scores.txt"], files["logs/policy_agent_1.log"]
    replay = opened(write_zip(tmp_path / "b.zip", files))
    assert decoded(replay.source) == frames()
    assert list(replay.problems) == [
        "results is listed but not there: out/scores.txt",
        "player_logs is listed but not there: logs/policy_agent_1.log",
    ]
    del files["out/the.bin"]
    error = failure(write_zip(tmp_path / "c.zip", files))
    assert error.type == "no_replay"
    assert "replay is listed but not there: out/the.bin" in error.cause


@pytest.mark.parametrize("manifest", [b"", b"{", b"[]", b'{"files": 3}', b'{"files": {"replay": 5}}'])
def test_a_bundle_with_a_broken_manifest_is_read_by_the_usual_names(tmp_path: Path, manifest: bytes) -> None:
    files = {"manifest.json": manifest, **workspace_files()}
    for path in (write_zip(tmp_path / "b.zip", files), write_folder(tmp_path / "b", files)):
        replay = opened(path)
        assert decoded(replay.source) == frames()
        assert len(replay.problems) == 1


def test_names_in_a_manifest_never_lead_out_of_the_bundle(tmp_path: Path) -> None:
    secret = tmp_path / "secret.json"
    secret.write_bytes(json.dumps(document()).encode())
    files = bundle_files()
    for name in ("../secret.json", str(secret), "out/../../secret.json"):
        manifest = json.loads(files["manifest.json"])
        manifest["files"]["replay"] = name
        bad = {**files, "manifest.json": json.dumps(manifest).encode()}
        for path in (write_zip(tmp_path / "b.zip", bad), write_folder(tmp_path / "b", bad)):
            assert failure(path).type == "no_replay"


def test_the_frames_tell_names_and_scores_when_nothing_else_does(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text("".join(json.dumps(frame) + "\n" for frame in frames()))
    replay = opened(path)
    assert (replay.players, replay.scores) == (tuple(NAMES), (5.0, 0.0))
    assert (replay.kind, replay.files, dict(replay.logs)) == ("file", (), {})


def test_broken_documents_beside_the_frames_are_problems(tmp_path: Path) -> None:
    files = {
        **workspace_files(),
        "results.json": b'{"scores": [1, NaN]}',
        "config.json": b"{",
        "events.json": b"7",
    }
    replay = opened(write_folder(tmp_path / "w", files))
    assert decoded(replay.source) == frames()
    assert replay.players == tuple(NAMES)
    assert replay.results is not None
    assert str(replay.results["scores"]) == "[1, nan]"
    assert len(replay.problems) == 3
    assert "results.json holds NaN" in " ".join(replay.problems)


def test_declared_events_get_the_frames_of_their_ticks(tmp_path: Path) -> None:
    events = [
        {"tick": 3, "kind": "claim", "agent": 1, "x": 4},
        {"tick": 1, "kind": "start"},
        {"tick": 99, "kind": "late"},
        {"kind": "no tick"},
        "not even an object",
    ]
    annotations = {
        "schema_version": 1,
        "time": 0.8,
        "kind": "plan",
        "function": "f",
        "args": {},
        "message": "go",
    }
    table = pa.table(
        {
            "ts": pa.array([*range(5), 2], pa.int64()),
            "player": pa.array([-1] * 5 + [0], pa.int64()),
            "key": ["score"] * 5 + ["crash"],
            "value": ["1"] * 5 + ['"wall"'],
        }
    )
    sink = pa.BufferOutputStream()
    pa.parquet.write_table(table, sink)
    for text in (json.dumps(events), "".join(json.dumps(event) + "\n" for event in events)):
        files = {
            **workspace_files(ticks=range(1, 6)),
            "events.json": text.encode(),
            "policy_annotations_1.jsonl": json.dumps(annotations).encode() + b"\n",
            "event-log.parquet": sink.getvalue().to_pybytes(),
            "error_info.json": b'{"error_type": "crash", "message": "it died", "failed_policy_index": 1}',
        }
        replay = opened(write_folder(tmp_path / "w", files))
        assert [
            (event.index, event.tick, event.kind, event.text, event.slot) for event in replay.declared
        ] == [
            (0, 1, "start", "start", -1),
            (1, 2, "crash", 'crash "wall"', 0),
            (2, 3, "claim", "claim x 4", 1),
            (3, 4, "plan", "go", 1),
            (4, None, "error", "crash: it died", 1),
            (4, 99, "late", "late", -1),
        ]


def test_hostile_texts_are_made_harmless(tmp_path: Path) -> None:
    evil = "\x1b[31mevil\u202e[/b]\x07"
    shown = document(player_names=[evil, evil], config={"players": [{"name": evil}] * 2})
    files = {
        "replay": json.dumps(shown).encode(),
        "events.json": json.dumps([{"tick": 1, "kind": evil, "text": evil}]).encode(),
        f"{evil.replace('/', '')}.log": b"x",
        "error_info.json": json.dumps({"message": evil}).encode(),
    }
    replay = opened(write_folder(tmp_path / "w", files))
    texts = [*replay.players, *(file.name for file in replay.files), *replay.problems, replay.note]
    texts += [text for event in replay.declared for text in (event.kind, event.text)]
    assert len(texts) > 8
    assert all(text.isprintable() for text in texts)


def test_an_open_bundle_that_only_links_to_its_replay_says_so(tmp_path: Path) -> None:
    manifest = {
        "episode_id": "e1",
        "files": {"results": "results.json"},
        "replay_url": "https://example.test",
    }
    files = {"manifest.json": json.dumps(manifest).encode(), "results.json": b"{}"}
    error = failure(write_zip(tmp_path / "b.zip", files))
    assert (error.type, error.cause) == (
        "no_replay",
        "the replay is not in the bundle, which only holds a link to it",
    )


OTHERS = {
    "connectx.json": ("connectx", 14, (1.0, -1.0), "columns"),
    "hungry_geese.json.gz": ("hungry_geese", 40, (4005.0, 4006.0, 4004.0, 4005.0), "columns"),
    "overcooked.json": ("", 60, (), "mdp_params"),
    "chess.json": ("chess", 40, (), "game"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_games_open_with_what_their_documents_say(name: str) -> None:
    replay = opened(Path(__file__).parent / "data" / "other_games" / name)
    game, count, scores, setting = OTHERS[name]
    assert (replay.game, len(replay.source), replay.scores) == (game, count, scores)
    assert replay.config is not None
    assert setting in replay.config


def test_what_a_mac_adds_to_an_archive_is_no_part_of_the_bundle(tmp_path: Path) -> None:
    files = {f"episode/{name}": data for name, data in bundle_files().items()}
    added = {f"__MACOSX/episode/._{name}": b"\0\5\x16\7" for name in ("replay", "manifest.json")}
    replay = opened(write_zip(tmp_path / "b.zip", {**files, **added}))
    assert replay.episode == EREQ
    assert not [file.name for file in replay.files if "MACOSX" in file.name]
    assert not replay.problems


def test_many_episodes_in_an_archive_are_not_one_replay(tmp_path: Path) -> None:
    data = json.dumps(document()).encode()
    path = write_zip(tmp_path / "a.zip", {f"{number}/replay.json": data for number in range(3)})
    error = failure(path)
    assert (error.type, "3 replays" in error.title) == ("many_replays", True)


def test_without_a_usual_name_the_largest_candidate_of_an_archive_is_shown(tmp_path: Path) -> None:
    data = json.dumps(document()).encode()
    replay = opened(write_zip(tmp_path / "a.zip", {"x/little.json": b"{}", "x/big.json": data}))
    assert decoded(replay.source) == frames()
    assert "big.json" in replay.problems[0]


def test_the_replay_closes_with_everything_it_opened(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "b.zip", bundle_files())
    gc.collect()  # what other tests have left open
    before = len(list(Path("/proc/self/fd").iterdir()))
    replay = opened(path)
    replay.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    with pytest.raises(OSError):
        replay.logs["game"].read(10)
