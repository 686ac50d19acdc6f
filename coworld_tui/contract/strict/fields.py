"""What both generations read alike."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

import packaging.version
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError


def refused(message: str) -> PydanticCustomError:
    """What a validator raises: ``message`` says what to change."""
    return PydanticCustomError("rule", "{message}", {"message": message})


class Model(BaseModel):
    """An object that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid")


def _pep_440(version: str) -> str:
    try:
        packaging.version.Version(version)
    except ValueError:
        raise refused("write a version as PEP 440 does, such as 1.0 or 0.2.1") from None
    return version


Text = Annotated[str, Field(min_length=1)]
Version = Annotated[Text, AfterValidator(_pep_440)]
WebAddress = Annotated[Text, Field(pattern=r"^https?://")]


class Doc(Model):
    """A document: its text, or its web address."""

    type: Literal["text", "uri"]
    value: Text

    @model_validator(mode="after")
    def _is_address(self) -> Self:
        if self.type == "uri" and not self.value.startswith(("http://", "https://")):
            raise refused("start value with http:// or https://, or make type text")
        return self


class Variant(Model):
    """A named config."""

    id: Text
    name: Text
    description: Text
    game_config: dict[str, Any]


class CertificationPlayer(Model):
    """One slot of the fixture."""

    player_id: Text


class Certification(Model):
    """The fixture."""

    game_config: dict[str, Any]
    players: list[CertificationPlayer] = Field(min_length=1)
