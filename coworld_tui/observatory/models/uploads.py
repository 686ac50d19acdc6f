"""What the server says while something is uploaded (hosted.md 5)."""

from __future__ import annotations

from pydantic import Field

from .base import ApiModel, Moment, Rows


class PushInfo(ApiModel):
    """Where an image is to be pushed. ``authorization_token`` is base64 of ``user:password``."""

    registry: str = ""
    repository: str = ""
    tag: str = ""
    image_uri: str | None = None
    endpoint_url: str | None = None
    authorization_token: str = Field(default="", repr=False)


class UploadedPolicy(ApiModel):
    """A policy version that was made of an upload."""

    id: str = ""
    name: str | None = None
    version: int | None = None
    pools: list[str] | None = None
    submit_error: str | None = None


class CertificationFailure(ApiModel):
    """Why a hosted certification failed. ``retryable`` ones are the platform's fault."""

    kind: str | None = None
    detail: str | None = None
    remediation: str | None = None
    retryable: bool = False
    documentation_url: str | None = None


class CertificationStep(ApiModel):
    """One step of a hosted certification."""

    id: str = ""
    status: str | None = None


class HostedCertification(ApiModel):
    """How far the hosted certification of a Coworld is: ``state`` ends as ``certified`` or ``failed``."""

    coworld_id: str | None = None
    state: str | None = None
    certified: bool = False
    contract_version: str | None = None
    certification_job_id: str | None = None
    failed_step: str | None = None
    failure: CertificationFailure | None = None
    transcript_summary: Rows[CertificationStep] = Field(default_factory=list)
    completed_at: Moment | None = None
