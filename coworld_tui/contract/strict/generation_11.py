"""The manifest as the strict loader of 0.1.11 demands it (local.md section 1).

Runnables ignore keys they do not know; everything else refuses them. What needs more than
one field is in ``game_configs``.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .fields import Certification, Doc, Model, Text, Variant, Version

Role = Literal["player", "reporter", "commissioner", "grader", "diagnoser", "optimizer"]


class Runnable(BaseModel):
    """The game's container."""

    model_config = ConfigDict(extra="ignore")

    type: Literal["game"] = "game"
    image: str
    run: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)


class RoleRunnable(BaseModel):
    """A declared role. That ``type`` names its own section is documented, not enforced."""

    model_config = ConfigDict(extra="ignore")

    type: Role
    id: Text
    name: Text
    description: Text
    image: str
    run: list[str] = Field(default_factory=list)
    env: dict[str, str] = Field(default_factory=dict)
    source_url: str | None = None


class Protocols(Model):
    """Documents of the two websockets."""

    player: Doc
    global_: Doc = Field(alias="global")


class Page(Model):
    """A supplemental page."""

    id: Text
    title: Text
    content: Doc


class Docs(Model):
    """Public documents."""

    readme: Doc | None = None
    pages: list[Page] = Field(default_factory=list)


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
    docs: Docs | None = None


class ChildVariant(Variant):
    """A variant; ``parent_id`` names another."""

    parent_id: Text | None = None


class Manifest(Model):
    """``coworld_manifest.json`` of 0.1.11."""

    schema_: str | None = Field(default=None, alias="$schema")
    game: Game
    player: list[RoleRunnable] = Field(min_length=1)
    reporter: list[RoleRunnable] = Field(default_factory=list)
    commissioner: list[RoleRunnable] = Field(default_factory=list)
    grader: list[RoleRunnable] = Field(default_factory=list)
    diagnoser: list[RoleRunnable] = Field(default_factory=list)
    optimizer: list[RoleRunnable] = Field(default_factory=list)
    variants: list[ChildVariant] = Field(min_length=1)
    certification: Certification
