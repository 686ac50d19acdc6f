"""``episode_request.json`` of either generation, read tolerantly (local.md section 2)."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from .errors import EXIT_USAGE, CoworldError
from .generations import Generation
from .jsontext import VALUE_LIMIT, UnreadableJson, read_json_object
from .manifest import (
    REPORTER_TAGS,
    Manifest,
    Resources,
    Startup,
    Text,
    same_meaning,
    unknown_keys,
)
from .package import Package
from .problems import listed, model_problems

_SEAT_TAGS = frozenset({"<image>", "<file>", "<human>"})


class ImageSeat(BaseModel):
    """A slot filled by a container. 0.1.11 writes no ``type`` and ignores it; 0.1.64 demands ``player``."""

    model_config = ConfigDict(extra="allow")

    type: str = "player"
    image: Text
    run: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    source_url: str | None = None
    resources: Resources | None = None
    startup: Startup | None = None


class FileSeat(BaseModel):
    """A slot of a game-hosted episode (0.1.64): the game executes the player's file itself."""

    type: Literal["player-file"]
    content_hash: str = Field(pattern=r"^[0-9a-f]{64}$")
    size_bytes: int = Field(ge=0)


class HumanSeat(BaseModel):
    """A slot a person plays through the platform (0.1.64)."""

    type: Literal["human"]
    token: str = Field(min_length=16)


def _seat_tag(entry: Any) -> str:
    kind = entry.get("type") if isinstance(entry, dict) else getattr(entry, "type", None)
    if kind == "player-file":
        return "<file>"
    return "<human>" if kind == "human" else "<image>"


RequestSeat = Annotated[
    Annotated[ImageSeat, Tag("<image>")]
    | Annotated[FileSeat, Tag("<file>")]
    | Annotated[HumanSeat, Tag("<human>")],
    Discriminator(_seat_tag),
]


class EpisodeRequest(BaseModel):
    """One episode as a file: the whole manifest, the configuration without tokens, a seat per slot."""

    model_config = ConfigDict(extra="forbid")

    schema_: str | None = Field(default=None, alias="$schema")
    manifest: Manifest
    game_config: dict[str, Any]
    players: list[RequestSeat] = Field(min_length=1)
    episode_tags: dict[str, str] = Field(default_factory=dict)
    policy_names: list[str] | None = None

    def refused_by(self) -> dict[Generation, list[str]]:
        """Return, for each generation's strict reader, the places of this request it would refuse.

        About the request alone; what a reader thinks of the manifest inside is another question.
        """
        old: list[str] = []
        new: list[str] = ["policy_names"] if self.policy_names is not None else []
        for slot, seat in enumerate(self.players):
            place = f"players[{slot}]"
            if not isinstance(seat, ImageSeat):
                old.append(f"{place}.image")
                continue
            if "type" not in seat.model_fields_set or seat.type != "player":
                new.append(f"{place}.type")
            new.extend(f"{place}.{key}" for key in unknown_keys(seat))
        return {"0.1.11": old, "0.1.64": new}


def parse_request(data: bytes, package: Package) -> EpisodeRequest:
    """Read a request for ``package``; ``request_invalid`` says what is wrong and where.

    The manifest inside must mean the same as the package's, defaults filled in.
    """
    try:
        request = EpisodeRequest.model_validate(read_json_object(data, values=VALUE_LIMIT))
    except UnreadableJson as error:
        raise _invalid("The episode request cannot be read", f"it {error}") from None
    except ValidationError as error:
        places = model_problems(error, REPORTER_TAGS | _SEAT_TAGS)
        raise _invalid("The episode request is not valid", listed(places)) from None
    if request.policy_names is not None and len(request.policy_names) != len(request.players):
        raise _invalid(
            "The episode request is not valid",
            f"policy_names has {len(request.policy_names)} entries for {len(request.players)} players",
        )
    if not same_meaning(request.manifest, package.manifest):
        raise _invalid(
            "The episode request is for another package", f"its manifest differs from {package.label}"
        )
    return request


def _invalid(title: str, cause: str) -> CoworldError:
    return CoworldError(
        "request_invalid",
        title,
        cause=cause,
        next_step="correct the request, or leave it out to run the certification fixture",
        exit_code=EXIT_USAGE,
    )
