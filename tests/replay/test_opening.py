"""Opening replays in every form they come in, and what is gathered around them."""

from __future__ import annotations

import gc
import gzip
import hashlib
import json
import os
import shutil
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.replay.opening import open_replay, replays_in, settle
from coworld_tui.replay.source import Replay
from coworld_tui.runs.owner import Owner

from .episodes import (
    EREQ,
    GENERATIONS,
    NAMES,
    START,
    TOKENS,
    bundle_files,
    counted,
    decoded,
    document,
    frames,
    recorded_episode,
    workspace_files,
    write_closed,
    write_folder,
    write_run,
    write_stream,
    write_zip,
)

LIMIT = 1 << 20
Make = Callable[[Path, bytes, Mapping[str, bytes]], Path]


def whole(replay: Replay) -> Replay:
    """Everything counted and settled."""
    counted(replay.source)
    settle(replay)
    return replay


def opened(path: Path) -> Replay:
    return whole(open_replay(path))


def failure(path: Path, **settings: Any) -> CoworldError:
    with pytest.raises(CoworldError) as caught:
        open_replay(path, **settings)
    error = caught.value
    assert error.exit_code == 2
    for text in (error.title, error.cause, error.next_step):
        assert text.isprintable() or not text
    return error


def _file(name: str, pack: Callable[[bytes], bytes]) -> Make:
    def make(folder: Path, replay: bytes, files: Mapping[str, bytes]) -> Path:
        path = folder / name
        path.write_bytes(pack(replay))
        return path

    return make


def _zstd(data: bytes) -> bytes:
    return bytes(pa.Codec("zstd").compress(data, asbytes=True))


FORMS: dict[str, Make] = {
    "plain": _file("match.json", bytes),
    "wrong suffix": _file("match.zip", bytes),
    "no suffix": _file("match", bytes),
    "zlib": _file("match.json.z", zlib.compress),
    "gzip": _file("match.json.gz", gzip.compress),
    "zstd": _file("match.zst", _zstd),
    "gzip under a plain name": _file("match.json", gzip.compress),
    "byte order mark": _file("match.json", b"\xef\xbb\xbf".__add__),
    "workspace": lambda folder, replay, files: write_folder(folder / "w", files),
    "its replay": lambda folder, replay, files: write_folder(folder, files) / _name(files),
    "folder above": lambda folder, replay, files: write_folder(folder / "w" / "deep", files).parent,
    "zipped workspace": lambda folder, replay, files: write_zip(folder / "w.zip", files),
    "zipped folder": lambda folder, replay, files: write_zip(
        folder / "w.zip", {f"out/{name}": data for name, data in files.items()}
    ),
    "compressed in a zip": lambda folder, replay, files: write_zip(
        folder / "w.zip", {"replay.json.z": zlib.compress(replay)}
    ),
    "compressed workspace": lambda folder, replay, files: write_folder(
        folder / "w", {"replay.json.z": zlib.compress(replay), "config.json": files["config.json"]}
    ),
    "bundle": lambda folder, replay, files: write_zip(folder / "b.zip", _bundle(replay, files)),
    "bundle in a folder of the zip": lambda folder, replay, files: write_zip(
        folder / "b.zip", {f"ereq_1/{name}": data for name, data in _bundle(replay, files).items()}
    ),
    "extracted bundle": lambda folder, replay, files: write_folder(folder / "b", _bundle(replay, files)),
}


def _name(files: Mapping[str, bytes]) -> str:
    return "replay" if "replay" in files else "replay.json"


def _bundle(replay: bytes, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """A bundle whose manifest alone tells which of two results and of two replays is meant."""
    decoys = {"results.json": b'{"scores": [0, 0]}', "replay": b"[]"}
    own = {
        "out/the.bin": replay,
        "out/scores.txt": files["results.json"],
        "config.json": files["config.json"],
    }
    return {**bundle_files(), **decoys, **own}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_a_recorded_episode_equals_its_json_in_every_form(tmp_path: Path, generation: str, form: str) -> None:
    folder = recorded_episode(generation)
    name = "replay.json" if generation == "0.1.11" else "replay"
    data = (folder / name).read_bytes()
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".zip" and not path.name.endswith(".z")
    }
    replay = opened(FORMS[form](tmp_path, data, files))
    expected = json.loads(data)
    assert decoded(replay.source) == expected["frames"]
    assert [replay.source.tick(index) for index in range(60)] == list(range(1, 61))
    assert replay.players == tuple(expected["player_names"])
    assert replay.scores == (41.0, 42.0)
    assert replay.results == expected["results"]
    assert replay.problems == ()
    replay.close()


@pytest.mark.parametrize("generation", GENERATIONS)
@pytest.mark.parametrize("name", ["", "bundle.zip", "replay.json.z"])
def test_a_recorded_episode_equals_its_json_where_it_lies(generation: str, name: str) -> None:
    folder = recorded_episode(generation)
    if not (folder / name).exists():
        pytest.skip("this generation has none")
    plain = folder / ("replay.json" if generation == "0.1.11" else "replay")
    replay = opened(folder / name)
    assert decoded(replay.source) == json.loads(plain.read_bytes())["frames"]
    assert set(replay.logs) >= {"game", "player 0", "player 1"}
    config = json.loads((folder / "config.json").read_bytes())
    for file in (*replay.files, *replay.logs.values()):
        if not file.name.endswith((".z", ".zip", ".parquet")):
            for token in config["tokens"]:
                assert token.encode() not in file.read(LIMIT)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("generation", GENERATIONS)
def test_every_form_opens_with_its_frames_and_facts(tmp_path: Path, generation: str, form: str) -> None:
    files = workspace_files(generation)
    replay = opened(FORMS[form](tmp_path, files[_name(files)], files))
    assert decoded(replay.source) == frames()
    assert replay.players == tuple(NAMES)
    assert replay.scores == (41.0, 42.5)
    assert replay.config is not None
    assert replay.config["tokens"] == ["[redacted]"] * 2
    assert replay.results == {"scores": [41.0, 42.5], "ticks": 5}
    assert replay.problems == ()
    replay.close()


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
        assert replay.logs["player 0"].read(LIMIT) == b"hello [redacted]\n"
        assert replay.logs["game"].read(LIMIT) == b"GET /player?slot=0&token=[redacted]\n"
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


def test_links_in_a_folder_are_followed_within_it_only(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text('{"scores": [1, 2]}')
    folder = write_folder(tmp_path / "w", workspace_files())
    (folder / "results.json").unlink()
    (folder / "results.json").symlink_to(secret)
    (folder / "elsewhere").symlink_to(tmp_path)
    (folder / "again.log").symlink_to(folder / "config.json")
    replay = opened(folder)
    assert [file.name for file in replay.files if file.name.endswith(("results.json", "secret"))] == []
    assert "again.log" in [file.name for file in replay.files]
    assert replay.problems == ("links that lead outside are left out: elsewhere, results.json",)


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


def test_tokens_are_hidden_wherever_they_are_shown(tmp_path: Path) -> None:
    files = {
        **workspace_files(),
        "notes.md": f"my token {TOKENS[1]}".encode(),
        "out.bin": b"\0" + TOKENS[0].encode(),
    }
    replay = opened(write_folder(tmp_path / "w", files))
    contents = {file.name: file.read(LIMIT) for file in replay.files}
    assert contents["notes.md"] == b"my token [redacted]"
    assert json.loads(contents["config.json"])["tokens"] == ["[redacted]"] * 2
    assert next(file for file in replay.files if file.name == "notes.md").read(12) == b"my token [re"
    assert TOKENS[0] not in str(replay.config)


def test_tokens_are_hidden_in_declared_events(tmp_path: Path) -> None:
    event = {"tick": 1, "kind": "say", "text": f"I am {TOKENS[0]}"}
    files = {
        **workspace_files(),
        "events.json": json.dumps([event]).encode(),
        "error_info.json": json.dumps({"message": f"refused {TOKENS[1]}"}).encode(),
    }
    replay = opened(write_folder(tmp_path / "w", files))
    assert [found.text for found in replay.declared] == ["I am [redacted]", "refused [redacted]"]


def test_short_tokens_are_hidden_by_their_key(tmp_path: Path) -> None:
    files = {**workspace_files(), "config.json": b'{"tokens": ["x", "y"], "width": 3}'}
    replay = opened(write_folder(tmp_path / "w", files))
    (config,) = [file for file in replay.files if file.name == "config.json"]
    assert json.loads(config.read(LIMIT)) == {"tokens": ["[redacted]"] * 2, "width": 3}
    assert replay.config == {"tokens": ["[redacted]"] * 2, "width": 3}


def test_tokens_around_the_frames_are_hidden_at_any_depth(tmp_path: Path) -> None:
    first, second = "s9cHUzfd14xAvOiJwl--UQ", "hRBfhVNdzfovz_Kim7QOLg"
    members = {
        "episode": {"config": {"tokens": [first, second], "width": 3}, "pieces": [{"token": "king"}]},
        "results": {"scores": [1, 2], "tokens": 512, "seats": [{"token": second, "link": f"x?t={first}"}]},
    }
    path = tmp_path / "replay.json"
    path.write_text(json.dumps({**members, "frames": frames()}))
    (tmp_path / "results.json").write_text("{}")
    (tmp_path / "notes.md").write_text(f"king {second}")
    replay = opened(path)
    settle(replay)
    assert replay.config == {
        "episode": {
            "config": {"tokens": ["[redacted]"] * 2, "width": 3},
            "pieces": [{"token": "[redacted]"}],
        }
    }
    (notes,) = [file for file in replay.files if file.name == "notes.md"]
    assert notes.read(LIMIT) == b"king [redacted]"
    (tmp_path / "results.json").unlink()
    replay = opened(path)
    assert replay.results == {
        "scores": [1, 2],
        "tokens": 512,
        "seats": [{"token": "[redacted]", "link": "x?t=[redacted]"}],
    }


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


# Runs


def test_a_run_shows_its_replay_with_what_the_recording_adds(tmp_path: Path) -> None:
    replay = opened(write_run(tmp_path / "run", range(1, 4), frames([0, 0, 1, 2, 4])))
    assert [frame["tick"] for frame in decoded(replay.source)] == [0, 1, 2, 3, 4]
    origins = [replay.source.origin(index) for index in range(5)]
    assert origins == ["recording", "replay", "replay", "replay", "recording"]
    assert (replay.kind, replay.game, replay.episode) == ("run", "paintarena", "run")
    assert (replay.players, replay.scores) == (("Ann", "Ben"), (41.0, 42.5))
    assert replay.note == "replay, times and 2 more frames from the recording"
    assert replay.source.time(1) is not None


def test_a_run_without_a_replay_shows_its_recording(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", range(1, 4), frames([0, 1]))
    (path / "workspace" / "replay").unlink()
    replay = opened(path)
    assert (decoded(replay.source), replay.note) == (frames([0, 1]), "recording")
    assert replay.source.time(0) == START


@pytest.mark.parametrize("data", [b"\x00\x01binary", b""])
def test_a_replay_that_cannot_be_told_apart_gives_way_to_the_recording(tmp_path: Path, data: bytes) -> None:
    path = write_run(tmp_path / "run", range(1, 4), frames([0, 1]))
    (path / "workspace" / "replay").write_bytes(data)
    replay = opened(path)
    assert decoded(replay.source) == frames([0, 1])
    assert replay.note.startswith("recording; replay holds no frames")


def test_a_killed_run_shows_what_its_recording_has(tmp_path: Path) -> None:
    living = Owner.current()
    dead = Owner(living.machine, living.boot, living.pid, living.started - 1_000)
    path = write_run(tmp_path / "run", [], [], status="running", owner=str(dead))
    shutil.rmtree(path / "workspace")
    (path / "artifacts" / "frames.parquet").unlink()
    stream = write_stream(path / "artifacts" / "frames.arrows", frames([0, 1, 2, 3]), ended=False)
    stream.write_bytes(stream.read_bytes()[:-100])
    replay = opened(path)
    assert decoded(replay.source) == frames([0, 1, 2])


def test_a_run_that_is_going_shows_its_growing_recording(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", range(1, 9), [], status="running", owner=str(Owner.current()))
    (path / "artifacts" / "frames.parquet").unlink()
    data = write_stream(path / "artifacts" / "frames.arrows", frames([0, 1, 2, 3]), ended=False).read_bytes()
    write_stream(path / "artifacts" / "frames.arrows", frames([0, 1, 2]), ended=False)
    replay = open_replay(path)
    assert replay.note == "recording, still growing"
    assert (len(replay.source), replay.source.is_complete) == (3, False)
    (path / "artifacts" / "frames.arrows").write_bytes(data)
    replay.source.advance()
    assert len(replay.source) == 4
    replay.close()


@pytest.mark.parametrize("data", [b"PAR1 and no more", b"", b"hello"])
def test_a_broken_recording_is_a_problem_beside_the_replay(tmp_path: Path, data: bytes) -> None:
    path = write_run(tmp_path / "run", range(1, 4), frames([0]))
    (path / "artifacts" / "frames.parquet").write_bytes(data)
    replay = opened(path)
    assert decoded(replay.source) == frames([1, 2, 3])
    assert [problem.partition(":")[0] for problem in replay.problems] == ["recording unreadable"]


@pytest.mark.parametrize("manifest", ["", "{", "[]", '{"result_summary": {"slots": 3}}', "[" * 100_000])
def test_a_run_with_a_broken_manifest_still_opens(tmp_path: Path, manifest: str) -> None:
    path = write_run(tmp_path / "run", range(1, 4), frames([0]))
    (path / "run_manifest.json").write_text(manifest)
    replay = opened(path)
    assert [frame["tick"] for frame in decoded(replay.source)] == [0, 1, 2, 3]
    assert replay.players == tuple(NAMES)


def test_a_run_that_has_nothing_but_a_broken_recording_says_so(tmp_path: Path) -> None:
    path = write_run(tmp_path / "run", range(1, 4), frames([0]))
    shutil.rmtree(path / "workspace")
    (path / "artifacts" / "frames.parquet").write_bytes(b"PAR1")
    error = failure(path)
    assert (error.type, error.title.partition(":")[0]) == ("replay_unreadable", "recording unreadable")


def test_a_run_in_a_zip_opens_as_it_does_on_disk(tmp_path: Path) -> None:
    folder = write_run(tmp_path / "run", range(1, 4), frames([0, 1, 4]))
    files = {
        str(path.relative_to(tmp_path)): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }
    replay = opened(write_zip(tmp_path / "run.zip", files))
    assert [frame["tick"] for frame in decoded(replay.source)] == [0, 1, 2, 3, 4]
    replay.close()


def test_recordings_open_by_themselves(tmp_path: Path) -> None:
    shown = frames([0, 1, 1, 7])
    for path in (
        write_closed(tmp_path / "frames.parquet", shown),
        write_stream(tmp_path / "frames.arrows", shown),
        write_stream(tmp_path / "renamed.json", shown),
    ):
        replay = opened(path)
        assert decoded(replay.source) == shown
        assert (replay.kind, replay.source.format, replay.players) == ("file", "recording", tuple(NAMES))


# Downloads


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
    assert replay.logs["player 0"].read(LIMIT) == b"mine"
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
    assert replay.logs["game"].read(LIMIT) == b"started"
    assert sorted(file.name for file in replay.files) == sorted(files)


def test_a_broken_index_is_no_reason_not_to_open(tmp_path: Path) -> None:
    for broken in (b"", b"{", b"[1, 2]", b'[{"local_path": 3}]', b"[" * 100_000):
        write_folder(tmp_path, {"a.replay": json.dumps(document()).encode(), "index.json": broken})
        assert decoded(opened(tmp_path / "a.replay").source) == frames()


# Folders


def test_what_a_folder_holds_is_found_without_following_links(tmp_path: Path) -> None:
    workspace = write_folder(tmp_path / "out" / "w", workspace_files())
    run = write_run(tmp_path / "runs" / "r", range(1, 2), frames([0]))
    bundle = write_zip(tmp_path / "b.zip", bundle_files())
    extracted = write_folder(tmp_path / "x", {**bundle_files(), "results.json": b"{}"})
    single = tmp_path / "deep" / "er" / "match.jsonl"
    write_folder(single.parent, {"match.jsonl": b"{}\n"})
    write_folder(
        tmp_path / "no", {"coworld_manifest.json": b"{}", "notes.txt": b"", "policy_artifact_0.zip": b""}
    )
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "linked.json").symlink_to(single)
    os.mkfifo(tmp_path / "pipe.json")
    assert replays_in(tmp_path) == sorted([workspace, run, bundle, extracted, single])
    assert failure(tmp_path).type == "many_replays"


def test_a_compressed_copy_is_no_second_replay(tmp_path: Path) -> None:
    data = json.dumps(document()).encode()
    write_folder(tmp_path, {"match.json": data, "match.json.z": zlib.compress(data), "b.zst": _zstd(data)})
    assert replays_in(tmp_path) == [tmp_path / "b.zst", tmp_path / "match.json"]


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
