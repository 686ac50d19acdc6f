"""Who the server takes us for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.observatory.client import Observatory
from coworld_tui.observatory.identity import Identity, identity_of
from coworld_tui.observatory.whoami import Acting, who

from .logins import write_login
from .server import Observatory as StandIn


async def acting(observatory: StandIn, identity: Identity) -> Acting:
    """Who it is to the stand-in."""
    async with Observatory(observatory.url, identity) as client:
        return await who(client)


async def test_a_user_and_a_player_are_known(observatory: StandIn) -> None:
    user = await acting(observatory, Identity(observatory.url, "user", token=observatory.token_user))
    assert (user.kind, user.name, user.problem, user.note) == ("user", "Sam", "", "")
    assert user.label == f"user Sam ({user.subject_id})"
    player_id = observatory.state.tokens[observatory.token_player].players[0]
    player = Identity(observatory.url, "player", player_id, observatory.token_player)
    found = await acting(observatory, player)
    assert (found.kind, found.subject_id, found.problem) == ("player", player_id, "")


async def test_a_token_the_server_does_not_know_makes_one_nobody(observatory: StandIn) -> None:
    wrong = Identity(observatory.url, "user", token="usr_tok-of-somewhere-else")
    found = await acting(observatory, wrong)
    assert (found.kind, found.label, found.is_anonymous_despite_token) == ("anonymous", "nobody", True)
    assert "softmax login --server" in found.problem
    assert wrong.token not in str(found)
    # A newer server may refuse instead: that is the same.
    observatory.fault("/whoami", "401")
    assert await acting(observatory, wrong) == found


async def test_nobody_who_has_no_token_is_no_problem(observatory: StandIn) -> None:
    found = await acting(observatory, Identity(observatory.url, "anonymous", note="Nobody is logged in"))
    assert (found.label, found.problem, found.note) == ("nobody", "", "Nobody is logged in")


async def test_an_expired_player_is_told_apart_from_a_bad_token(
    observatory: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_login(tmp_path, observatory, player=True, valid=timedelta(hours=1))
    monkeypatch.setenv("SOFTMAX_CONFIG_DIR", str(tmp_path))
    later = datetime.now(UTC) + timedelta(hours=2)
    found = await acting(observatory, identity_of(observatory.url, now=later))
    assert (found.kind, found.problem) == ("user", "")
    assert "expired" in found.note


async def test_what_the_server_calls_us_is_made_safe(observatory: StandIn) -> None:
    nobody = Acting(observatory.url, "user", "", "usr_1", False, "")
    assert nobody.label == "user usr_1"
    observatory.fault("/whoami", "500")
    with pytest.raises(CoworldError) as failed:
        await acting(observatory, Identity(observatory.url, "user", token=observatory.token_user))
    assert failed.value.type == "server_error"
