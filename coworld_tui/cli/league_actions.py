"""Commands of ``league`` that do something there: each says what will happen, asks, then does it once."""

from __future__ import annotations

import asyncio
import shlex
import webbrowser
from argparse import Namespace
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import TypeVar

from ..contract.errors import EXIT_DONE, EXIT_MISSING
from ..contract.measures import age
from ..observatory import actions, hosted_games
from ..observatory.actions import Action
from ..observatory.client import Observatory
from ..observatory.models.actions import Credits, HostedGame, JoinedGame, ReplaySession
from ..observatory.models.base import ApiModel
from ..observatory.models.entries import Membership, Submission
from ..observatory.models.experience import ExperienceRequest, ExperienceRow
from ..observatory.servers import server_option, web_link
from ..observatory.whoami import who
from . import league_experience
from . import league_tables as tables
from .league_session import acting, confirm, session
from .league_tables import Cells, field_lines, table_lines
from .output import say, tell, tell_json

_Done = TypeVar("_Done", bound=ApiModel)

_UNPLACED = ("pending", "processing")


def act(
    options: Namespace,
    prepare: Callable[[Observatory], Awaitable[Action[_Done]]],
    lines: Callable[[str, _Done], Iterable[str]],
    then: Callable[[str, _Done], None] = lambda server, done: None,
) -> int:
    """Prepare something, ask whether to do it, do it, and print what the server then has.

    ``lines`` makes of the server's address and that what people read; ``then`` is done with both at last.
    """
    server, done = asyncio.run(_act(options, prepare))
    if options.json:
        tell_json(done.as_document())
    else:
        for line in lines(server, done):
            tell(line)
    then(server, done)
    return EXIT_DONE


async def _act(
    options: Namespace, prepare: Callable[[Observatory], Awaitable[Action[_Done]]]
) -> tuple[str, _Done]:
    async with session(options) as (client, _):
        who_acts = await acting(client)
        action = await prepare(client)
        confirm([f"acting as  {who_acts} on {client.server}", *action.describe()], options)
        try:
            return client.server, await action.run(client)
        except asyncio.CancelledError:
            say("interrupted: it may have been done, so look before doing it again")
            raise


def whoami(options: Namespace) -> int:
    """``league whoami``: 0 for somebody, 3 for nobody."""
    return asyncio.run(_whoami(options))


async def _whoami(options: Namespace) -> int:
    async with session(options) as (client, identity):
        found = await who(client)
    expires_at = identity.expires_at
    if options.json:
        tell_json(
            {
                "server": found.server,
                "kind": found.kind,
                "name": found.name,
                "subject_id": found.subject_id,
                "is_anonymous_despite_token": found.is_anonymous_despite_token,
                "expires_at": expires_at.isoformat() if expires_at is not None else None,
                "note": found.note,
            }
        )
    else:
        for line in field_lines(
            ("server", found.server),
            ("acting as", found.label),
            ("until", _moment(expires_at)),
        ):
            tell(line)
    if found.problem:
        say(found.problem)
    return EXIT_MISSING if found.kind == "anonymous" else EXIT_DONE


def credits_left(options: Namespace) -> int:
    """``league credits``."""
    found = asyncio.run(_credits(options))
    if options.json:
        tell_json(found.as_document())
        return EXIT_DONE
    for line in _credit_lines(found):
        tell(line)
    return EXIT_DONE


async def _credits(options: Namespace) -> Credits:
    async with session(options) as (client, _):
        return await actions.account_credits(client)


def submit(options: Namespace) -> int:
    """``league submit``."""
    preferences = None if options.preferences is None else dict(options.preferences)

    def prepare(client: Observatory) -> Awaitable[actions.SubmitPolicy]:
        return actions.prepare_submission(
            client,
            options.policy,
            options.league_id,
            auto_champion=options.auto_champion,
            preferences=preferences,
            player_id=options.player_id,
        )

    def open_page(server: str, row: Submission) -> None:
        if options.open_browser:
            webbrowser.open(_page(server, row))

    return act(options, prepare, _submission, open_page)


def retire(options: Namespace) -> int:
    """``league retire``, ``league retire-membership``."""
    return act(
        options,
        lambda client: actions.prepare_retirement(client, options.membership_id, reason=options.reason),
        _membership,
    )


def champion(options: Namespace) -> int:
    """``league champion``."""
    return act(options, lambda client: actions.prepare_champion(client, options.membership_id), _membership)


def replay_session(options: Namespace) -> int:
    """``league replay-session``."""
    return act(
        options,
        lambda client: actions.prepare_replay_session(client, options.episode_request_id),
        _replay_session,
    )


def hosted_game(options: Namespace) -> int:
    """``league hosted-game create`` and ``join``."""
    if options.part == "join":
        return act(options, lambda client: _joining(options.session_id), _joined)
    return act(
        options,
        lambda client: hosted_games.prepare_game(
            client,
            options.coworld_id,
            variant_id=options.variant_id,
            allow_spectators=options.spectators,
        ),
        _game,
    )


async def _joining(session_id: str) -> hosted_games.JoinGame:
    return hosted_games.prepare_joining(session_id)


def experience(options: Namespace) -> int:
    """``league experience``, in the real client's word ``xp-request``."""
    if options.part == "create":
        body = league_experience.read_body(options.body)
        return act(options, lambda client: league_experience.creation(client, body, options), _experience)
    if options.part == "cancel":
        return act(options, lambda client: league_experience.cancelling(client, options), _cancelled)
    return league_experience.look(options)


def _page(server: str, row: Submission) -> str:
    return web_link(server, f"/policies/versions/{row.policy_version.id}")


def _submission(server: str, row: Submission) -> Iterable[str]:
    yield from field_lines(
        ("submission", row.id),
        ("status", row.status),
        ("policy", row.policy_version.label),
        ("league", f"{row.league.name or ''} {row.league.id}".strip()),
        ("player", row.player.name if row.player else None),
        ("membership", row.league_policy_membership_id),
        ("notes", row.notes),
        ("page", _page(server, row)),
        ("forum", row.league.forum_markdown_url),
        ("wiki", row.league.wiki_markdown_url),
    )
    if row.league_policy_membership_id is None and row.status in _UNPLACED:
        say(f"it is placed in a while: coworld-tui league submissions --mine{server_option(server)}")


def _membership(server: str, row: Membership) -> Iterable[str]:
    return tables.memberships([row])


def _replay_session(server: str, row: ReplaySession) -> Iterable[str]:
    if not row.ready:
        say("the viewer is still starting: its page says so until it is there")
    return field_lines(("viewer", web_link(server, row.viewer_url)), ("ready", "yes" if row.ready else "no"))


def _game(server: str, row: HostedGame) -> Iterable[str]:
    return field_lines(
        ("game", row.session_id),
        ("slots", str(row.player_count)),
        ("lobby", web_link(server, row.lobby_url)),
        ("join", f"coworld-tui league hosted-game join {shlex.quote(row.session_id)}{server_option(server)}"),
    )


def _joined(server: str, row: JoinedGame) -> Iterable[str]:
    entrant = row.player or row.spectator
    return field_lines(
        ("as", row.entrant_kind),
        ("slot", None if row.slot is None else str(row.slot)),
        ("name", entrant.label if entrant else None),
        ("page", web_link(server, row.target_url)),
    )


def _experience(server: str, row: ExperienceRequest) -> Iterable[str]:
    return league_experience.request_lines(row)


def _cancelled(server: str, row: ExperienceRow) -> Iterable[str]:
    return league_experience.row_lines([row])


def _credit_lines(found: Credits) -> Iterable[str]:
    status = found.status
    yield from field_lines(
        ("balance", _of(status.balance_credits, status.max_balance_credits)),
        ("spent", _amount(status.spent_this_period_credits)),
        ("refill", _refill(status.refill_credits, status.refill_cadence)),
        ("next refill", _moment(status.next_refill_at)),
        ("enforced", "yes" if status.enforced else "no"),
    )
    if found.recent_requests:
        yield ""
        yield from table_lines(found.recent_requests, _COSTS)


def _of(value: float | None, most: float | None) -> str | None:
    amount = _amount(value)
    return amount if most is None or amount is None else f"{amount} of {most:.12g}"


def _refill(value: float | None, cadence: str | None) -> str | None:
    return None if value is None else f"{value:.12g} every {cadence or 'so often'}"


def _moment(value: datetime | None) -> str | None:
    return None if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _amount(value: float | None) -> str | None:
    return None if value is None else f"{value:.12g}"


_COSTS = (
    Cells("experience request", lambda row: row.experience_request_id),
    Cells("coworld", lambda row: row.coworld),
    Cells("episodes", lambda row: None if row.episodes is None else str(row.episodes), is_number=True),
    Cells("credits", lambda row: _amount(row.compute_cost_credits), is_number=True),
    Cells("age", lambda row: age(row.last_activity_at), is_number=True),
)

ACTIONS: dict[str, Callable[[Namespace], int]] = {
    "whoami": whoami,
    "credits": credits_left,
    "submit": submit,
    "retire": retire,
    "retire-membership": retire,
    "champion": champion,
    "replay-session": replay_session,
    "hosted-game": hosted_game,
    "experience": experience,
    "xp-request": experience,
}
"""By the action's name on the command line; each returns the exit code."""
