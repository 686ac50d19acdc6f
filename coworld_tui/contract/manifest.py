"""The Coworld manifest: one tolerant model that reads contract generations 0.1.11 and 0.1.64.

Field names are the contract's own (local.md section 1). Unknown keys are kept, not refused;
``unknown_keys`` names them. What only an upload needs is optional here: a model is refused
only when the package could neither be shown nor run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, field_validator

from .validation import dotted_path

REPORTER_TAGS = frozenset({"<container>", "<reference>", "<wasm>"})
"""Union tags of ``reporter`` entries, which pydantic puts into error locations."""

Text = Annotated[str, Field(min_length=1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="allow")


class ResourceRequests(_Model):
    """What a runnable asks for: Kubernetes quantity strings such as ``500m`` and ``1Gi``."""

    cpu: str | None = None
    memory: str | None = None
    gpu: int | None = None
    instance_type: str | None = Field(default=None, alias="instance-type")
    ephemeral_storage: str | None = Field(default=None, alias="ephemeral-storage")


class ResourceLimits(_Model):
    """What a runnable must not exceed: Kubernetes quantity strings."""

    cpu: str | None = None
    memory: str | None = None


class Resources(_Model):
    """Compute profile of a runnable; local runs fall back from limits to requests (local.md 3.5)."""

    requests: ResourceRequests = Field(default_factory=ResourceRequests)
    limits: ResourceLimits | None = None


class Startup(_Model):
    """A player that warms up before the game: poll ``path`` on ``port`` until it answers 200."""

    port: int
    path: str = "/healthz"
    timeout_seconds: int = 1200


class _Launch(_Model):
    """How a container is started: an empty ``run`` keeps the image's own command."""

    run: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    source_url: str | None = None
    resources: Resources | None = None
    startup: Startup | None = None


class Runnable(_Launch):
    """The game's container."""

    type: str = "game"
    image: Text


class RoleRunnable(_Launch):
    """A declared player, commissioner, grader, diagnoser or optimizer.

    ``image`` is missing for a player of a game-hosted Coworld, which has ``file`` instead.
    """

    type: str | None = None
    id: Text
    name: str = ""
    description: str = ""
    image: Text | None = None
    file: Text | None = None
    repository_url: str | None = None


class ContainerReporter(RoleRunnable):
    """A reporter of generation 0.1.11: an ordinary container."""


class ReporterReference(_Model):
    """A reporter of generation 0.1.64 that the platform owns: ``owner/name@version``."""

    reporter: Text


class WasmReporter(_Model):
    """A reporter of generation 0.1.64 that the package builds: ``wasm`` is a package-relative path."""

    wasm: Text
    id: str = ""
    display_name: str | None = None
    description: str | None = None
    attributes: dict[str, Any] = Field(default_factory=dict)


def _reporter_tag(entry: Any) -> str:
    def has(key: str) -> bool:
        return key in entry if isinstance(entry, dict) else hasattr(entry, key)

    if has("wasm"):
        return "<wasm>"
    return "<reference>" if has("reporter") else "<container>"


Reporter = Annotated[
    Annotated[ContainerReporter, Tag("<container>")]
    | Annotated[ReporterReference, Tag("<reference>")]
    | Annotated[WasmReporter, Tag("<wasm>")],
    Discriminator(_reporter_tag),
]


class Doc(_Model):
    """A document: Markdown in ``value`` when ``type`` is ``text``, its web address when ``uri``."""

    type: Literal["text", "uri"]
    value: str


class DocPage(_Model):
    """One supplemental page."""

    id: str
    title: str = ""
    content: Doc

    @field_validator("id")
    @classmethod
    def _one_line(cls, page_id: str) -> str:
        return page_id.rstrip("\r\n")  # as 0.1.64 reads it


class Docs(_Model):
    """The game's public documents."""

    readme: Doc | None = None
    pages: list[DocPage] = Field(default_factory=list)


class Protocols(_Model):
    """Documents of the player and global websocket; old manifests hold them as bare Markdown."""

    player: Doc | None = None
    global_: Doc | None = Field(default=None, alias="global")
    engine_runtime: str | None = None

    @field_validator("player", "global_", mode="before")
    @classmethod
    def _lift_markdown(cls, doc: Any) -> Any:
        return {"type": "text", "value": doc} if isinstance(doc, str) else doc


class ReplayViewer(_Model):
    """A static browser viewer: ``bundle`` is a package-relative folder or ``sha256:<hex>``."""

    bundle: str
    replay_compression: str = "identity"
    format_identity: str | None = None


class Achievement(_Model):
    """One entry of the achievement catalogue; the game awards them in its results."""

    id: str
    name: str = ""
    description: str = ""
    points: int = 0


class LogPanel(_Model):
    """Event kinds that belong together under one heading."""

    title: str
    kinds: list[str] = Field(default_factory=list)


class GameLog(_Model):
    """Hints for showing ``events.json``."""

    agent_label_field: str | None = None
    team_field: str | None = None
    objective: str | None = None
    panels: list[LogPanel] = Field(default_factory=list)


class Memory(_Model):
    """Hosted policy memory."""

    protocol: str


class Promo(_Model):
    """Promotional material."""

    video_url: str


class TaskEnvironment(_Model):
    """A hosted sandbox of the game (local.md 1.8); local runs refuse games that declare one."""

    isolation: str = "general"
    image: str
    cpu_millis: int | None = None
    memory_mib: int | None = None
    storage_mib: int | None = None
    max_instances: int | None = None
    max_concurrent_instances: int = 2
    startup_timeout_seconds: int = 300
    network: str = "no-network"
    network_transitions: list[str] = Field(default_factory=list)


class Game(_Model):
    """The game: its container, its schemas and its documents."""

    name: Text
    version: str = ""
    description: str = ""
    owner: str = ""
    config_schema: dict[str, Any] = Field(default_factory=dict)
    results_schema: dict[str, Any] = Field(default_factory=dict)
    runnable: Runnable
    protocols: Protocols = Field(default_factory=Protocols)
    docs: Docs | None = None
    player_runtime: str = "platform-hosted"
    memory: Memory | None = None
    promo: Promo | None = None
    replay_viewer: ReplayViewer | None = None
    achievements: list[Achievement] | None = None
    log: GameLog | None = None
    task_environments: dict[str, TaskEnvironment] = Field(default_factory=dict)


class Variant(_Model):
    """A named game configuration, without tokens."""

    id: Text
    name: str = ""
    description: str = ""
    game_config: dict[str, Any]
    parent_id: str | None = None


class CertificationPlayer(_Model):
    """The declared player that takes one slot of the fixture."""

    player_id: Text


class Certification(_Model):
    """The fixture: the configuration and the roster an episode uses when nothing else is asked for."""

    game_config: dict[str, Any]
    players: list[CertificationPlayer] = Field(default_factory=list)


class Manifest(_Model):
    """``coworld_manifest.json`` of either generation."""

    schema_: str | None = Field(default=None, alias="$schema")
    api_version: str | None = Field(default=None, alias="apiVersion")
    tags: list[str] | None = None
    game: Game
    player: list[RoleRunnable] = Field(default_factory=list)
    reporter: list[Reporter] = Field(default_factory=list)
    commissioner: list[RoleRunnable] = Field(default_factory=list)
    grader: list[RoleRunnable] = Field(default_factory=list)
    diagnoser: list[RoleRunnable] = Field(default_factory=list)
    optimizer: list[RoleRunnable] = Field(default_factory=list)
    variants: list[Variant] = Field(default_factory=list)
    certification: Certification | None = None
    players_per_user: int | None = None
    episode_timeout_minutes: int | None = None


def unknown_keys(model: BaseModel) -> list[str]:
    """Return the dotted path of every key no generation knows, such as ``game.runnable.colour``."""
    return list(_unknown(model, ()))


def declared_fields(model: BaseModel) -> dict[str, Any]:
    """Return the model as JSON with what its author declared: no unknown keys, no nulls, no defaults.

    That is what both strict readers accept.
    """
    return dict(_plain(model, declared=True))


def same_meaning(one: Manifest, other: Manifest) -> bool:
    """Whether two manifests describe the same package once defaults are filled in."""
    first, second = _plain(one, declared=False), _plain(other, declared=False)
    for fields in (first, second):
        fields["apiVersion"] = None  # v0 and v1 differ in nothing else (local.md 1.10)
    return bool(first == second)


def _fields(model: BaseModel) -> Iterator[tuple[str, str, Any]]:
    """Yield ``(attribute name, key in JSON, value)`` of every field the model knows."""
    for name, field in type(model).model_fields.items():
        yield name, field.alias or name, getattr(model, name)


def _unknown(value: Any, path: tuple[str | int, ...]) -> Iterator[str]:
    if isinstance(value, BaseModel):
        for key in value.model_extra or ():
            yield dotted_path((*path, key))
        for _, key, child in _fields(value):
            yield from _unknown(child, (*path, key))
    elif isinstance(value, list):
        for index, child in enumerate(value):
            yield from _unknown(child, (*path, index))
    elif isinstance(value, dict):
        for key, child in value.items():
            if isinstance(child, BaseModel):
                yield from _unknown(child, (*path, key))


def _plain(value: Any, declared: bool) -> Any:
    if isinstance(value, BaseModel):
        return {
            key: _plain(child, declared)
            for name, key, child in _fields(value)
            if not declared or (name in value.model_fields_set and child is not None)
        }
    if isinstance(value, list):
        return [_plain(child, declared) for child in value]
    if isinstance(value, dict):
        return {key: _plain(child, declared) for key, child in value.items()}
    return value
