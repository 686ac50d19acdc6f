"""What the server made of a version of a Coworld: waiting for it, telling it, ``league status``."""

from __future__ import annotations

import shlex
from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from ..contract.errors import EXIT_DONE, EXIT_FAILED, EXIT_MISSING, CoworldError
from ..contract.text import safe_line
from ..observatory.client import Observatory
from ..observatory.hosted_checks import (
    SmokeEpisode,
    certification_until_over,
    hosted_certification,
    smoke_episodes,
    smoke_until_over,
)
from ..observatory.models.coworlds import Coworld
from ..observatory.models.uploads import HostedCertification
from ..observatory.reading import coworld
from .league_session import session
from .output import explain, say, tell, tell_json

_SHOWN = 100


@dataclass(frozen=True)
class Checks:
    """What was found out; None is what was not asked for. ``problem`` ended the waiting."""

    episodes: tuple[SmokeEpisode, ...] | None
    certification: HostedCertification | None
    problem: CoworldError | None = None

    @property
    def exit_code(self) -> int:
        """0 for what passed or goes on, 1 when the package is at fault, 3 when the server is."""
        if any(episode.has_failed for episode in self.episodes or ()):
            return EXIT_FAILED
        if self.problem is not None:
            return EXIT_MISSING
        if self.certification is None or self.certification.state != "failed":
            return EXIT_DONE
        failure = self.certification.failure
        return EXIT_MISSING if failure is not None and failure.retryable else EXIT_FAILED


async def checks_of(client: Observatory, coworld_id: str, options: Namespace, *, all_of_it: bool) -> Checks:
    """Wait for what the options say, look at the rest; episodes only if ``all_of_it`` or waited for.

    Nothing is raised but that it was stopped: the version is there, whatever else goes wrong.
    """
    episodes: tuple[SmokeEpisode, ...] | None = None
    certification: HostedCertification | None = None
    try:
        if options.wait_hosted_smoke:
            seconds = options.hosted_smoke_timeout_seconds
            async for episodes in smoke_until_over(client, coworld_id, timeout_seconds=seconds):
                states = ", ".join(f"{episode.id} {episode.status}" for episode in episodes)
                say(f"  hosted episodes: {states or 'none yet'}")
        elif all_of_it:
            episodes = await smoke_episodes(client, coworld_id)
        if options.wait_certification and not any(episode.has_failed for episode in episodes or ()):
            certification = await _certified(client, coworld_id, options.certification_timeout_seconds)
        else:
            certification = await hosted_certification(client, coworld_id)
    except CoworldError as problem:
        return Checks(episodes, certification, problem)
    return Checks(episodes, certification)


async def _certified(client: Observatory, coworld_id: str, seconds: float) -> HostedCertification:
    found = HostedCertification()
    told: set[tuple[str, str | None]] = set()
    async for found in certification_until_over(client, coworld_id, timeout_seconds=seconds):
        say(f"  hosted certification: {safe_line(found.state or 'unknown', _SHOWN)}")
        for step in found.transcript_summary:
            if (step.id, step.status) not in told:
                told.add((step.id, step.status))
                say(f"    {safe_line(step.status or '', 20):<5} {safe_line(step.id, _SHOWN)}")
    return found


def tell_checks(version: Coworld, checks: Checks, *, as_json: bool) -> None:
    """Print a version and what the server made of it; in JSON as the published client does."""
    if as_json:
        tell_json(_document(version, checks))
    else:
        for line in _lines(checks):
            tell(line)
    if checks.problem is not None:
        explain(checks.problem)
        shown = shlex.quote(safe_line(version.id, _SHOWN))
        say(f"It is on the server all the same: coworld-tui league status {shown}")


def _document(version: Coworld, checks: Checks) -> dict[str, Any]:
    episodes = [
        {"id": episode.id, "status": episode.status, "error": episode.error or None}
        for episode in checks.episodes or ()
    ]
    document: dict[str, Any] = {
        "coworld": version.as_document(),
        "hosted_smoke_episodes": episodes,
        "certification": checks.certification.as_document() if checks.certification is not None else None,
    }
    return document | ({"error": checks.problem.as_dict()} if checks.problem is not None else {})


def _lines(checks: Checks) -> list[str]:
    lines = [
        f"hosted episode  {episode.id}  {episode.status}  {episode.error}".rstrip()
        for episode in checks.episodes or ()
    ]
    certification = checks.certification
    if certification is not None:
        lines.append(f"certification   {safe_line(certification.state or 'unknown', _SHOWN)}")
        if certification.failed_step:
            lines.append(f"failed step     {safe_line(certification.failed_step, _SHOWN)}")
        if certification.failure is not None:
            lines.append(f"why             {safe_line(certification.failure.detail or '', 300)}")
            lines.append(f"fix             {safe_line(certification.failure.remediation or '', 300)}")
    return lines


async def status(options: Namespace) -> int:
    """Show a version of a Coworld and what the server made of it, or wait until that is over."""
    async with session(options) as (client, _):
        version = await coworld(client, options.coworld_id)
        checks = await checks_of(client, version.id, options, all_of_it=True)
    if not options.json:
        tell(f"coworld         {safe_line(f'{version.name} {version.version}', _SHOWN)}")
        tell(f"canonical       {'yes' if version.canonical else 'no'}")
    tell_checks(version, checks, as_json=options.json)
    return checks.exit_code
