"""Who acts on a server, and that tokens stay where they belong."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.identity import Identity, identity_of, login_step

SERVER = "http://127.0.0.1:8000/api"
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
USER, PLAYER = "usr_secretsecret", "ply_secretsecret"

Save = Callable[[Any], Path]


@pytest.fixture
def save(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Save:
    """Writes a credentials file (text as it is, else YAML) and points at it."""
    monkeypatch.setenv("SOFTMAX_CONFIG_DIR", str(tmp_path))

    def write(document: Any) -> Path:
        path = tmp_path / "credentials.yaml"
        path.write_text(document if isinstance(document, str) else yaml.safe_dump(document))
        return path

    return write


def logins(active: Any = "ply_1", expires_at: Any = "2026-11-20T13:00:00Z", **more: Any) -> dict[str, Any]:
    """A file with a user, and a player who acts."""
    session = {"token": PLAYER, "expires_at": expires_at}
    sessions = {"active": active, "cache": {"ply_1": session}}
    return {"tokens": {SERVER: USER}, "player_sessions": {SERVER: sessions}, **more}


def test_the_active_player_goes_before_the_user(save: Save) -> None:
    save(logins(unknown={"key": 1}))
    found = identity_of(SERVER + "/", now=NOW)
    assert found == Identity(SERVER, "player", "ply_1", PLAYER, NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("document", "said"),
    [
        (logins(expires_at="2026-11-20T12:00:00Z"), "The session of the active player ply_1 expired at 2026"),
        (logins(expires_at=datetime(2026, 11, 20, 11)), "expired at 2026-11-20 11:00 UTC"),
        (logins(active="ply_2"), "no session of the active player ply_2"),
        (logins(active="\x1b[2Jx"), "no session of the active player x"),
        ({**logins(), "player_sessions": {SERVER: "ply_old"}}, "saved by an older release"),
    ],
)
def test_a_session_that_does_not_count_is_said(save: Save, document: dict[str, Any], said: str) -> None:
    save(document)
    found = identity_of(SERVER, now=NOW)
    assert (found.kind, found.token) == ("user", USER)
    assert said in found.note
    assert found.note.endswith("this is the user")
    save({**document, "tokens": None})
    assert identity_of(SERVER, now=NOW).kind == "anonymous"


@pytest.mark.parametrize("document", [logins(active=None), {"tokens": {SERVER: USER}}])
def test_without_an_active_player_it_is_the_user(save: Save, document: dict[str, Any]) -> None:
    save(document)
    assert identity_of(SERVER, now=NOW) == Identity(SERVER, "user", token=USER)


@pytest.mark.parametrize("other", ["http://localhost:8000/api", "http://127.0.0.1:8001/api", SERVER + "/v2"])
def test_a_token_belongs_to_exactly_one_server(save: Save, other: str) -> None:
    save(logins())
    assert identity_of(other, now=NOW) == Identity(other, "anonymous", note="Nobody is logged in")


def test_nothing_is_created_where_nothing_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOFTMAX_CONFIG_DIR", "~/missing")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert identity_of(SERVER).kind == "anonymous"
    assert not list(tmp_path.iterdir())
    (tmp_path / ".softmax").mkdir()
    (tmp_path / ".softmax" / "credentials.yaml").write_text(yaml.safe_dump(logins()))
    monkeypatch.setenv("SOFTMAX_CONFIG_DIR", "")
    assert identity_of(SERVER, now=NOW).kind == "player"


@pytest.mark.parametrize(
    "document",
    [
        "tokens: [",
        f"- {USER}",
        f"tokens: {USER}",
        "tokens: {? [a] : b}",
        "a: !!python/object:os.system {}",
        "a: 2026-99-99",
        "[" * 5000,
        "\x00",
        {"tokens": {SERVER: 7}},
        {"tokens": {SERVER: f"{USER}\r\nX-More: 1"}},
        {"tokens": {SERVER: f"{USER} "}},
        {"tokens": {SERVER: f"{USER}é"}},
        {"tokens": {SERVER: "x" * 10_000}},
        {"player_sessions": {SERVER: [PLAYER]}},
        {"player_sessions": {SERVER: {"active": 7}}},
        {"player_sessions": {SERVER: {"active": "ply_1", "cache": [PLAYER]}}},
        {"player_sessions": {SERVER: {"active": "ply_1", "cache": {"ply_1": PLAYER}}}},
        {"player_sessions": {SERVER: {"active": "ply_1", "cache": {"ply_1": {"token": PLAYER}}}}},
        {"player_sessions": {SERVER: {"active": "ply_1", "cache": {"ply_1": {"expires_at": NOW}}}}},
        logins(expires_at="tomorrow"),
        logins(expires_at="9999-12-31T23:59:59-23:59"),
        "x: " + "y" * 2_000_000,
    ],
    ids=lambda document: repr(document)[:40],
)
def test_a_damaged_file_is_one_sentence_without_its_contents(save: Save, document: Any) -> None:
    path = save(document)
    before = path.read_bytes()
    with pytest.raises(CoworldError) as refused:
        identity_of(SERVER, now=NOW)
    assert (refused.value.type, refused.value.exit_code) == ("credentials_invalid", 3)
    assert "softmax login" in refused.value.next_step
    assert "secret" not in str(refused.value.as_dict())
    assert refused.value.__suppress_context__ or refused.value.__context__ is None
    assert path.read_bytes() == before


def test_a_folder_or_a_pipe_is_no_credentials_file(save: Save, tmp_path: Path) -> None:
    for make in (Path.mkdir, os.mkfifo):
        path = tmp_path / "credentials.yaml"
        make(path)
        with pytest.raises(CoworldError, match="it is not a file"):
            identity_of(SERVER)
        path.rmdir() if path.is_dir() else path.unlink()


def test_what_is_shown_of_an_identity_holds_no_token(save: Save) -> None:
    save(logins())
    player = identity_of(SERVER, now=NOW)
    user = identity_of(SERVER, now=NOW + timedelta(days=1))
    for found in (player, user):
        assert found.token.endswith("secretsecret")
        assert "secret" not in repr(found) + found.note + found.cache_name
    other = Identity(SERVER, "user", token="usr_other")
    names = {player.cache_name, user.cache_name, other.cache_name, Identity(SERVER, "anonymous").cache_name}
    assert len(names) == 4


def test_the_login_command_names_the_server_when_it_is_another() -> None:
    assert login_step("https://softmax.com/api/") == "run `softmax login`"
    assert login_step(SERVER) == f"run `softmax login --server {SERVER}`"


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.datetimes(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    place=st.sampled_from(["tokens", "token", "sessions", "active", "cache", "session", "at"]), value=_VALUES
)
def test_anything_in_place_of_anything_is_an_identity_or_a_plain_error(
    save: Save, place: str, value: Any
) -> None:
    document = logins()
    sessions = document["player_sessions"][SERVER]
    owner, key = {
        "tokens": (document, "tokens"),
        "token": (document["tokens"], SERVER),
        "sessions": (document["player_sessions"], SERVER),
        "active": (sessions, "active"),
        "cache": (sessions, "cache"),
        "session": (sessions["cache"], "ply_1"),
        "at": (sessions["cache"]["ply_1"], "expires_at"),
    }[place]
    owner[key] = value
    save(document)
    try:
        found = identity_of(SERVER, now=NOW)
    except CoworldError as error:
        assert error.type == "credentials_invalid"
    else:
        assert bool(found.token) == (found.kind != "anonymous")


@pytest.mark.peer
def test_the_real_client_would_send_the_same_token(save: Save, tmp_path: Path) -> None:
    python = os.environ.get("COWORLD_PEER_64")
    if not python:
        pytest.skip("set COWORLD_PEER_64 to a Python that has coworld 0.1.64")
    moment = datetime.now(UTC)
    later, earlier = (moment + timedelta(hours=hours) for hours in (1, -1))
    documents = [
        logins(expires_at=later),
        logins(expires_at=earlier.isoformat()),
        logins(active="ply_2", expires_at=later),
        logins(active=None),
        {**logins(expires_at=earlier), "tokens": {}},
        {"tokens": {SERVER.replace("127.0.0.1", "localhost"): USER}},
        {},
        "",
    ]
    program = (
        "import json, sys\n"
        "from softmax_client.credentials import load_current_token\n"
        f"print(json.dumps(load_current_token(server={SERVER + '/'!r})))"
    )
    for number, document in enumerate(documents):
        save(document)
        peer = subprocess.run(
            [python, "-c", program],
            env={"SOFTMAX_CONFIG_DIR": str(tmp_path), "PATH": os.defpath},
            capture_output=True,
            check=True,
            timeout=60,
        )
        assert (json.loads(peer.stdout) or "") == identity_of(SERVER).token, number
