"""The manifest as the strict loader of 0.1.64 demands it (local.md section 1): v0 and v1.

Unknown keys are refused at every depth. What needs the config schema or other sections is in
``game_configs``.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from .fields import Certification, Doc, Model, Text, Variant, Version, WebAddress, refused

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def _is_package_path(path: str, *, root: bool) -> bool:
    parts = PurePosixPath(path).parts
    return not PurePosixPath(path).is_absolute() and ".." not in parts and (root or bool(parts))


class Requests(Model):
    """What a runnable asks for."""

    model_config = ConfigDict(populate_by_name=True)

    cpu: str | None = None
    memory: str | None = None
    gpu: int | None = Field(default=None, ge=1, le=1, strict=True)
    instance_type: str | None = Field(
        default=None, alias="instance-type", pattern=r"^[a-z][a-z0-9-]*\.[a-z0-9-]+$"
    )
    ephemeral_storage: str | None = Field(default=None, alias="ephemeral-storage")


class Limits(Model):
    """What a runnable must not exceed."""

    cpu: str | None = None
    memory: str | None = None


class Resources(Model):
    """A compute profile."""

    requests: Requests = Requests()
    limits: Limits | None = None

    @property
    def hardware(self) -> bool:
        """Whether it asks for a kind of machine."""
        return self.requests.gpu is not None or self.requests.instance_type is not None


class Startup(Model):
    """A player that warms up first."""

    port: int = Field(ge=1024, le=65535)
    path: str = Field(default="/healthz", pattern="^/")
    timeout_seconds: int = Field(default=1200, ge=1, le=1200)


class _Launch(Model):
    run: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    source_url: str | None = None
    resources: Resources | None = None
    startup: Startup | None = None


class Runnable(_Launch):
    """The game's container."""

    type: Literal["game"]
    image: str

    @model_validator(mode="after")
    def _has_no_startup(self) -> Self:
        if self.startup is not None:
            raise refused("remove startup: only players may have it")
        return self


class _Role(_Launch):
    id: Text
    name: Text
    description: Text
    image: str | None = None
    file: Text | None = None
    repository_url: str | None = None

    @model_validator(mode="after")
    def _has_one_artifact(self) -> Self:
        if (self.image is None) == (self.file is None):
            raise refused("give exactly one of image and file")
        return self


class Player(_Role):
    """A declared player: a container, or a file that the game runs itself."""

    type: Literal["player"]

    @model_validator(mode="after")
    def _is_possible_file(self) -> Self:
        if self.file is None:
            return self
        if self.startup is not None or (self.resources is not None and self.resources.hardware):
            raise refused("remove startup, gpu and instance-type: a player that is a file has no container")
        if not _DIGEST.fullmatch(self.file) and (
            self.file.startswith("sha256:") or not _is_package_path(self.file, root=False)
        ):
            raise refused("make file a path inside the package, or sha256: and 64 lowercase hex digits")
        return self


class _Supporter(_Role):
    @model_validator(mode="after")
    def _has_what_players_have(self) -> Self:
        if self.startup is not None:
            raise refused("remove startup: only players may have it")
        if self.resources is not None and self.resources.hardware:
            raise refused("remove gpu and instance-type: only the game and players may have them")
        if self.file is not None:
            raise refused("replace file by image: only players may be files")
        return self


class Commissioner(_Supporter):
    """A declared commissioner."""

    type: Literal["commissioner"]


class Grader(_Supporter):
    """A declared grader."""

    type: Literal["grader"]


class Diagnoser(_Supporter):
    """A declared diagnoser."""

    type: Literal["diagnoser"]


class Optimizer(_Supporter):
    """A declared optimizer."""

    type: Literal["optimizer"]


class ReporterReference(Model):
    """A reporter that the platform owns."""

    reporter: str = Field(pattern=r"^[a-z0-9]+/[a-z0-9][a-z0-9_.-]*@[1-9][0-9]*$")


class WasmReporter(Model):
    """A reporter that the package builds."""

    wasm: Text
    id: Text
    display_name: str | None = Field(default=None, max_length=200)
    description: str | None = Field(default=None, max_length=2000)
    attributes: dict[str, Any]


def _refuse_container(entry: Any) -> Any:
    raise refused('replace the container by a reference such as {"reporter": "owner/name@1"}')


def _reporter_tag(entry: Any) -> str:
    keys = entry.keys() if isinstance(entry, dict) else ()
    if "wasm" in keys:
        return "<wasm>"
    return "<container>" if "image" in keys and "reporter" not in keys else "<reference>"


Reporter = Annotated[
    Annotated[ReporterReference, Tag("<reference>")]
    | Annotated[WasmReporter, Tag("<wasm>")]
    | Annotated[Any, BeforeValidator(_refuse_container), Tag("<container>")],
    Discriminator(_reporter_tag),
]


class Protocols(Model):
    """Documents of the two websockets."""

    player: Doc
    global_: Doc = Field(alias="global")
    engine_runtime: Literal["mettagrid", "cogweb", "bitworld", "nimgrid"] | None = None


class Page(Model):
    """A supplemental page; line ends after its id do not count."""

    id: Text
    title: Text
    content: Doc

    @field_validator("id", mode="before")
    @classmethod
    def _one_line(cls, page_id: Any) -> Any:
        return page_id.rstrip("\r\n") if isinstance(page_id, str) else page_id


class Docs(Model):
    """Public documents."""

    readme: Doc
    pages: list[Page] = Field(default_factory=list)


class ReplayViewer(Model):
    """A static browser viewer."""

    bundle: Text
    replay_compression: Literal["identity", "gzip"] = "identity"
    format_identity: str | None = Field(default=None, min_length=1, max_length=256, pattern="^[!-~]+$")

    @field_validator("bundle")
    @classmethod
    def _is_possible_bundle(cls, bundle: str) -> str:
        if not _DIGEST.fullmatch(bundle) and (
            bundle.startswith("sha256:") or not _is_package_path(bundle, root=True)
        ):
            raise refused("make it a folder inside the package, or sha256: and 64 lowercase hex digits")
        return bundle


class Achievement(Model):
    """One entry of the achievement catalogue."""

    id: str = Field(pattern="^[a-z0-9_-]+$", max_length=100)
    name: Text
    description: Text
    points: int = Field(gt=0)


class LogPanel(Model):
    """Event kinds under one heading."""

    title: Text
    kinds: list[str] = Field(min_length=1)


class GameLog(Model):
    """Hints for showing events."""

    agent_label_field: str | None = None
    team_field: str | None = None
    objective: str | None = None
    panels: list[LogPanel] = Field(default_factory=list)


class Memory(Model):
    """Hosted policy memory."""

    protocol: Literal["append-v1"]


class Promo(Model):
    """Promotional material."""

    video_url: WebAddress


Network = Literal["no-network", "public"]


class TaskEnvironment(Model):
    """A hosted sandbox of the game."""

    isolation: Literal["general", "coding"] = "general"
    image: Text
    cpu_millis: int = Field(ge=100, le=8000)
    memory_mib: int = Field(ge=64, le=32768)
    storage_mib: int = Field(ge=64, le=65536)
    max_instances: int = Field(ge=1, le=1024)
    max_concurrent_instances: int = Field(default=2, ge=1, le=2)
    startup_timeout_seconds: int = Field(default=300, ge=1, le=1200)
    network: Network = "no-network"
    network_transitions: list[Network] = Field(default=[], max_length=8)

    @model_validator(mode="after")
    def _coding_is_offline(self) -> Self:
        if self.isolation == "coding":
            if self.network != "no-network" or self.network_transitions:
                raise refused("remove network and network_transitions: coding isolation is offline")
            if self.memory_mib < 1024:
                raise refused("raise memory_mib to 1024 or more: coding isolation needs it")
        return self


class Game(Model):
    """The game."""

    name: Text
    version: Version
    description: Text
    owner: Text
    config_schema: dict[str, Any]
    results_schema: dict[str, Any]
    runnable: Runnable
    protocols: Protocols
    docs: Docs
    player_runtime: Literal["platform-hosted", "game-hosted"] = "platform-hosted"
    memory: Memory | None = None
    promo: Promo | None = None
    replay_viewer: ReplayViewer | None = None
    achievements: list[Achievement] | None = None
    log: GameLog | None = None
    task_environments: dict[Annotated[str, Field(pattern="^[A-Za-z0-9_-]{1,64}$")], TaskEnvironment] = Field(
        default={}, max_length=2
    )

    @field_validator("achievements")
    @classmethod
    def _ids_differ(cls, achievements: list[Achievement] | None) -> list[Achievement] | None:
        ids = [achievement.id for achievement in achievements or ()]
        if len(set(ids)) < len(ids):
            raise refused("give every achievement an id of its own")
        return achievements


class Manifest(Model):
    """``coworld_manifest.json`` of 0.1.64, v0: it has no ``apiVersion``."""

    schema_: str | None = Field(default=None, alias="$schema")
    tags: list[Text] | None = Field(default=None, min_length=3)
    game: Game
    player: list[Player] = Field(min_length=1)
    reporter: list[Reporter] = Field(default_factory=list)
    commissioner: list[Commissioner] = Field(default_factory=list)
    grader: list[Grader] = Field(default_factory=list)
    diagnoser: list[Diagnoser] = Field(default_factory=list)
    optimizer: list[Optimizer] = Field(default_factory=list)
    variants: list[Variant] = Field(min_length=1)
    certification: Certification
    players_per_user: int | None = Field(default=None, ge=1)
    episode_timeout_minutes: int | None = Field(default=None, ge=1, le=1440)

    @model_validator(mode="after")
    def _players_fit_the_runtime(self) -> Self:
        hosted = self.game.player_runtime
        artifact = "file" if hosted == "game-hosted" else "image"
        if any(getattr(player, artifact) is None for player in self.player):
            raise refused(f"give every player {artifact}: game.player_runtime is {hosted}")
        return self


class ManifestV1(Manifest):
    """v1 differs by naming its version."""

    api_version: Literal["coworld.softmax.com/v1"] = Field(alias="apiVersion")
