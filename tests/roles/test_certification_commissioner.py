"""The question to a commissioner: who answers it, who does not, and what remains of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from coworld_tui.contract.errors import CoworldError
from coworld_tui.contract.generations import Generation
from coworld_tui.roles import commissioner_probe, log_limit
from coworld_tui.roles.commissioner_probe import probe_commissioner

from ..processes import started_for
from .certifying import certified, commissioner, failure, manifest, package_of


async def probed(how: str, logs: Path, generation: Generation = "0.1.64", seconds: float = 10.0) -> str:
    """The answer of a local commissioner."""
    document = manifest()
    document["commissioner"] = [commissioner(how)]
    package = package_of(document)
    role = package.manifest.commissioner[0]
    return await probe_commissioner(package, role, generation, "process", seconds, logs)


@pytest.mark.parametrize(
    ("generation", "answer"), [("0.1.64", "schedule_rounds_response"), ("0.1.11", "round_complete")]
)
async def test_a_commissioner_that_answers(
    generation: Generation, answer: str, tmp_path: Path, home: Path
) -> None:
    assert await probed("good", tmp_path, generation) == f"answered with {answer}"
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "commissioner.stderr.log",
        "commissioner.stdout.log",
    ]
    assert not started_for(home)


async def test_0_1_11_may_have_nothing_to_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commissioner_probe, "_QUIET_SECONDS", 0.3)
    assert "said nothing" in await probed("quiet", tmp_path, "0.1.11")


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("other", "type 'round_complete'"),
        ("invalid", "rounds[0].division_id"),
        ("many", "more than 50000 values"),
        ("prose", "not JSON"),
        ("endless", "closed"),
        ("hangs up", "closed instead of an answer"),
        ("ill", "no answer within"),
        ("quiet", "no answer within"),
        ("leaves", "the league is closed"),
    ],
)
async def test_a_commissioner_that_does_not(how: str, said: str, tmp_path: Path, home: Path) -> None:
    with pytest.raises(CoworldError) as caught:
        await probed(how, tmp_path, seconds=1.5 if how in ("ill", "quiet") else 10.0)
    assert caught.value.type == "commissioner_protocol_failed"
    assert said in caught.value.cause
    assert "\x1b" not in str(caught.value)
    assert not started_for(home)


async def test_a_commissioner_that_logs_without_end_is_ended(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_limit, "LOG_LIMIT", 1 << 20)
    with pytest.raises(CoworldError) as caught:
        await probed("floods", tmp_path, seconds=30.0)
    assert caught.value.type == "commissioner_protocol_failed"
    assert "more than 1 MiB of log lines" in caught.value.cause
    assert not started_for(home)


async def test_the_step_fails_by_the_commissioner_that_does_not_answer() -> None:
    document = manifest()
    document["commissioner"] = [commissioner("good"), {**commissioner("leaves"), "id": "../../../escape"}]
    outcome = await certified(document)
    assert failure(outcome) == ("supporting-roles", "commissioner_protocol_failed")
    assert outcome.run_dir is not None
    folders = outcome.run_dir / "artifacts" / "certification" / "commissioners"
    assert sorted(path.name for path in folders.iterdir()) == ["commissioner-1", "commissioner-good"]
    log = (folders / "commissioner-1" / "commissioner.stderr.log").read_text()
    assert "the league is closed" in log
