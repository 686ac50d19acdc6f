"""The record of a role's run."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

from coworld_tui.contract.package import Package
from coworld_tui.replay.episode_files import open_episode
from coworld_tui.roles.listing import find_role
from coworld_tui.roles.role_folder import RoleFolder

from .conftest import Rogue


def test_a_secret_on_the_command_line_stays_out_of_the_record(
    rogue: Rogue, workspace: Path, home: Path
) -> None:
    package: Package = rogue("grade")
    entry = find_role(package, "grader", None)
    with closing(open_episode(workspace)) as episode:
        command = "coworld-tui grade https://x/?token=hunter2hunter2"
        folder = RoleFolder.create(package, episode, entry, None, "process", command)
    run = folder.path.parents[2]
    assert run.is_relative_to(home)
    described = json.loads((run / "run_manifest.json").read_bytes())
    assert described["command"] == "coworld-tui grade https://x/?token=[redacted]"
