"""Where a manifest's schema work is done: here when it is plainly small, else in a child with limits."""

from __future__ import annotations

from ..bounded import SECONDS, Child, UnfinishedWorkError, is_small
from . import schema_work

_child = Child(schema_work.__file__)


def schema_answer(job: schema_work.Job) -> schema_work.Answer:
    """Return ``schema_work.answer`` of ``job``; work that does not end is one problem of the schema."""
    checks = job["checks"]
    tokens = sum(int(check["tokens"]) for check in checks)
    if is_small(job["schema"], (check["config"] for check in checks), tokens):
        return schema_work.answer(job)
    try:
        answer: schema_work.Answer = _child.answer(job, SECONDS)
    except UnfinishedWorkError as error:
        message = f"checking configs against it {error}; make it simpler"
        return {"schema": [{"path": [], "message": message}], "checks": []}
    return answer
