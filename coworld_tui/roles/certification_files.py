"""What a certification leaves in its run directory: the report, its JSON twin, logs of what it started."""

from __future__ import annotations

import contextlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..runs.directory import MANIFEST, RunDirectory, replacing, write_json
from ..runs.redact import Redactor
from .certification_outcome import CertificationOutcome
from .certification_report import report_html

if TYPE_CHECKING:
    from .certification import CertifyOptions

REPORT = "certification_report.html"
RECORD = "certification.json"
LOGS = "certification"
KIND = "certification"


def write_files(
    outcome: CertificationOutcome, options: CertifyOptions, aside: Path | None
) -> CertificationOutcome:
    """Write everything; the outcome returned knows where. ``aside`` holds the logs so far, if any; they
    are moved.

    The run is the smoke episode's. Without one it gets a directory of its own, unless it was
    cancelled: then nothing has happened worth keeping. OSError and CoworldError as they come.
    """
    directory = _directory(outcome, options)
    if directory is None:
        return outcome
    report = directory.artifacts / REPORT
    outcome = replace(outcome, run_dir=directory.path, run_id=directory.run_id, report=report)
    if aside is not None:
        _take_over(aside, directory.artifacts / LOGS)
    html = report_html(outcome, _facts(outcome, directory)).encode(errors="replace")
    folders = [directory.artifacts]
    if options.output_dir is not None and options.output_dir.is_dir():
        folders.append(options.output_dir)
    for folder in folders:
        with replacing(folder / REPORT) as stream:
            stream.write(html)
        write_json(folder / RECORD, outcome.as_dict())
    _amend(directory, outcome)
    return outcome


def _take_over(aside: Path, folder: Path) -> None:
    for entry in list(aside.iterdir()):
        folder.mkdir(exist_ok=True)
        shutil.move(entry, folder / entry.name)


def _directory(outcome: CertificationOutcome, options: CertifyOptions) -> RunDirectory | None:
    if outcome.run_dir is not None:
        return RunDirectory(outcome.run_dir, outcome.run_id)
    if outcome.cancelled:
        return None
    directory = RunDirectory.create(outcome.run_id, options.output_dir)
    directory.begin(
        kind=KIND,
        command=Redactor().text(options.command),
        provider=options.backend,
        operation=f"{outcome.package['name'] or '?'}:{KIND}",
        inputs={"manifest": outcome.package["source"], "version": outcome.package["version"]},
    )
    directory.close_workspace()
    return directory


def _facts(outcome: CertificationOutcome, directory: RunDirectory) -> dict[str, str]:
    """The places the report names, by what is there."""
    facts = {"run": str(directory.path)}
    if outcome.episode is not None:
        facts["workspace"] = outcome.episode.workspace
        if outcome.episode.replay:
            facts["replay"] = outcome.episode.replay
    if (directory.artifacts / LOGS).is_dir():
        facts["logs of probes"] = str(directory.artifacts / LOGS)
    return facts


def _amend(directory: RunDirectory, outcome: CertificationOutcome) -> None:
    """The run is a certification's, whose outcome is more than its episode's."""
    path = directory.path / MANIFEST
    manifest: dict[str, Any] = {}
    with contextlib.suppress(ValueError):
        manifest = json.loads(path.read_bytes())
    failed = outcome.failed
    manifest.update(kind=KIND, status=outcome.status)
    manifest.setdefault("finished_at", outcome.finished_at.isoformat(timespec="milliseconds"))
    manifest.setdefault("result_summary", {})["certification"] = {
        "ok": outcome.ok,
        "generation": outcome.generation,
        "failed_step": failed.id if failed is not None else None,
        "failure_reason": failed.failure_reason if failed is not None else None,
    }
    manifest.setdefault("artifact_paths", {}).update(
        certification=f"artifacts/{RECORD}", certification_report=f"artifacts/{REPORT}"
    )
    write_json(path, manifest)
