"""``certify``: take a package through every step of certification."""

from __future__ import annotations

import asyncio
from argparse import Namespace
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from ..contract.errors import EXIT_INTERRUPTED, EXIT_USAGE, CoworldError
from .loading import load
from .output import explain, say, tell, tell_json

if TYPE_CHECKING:
    from ..roles.certification import Certification, CertifyOptions
    from ..roles.certification_outcome import CertificationOutcome
    from ..roles.steps import StepState
    from ..runner.launch import BackendName

_MARKS = {"pass": "✓", "fail": "✗"}
_SKIPPED_MARK = "○"


def certify(options: Namespace) -> int:
    """Exit 0 passed, 1 failed, 2 no manifest at all, 3 engine or disk missing, 130 interrupted."""
    from ..contract.package import UnusableManifestError
    from ..roles.certification import Certification, certify_unusable

    wants_lines = (options.display or ("none" if options.json else "plain")) != "none"
    try:
        package = load(options.manifest)
    except UnusableManifestError as refused:
        outcome = asyncio.run(certify_unusable(refused, _options(options, "docker")))
        if wants_lines:
            _say_steps(outcome.steps)
    else:
        usual: BackendName = "process" if package.builtin else "docker"
        certification = Certification(package, _options(options, usual))
        if options.display == "full":
            _watch(certification)
            if certification.outcome is None:  # left before it began
                return EXIT_INTERRUPTED
            outcome = certification.outcome
        else:
            outcome = certify_in_lines(certification, wants_lines=wants_lines)
    if options.json:
        tell_json(outcome.as_dict())
    else:
        _tell(outcome)
    if outcome.error is not None:
        explain(outcome.error)
    return outcome.exit_code


def _watch(certification: Certification) -> None:
    """Certify in the console. CoworldError where there is no room for one."""
    from ..runs.directory import require_fresh
    from .console import watch_certification
    from .terminal import why_not_full

    reason = why_not_full()
    if reason:
        raise CoworldError(
            "terminal_missing",
            "the checklist on a screen needs a terminal",
            cause=reason,
            next_step="leave --display full out",
            exit_code=EXIT_USAGE,
        )
    if certification.options.output_dir is not None:
        require_fresh(certification.options.output_dir)
    watch_certification(certification)


def _options(options: Namespace, usual_backend: BackendName) -> CertifyOptions:
    from ..roles.certification import CertifyOptions
    from .launch_arguments import as_typed

    return CertifyOptions(
        generation=options.generation,
        keep_going=options.keep_going,
        timeout_seconds=options.timeout_seconds,
        backend=options.backend or usual_backend,
        output_dir=Path(options.output_dir) if options.output_dir else None,
        command=as_typed(),
    )


def certify_in_lines(certification: Certification, *, wants_lines: bool) -> CertificationOutcome:
    """Certify, each step a line on stderr if wanted; signals stop it in an orderly way."""
    return asyncio.run(_certify(certification, wants_lines=wants_lines))


async def _certify(certification: Certification, *, wants_lines: bool) -> CertificationOutcome:
    from ..runner.reaper import reap
    from ..runner.signals import stop_on_signals

    stop_on_signals(certification.cancel)
    cleaning = asyncio.create_task(reap(engine=certification.options.backend == "docker"))
    showing = asyncio.create_task(_show(certification)) if wants_lines else None
    outcome = await certification.run()
    if showing is not None:
        await showing
    if outcome.cancelled:
        cleaning.cancel()  # an engine that does not answer keeps nobody
    await asyncio.wait({cleaning})
    return outcome


async def _show(certification: Certification) -> None:
    """A line on stderr a step, in their order, as each is over."""
    say(f"certifying {certification.package.label} by the rules of {certification.generation}")
    shown = 0
    while shown < len(certification.steps):
        step = certification.steps[shown]
        if step.is_over:
            say(_line(step))
            shown += 1
        elif certification.outcome is not None:
            return
        else:
            await certification.changed.wait()
            certification.changed.clear()


def _say_steps(steps: Iterable[StepState]) -> None:
    for step in steps:
        say(_line(step))


def _line(step: StepState) -> str:
    mark = _MARKS.get(step.status, _SKIPPED_MARK)
    reason = f"{step.failure_reason}: " if step.failure_reason else ""
    return f"{mark} {step.id:<17} {step.seconds:6.2f} s  {reason}{step.feedback or ''}"


def _tell(outcome: CertificationOutcome) -> None:
    passed = sum(step.status == "pass" for step in outcome.steps)
    tell(f"certification {outcome.status}: {passed} of {len(outcome.steps)} steps passed")
    if outcome.report is not None:
        tell(f"report  {outcome.report}")
    if outcome.run_dir is not None:
        tell(f"run     {outcome.run_dir}")
