"""What all answers of the hosted side have in common: nothing in them can be relied on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
)


class ApiModel(BaseModel):
    """An object of the API. Any JSON object becomes one.

    A field that is missing, null or of another kind than the contract says has its default: one odd
    value must not hide the row it stands in. Fields the contract does not know are kept, and written
    again by ``as_document`` (hosted.md 2). States are plain text, so that new ones are shown as they are.
    """

    model_config = ConfigDict(
        extra="allow", frozen=True, coerce_numbers_to_str=True, allow_inf_nan=False, protected_namespaces=()
    )

    @field_validator("*", mode="wrap")
    @classmethod
    def _default_when_unreadable(
        cls, value: Any, handler: ValidatorFunctionWrapHandler, info: ValidationInfo
    ) -> Any:
        try:
            return handler(value)
        except ValidationError:
            return cls.model_fields[str(info.field_name)].get_default(call_default_factory=True)

    def as_document(self) -> dict[str, Any]:
        """The object as JSON values: every known field, and the unknown ones as they came."""
        return self.model_dump(mode="json")


def _objects_only(value: Any) -> Any:
    return (
        [item for item in value if isinstance(item, dict | BaseModel)] if isinstance(value, list) else value
    )


_Item = TypeVar("_Item")

Rows = Annotated[list[_Item], BeforeValidator(_objects_only)]
"""A list of objects; what is no object in it is left out."""


def _comparable(moment: datetime) -> datetime:
    if not datetime.min.year < moment.year < datetime.max.year:
        raise ValueError("out of range")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


Moment = Annotated[datetime, AfterValidator(_comparable)]
"""A date and time, UTC where it does not say. In years that every zone has: it can be told in any of them."""
