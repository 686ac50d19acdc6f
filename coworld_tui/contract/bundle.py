"""The ``manifest.json`` at the root of an episode bundle, of either generation (local.md section 6)."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from .errors import EXIT_USAGE, CoworldError
from .jsontext import MIB, VALUE_LIMIT, UnreadableJson, read_json_object
from .problems import listed, model_problems

BUNDLE_MANIFEST = "manifest.json"

_SIZE_LIMIT = 16 * MIB


class BundleManifest(BaseModel):
    """What a bundle holds: ``files`` maps each included token to its zip entry or entries.

    Recorded episodes have ``episode_id`` in place of ``ereq_id``; details they add are kept.
    """

    model_config = ConfigDict(extra="allow")

    ereq_id: str | None = None
    episode_id: str | None = None
    status: str = ""
    include: list[str] = Field(default_factory=list)
    files: dict[str, Any] = Field(default_factory=dict)
    replay_url: str | None = None
    player_artifact_status: str | None = None

    def entries(self, token: str) -> dict[str, str]:
        """Return the zip entries of ``token`` by slot, stream or artifact id; a single one is under ``""``.

        The names are outside text: look them up in the zip, never join them to a folder.
        """
        value = self.files.get(token)
        if isinstance(value, str):
            return {"": value}
        if not isinstance(value, dict):
            return {}
        return {key: entry for key, entry in value.items() if isinstance(entry, str)}


def parse_bundle_manifest(data: bytes) -> BundleManifest:
    """Read a bundle's ``manifest.json``; ``bundle_invalid`` says what is wrong and where."""
    try:
        return BundleManifest.model_validate(read_json_object(data, _SIZE_LIMIT, VALUE_LIMIT))
    except UnreadableJson as error:
        cause = f"{BUNDLE_MANIFEST} {error}"
    except ValidationError as error:
        cause = listed(model_problems(error))
    raise CoworldError(
        "bundle_invalid",
        "That is not an episode bundle",
        cause=cause,
        next_step="download or build the bundle again",
        exit_code=EXIT_USAGE,
    )
