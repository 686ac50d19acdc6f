"""The published certifier on a manifest, as a command: which steps it took and how they ended."""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from coworld_tui.roles.certification_outcome import CertificationOutcome

_ENDED = re.compile(r"^  \[(pass|fail)\] ([a-z-]+):", re.MULTILINE)
_REASON = re.compile(r"^Failure reason: (\w+)$", re.MULTILINE)
_SECONDS = 120


@dataclass(frozen=True)
class Certified:
    """The steps in order, each ``pass`` or ``fail``, the reason of the failed one, and the exit code."""

    steps: tuple[tuple[str, str], ...]
    reason: str | None
    code: int


async def published(manifest: Path, *options: str) -> Certified:
    """``coworld certify`` 0.1.64."""
    python = os.environ.get("COWORLD_PEER_64")
    if not python:
        pytest.skip("COWORLD_PEER_64 does not name a Python with the published client")
    client = Path(python).with_name("coworld")
    done = await asyncio.to_thread(
        subprocess.run,
        [str(client), "certify", str(manifest), "--no-open-report", *options],
        cwd=manifest.parent,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    steps = tuple((step, status) for status, step in _ENDED.findall(done.stdout))
    assert steps, done.stdout + done.stderr
    reason = _REASON.search(done.stdout)
    return Certified(steps, reason[1] if reason else None, done.returncode)


def as_published(outcome: CertificationOutcome) -> Certified:
    """Ours in the same terms."""
    taken = tuple((step.id, step.status) for step in outcome.steps if step.status != "skipped")
    failed = outcome.failed
    return Certified(taken, failed.failure_reason if failed else None, outcome.exit_code)
