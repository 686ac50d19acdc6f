"""Planning one episode: which configuration, and who sits in each slot (local.md section 2).

Everything is checked before anything is started. The request document itself lives in
``request_document`` and is offered here as well.
"""

from __future__ import annotations

import copy
import json
import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from .manifest import Resources, RoleRunnable, Startup, declared_fields
from .package import Package
from .problems import config_error, listed
from .request_document import (
    EpisodeRequest,
    FileSeat,
    HumanSeat,
    ImageSeat,
    RequestSeat,
    parse_request,
)
from .slots import declared_players, require_slots_allowed, roster, slot_count
from .text import safe_line
from .validation import schema_problems

__all__ = [
    "EpisodePlan",
    "EpisodeRequest",
    "FileSeat",
    "HumanSeat",
    "ImageSeat",
    "RequestSeat",
    "Seat",
    "SlotFill",
    "parse_request",
    "parse_slot",
    "plan_episode",
    "plan_from_request",
]

FIXTURE = "certification"
"""``EpisodePlan.variant_id`` of the certification fixture."""

OWN_CONFIG = "own config"
"""``EpisodePlan.variant_id`` of an episode whose configuration is the caller's."""

FROM_REQUEST = "request"
"""``EpisodePlan.variant_id`` of an episode that comes from a request file."""

_EPISODE_TAGS = {"source": "coworld_certification"}  # what 0.1.64 writes for every local episode
_NAME_LIMIT = 80
_SLOT_FORMS = "N=image=REF, N=cmd=COMMAND, N=manifest:PLAYER_ID or N=human"
_FILL = re.compile(
    r"(?P<slot>[0-9]{1,6})=(?:(?P<with>image|cmd)=|(?P<of>manifest):|(?P<human>human\Z))(?P<value>.*)\Z",
    re.DOTALL,
)


@dataclass(frozen=True)
class SlotFill:
    """Who is to take a slot instead of the roster's player.

    ``value`` is the declared player's id, the image or the command line; empty for a human.
    """

    slot: int
    kind: Literal["manifest", "image", "cmd", "human"]
    value: str = ""


@dataclass(frozen=True)
class Seat:
    """What will sit in one slot.

    ``name`` is safe to show. ``image`` and ``run`` belong to kind ``image``, ``command`` to kind
    ``cmd``; an empty ``run`` keeps the image's own command. ``player_id`` is the declared player,
    None for an image or a command from elsewhere.
    """

    slot: int
    kind: Literal["image", "cmd", "human"]
    name: str
    player_id: str | None = None
    image: str | None = None
    run: tuple[str, ...] = ()
    env: dict[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = ()
    resources: Resources | None = None
    startup: Startup | None = None


@dataclass(frozen=True)
class EpisodePlan:
    """One episode, ready to be run.

    ``variant_id`` is the variant's, or one of the names above. ``game_config`` has no tokens: the
    runner adds them. ``seats`` has one entry per slot, in slot order.
    """

    package: Package
    variant_id: str
    game_config: dict[str, Any]
    seats: tuple[Seat, ...]
    policy_names: tuple[str, ...] | None = None
    episode_tags: dict[str, str] = field(default_factory=dict)

    def request(self) -> dict[str, Any]:
        """Return the body of an ``episode_request.json`` for every client that accepts the package.

        A request can only name images: a slot taken by a local command or a person is written
        as the roster's player, so that the episode can be repeated anywhere. Without a roster it
        becomes a person's seat, which every local run asks to fill.
        """
        manifest = declared_fields(self.package.manifest)
        manifest.pop("apiVersion", None)  # the manifest inside a request never has one
        return {
            "manifest": manifest,
            "game_config": copy.deepcopy(self.game_config),
            "players": [
                _written(seat if seat.kind == "image" else self._stand_in(seat.slot)) for seat in self.seats
            ],
            "episode_tags": dict(self.episode_tags),
        }

    def _stand_in(self, slot: int) -> Seat | None:
        return _roster_seats(self.package, len(self.seats))[slot]


def parse_slot(text: str) -> SlotFill:
    """Read ``N=image=REF``, ``N=cmd=COMMAND``, ``N=manifest:PLAYER_ID`` or ``N=human``, N from 0."""
    match = _FILL.match(text)
    if match is None or not (match["human"] or match["value"].strip()):
        raise config_error(
            f"{json.dumps(safe_line(text, _NAME_LIMIT), ensure_ascii=False)} does not say who takes a slot",
            f"the forms are {_SLOT_FORMS}",
            "coworld-tui run MANIFEST --slot '0=cmd=python my_player.py'",
        )
    slot = int(match["slot"])
    if match["human"]:
        return SlotFill(slot, "human")
    if match["of"]:
        return SlotFill(slot, "manifest", match["value"])
    return SlotFill(slot, "image" if match["with"] == "image" else "cmd", match["value"])


def plan_episode(
    package: Package,
    *,
    variant: str | None = None,
    game_config: Mapping[str, Any] | None = None,
    images: Sequence[str] = (),
    run: Sequence[str] = (),
    env: Mapping[str, str] | None = None,
    fills: Iterable[SlotFill] = (),
    seed_offset: int = 0,
) -> EpisodePlan:
    """Plan an episode of ``variant``, or of the certification fixture.

    ``game_config`` is one of the caller's own, in place of the variant's; it has no tokens.
    ``images`` is none, one for every slot or one per slot; ``run`` replaces the command of every
    slot whose image was replaced; ``env`` is added to every player's. ``fills`` win over an image
    given for all slots and collide with one given for theirs. ``seed_offset`` is added to an
    integer ``seed`` of the configuration. Raises ``config_error`` or ``manifest_invalid``, exit code 2.
    """
    _require_local(package)
    is_own = game_config is not None
    chosen = _chosen_config(package, variant) if game_config is None else copy.deepcopy(dict(game_config))
    config = _offset_seed(chosen, seed_offset)
    count = slot_count(package.manifest, config, is_fixture=variant is None and not is_own)
    _require_valid_config(package, config, count)
    names = _configured_names(config, count)
    filled = _by_slot(fills, count)
    offered = _with_images(_roster_seats(package, count), images, filled)
    seats = [_filled(package, seat, slot, filled.get(slot)) for slot, seat in enumerate(offered)]
    if run:
        seats = _with_run(seats, tuple(run))
    return EpisodePlan(
        package=package,
        variant_id=OWN_CONFIG if is_own else FIXTURE if variant is None else variant,
        game_config=config,
        seats=_settled(seats, names, env or {}),
        episode_tags=dict(_EPISODE_TAGS),
    )


def plan_from_request(
    request: EpisodeRequest, package: Package, fills: Iterable[SlotFill] = (), *, seed_offset: int = 0
) -> EpisodePlan:
    """Plan the episode a request describes; ``fills`` take slots from the request's players.

    ``seed_offset`` and errors as for ``plan_episode``.
    """
    _require_local(package)
    count = len(request.players)
    require_slots_allowed(package.manifest, count, "players")
    game_config = _offset_seed(copy.deepcopy(request.game_config), seed_offset)
    _require_valid_config(package, game_config, count)
    filled = _by_slot(fills, count)
    seats = [
        _filled(package, _requested_seat(package, entry, slot), slot, filled.get(slot))
        for slot, entry in enumerate(request.players)
    ]
    names = _configured_names(game_config, count)
    policy_names = request.policy_names or [""] * count
    return EpisodePlan(
        package=package,
        variant_id=FROM_REQUEST,
        game_config=game_config,
        seats=_settled(seats, [name or policy for name, policy in zip(names, policy_names, strict=True)], {}),
        policy_names=tuple(request.policy_names) if request.policy_names is not None else None,
        episode_tags=dict(request.episode_tags),
    )


def _require_local(package: Package) -> None:
    game = package.manifest.game
    if game.player_runtime == "game-hosted":
        raise config_error(
            "Local runs cannot play game-hosted Coworlds",
            f"the game of {package.label} executes player files itself",
            "use a hosted episode",
        )
    if game.task_environments:
        raise config_error(
            "Local runs cannot provide task environments",
            f"{package.label} declares {listed(list(game.task_environments))}",
            "use a hosted episode",
        )
    _require_launchable("the game", (game.runnable.image, *game.runnable.run), game.runnable.env)


def _chosen_config(package: Package, variant: str | None) -> dict[str, Any]:
    manifest = package.manifest
    variants = {entry.id: entry.game_config for entry in manifest.variants}
    if variant is None:
        if manifest.certification is None:
            raise config_error(
                "The package has no certification fixture", "", f"choose a variant: {listed(list(variants))}"
            )
        return copy.deepcopy(manifest.certification.game_config)
    if variant not in variants:
        raise config_error(
            f"There is no variant {json.dumps(safe_line(variant, _NAME_LIMIT), ensure_ascii=False)}",
            f"{package.label} has {listed(list(variants), shown=20) or 'none'}",
            "choose one of them, or leave the variant out for the certification fixture",
        )
    return copy.deepcopy(variants[variant])


def _offset_seed(game_config: dict[str, Any], offset: int) -> dict[str, Any]:
    seed = game_config.get("seed")
    return {**game_config, "seed": seed + offset} if type(seed) is int else game_config


def _require_valid_config(package: Package, game_config: dict[str, Any], count: int) -> None:
    if "tokens" in game_config:
        raise config_error(
            "game_config must not contain tokens", "the runner makes them", "remove the tokens"
        )
    playable = {**game_config, "tokens": [f"token-{slot}" for slot in range(count)]}
    problems = schema_problems(package.manifest.game.config_schema, playable)
    if problems:
        raise config_error(
            "The game_config does not fit the game's config schema",
            listed([str(problem) for problem in problems]),
            "correct the game_config",
        )


def _configured_names(game_config: dict[str, Any], count: int) -> list[str]:
    """Return ``game_config.players[i].name`` for each slot, empty where there is none."""
    players = game_config.get("players")
    players = players if isinstance(players, list) else []
    names = [entry.get("name") if isinstance(entry, dict) else None for entry in players[:count]]
    return [name if isinstance(name, str) else "" for name in names] + [""] * (count - len(names))


def _by_slot(fills: Iterable[SlotFill], count: int) -> dict[int, SlotFill]:
    by_slot: dict[int, SlotFill] = {}
    for fill in fills:
        if not 0 <= fill.slot < count:
            raise config_error(
                f"There is no slot {fill.slot}",
                f"slots go from 0 to {count - 1}",
                f"the forms are {_SLOT_FORMS}",
            )
        if fill.slot in by_slot:
            raise config_error(f"Slot {fill.slot} is filled twice", slot=fill.slot)
        by_slot[fill.slot] = fill
    return by_slot


def _roster_seats(package: Package, count: int) -> list[Seat | None]:
    """Return the roster's seats, None in each slot for which the manifest has no player."""
    players = roster(package.manifest, count)
    return [_declared_seat(player, slot) for slot, player in enumerate(players)] or [None] * count


def _declared_seat(player: RoleRunnable, slot: int) -> Seat:
    if player.image is None:
        raise config_error(
            "Local runs cannot execute player files",
            f"player {safe_line(player.id, _NAME_LIMIT)} has no image",
            f"give an image for slot {slot}",
            slot=slot,
        )
    return Seat(
        slot=slot,
        kind="image",
        name=player.name or player.id,
        player_id=player.id,
        image=player.image,
        run=tuple(player.run),
        env=dict(player.env),
        resources=player.resources,
        startup=player.startup,
    )


def _requested_seat(package: Package, entry: RequestSeat, slot: int) -> Seat | None:
    if not isinstance(entry, ImageSeat):
        return None
    declared = next(
        (
            player
            for player in package.manifest.player
            if (player.image, player.run) == (entry.image, entry.run)
        ),
        None,
    )
    return Seat(
        slot=slot,
        kind="image",
        name=(declared.name or declared.id) if declared else "",
        player_id=declared.id if declared else None,
        image=entry.image,
        run=tuple(entry.run),
        env=dict(entry.env),
        resources=entry.resources,
        startup=entry.startup,
    )


def _with_images(
    seats: list[Seat | None], images: Sequence[str], filled: Mapping[int, SlotFill]
) -> list[Seat | None]:
    if not images:
        return seats
    count = len(seats)
    if len(images) not in {1, count}:
        raise config_error(
            f"{len(images)} images do not fit {count} slots",
            "give one for every slot" if count == 1 else f"give 1 image for all slots or exactly {count}",
        )
    if len(images) == count and filled:
        slot = min(filled)
        raise config_error(
            f"Slot {slot} has both an image and a --slot", "", "leave one of them out", slot=slot
        )
    per_slot = images if len(images) == count else [images[0]] * count
    return [_with_image(seat, slot, per_slot[slot]) for slot, seat in enumerate(seats)]


def _with_image(seat: Seat | None, slot: int, image: str) -> Seat:
    """Return the seat with another image; the environment of the player it replaces is kept."""
    seat = seat or Seat(slot, "image", "")
    return replace(seat, kind="image", name="", player_id=None, image=image)


def _filled(package: Package, seat: Seat | None, slot: int, fill: SlotFill | None) -> Seat:
    if fill is None:
        if seat is None:
            raise config_error(
                f"Nobody sits in slot {slot}",
                "no container is named for it; local runs cannot seat player files or people on the platform",
                f"--slot {slot}=image=REF",
                slot=slot,
            )
        return seat
    if fill.kind == "human":
        return Seat(slot, "human", "")
    if fill.kind == "image":
        return _with_image(seat, slot, fill.value)
    if fill.kind == "cmd":
        return Seat(slot, "cmd", "", env=dict(seat.env) if seat else {}, command=_command(fill))
    players = declared_players(package.manifest)
    if fill.value not in players:
        raise config_error(
            f"There is no player {json.dumps(safe_line(fill.value, _NAME_LIMIT), ensure_ascii=False)}",
            f"{package.label} has {listed(list(players), shown=20) or 'none'}",
            slot=slot,
        )
    return _declared_seat(players[fill.value], slot)


def _command(fill: SlotFill) -> tuple[str, ...]:
    try:
        words = tuple(shlex.split(fill.value))
    except ValueError as error:
        raise config_error(
            f"The command for slot {fill.slot} cannot be read", str(error), "check its quotes", slot=fill.slot
        ) from None
    if not words:
        raise config_error(f"The command for slot {fill.slot} is empty", slot=fill.slot)
    return words


def _with_run(seats: Sequence[Seat], run: tuple[str, ...]) -> list[Seat]:
    """Return the seats, those with an image from elsewhere running ``run`` instead of their command."""
    replaced = [seat.kind == "image" and seat.player_id is None for seat in seats]
    if not any(replaced):
        raise config_error(
            "A run override needs at least one image", "", "give the image whose command to replace"
        )
    return [replace(seat, run=run) if other else seat for seat, other in zip(seats, replaced, strict=True)]


def _settled(seats: Iterable[Seat], names: Iterable[str], env: Mapping[str, str]) -> tuple[Seat, ...]:
    """Return the seats with their final name and environment, each fit to be launched."""
    settled = []
    for seat, name in zip(seats, names, strict=True):
        seat = replace(
            seat,
            name=safe_line(name or seat.name or f"slot {seat.slot}", _NAME_LIMIT),
            env={} if seat.kind == "human" else {**seat.env, **env},
        )
        _require_launchable(f"slot {seat.slot}", (seat.image or "", *seat.run, *seat.command), seat.env)
        settled.append(seat)
    return tuple(settled)


def _require_launchable(who: str, words: Iterable[str], env: Mapping[str, str]) -> None:
    """Raise ``config_error`` for words and variables that no operating system can hand to a process."""
    wrong = ["a word of its command holds a null character" for word in words if "\0" in word]
    wrong += [
        f"environment variable {json.dumps(name)}"
        for name, value in env.items()
        if not name or "=" in name or "\0" in name + value
    ]
    if wrong:
        raise config_error(
            f"The launch of {who} is not possible", listed(wrong), "correct its command or env"
        )


def _written(seat: Seat | None) -> dict[str, Any]:
    if seat is None:
        return {"type": "human", "token": "seated-on-this-machine"}
    written = {"type": "player", "image": seat.image, "run": list(seat.run), "env": dict(seat.env)}
    for key, profile in (("resources", seat.resources), ("startup", seat.startup)):
        if profile is not None:
            written[key] = declared_fields(profile)
    return written
