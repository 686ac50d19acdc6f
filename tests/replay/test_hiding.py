"""Secrets that nothing but their own names or looks give away: hidden in bundles, and nothing else is."""

from __future__ import annotations

import gzip
import json
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.replay.bundling import Bundled, BundleOptions, BundlingStoppedError, write_bundle
from coworld_tui.replay.hiding import Secrets
from coworld_tui.replay.named_secrets import hide_named

from .episodes import TOKENS, document, frames, workspace_files, write_folder
from .json_values import unhurried

KEY = "sk-abcdefgh12345678"
MIB = 1 << 20


def bundled(files: dict[str, bytes], folder: Path, **options: Any) -> tuple[Bundled, dict[str, bytes]]:
    """A workspace of these files as a bundle, and its entries."""
    output = folder / "out.zip"
    source = write_folder(folder / "ws", files)
    written = write_bundle(source, output, BundleOptions(force=True, **options))
    with zipfile.ZipFile(output) as archive:
        return written, {name: archive.read(name) for name in archive.namelist()}


def replay_of(value: Any, **options: Any) -> Any:
    """A replay after its secrets are hidden."""
    return json.loads(b"".join(Secrets().replay([json.dumps(value).encode()], **options)))


@pytest.mark.parametrize("has_tokens", [True, False])
def test_what_the_replay_names_around_its_frames(tmp_path: Path, has_tokens: bool) -> None:
    """Whether or not a config tells of tokens; what is named so in a frame may be a piece of the game."""
    shown = [{**frame, "secret": "the red door", "password": KEY} for frame in frames()]
    replay = {
        "meta": {"openai_api_key": KEY, "password": "hunter2hunter2", "pin_secret": 123_456, "max_tokens": 9},
        "a": 1,
        **document(),
        "frames": shown,
        "after": [{"credentials": {"user": "bob}", "deep": [["x y"]]}}, {"secret": 'blue, "green"'}],
    }
    files = workspace_files("0.1.11")
    files["replay.json"] = json.dumps(replay).encode()
    files["logs/game.stdout.log"] = b"said hunter2hunter2\n"
    if not has_tokens:
        files["config.json"] = b"{}"
        replay["config"] = {}
        files["replay.json"] = json.dumps(replay).encode()
    written, entries = bundled(files, tmp_path)
    found = json.loads(entries[written.files["replay"]])
    assert found["meta"] == {
        "openai_api_key": "*" * len(KEY),
        "password": "*" * 14,
        "pin_secret": "****",
        "max_tokens": 9,
    }
    assert found["after"] == [
        {"credentials": {"user": "****", "deep": [["***"]]}},
        {"secret": "*" * 15},
    ]
    assert [frame["tick"] for frame in found["frames"]] == [frame["tick"] for frame in shown]
    assert {frame["secret"] for frame in found["frames"]} == {"the red door"}
    assert {frame["password"] for frame in found["frames"]} == {"*" * len(KEY)}, "known from around them"
    assert b"hunter2" not in entries["logs/game.stdout.log"]


def test_json_lines_have_frames_too(tmp_path: Path) -> None:
    lines = [{"api_key": KEY, "game": "x"}, *({"tick": at, "secret_word": "elephant1"} for at in range(3))]
    files = {"replay.jsonl": b"".join(json.dumps(line).encode() + b"\n" for line in lines)}
    files["results.json"] = b"{}"
    written, entries = bundled(files, tmp_path)
    first, *others = map(json.loads, entries[written.files["replay"]].splitlines())
    assert first["api_key"] == "*" * len(KEY)
    assert others == lines[1:]


@pytest.mark.parametrize(
    "line",
    [
        "OPENAI_API_KEY=sk-abcdefgh12345678",
        "password: hunter2hunter2",
        "AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLE",
        "Authorization: Basic dXNlcjpwYXNz",
        "X-Api-Key: 0123456789abcdef",
        "token: abcdefghijklmnop",
        "PASSWORD=swordfish",
        'password="correct horse battery 1"',
        "{'api_key': 'correct horse battery'}",
        "https://me:hunter2@example.com",
        '{"passphrase": "horse battery 12"}',
    ],
)
def test_credentials_in_logs(line: str) -> None:
    hidden = b"".join(Secrets().log([f"before\n{line}\nafter\n".encode()])).decode()
    for secret in ("sk-", "hunter", "wJal", "dXNl", "0123", "abcd", "swordf", "horse"):
        assert secret not in hidden
    assert hidden.startswith("before\n")
    assert hidden.endswith("\nafter\n")


def test_documents_name_secrets_of_any_kind() -> None:
    value = {
        "password": "hunter2",
        "api_key": "correct horse battery staple",
        "pin_secret": 12_345_678_901,
        "secrets": {"a": [1.5, "b"], "used": 3, "ok": True, "none": None},
        "link": "ws://x/player?token=abcdefgh",
    }
    stays = {
        "scores": [1, 2.5],
        "tokens": 512,
        "token_count": 12_345_678,
        "max_tokens": 4_096,
        "tokens_used": [10, 20],
        "secrets_found": 3,
        "token": "king",
        "tokenizer": "cl100k_base",
        "secretary": "somebody",
        "has_password": True,
    }
    for is_config in (False, True):
        kept = {key: item for key, item in stays.items() if not is_config or key != "token"}
        shown = json.loads(Secrets().document(json.dumps(value | kept).encode(), is_config=is_config))
        mask = "[redacted]"
        assert shown == kept | {
            "password": mask,
            "api_key": mask,
            "pin_secret": mask,
            "secrets": {"a": [mask, mask], "used": mask, "ok": True, "none": None},
            "link": f"ws://x/player?token={mask}",
        }


@pytest.mark.parametrize("place", [0, 8 * MIB - 64 * 1024 - 4, 8 * MIB - 20, 8 * MIB - 64 * 1024])
@pytest.mark.parametrize(
    "secret", [b"GET /player?token=qqqqqqqqwwwwwwww ", b'{"api_key": "qqqqqqqq wwwwwwww"} ']
)
def test_text_without_a_line_end(secret: bytes, place: int) -> None:
    data = b"x" * (place - 1) + b" " * (place > 0) + secret + b"y" * (9 * MIB)
    pieces = [data[at : at + MIB] for at in range(0, len(data), MIB)]
    for hide in (Secrets().log, Secrets().file, Secrets().replay):
        hidden = b"".join(hide(pieces))
        assert b"qqqq" not in hidden
        assert b"wwww" not in hidden
        assert hidden.endswith(b"y" * (9 * MIB))


def test_many_tokens_take_no_time() -> None:
    tokens = [f"{at:05d}-token-of-somebody" for at in range(10_000)]
    data = json.dumps([{"tick": at, "who": tokens[at % 100], "x": "y" * 990} for at in range(2_000)]).encode()
    before = time.process_time()
    secrets = Secrets({"tokens": tokens})
    hidden = b"".join(secrets.replay([data]))
    shown = secrets.document(json.dumps({"tokens": tokens, "max": 1}).encode(), is_config=True)
    assert time.process_time() - before < 3
    assert b"somebody" not in hidden + shown
    assert [each["tick"] for each in json.loads(hidden)] == list(range(2_000))


def test_digits_of_a_password_are_no_numbers() -> None:
    secrets = Secrets({"password": "12345678"})
    data = b'{"frames": [{"tick": 12345678, "said": "12345678"}]}'
    assert json.loads(b"".join(secrets.replay([data]))) == {
        "frames": [{"tick": 12_345_678, "said": "********"}]
    }


def test_what_cannot_be_read_and_is_not_wanted_says_nothing(
    tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    files = workspace_files("0.1.11")
    files["config.json"] = json.dumps({"tokens": TOKENS, "x": "y" * (17 * MIB)}).encode()
    packed = gzip.compress(files.pop("replay.json"))
    files["replay.json.gz"] = packed[:12]
    with pytest.raises(CoworldError) as caught:
        bundled(files, tmp_path, generation="0.1.11")
    assert caught.value.next_step == (
        "leave it out: --include results,config,error_info,game_logs,player_logs"
    )
    include = tuple(caught.value.next_step.rpartition(" ")[2].split(","))
    written, entries = bundled(files, tmp_path, generation="0.1.11", include=include)
    assert written.include == ("results", "config", "game_logs", "player_logs")
    assert written.problems == ()
    for token in TOKENS:
        assert all(token.encode() not in data for data in entries.values())
    files["config.json"] = b'{"tokens": 1, "x": "' + b"y" * (65 * MIB)
    written, _ = bundled(files, tmp_path, include=("results",))
    assert (written.include, written.problems) == (("results",), ())
    assert not recwarn.list


def test_stopping_is_looked_at_with_every_piece(tmp_path: Path) -> None:
    """Also while nothing is written yet, because more has to be seen first."""
    source = write_folder(tmp_path / "ws", {"results.json": b"{}", "logs/game.stdout.log": b"token " * MIB})
    asked = []

    def stopped() -> bool:
        asked.append(1)
        return len(asked) > 4

    with pytest.raises(BundlingStoppedError):
        write_bundle(source, tmp_path / "out.zip", stopped=stopped)
    assert len(asked) == 5


names = st.sampled_from(["token", "api_key", "Password", "x", "frames", "secrets_found", 'a"secret'])
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text('a1*\\" []{}:,é', max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=16,
)


def shape_of(value: Any) -> Any:
    """The value without its texts and numbers."""
    if isinstance(value, dict):
        return {key: shape_of(item) for key, item in value.items()}
    if isinstance(value, list):
        return [shape_of(item) for item in value]
    return value if value is None or isinstance(value, bool) else "scalar"


@unhurried
@given(values)
def test_any_json_stays_json_of_the_same_shape(value: Any) -> None:
    for indent in (None, 1):
        data = json.dumps(value, indent=indent).encode()
        hidden = hide_named(data)
        assert len(hidden) == len(data)
        assert shape_of(json.loads(hidden)) == shape_of(value)


@unhurried
@given(
    st.lists(
        st.sampled_from([b'secret"', b'"token":', b'["', b'"', b"\\", b"{", b"]", b":", b"7", b"\xff", b" a"])
    )
)
def test_any_bytes_keep_their_length(parts: list[bytes]) -> None:
    data = b"".join(parts)
    assert len(hide_named(data)) == len(data)


@pytest.mark.parametrize(
    "part", [b'secret":["', b'secret":"', b'"secret": ', b"secret", b"[[", b'\\"', b'secret\\":\\"']
)
def test_no_bytes_take_long(part: bytes) -> None:
    data = b'"secrets":[' + part * (1_000_000 // len(part))
    before = time.process_time()
    hide_named(data)
    assert time.process_time() - before < 4
