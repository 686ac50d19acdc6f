"""What a certification's record takes over."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from coworld_tui.roles.certification import CertifyOptions
from coworld_tui.roles.certification_files import write_files
from coworld_tui.roles.certification_outcome import CertificationOutcome
from coworld_tui.roles.steps import STEPS, StepState
from coworld_tui.runs.directory import new_run_id


def test_logs_are_moved_into_the_run_not_written_again(tmp_path: Path, home: Path) -> None:
    log = tmp_path / "aside" / "commissioners" / "one" / "commissioner.stdout.log"
    log.parent.mkdir(parents=True)
    log.write_text("hello")
    node = log.stat().st_ino
    outcome = CertificationOutcome(
        package={"name": "x", "version": "1", "source": "x"},
        generation="0.1.64",
        steps=tuple(StepState(step) for step in STEPS),
        cancelled=False,
        run_id=new_run_id(),
        run_dir=None,
        episode=None,
        error=None,
        finished_at=datetime.now(UTC),
    )
    written = write_files(outcome, CertifyOptions(), tmp_path / "aside")
    assert written.run_dir is not None
    assert written.run_dir.is_relative_to(home)
    folder = written.run_dir / "artifacts" / "certification"
    assert (folder / log.relative_to(tmp_path / "aside")).stat().st_ino == node
    assert list((tmp_path / "aside").iterdir()) == []
