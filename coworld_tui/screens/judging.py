"""Supporting roles on the replay in view: grade it, diagnose it, report on it, plan from it."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from textual import work

from ..contract.errors import CoworldError
from ..contract.text import safe_line
from .dialogs import Prompt, Question
from .replay_base import ReplayBase

if TYPE_CHECKING:
    from ..contract.package import Package
    from ..roles.role_run import RoleName
    from ..runner.launch import BackendName

_MOST_ASKED = 9


class _Wish(NamedTuple):
    """What was asked for, of the replay that was in view then."""

    role: RoleName
    target: str
    path: Path
    package: Package


class Judging(ReplayBase):
    """The package is the run's, else one of this machine with the game's name, else it is asked for."""

    def action_judge(self, role: RoleName) -> None:
        """Run a role on this replay; a diagnoser is told whom to look at."""
        if self.viewing is None:
            return
        if role == "diagnoser":
            names = self.viewing.replay.players
            prompt = Prompt("diagnose", "the policy to look at", names[0] if names else "")
            self.app.push_screen(prompt, partial(self._diagnose, role))
        else:
            self._find_package(role, "")

    def _diagnose(self, role: RoleName, target: str | None) -> None:
        if target:
            self._find_package(role, target)

    @work(exclusive=True, group="judging")
    async def _find_package(self, role: RoleName, target: str) -> None:
        viewing = self.viewing
        if viewing is None:
            return
        path = viewing.replay.path
        package = await asyncio.to_thread(_package_of, path, viewing.replay.game)
        if package is not None:
            self._judge(_Wish(role, target, path, package))
            return
        likely = await asyncio.to_thread(_likely_place)
        prompt = Prompt("which package is it an episode of?", "manifest file or package folder", likely)
        self.app.push_screen(prompt, partial(self._asked, role, target, path))

    def _asked(self, role: RoleName, target: str, path: Path, answer: str | None) -> None:
        if answer:
            self._read_package(role, target, path, answer)

    @work(exclusive=True, group="judging")
    async def _read_package(self, role: RoleName, target: str, path: Path, answer: str) -> None:
        from ..contract.package import read_package

        try:
            package = await asyncio.to_thread(lambda: read_package(Path(answer).expanduser()))
        except (CoworldError, RuntimeError) as error:
            self.notify(safe_line(str(error), 300), severity="error", markup=False)
        else:
            self._judge(_Wish(role, target, path, package))

    def _judge(self, wish: _Wish) -> None:
        """Run the role; of several, the one that is chosen."""
        from ..roles.listing import find_role, list_roles

        try:
            find_role(wish.package, wish.role)
        except CoworldError as error:
            self.notify(safe_line(f"{error.title}: {error.cause}", 300), severity="warning", markup=False)
            return
        roles = list_roles(wish.package)
        fitting = [entry for entry in roles if entry.section == wish.role and entry.can_run]
        if len(fitting) == 1:
            self._begin(wish, fitting[0].id)
            return
        answers = [
            (str(number), str(number), safe_line(f"{entry.id}  {entry.name}", 60))
            for number, entry in enumerate(fitting[:_MOST_ASKED], 1)
        ]

        def chosen(answer: str | None) -> None:
            if answer:
                self._begin(wish, fitting[int(answer) - 1].id)

        self.app.push_screen(Question(wish.role, f"Which {wish.role}?", answers), chosen)

    def _begin(self, wish: _Wish, role_id: str) -> None:
        from ..roles.role_run import RoleOptions, RoleRun
        from .role_screen import RoleScreen

        backend: BackendName = "process" if wish.package.builtin else "docker"
        options = RoleOptions(wish.role, role_id, target=wish.target, backend=backend)
        run = RoleRun(wish.package, wish.path, options)
        self.console.begin(run)
        self.app.push_screen(RoleScreen(run))


def _package_of(path: Path, game: str) -> Package | None:
    """The manifest that a run kept, else a package of this machine with the name of the game."""
    from ..contract.package import read_package
    from .packages import discover

    try:
        return read_package(path / "inputs" / "coworld_manifest.json")
    except CoworldError:
        named = (found.package for found in discover(()) if found.package is not None)
        return next((package for package in named if game and package.name == game), None)


def _likely_place() -> str:
    """The first package of this machine, for an episode that does not name its game."""
    from .packages import discover

    found = (each for each in discover(()) if each.package is not None and not each.package.builtin)
    return next((each.source for each in found), "")
