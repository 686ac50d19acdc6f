"""Would the published clients load this manifest, and what should its author change?"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, get_args

from .findings import Finding, Severity
from .generations import Generation, generation_of
from .jsontext import SIZE_LIMIT, VALUE_LIMIT, UnreadableJson, read_json, refuse_bulk
from .strict.advice import advice
from .strict.game_configs import config_refusals
from .strict.model_rules import TYPED_LIMIT, is_too_much, model_refusals
from .strict.refusal import Refusal
from .text import safe_line
from .validation import dotted_path

GENERATIONS: tuple[Generation, ...] = get_args(Generation)

_MESSAGE_LIMIT = 300
_MOST_FINDINGS = 200


@dataclass(frozen=True)
class Verdict:
    """What the strict loaders of both generations make of one manifest.

    ``accepted_by`` is package load: model, game configs, references. The rule that
    certification alone has (tags) is a warning. Errors come before warnings in ``findings``.
    """

    accepted_by: dict[Generation, bool]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether at least one generation accepts it."""
        return any(self.accepted_by.values())


def check_manifest(data: bytes) -> Verdict:
    """Check the bytes of a manifest; any bytes give a verdict, none an exception.

    Schemas that ask for much work are given a few seconds: call it off the event loop.
    """
    try:
        return check_raw(read_json(data))
    except UnreadableJson as error:
        return _check_doubtful(data, str(error))


def check_raw(raw: Any) -> Verdict:
    """Check a manifest that is already parsed JSON."""
    if not isinstance(raw, dict):
        return refused_outright("make the document an object")
    try:
        refuse_bulk(raw, VALUE_LIMIT)
    except UnreadableJson as error:
        return refused_outright(f"mend the file: it {error}")
    if is_too_much(raw):
        return refused_outright(f"leave at most {TYPED_LIMIT} values outside schemas and configs")
    refusals = [*model_refusals(raw), *config_refusals(raw)]
    refused = {refusal.generation for refusal in refusals}
    accepted_by = {generation: generation not in refused for generation in GENERATIONS}
    meant = {generation_of(raw), *(generation for generation in GENERATIONS if accepted_by[generation])}
    errors = _merged("error", refusals)
    warnings = _merged("warning", (wish for wish in advice(raw) if wish.generation in meant))
    return Verdict(accepted_by, (*errors, *warnings))


def refused_outright(message: str) -> Verdict:
    """The verdict on what is not even looked at: both generations refuse it for one reason."""
    finding = Finding("error", "", safe_line(message, _MESSAGE_LIMIT), GENERATIONS)
    return Verdict(dict.fromkeys(GENERATIONS, False), (finding,))


def _check_doubtful(data: bytes, reason: str) -> Verdict:
    """Check what ``read_json`` refuses: the clients read NaN, or keys that are named twice."""
    outright = refused_outright(f"mend the file: it {reason}")
    if len(data) > SIZE_LIMIT:
        return outright
    try:
        raw = json.loads(data.decode())
    except (ValueError, RecursionError):
        return outright
    verdict = check_raw(raw)
    doubt = Finding(
        "warning", "", safe_line(f"mend the file: it {reason}; not every program reads that"), GENERATIONS
    )
    return replace(verdict, findings=(*verdict.findings, doubt))


def _merged(severity: Severity, refusals: Iterable[Refusal]) -> list[Finding]:
    """One finding for what both generations say alike, in the order in which they were said first."""
    said: dict[tuple[str, str], set[Generation]] = {}
    for refusal in refusals:
        key = dotted_path(refusal.place), safe_line(refusal.message, _MESSAGE_LIMIT)
        said.setdefault(key, set()).add(refusal.generation)
    findings = [
        Finding(severity, where, message, tuple(sorted(generations)))
        for (where, message), generations in said.items()
    ]
    more = len(findings) - _MOST_FINDINGS
    if more > 0:
        rest = Finding(severity, "", f"mend these first: there are {more} more", GENERATIONS)
        findings = [*findings[:_MOST_FINDINGS], rest]
    return findings
