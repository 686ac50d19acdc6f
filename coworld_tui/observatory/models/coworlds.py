"""Uploaded Coworlds and container images (hosted.md 3.11 and 3.12)."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from .base import ApiModel, Moment, Rows


class VariantSummary(ApiModel):
    """A variant, by name only."""

    id: str = ""
    name: str | None = None


class ManifestSummary(ApiModel):
    """What a list says of a manifest; ``role_counts`` is how many of each role it has."""

    description: str | None = None
    owner: str | None = None
    variants: Rows[VariantSummary] = Field(default_factory=list)
    role_counts: dict[str, Any] = Field(default_factory=dict)


class CoworldRow(ApiModel):
    """A version of a Coworld in a list. The canonical one is what its name means."""

    id: str = ""
    name: str | None = None
    version: str | None = None
    visibility: str | None = None
    manifest_summary: ManifestSummary = Field(default_factory=ManifestSummary)
    manifest_hash: str | None = None
    size_bytes: int | None = None
    created_at: Moment | None = None
    canonical: bool = False


class Coworld(ApiModel):
    """A version of a Coworld with its manifest."""

    id: str = ""
    name: str | None = None
    version: str | None = None
    visibility: str | None = None
    manifest: dict[str, Any] = Field(default_factory=dict)
    manifest_hash: str | None = None
    size_bytes: int | None = None
    canonical: bool = False
    forum_markdown_url: str | None = None
    wiki_markdown_url: str | None = None
    documentation_url: str | None = None
    certification_status_url: str | None = None
    certification_transcript_url: str | None = None


class Image(ApiModel):
    """An uploaded container image."""

    id: str = ""
    name: str | None = None
    version: int | None = None
    client_hash: str | None = None
    status: str | None = None
    image_uri: str | None = None
    image_digest: str | None = None
    public_image_uri: str | None = None
