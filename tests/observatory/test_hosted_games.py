"""Games on the server: opened, set up, joined."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from coworld_tui.contract.errors import CoworldError
from coworld_tui.league_demo.routes_play import Sessions
from coworld_tui.observatory import hosted_games
from coworld_tui.observatory.client import Observatory
from coworld_tui.observatory.identity import Identity

from .server import Observatory as StandIn
from .test_client import user_of

CREATE = "/v2/coworlds/play/session"


@pytest_asyncio.fixture
async def client(observatory: StandIn) -> AsyncIterator[Observatory]:
    """Logged in as a user."""
    async with Observatory(observatory.url, user_of(observatory), timeout=2) as client:
        yield client


def coworld_of(observatory: StandIn) -> str:
    """The canonical version of the game."""
    return next(name for name, row in observatory.state.coworlds.items() if row["canonical"])


async def test_a_game_is_opened_and_set_up(client: Observatory, observatory: StandIn) -> None:
    action = await hosted_games.prepare_game(
        client, coworld_of(observatory), variant_id="default", allow_spectators=False
    )
    said = "\n".join(action.describe())
    assert "paintarena 0.3.1" in said
    assert "not allowed" in said
    game = await action.run(client)
    assert game.player_count == 2
    row = observatory.state.part(Sessions).rows[game.session_id]
    assert (row["variant_id"], row["allow_spectators"]) == ("default", False)


async def test_what_a_coworld_is_called_does_nothing_to_who_is_asked(
    client: Observatory, observatory: StandIn
) -> None:
    wanted = coworld_of(observatory)
    observatory.state.coworlds[wanted].update(id="cow_\x1b[2J", name="a\nb", version="\x1b]0;x\x07")
    action = await hosted_games.prepare_game(client, wanted)
    assert all(line.isprintable() for line in action.describe())


async def test_the_usual_game_needs_one_request(client: Observatory, observatory: StandIn) -> None:
    action = await hosted_games.prepare_game(client, coworld_of(observatory))
    await action.run(client)
    assert [seen.method for seen in observatory.requests] == ["GET", "POST"]


async def test_a_variant_that_is_not_there_is_refused_before_anything_is_opened(
    client: Observatory, observatory: StandIn
) -> None:
    with pytest.raises(CoworldError) as refused:
        await hosted_games.prepare_game(client, coworld_of(observatory), variant_id="night")
    assert (refused.value.type, refused.value.exit_code) == ("invalid_request", 2)
    assert "default" in refused.value.cause
    assert not observatory.asked(CREATE)


async def test_a_game_that_could_not_be_set_up_is_named(client: Observatory, observatory: StandIn) -> None:
    action = await hosted_games.prepare_game(client, coworld_of(observatory), allow_spectators=False)
    game = await (await hosted_games.prepare_game(client, coworld_of(observatory))).run(client)
    number = int(game.session_id.rpartition("-")[2], 16) + 1
    following = f"ps_{number:08x}-1111-4222-8333-{number:012x}"
    observatory.fault(f"{CREATE}/{following}/config", "409")
    with pytest.raises(CoworldError) as failed:
        await action.run(client)
    assert failed.value.type == "conflict"
    assert following in failed.value.cause
    assert following in observatory.state.part(Sessions).rows


async def test_joining_twice_gives_the_same_seat_until_all_are_taken(
    client: Observatory, observatory: StandIn
) -> None:
    game = await (await hosted_games.prepare_game(client, coworld_of(observatory))).run(client)
    join = hosted_games.prepare_joining(game.session_id)
    first, again = await join.run(client), await join.run(client)
    assert (first.entrant_kind, first.slot, again.slot) == ("player", 0, 0)
    player = observatory.state.tokens[observatory.token_player].players[0]
    identity = Identity(observatory.url, "player", player, observatory.token_player)
    async with Observatory(observatory.url, identity) as other:
        assert (await join.run(other)).slot == 1
    del observatory.state.part(Sessions).rows[game.session_id]["seats"]["user " + player]
    observatory.state.part(Sessions).rows[game.session_id]["seats"]["user x"] = 0
    with pytest.raises(CoworldError) as full:
        await join.run(client)
    assert full.value.type == "conflict"


async def test_what_is_no_session_is_refused_here(client: Observatory, observatory: StandIn) -> None:
    with pytest.raises(CoworldError) as refused:
        hosted_games.prepare_joining("lby_00000001-1111-4222-8333-000000000001")
    assert refused.value.type == "invalid_request"
    with pytest.raises(CoworldError) as missing:
        await hosted_games.prepare_joining("ps_00000001-1111-4222-8333-000000000001").run(client)
    assert missing.value.type == "not_found"
