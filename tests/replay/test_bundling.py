"""Bundles: the layout of either generation, nothing secret in them, and the game's data as it was."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.replay.bundling import Bundled, BundleOptions, BundlingStoppedError, write_bundle
from coworld_tui.replay.hiding import Secrets
from coworld_tui.replay.tokens import hide_tokens

from .episodes import (
    EREQ,
    GENERATIONS,
    TOKENS,
    bundle_files,
    decoded,
    document,
    frames,
    opened,
    recorded_episode,
    workspace_files,
    write_folder,
    write_run,
    write_zip,
)

KEY = "sk-0123456789abcdef"


def bundled(source: Path, **options: Any) -> tuple[Bundled, dict[str, bytes]]:
    """Bundle ``source``; what was written and the entries."""
    output = source.parent / "out.zip"
    written = write_bundle(source, output, BundleOptions(force=True, **options))
    with zipfile.ZipFile(output) as archive:
        assert archive.testzip() is None
        entries = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(entries["manifest.json"])
    assert manifest["files"] == written.files
    assert manifest["include"] == list(written.include) == list(written.files)
    return written, entries


def refusal(source: Path, **options: Any) -> CoworldError:
    """Why nothing was written."""
    output = source.parent / "out.zip"
    with pytest.raises(CoworldError) as caught:
        write_bundle(source, output, BundleOptions(**options))
    assert caught.value.exit_code == 2
    assert caught.value.next_step
    assert not output.exists()
    return caught.value


def assert_nothing_secret(entries: dict[str, bytes], *secrets: str) -> None:
    for name, data in entries.items():
        for secret in (*TOKENS, *secrets):
            assert secret.encode() not in data, name


@pytest.mark.parametrize("own", GENERATIONS)
@pytest.mark.parametrize("wanted", [None, *GENERATIONS])
def test_layouts(tmp_path: Path, own: str, wanted: str | None) -> None:
    workspace = write_folder(tmp_path / "ws", workspace_files(own))
    written, entries = bundled(workspace, generation=wanted)
    players = {"0": "logs/policy_agent_0.log", "1": "logs/policy_agent_1.log"}
    if (wanted or own) == "0.1.11":
        assert written.files == {
            "results": "results.json",
            "replay": "replay.json",
            "config": "config.json",
            "game_logs": {"stdout": "logs/game.stdout.log", "stderr": "logs/game.stderr.log"},
            "player_logs": players,
        }
    else:
        assert written.files == {
            "results": "results.json",
            "replay": "replay",
            "game_logs": {"combined": "logs/game.log"},
            "player_logs": players,
        }
        assert entries["logs/game.log"] == b"GET /player?slot=0&token=[redacted]\nINFO: started\n"
    assert_nothing_secret(entries)
    assert json.loads(entries["results.json"]) == document()["results"]
    assert decoded(opened(tmp_path / "out.zip").source) == frames()
    assert json.loads(entries["manifest.json"])["status"] == "success"


@pytest.mark.parametrize("generation", GENERATIONS)
def test_bundles_follow_their_manifest(tmp_path: Path, generation: str) -> None:
    """Without a config the tokens are those the replay tells of around its frames."""
    files = {name: data for name, data in bundle_files(generation).items() if name != "config.json"}
    _, entries = bundled(write_zip(tmp_path / "bundle.zip", files))
    assert json.loads(entries["manifest.json"])["ereq_id"] == EREQ
    assert_nothing_secret(entries)
    assert b"hello" in entries["logs/policy_agent_0.log"]


def test_runs(tmp_path: Path) -> None:
    run = write_run(tmp_path / "20260102T030405Z-00000001", range(1, 6), frames())
    _, entries = bundled(run)
    manifest = json.loads(entries["manifest.json"])
    assert (manifest["ereq_id"], manifest["status"]) == (run.name, "success")
    problem = {"type": "player_error", "title": "slot 1 broke off", "cause": "exit code 3", "slot": 1}
    failed = write_run(
        tmp_path / "20260102T030405Z-00000002",
        range(1, 3),
        frames(),
        status="failed",
        result_summary={"problem": problem},
    )
    _, entries = bundled(failed)
    assert json.loads(entries["manifest.json"])["status"] == "failed"
    assert json.loads(entries["error_info.json"]) == {
        "error_type": "player_error",
        "message": "slot 1 broke off: exit code 3",
        "failed_policy_index": 1,
    }


@pytest.mark.parametrize("generation", GENERATIONS)
def test_real_episodes(tmp_path: Path, generation: str) -> None:
    folder = recorded_episode(generation)
    tokens = json.loads((folder / "config.json").read_bytes())["tokens"]
    output = tmp_path / "out.zip"
    for source in (folder, folder / "bundle.zip"):
        write_bundle(source, output, BundleOptions(force=True))
        with zipfile.ZipFile(output) as archive:
            entries = {name: archive.read(name) for name in archive.namelist()}
        assert_nothing_secret(entries, *tokens)
        replay = json.loads(entries["replay" if generation == "0.1.64" else "replay.json"])
        real = json.loads((folder / ("replay" if generation == "0.1.64" else "replay.json")).read_bytes())
        assert replay["frames"] == real["frames"]
        assert [len(token) for token in replay["config"]["tokens"]] == [22, 22]


def test_raw_keeps_everything(tmp_path: Path) -> None:
    files = workspace_files("0.1.11")
    _, entries = bundled(write_folder(tmp_path / "ws", files), raw=True)
    assert {name: entries[name] for name in files} == files


def test_compressed_replays_are_inflated(tmp_path: Path) -> None:
    files = workspace_files()
    files["replay.gz"] = gzip.compress(files.pop("replay"))
    written, entries = bundled(write_folder(tmp_path / "ws", files))
    assert json.loads(entries[written.files["replay"]])["frames"] == frames()
    cut = write_folder(tmp_path / "cut", {**files, "replay.gz": files["replay.gz"][:-30]})
    (tmp_path / "out.zip").unlink()
    assert refusal(cut).type == "replay_unreadable"


def test_secrets_by_their_names(tmp_path: Path) -> None:
    """Keys and passwords of the config are hidden wherever they turn up; short tokens as whole words."""
    files = workspace_files("0.1.11")
    config = {**json.loads(files["config.json"]), "api_key": KEY, "tokens": ["tok0", "tok1"], "max": 4}
    files["config.json"] = json.dumps(config).encode()
    files["replay.json"] = json.dumps({**document(), "note": KEY, "who": "tok0", "tok0kens": 1}).encode()
    files["results.json"] = json.dumps({"scores": [1, 2], "seen": KEY, "password": "hunter22!"}).encode()
    files["logs/policy_agent_1.log"] = f'using {KEY}\n{{"secret": "abc"}} Bearer abcdefgh\n'.encode()
    _, entries = bundled(write_folder(tmp_path / "ws", files))
    assert_nothing_secret(entries, KEY, "hunter22!", "abcdefgh")
    shown = json.loads(entries["config.json"])
    assert (shown["tokens"], shown["max"]) == (["[redacted]", "[redacted]"], 4)
    replay = json.loads(entries["replay.json"])
    assert (replay["who"], replay["tok0kens"], replay["frames"]) == ("****", 1, frames())


def test_players_zips(tmp_path: Path) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("notes.txt", f"I am {TOKENS[0]} at ws://x/player?token=zzzzzzzzzz\n")
        archive.writestr("weights.bin", b"\0\1\2" + TOKENS[1].encode() + b"\3")
    files = {
        **workspace_files(),
        "policy_artifact_0.zip": inner.getvalue(),
        "policy_artifact_1.zip": b"PK, but no zip",
    }
    workspace = write_folder(tmp_path / "ws", files)
    written, entries = bundled(workspace)
    assert written.files["player_artifact"] == {"0": "artifacts/policy_artifact_0.zip"}
    assert "policy_artifact_1.zip" in written.problems[0]
    with zipfile.ZipFile(io.BytesIO(entries["artifacts/policy_artifact_0.zip"])) as archive:
        notes, weights = (archive.read(name) for name in ("notes.txt", "weights.bin"))
    assert notes == b"I am ***************** at ws://x/player?token=[redacted]\n"
    assert weights == b"\0\1\2" + b"*" * len(TOKENS[1]) + b"\3"
    written, entries = bundled(workspace, raw=True)
    assert set(written.files["player_artifact"]) == {"0", "1"}
    assert entries["artifacts/policy_artifact_0.zip"] == inner.getvalue()


def test_choosing(tmp_path: Path) -> None:
    workspace = write_folder(tmp_path / "ws", workspace_files())
    written, entries = bundled(workspace, include=("replay", "results", "config"))
    assert written.include == ("results", "replay")
    assert set(entries) == {"manifest.json", "results.json", "replay"}
    (tmp_path / "out.zip").unlink()
    assert refusal(workspace, include=("results", "everything")).type == "include_unknown"
    assert refusal(workspace, include=("error_info",)).type == "bundle_empty"


def test_what_is_no_episode(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    assert refusal(empty).type == "episode_missing"
    assert refusal(tmp_path / "gone").type == "episode_missing"
    text = write_zip(tmp_path / "text.zip", {"readme.txt": b"hello"})
    assert refusal(text).type == "episode_missing"
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK\x03\x04" + b"x" * 100)
    assert refusal(broken).type == "archive_broken"
    running = write_run(
        tmp_path / "20260102T030405Z-00000003", [1], frames([1]), status="running", owner=_own_owner()
    )
    assert refusal(running).type == "run_unfinished"


def test_links_that_lead_outside_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "private.txt").write_text("private")
    workspace = write_folder(tmp_path / "ws", workspace_files())
    (workspace / "logs/policy_agent_1.log").unlink()
    (workspace / "logs/policy_agent_1.log").symlink_to(tmp_path / "private.txt")
    written, entries = bundled(workspace)
    assert set(written.files["player_logs"]) == {"0"}
    assert "policy_agent_1.log" in written.problems[0]
    assert not [name for name, data in entries.items() if b"private" in data]


def test_existing_files_stay(tmp_path: Path) -> None:
    workspace = write_folder(tmp_path / "ws", workspace_files())
    output = tmp_path / "out.zip"
    output.write_bytes(b"mine")
    with pytest.raises(CoworldError, match="there already"):
        write_bundle(workspace, output)
    assert output.read_bytes() == b"mine"


def test_stopping_leaves_nothing(tmp_path: Path) -> None:
    workspace = write_folder(tmp_path / "ws", workspace_files())
    with pytest.raises(BundlingStoppedError):
        write_bundle(workspace, tmp_path / "out.zip", stopped=lambda: True)
    assert [path.name for path in tmp_path.iterdir()] == ["ws"]


# A token never holds a brace: it is put into links.
NAMES = st.sampled_from(["token", "tokens", "a", "frames", "Token"])
VALUES = st.recursive(
    st.none()
    | st.integers()
    | st.text(st.characters(exclude_characters="}"), max_size=12)
    | st.sampled_from(TOKENS),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(document=st.dictionaries(NAMES, VALUES), size=st.integers(1, 40), known=st.booleans())
def test_a_replay_may_come_in_any_pieces(document: dict[str, Any], size: int, known: bool) -> None:
    """Cut anywhere, it is hidden as if it came whole, as long as it was, and still JSON."""
    data = json.dumps(document).encode()
    secrets = Secrets({"tokens": TOKENS} if known else None)
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    hidden = b"".join(secrets.replay(pieces))
    assert hidden == b"".join(secrets.replay([data]))
    assert hide_tokens(hidden) == hidden
    assert len(hidden) == len(data)
    json.loads(hidden)
    if known:
        assert not [token for token in TOKENS if token.encode() in hidden]


def test_what_never_ends_is_hidden_across_pieces() -> None:
    """Neither braces nor line breaks for longer than anything is held back."""
    secrets = Secrets({"tokens": TOKENS})
    filler = b"x" * (9 << 20)
    token = TOKENS[0].encode()
    for hide in (secrets.replay, secrets.log):
        hidden = b"".join(hide([filler + token[:5], token[5:] + filler, token]))
        assert len(hidden) == 2 * len(filler) + 2 * len(token)
        assert token not in hidden


def _own_owner() -> str:
    from coworld_tui.runs.owner import Owner

    return str(Owner.current())
