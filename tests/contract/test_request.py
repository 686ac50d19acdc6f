"""Planning an episode: who sits where, what is refused, and that the request repeats it."""

from __future__ import annotations

from typing import Any

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.request import (
    EpisodePlan,
    HumanSeat,
    SlotFill,
    parse_request,
    parse_slot,
    plan_episode,
    plan_from_request,
)

from .builders import Json, edited, encoded, named, new_manifest, old_manifest, package, player, without

NEW = package(new_manifest())
OLD = package(old_manifest())


def refusal(manifest: Json | None = None, **options: Any) -> CoworldError:
    with pytest.raises(CoworldError) as caught:
        plan_episode(package(manifest) if manifest else NEW, **options)
    assert caught.value.exit_code == 2
    return caught.value


def seated(plan: EpisodePlan) -> list[tuple[str, str | None, tuple[str, ...]]]:
    return [(seat.kind, seat.image, seat.run or seat.command) for seat in plan.seats]


def test_the_fixture() -> None:
    plan = plan_episode(NEW)
    assert plan.variant_id == "certification"
    assert plan.game_config == {"width": 4}
    assert plan.policy_names is None
    ann, bob = plan.seats
    assert (ann.slot, ann.kind, ann.name, ann.player_id) == (0, "image", "Ann", "ann")
    assert (ann.image, ann.run, ann.env) == ("ann:1", ("python", "ann.py"), {"WHO": "ann"})
    assert (bob.slot, bob.name, bob.player_id) == (1, "Bob", "bob")


def test_a_variant_cycles_the_roster() -> None:
    plan = plan_episode(NEW, variant="three")
    assert [seat.player_id for seat in plan.seats] == ["ann", "bob", "ann"]
    assert [seat.name for seat in plan.seats] == ["A", "B", "C"]


def test_unknown_variant_lists_the_known() -> None:
    assert "three; four; unsaid" in refusal(variant="five").cause


def test_the_last_of_two_variants_with_one_id_counts() -> None:
    twins = [{"id": "t", "game_config": {"num_agents": agents}} for agents in (2, 3)]
    assert len(plan_episode(package(edited(new_manifest(), "variants", twins)), variant="t").seats) == 3


def test_one_image_for_all() -> None:
    plan = plan_episode(NEW, images=["mine:1"])
    assert seated(plan) == [
        ("image", "mine:1", ("python", "ann.py")),
        ("image", "mine:1", ("python", "bob.py")),
    ]
    assert [seat.env for seat in plan.seats] == [{"WHO": "ann"}, {"WHO": "bob"}]
    assert [seat.player_id for seat in plan.seats] == [None, None]
    assert [seat.name for seat in plan.seats] == ["slot 0", "slot 1"]


def test_images_per_slot_with_run_and_env() -> None:
    plan = plan_episode(NEW, images=["a:1", "b:1"], run=["go", "now"], env={"WHO": "me", "X": "1"})
    assert seated(plan) == [("image", "a:1", ("go", "now")), ("image", "b:1", ("go", "now"))]
    assert [seat.env for seat in plan.seats] == [{"WHO": "me", "X": "1"}] * 2


def test_image_counts() -> None:
    assert "1 image for all slots or exactly 2" in refusal(images=["a", "b", "c"]).cause
    assert refusal(run=["go"]).title == "A run override needs at least one image"


def test_fills_of_every_kind() -> None:
    fills = [
        parse_slot("0=manifest:bob"),
        parse_slot("1=image=other:2"),
        parse_slot("2=cmd=python 'my bot.py' --fast"),
        parse_slot("3=human"),
    ]
    plan = plan_episode(NEW, variant="four", fills=fills, env={"X": "1"})
    assert seated(plan) == [
        ("image", "bob:1", ("python", "bob.py")),
        ("image", "other:2", ("python", "bob.py")),
        ("cmd", None, ("python", "my bot.py", "--fast")),
        ("human", None, ()),
    ]
    assert [seat.player_id for seat in plan.seats] == ["bob", None, None, None]
    assert [seat.env for seat in plan.seats] == [
        {"WHO": "bob", "X": "1"},
        {"WHO": "bob", "X": "1"},
        {"WHO": "ann", "X": "1"},
        {},
    ]


def test_a_fill_wins_over_an_image_for_all_and_collides_with_one_of_its_own() -> None:
    plan = plan_episode(NEW, images=["mine:1"], run=["go"], fills=[SlotFill(1, "manifest", "ann")])
    assert seated(plan) == [("image", "mine:1", ("go",)), ("image", "ann:1", ("python", "ann.py"))]
    error = refusal(images=["a:1", "b:1"], fills=[SlotFill(1, "human")])
    assert (error.slot, error.title) == (1, "Slot 1 has both an image and a --slot")


def test_run_applies_to_a_filled_image() -> None:
    plan = plan_episode(NEW, fills=[SlotFill(1, "image", "mine:1")], run=["go"])
    assert seated(plan) == [("image", "ann:1", ("python", "ann.py")), ("image", "mine:1", ("go",))]


@pytest.mark.parametrize(
    ("fill", "title"),
    [
        (SlotFill(2, "human"), "There is no slot 2"),
        (SlotFill(-1, "human"), "There is no slot -1"),
        (SlotFill(0, "manifest", "zoe"), 'There is no player "zoe"'),
        (SlotFill(0, "cmd", "python 'x"), "The command for slot 0 cannot be read"),
        (SlotFill(0, "cmd", " "), "The command for slot 0 is empty"),
        (SlotFill(0, "cmd", "a\0b"), "The launch of slot 0 is not possible"),
    ],
)
def test_wrong_fills(fill: SlotFill, title: str) -> None:
    assert refusal(fills=[fill]).title == title


def test_one_slot_twice() -> None:
    assert refusal(fills=[SlotFill(0, "human"), SlotFill(0, "human")]).slot == 0


@pytest.mark.parametrize(
    ("text", "fill"),
    [
        ("1=image=ghcr.io/a/b:1@sha256:00", SlotFill(1, "image", "ghcr.io/a/b:1@sha256:00")),
        ("0=cmd=python a.py --x=1", SlotFill(0, "cmd", "python a.py --x=1")),
        ("12=manifest:ann", SlotFill(12, "manifest", "ann")),
        ("0=human", SlotFill(0, "human")),
    ],
)
def test_slot_texts(text: str, fill: SlotFill) -> None:
    assert parse_slot(text) == fill


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "human",
        "-1=human",
        "1=",
        "1=image",
        "1=image=",
        "1=cmd= ",
        "1=human=x",
        "x=human",
        "1=bot=x",
        "²=human",
    ],
)
def test_wrong_slot_texts_show_the_forms(text: str) -> None:
    with pytest.raises(CoworldError) as caught:
        parse_slot(text)
    assert "N=image=REF" in caught.value.cause
    assert caught.value.exit_code == 2


def test_the_seed_is_offset_only_where_it_is() -> None:
    assert plan_episode(OLD, variant="wide", seed_offset=3).game_config == {"width": 9, "seed": 8}
    assert plan_episode(OLD, seed_offset=3).game_config == {"width": 4}
    flag = package(edited(old_manifest(), "certification.game_config", {"seed": True}))
    assert plan_episode(flag, seed_offset=3).game_config == {"seed": True}
    assert OLD.raw["variants"][0]["game_config"]["seed"] == 5
    request = parse_request(encoded(plan_episode(OLD, variant="wide").request()), OLD)
    assert plan_from_request(request, OLD, seed_offset=2).game_config == {"width": 9, "seed": 7}
    assert request.game_config["seed"] == 5


def test_the_configuration_must_fit_the_schema() -> None:
    error = refusal(edited(new_manifest(), "certification.game_config", {"width": 0, "depth": 1}))
    assert error.type == "config_error"
    assert "width: 0 is less than the minimum of 1" in error.cause
    assert "depth" in error.cause


def test_tokens_are_the_runners() -> None:
    assert "tokens" in refusal(edited(new_manifest(), "certification.game_config.tokens", ["a", "b"])).title


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("game.player_runtime", "game-hosted"),
        ("game.task_environments", {"box": {"image": "i"}}),
        ("player.0", {"id": "ann", "file": "ann.zip"}),
        ("player.0.env", {"A=B": "1"}),
        ("player.0.run", ["a\0"]),
        ("game.runnable.env", {"": "1"}),
        ("game.config_schema", {"type": "nothing"}),
    ],
)
def test_what_a_local_run_cannot_do(path: str, value: Any) -> None:
    assert refusal(edited(new_manifest(), path, value)).type == "config_error"


def test_without_certification_a_variant_and_fills_still_play() -> None:
    bare = without(new_manifest(), "certification")
    assert "three; four; unsaid" in refusal(bare).next_step
    assert refusal(bare, variant="three").title == "Nobody sits in slot 0"
    plan = plan_episode(package(bare), variant="three", images=["mine:1"])
    assert [seat.image for seat in plan.seats] == ["mine:1"] * 3


def test_names_are_safe_to_show() -> None:
    names = named("\x1b[31mred\n", "y" * 500)
    plan = plan_episode(package(edited(new_manifest(), "certification.game_config", {"players": names})))
    assert plan.seats[0].name == "red\u240a"
    assert len(plan.seats[1].name) == 80


@pytest.mark.parametrize("loaded", [OLD, NEW], ids=["0.1.11", "0.1.64"])
def test_a_written_request_repeats_the_episode(loaded: Any) -> None:
    fills = [SlotFill(1, "cmd", "python bot.py")]
    plan = plan_episode(loaded, images=["mine:1"], run=["go"], fills=fills)
    request = parse_request(encoded(plan.request()), loaded)
    assert request.refused_by() == {"0.1.11": [], "0.1.64": []}
    again = plan_from_request(request, loaded, fills)
    assert again.variant_id == "request"
    assert seated(again) == seated(plan)
    assert again.game_config == plan.game_config
    assert again.episode_tags == plan.episode_tags
    assert again.request() == plan.request()


def test_a_slot_no_image_describes_is_written_as_the_rosters() -> None:
    fills = [SlotFill(0, "cmd", "./me"), SlotFill(1, "human")]
    players = plan_episode(NEW, fills=fills).request()["players"]
    assert [entry["image"] for entry in players] == ["ann:1", "bob:1"]


def test_a_request_keeps_resources_and_startup() -> None:
    profile = {"limits": {"cpu": "2"}, "requests": {"instance-type": "g6.xlarge"}}
    startup = {"port": 9000, "path": "/ready"}
    loaded = package(edited(new_manifest(), "player.0", player("ann", resources=profile, startup=startup)))
    plan = plan_episode(loaded)
    assert plan.request()["players"][0]["resources"] == profile
    assert plan.request()["players"][0]["startup"] == startup
    again = plan_from_request(parse_request(encoded(plan.request()), loaded), loaded)
    assert again.seats == plan.seats


REQUEST = plan_episode(NEW).request()


def test_both_generations_requests() -> None:
    old = edited(REQUEST, "players", [{"image": "a:1"}, {"image": "b:1", "type": "any", "id": "me"}])
    old["policy_names"] = ["Alpha", "Beta"]
    request = parse_request(encoded(old), NEW)
    assert request.refused_by() == {
        "0.1.11": [],
        "0.1.64": ["policy_names", "players[0].type", "players[1].type", "players[1].id"],
    }
    plan = plan_from_request(request, NEW)
    assert plan.policy_names == ("Alpha", "Beta")
    assert [seat.name for seat in plan.seats] == ["Alpha", "Beta"]
    assert [entry["type"] for entry in plan.request()["players"]] == ["player", "player"]
    assert "policy_names" not in plan.request()


def test_a_declared_player_is_recognised_by_its_launch() -> None:
    plan = plan_from_request(parse_request(encoded(REQUEST), NEW), NEW)
    assert [(seat.player_id, seat.name) for seat in plan.seats] == [("ann", "Ann"), ("bob", "Bob")]


def test_the_embedded_manifest_must_mean_the_same() -> None:
    spelled = edited(REQUEST, "manifest.apiVersion", "coworld.softmax.com/v1")
    spelled["manifest"]["game"]["player_runtime"] = "platform-hosted"
    assert parse_request(encoded(spelled), NEW)
    with pytest.raises(CoworldError, match="another package"):
        parse_request(encoded(edited(REQUEST, "manifest.game.version", "2.0")), NEW)


@pytest.mark.parametrize(
    ("path", "value", "place"),
    [
        ("mood", "good", "mood: Extra inputs"),
        ("players", [], "players: List should have at least 1 item"),
        ("players.0", {"type": "player"}, "players[0].image: Field required"),
        (
            "players.0",
            {"type": "human", "token": "short"},
            "players[0].token: String should have at least 16",
        ),
        (
            "players.0",
            {"type": "player-file", "content_hash": "x", "size_bytes": 1},
            "players[0].content_hash",
        ),
        ("game_config", [], "game_config: Input should be"),
        ("policy_names", ["only one"], "policy_names has 1 entries for 2 players"),
        ("episode_tags", {"a": 1}, "episode_tags.a"),
    ],
)
def test_invalid_requests(path: str, value: Any, place: str) -> None:
    with pytest.raises(CoworldError) as caught:
        parse_request(encoded(edited(REQUEST, path, value)), NEW)
    assert (caught.value.type, caught.value.exit_code) == ("request_invalid", 2)
    assert place in caught.value.cause


@pytest.mark.parametrize(
    "seat",
    [
        {"type": "human", "token": "0123456789abcdef"},
        {"type": "player-file", "content_hash": "0" * 64, "size_bytes": 1},
    ],
)
def test_seats_a_local_run_cannot_fill_can_be_filled_by_hand(seat: Json) -> None:
    request = parse_request(encoded(edited(REQUEST, "players.1", seat)), NEW)
    with pytest.raises(CoworldError) as caught:
        plan_from_request(request, NEW)
    assert (caught.value.type, caught.value.slot) == ("config_error", 1)
    assert plan_from_request(request, NEW, [SlotFill(1, "human")]).seats[1].kind == "human"


def test_a_request_must_fit_the_schema_too() -> None:
    for broken in (
        edited(REQUEST, "game_config", {"width": 0}),
        edited(REQUEST, "game_config", {"tokens": ["a", "b"]}),
        edited(REQUEST, "players", REQUEST["players"] * 3),
    ):
        with pytest.raises(CoworldError) as caught:
            plan_from_request(parse_request(encoded(broken), NEW), NEW)
        assert caught.value.type == "config_error"


def test_a_package_without_roster_writes_a_persons_seat() -> None:
    bare = package(without(new_manifest(), "certification"))
    fills = [SlotFill(slot, "cmd", "./me") for slot in range(3)]
    request = parse_request(encoded(plan_episode(bare, variant="three", fills=fills).request()), bare)
    assert all(isinstance(seat, HumanSeat) for seat in request.players)
    assert plan_from_request(request, bare, fills).seats[0].command == ("./me",)
