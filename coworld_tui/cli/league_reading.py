"""Actions of ``league`` that read: from the server or, when it cannot be reached, as last seen."""

from __future__ import annotations

import asyncio
import shlex
from argparse import Namespace
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from ..contract.errors import EXIT_DONE, EXIT_FAILED, EXIT_USAGE, CoworldError
from ..contract.text import safe_line
from ..observatory import reading
from ..observatory.cache import Cache, CachedObservatory
from ..observatory.client import Reader
from ..observatory.episodes import EpisodeFilter
from ..observatory.episodes import episodes as find_episodes
from ..observatory.models.base import ApiModel
from ..observatory.reading import Listing
from . import league_tables as tables
from .league_session import say_if_old, session
from .output import say, tell, tell_json

_SHOWN = 80

_Model = TypeVar("_Model", bound=ApiModel)


@dataclass(frozen=True)
class _View:
    """What an action found: as JSON, as lines for people, and where its list goes on."""

    document: Any
    lines: Iterable[str]
    next_cursor: str | None = None


def read_and_print(options: Namespace) -> int:
    """Read one thing and print it."""
    view = asyncio.run(_read(options))
    if options.json:
        tell_json(view.document)
    else:
        for line in view.lines:
            tell(line)
        if view.next_cursor is not None:
            say(f"there is more: --cursor={shlex.quote(view.next_cursor)}")
    return EXIT_DONE


async def _read(options: Namespace) -> _View:
    async with session(options) as (client, _):
        reader = CachedObservatory(client, Cache(), fresh=options.fresh)
        view = await _VIEWS[options.action](reader, options)
    say_if_old(reader)
    return view


async def _leagues(reader: Reader, options: Namespace) -> _View:
    if options.league_id is None:
        return _whole(await reading.leagues(reader), tables.leagues)
    return _one(await reading.league(reader, options.league_id), tables.league)


async def _divisions(reader: Reader, options: Namespace) -> _View:
    if options.division_id is None:
        return _whole(await reading.divisions(reader, league_id=options.league_id), tables.divisions)
    return _one(await reading.division(reader, options.division_id), tables.division)


async def _rounds(reader: Reader, options: Namespace) -> _View:
    if options.round_id is not None:
        return _one(await reading.round_detail(reader, options.round_id), tables.round_detail)
    found = await reading.rounds(
        reader,
        league_id=options.league_id,
        division_id=options.division_id,
        status=options.status,
        limit=options.limit,
        cursor=options.cursor,
    )
    return _page(found, tables.rounds)


async def _standings(reader: Reader, options: Namespace) -> _View:
    if options.view is None:
        return _whole(await reading.standings(reader, options.division_id), tables.standings)
    found = await reading.leaderboards(reader, options.division_id)
    wanted = options.view or found.default_view_key
    view = next((view for view in found.views if view.key == wanted), None)
    if view is None:
        keys = ", ".join(safe_line(view.key, _SHOWN) for view in found.views[:20])
        raise CoworldError(
            "not_found",
            f"the division has no table {safe_line(wanted or '', _SHOWN)}".rstrip(),
            cause=f"its tables: {keys or 'none'}",
            next_step="leave --view out for the standings",
            exit_code=EXIT_FAILED,
        )
    return _one(view, tables.view)


async def _results(reader: Reader, options: Namespace) -> _View:
    target = options.target_id
    if target.startswith("league_"):
        return _whole(await reading.ladder(reader, target), tables.ladder)
    if target.startswith("div_"):
        return _whole(await reading.standings(reader, target), tables.standings)
    if target.startswith("round_"):
        return _one(await reading.round_detail(reader, target), tables.round_results)
    raise CoworldError(
        "invalid_request",
        f"{safe_line(target, _SHOWN)} has no results",
        next_step="give an id that begins with league_, div_ or round_",
        exit_code=EXIT_USAGE,
    )


async def _memberships(reader: Reader, options: Namespace) -> _View:
    found = await reading.memberships(
        reader,
        league_id=options.league_id,
        division_id=options.division_id,
        policy_version_id=await _policy(reader, options),
        player_id=options.player_id,
        mine=options.mine,
        active_only=options.active_only,
        champions_only=options.champions_only,
        limit=options.limit,
        cursor=options.cursor,
    )
    return _page(found, tables.memberships)


async def _submissions(reader: Reader, options: Namespace) -> _View:
    found = await reading.submissions(
        reader,
        league_id=options.league_id,
        policy_version_id=await _policy(reader, options),
        player_id=options.player_id,
        mine=options.mine,
        limit=options.limit,
        cursor=options.cursor,
    )
    return _page(found, tables.submissions)


async def _events(reader: Reader, options: Namespace) -> _View:
    found = await reading.events(
        reader,
        league_id=options.league_id,
        division_id=options.division_id,
        round_id=options.round_id,
        event_type=options.event_type,
        audience=options.audience,
        policy_version_id=await _policy(reader, options),
        player_id=options.player_id,
        limit=options.limit,
        cursor=options.cursor,
    )
    return _page(found, tables.events)


async def _episodes(reader: Reader, options: Namespace) -> _View:
    if options.episode_request_id is not None:
        return await _episode(reader, options)
    wanted = EpisodeFilter(
        round_id=options.round_id,
        division_id=options.division_id,
        policy=options.policy,
        mine=options.mine,
        with_replay=options.with_replay,
    )
    found = await find_episodes(reader, wanted, limit=options.limit, cursor=options.cursor)
    return _page(found, tables.episodes)


async def _episode(reader: Reader, options: Namespace) -> _View:
    return _one(await reading.episode(reader, options.episode_request_id), tables.episode)


async def _coworlds(reader: Reader, options: Namespace) -> _View:
    found = await reading.coworlds(reader, limit=options.limit, cursor=options.cursor)
    return _page(found, tables.coworlds)


async def _show(reader: Reader, options: Namespace) -> _View:
    return _one(await reading.coworld(reader, options.coworld_id), tables.coworld)


async def _images(reader: Reader, options: Namespace) -> _View:
    if options.image_id is not None:
        return _one(await reading.image(reader, options.image_id), tables.image)
    return _page(
        await reading.images(reader, limit=options.limit, cursor=options.cursor),
        tables.images,
    )


async def _policies(reader: Reader, options: Namespace) -> _View:
    found = await reading.policies(reader, name=options.name, limit=options.limit, cursor=options.cursor)
    return _page(found, tables.policies)


async def _policy(reader: Reader, options: Namespace) -> str | None:
    return None if options.policy is None else await reading.policy_version_id(reader, options.policy)


def _one(found: _Model, lines: Callable[[_Model], Iterable[str]]) -> _View:
    return _View(found.as_document(), lines(found))


def _whole(found: list[_Model], lines: Callable[[Sequence[_Model]], Iterable[str]]) -> _View:
    return _View([entry.as_document() for entry in found], lines(found))


def _page(found: Listing[_Model], lines: Callable[[Sequence[_Model]], Iterable[str]]) -> _View:
    return _View(found.as_document(), lines(found.entries), found.next_cursor)


_VIEWS: dict[str, Callable[[Reader, Namespace], Awaitable[_View]]] = {
    "leagues": _leagues,
    "divisions": _divisions,
    "rounds": _rounds,
    "standings": _standings,
    "results": _results,
    "memberships": _memberships,
    "submissions": _submissions,
    "events": _events,
    "episodes": _episodes,
    "episode": _episode,
    "coworlds": _coworlds,
    "show": _show,
    "images": _images,
    "policies": _policies,
}

ACTIONS: dict[str, Callable[[Namespace], int]] = dict.fromkeys(_VIEWS, read_and_print)
"""By the action's name on the command line; each returns the exit code."""
