"""What one does in leagues: hand in a policy, retire it, name a champion, open a replay (hosted.md 3).

Each is prepared first, which changes nothing: the result says in lines what would happen, with names and
ids, for whoever is asked whether to go on. ``run`` then does it.
"""

from __future__ import annotations

import asyncio
import json
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeVar, get_args

from ..contract.errors import EXIT_FAILED, EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from . import reading
from .client import Observatory, Reader
from .models.actions import Credits, ReplaySession
from .models.base import ApiModel
from .models.entries import Membership, Submission
from .models.episodes import Episode
from .models.leagues import League
from .reading import Model, as_model, checked_id
from .refusals import UnknownOutcome
from .servers import server_option

AutoChampion = Literal["always", "never", "lineage"]
"""Whether a policy becomes its player's champion once it qualifies, in the server's words."""

AUTO_CHAMPION: tuple[AutoChampion, ...] = get_args(AutoChampion)

REASON_LIMIT = 1000
"""Most characters that a reason for retiring may have."""

_SHOWN = 80
_SUBMIT_SECONDS = 120.0
_LOOKS_SECONDS = (0.0, 1.0, 3.0)  # a list read right after may come from a replica that lags
_MEMBERSHIP_PAGES = 5
_LOOK_AT_MEMBERSHIPS = "coworld-tui league memberships --mine"
_SUBMISSIONS = "/v2/league-submissions"


Done = TypeVar("Done", bound=ApiModel, covariant=True)


class Action(Protocol[Done]):
    """Something that can be done once it is agreed to."""

    def describe(self) -> list[str]:
        """What will happen, line by line, safe to show."""

    async def run(self, client: Observatory) -> Done:
        """Do it, once. What the server then has."""


@dataclass(frozen=True)
class SubmitPolicy:
    """Hand in a policy version to a league.

    ``policy`` is its label, empty when not known. ``earlier`` are those of the same version to the same
    league before: what is not among them arrived although its answer was lost.
    """

    policy: str
    policy_version_id: str
    league: League
    auto_champion: AutoChampion = "always"
    preferences: Mapping[str, Any] | None = None
    player_id: str | None = None
    earlier: tuple[Submission, ...] = ()
    timeout_seconds: float = _SUBMIT_SECONDS
    looks_seconds: Sequence[float] = _LOOKS_SECONDS
    """How long to wait before each look for a submission whose answer was lost."""

    def describe(self) -> list[str]:
        """What will happen, line by line, safe to show."""
        name = f"{self.league.name or '?'}  {self.league.id}"
        lines = [
            f"submit     {_shown(self.policy or 'the version')}  {_shown(self.policy_version_id)}",
            f"to league  {_shown(name)}",
            f"champion   {self.auto_champion}, once it qualifies",
        ]
        if self.player_id is not None:
            lines.append(f"as player  {_shown(self.player_id)}")
        if self.preferences is not None:
            lines.append(f"preferring {_shown(json.dumps(self.preferences))}")
        if self.league.state != "active":
            lines.append(f"note       the league is {_shown(self.league.state)}")
        for before in self.earlier[:1]:
            lines.append(f"note       handed in before, {_shown(before.status)}: {_shown(before.id)}")
        return lines

    async def run(self, client: Observatory) -> Submission:
        """Hand it in. When the answer is lost, look whether it arrived: it is never sent twice.

        ``outcome_unknown`` when that cannot be told.
        """
        body: dict[str, Any] = {
            "league_id": self.league.id,
            "policy_version_id": self.policy_version_id,
            "auto_champion": self.auto_champion,
        }
        if self.preferences is not None:
            body["preferences"] = dict(self.preferences)
        if self.player_id is not None:
            body["player_id"] = self.player_id
        try:
            answer = await client.send("POST", _SUBMISSIONS, body, timeout=self.timeout_seconds)
        except UnknownOutcome as lost:
            return await self._arrived(client, lost)
        return as_model(Submission, answer.data, _SUBMISSIONS)

    async def _arrived(self, client: Observatory, lost: UnknownOutcome) -> Submission:
        known = {before.id for before in self.earlier}
        for seconds in self.looks_seconds:
            await asyncio.sleep(seconds)
            try:
                found = await _submissions_of(client, self.league.id, self.policy_version_id)
            except CoworldError:
                continue
            for submission in found:
                if submission.id not in known:
                    return submission
        look = f"coworld-tui league submissions --mine --league {shlex.quote(_shown(self.league.id))}"
        lost.next_step = f"{look}{server_option(client.server)}: hand it in again if it is not there"
        raise lost


@dataclass(frozen=True)
class RetireMembership:
    """Take a policy out of its league. ``membership`` has an id alone when it is not one of mine."""

    membership: Membership
    reason: str | None = None

    def describe(self) -> list[str]:
        """What will happen, line by line, safe to show."""
        lines = [f"retire     {_shown(self.membership.id)}", *_of_membership(self.membership)]
        if self.reason is not None:
            lines.append(f"reason     {safe_line(self.reason, REASON_LIMIT)}")
        return lines

    async def run(self, client: Observatory) -> Membership:
        """Retire it."""
        path = f"/v2/league-policy-memberships/{checked_id('lpm', self.membership.id)}/retire"
        body = None if self.reason is None else {"reason": self.reason}
        return await done(client, Membership, path, body, look=_LOOK_AT_MEMBERSHIPS)


@dataclass(frozen=True)
class SetChampion:
    """Let a policy version stand for its player. ``membership`` as for ``RetireMembership``."""

    membership: Membership

    def describe(self) -> list[str]:
        """What will happen, line by line, safe to show."""
        return [
            f"champion   {_shown(self.membership.id)}",
            *_of_membership(self.membership),
            "note       it then stands for its player, in place of any other version",
        ]

    async def run(self, client: Observatory) -> Membership:
        """Name it."""
        path = f"/v2/league-policy-memberships/{checked_id('lpm', self.membership.id)}/champion"
        return await done(client, Membership, path, look=_LOOK_AT_MEMBERSHIPS)


@dataclass(frozen=True)
class OpenReplaySession:
    """Start the hosted viewer of an episode's replay."""

    episode: Episode

    def describe(self) -> list[str]:
        """What will happen, line by line, safe to show."""
        return [
            f"open       a hosted viewer of the replay of {_shown(self.episode.id)}",
            f"coworld    {_shown(self.episode.coworld_id)}",
        ]

    async def run(self, client: Observatory) -> ReplaySession:
        """Start it. It may take a while until it is ready; its link can be opened meanwhile."""
        body = {
            "coworld_id": self.episode.coworld_id,
            "episode_id": self.episode.episode_id,
            "replay_uri": self.episode.replay_url,
        }
        return await done(client, ReplaySession, "/v2/coworlds/replays/session", body)


async def prepare_submission(
    client: Observatory,
    policy: str,
    league_id: str,
    *,
    auto_champion: AutoChampion = "always",
    preferences: Mapping[str, Any] | None = None,
    player_id: str | None = None,
) -> SubmitPolicy:
    """Look up what is to be handed in and where: ``policy`` is ``NAME``, ``NAME:vN`` or a version's UUID.

    Raises ``not_found`` for a policy or league that is not there, ``invalid_request`` for a player who is
    not the one that acts.
    """
    identity = client.identity
    if player_id is not None:
        checked_id("ply", player_id)
        if identity.kind == "player" and identity.subject != player_id:
            raise CoworldError(
                "invalid_request",
                "Another player acts than the one to submit as",
                cause=f"{_shown(identity.subject)} acts, and not {_shown(player_id)}",
                next_step=f"coworld player use {player_id}, or leave --player out",
                exit_code=EXIT_USAGE,
            )
    league = await reading.league(client, league_id)
    version = await reading.policy_version(client, policy)
    earlier = await _submissions_of(client, league_id, version.id)
    label = version.label if version.name is not None else ""
    return SubmitPolicy(label, version.id, league, auto_champion, preferences, player_id, tuple(earlier))


async def prepare_retirement(
    reader: Reader, membership_id: str, *, reason: str | None = None
) -> RetireMembership:
    """Look up whose membership it is. ``invalid_request`` for a reason that is empty or too long."""
    if reason is not None and not 1 <= len(reason) <= REASON_LIMIT:
        raise CoworldError(
            "invalid_request",
            "That is no reason",
            cause=f"it has {len(reason)} characters",
            next_step=f"write 1 to {REASON_LIMIT} characters",
            exit_code=EXIT_USAGE,
        )
    return RetireMembership(await _membership(reader, membership_id), reason)


async def prepare_champion(reader: Reader, membership_id: str) -> SetChampion:
    """Look up whose membership it is."""
    return SetChampion(await _membership(reader, membership_id))


async def prepare_replay_session(reader: Reader, episode_request_id: str) -> OpenReplaySession:
    """Look up an episode. ``not_found`` when it has no replay that a viewer could show."""
    episode = await reading.episode(reader, episode_request_id)
    if not (episode.replay_url and episode.coworld_id and episode.episode_id):
        raise CoworldError(
            "not_found",
            f"the episode {_shown(episode.id)} has no replay",
            cause=f"its status is {_shown(episode.status)}",
            owner="the server",
            next_step="wait until it is completed" if not episode.error else "look at its error",
            exit_code=EXIT_FAILED,
        )
    return OpenReplaySession(episode)


async def account_credits(reader: Reader) -> Credits:
    """The credits of the account that acts."""
    path = "/usage/me/credits"
    return as_model(Credits, (await reader.get(path)).data, path)


async def done(
    client: Observatory,
    model: type[Model],
    path: str,
    body: Any = None,
    *,
    method: str = "POST",
    look: str = "",
) -> Model:
    """Have something done that may take the server two minutes; what it then has.

    ``look`` is the command that shows whether it was done, for when the answer is lost.
    """
    try:
        answer = await client.send(method, path, body, timeout=_SUBMIT_SECONDS)
    except UnknownOutcome as lost:
        if look:
            lost.next_step = f"{look}{server_option(client.server)} shows whether it was done"
        raise
    return as_model(model, answer.data, path)


async def _submissions_of(reader: Reader, league_id: str, policy_version_id: str) -> list[Submission]:
    """My submissions of a version to a league, the newest first."""
    found = await reading.submissions(
        reader, league_id=league_id, policy_version_id=policy_version_id, mine=True, limit=100
    )
    return found.entries


async def _membership(reader: Reader, membership_id: str) -> Membership:
    """The membership if it is among mine, else no more of it than its id: there is no route for one."""
    checked_id("lpm", membership_id)
    cursor = None
    for _ in range(_MEMBERSHIP_PAGES):
        page = await reading.memberships(reader, mine=True, limit=1000, cursor=cursor)
        for membership in page.entries:
            if membership.id == membership_id:
                return membership
        cursor = page.next_cursor
        if cursor is None:
            break
    return Membership(id=membership_id)


def _of_membership(membership: Membership) -> Iterator[str]:
    if not membership.league.id:
        yield "note       it is not among my memberships"
        return
    player = membership.player
    state = " ".join(filter(None, (membership.status, membership.substatus)))
    yield f"policy     {_shown(membership.policy_version.label)}"
    if player is not None:
        yield f"player     {_shown(player.name)}  {_shown(player.id)}"
    yield f"league     {_shown(membership.league.name)}  {_shown(membership.league.id)}"
    yield f"division   {_shown(membership.division.name)}  {_shown(membership.division.id)}"
    yield f"state      {_shown(state)}{', the champion' if membership.is_champion else ''}"
    if membership.end_time is not None:
        yield "note       it has ended already"


def _shown(text: str | None) -> str:
    return safe_line(text or "-", _SHOWN)
