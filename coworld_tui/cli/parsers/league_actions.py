"""Actions of ``league`` that do something. Options are named as in the real client (hosted.md 8)."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from ..arguments import Parser, seconds, slot
from .league_options import action, page, up_to

_AUTO_CHAMPION = ("always", "never", "lineage")
_VIEWS = ("progress", "results")
_UNTIL = ("execution", "evidence")
_EVIDENCE = ("results", "replay", "events", "error_info", "game_logs", "player_logs", "player_artifact")


def add(actions: Any) -> None:
    """Add them to the actions of ``league``."""
    _add(actions, "whoami", "who the server takes us for")
    _add(actions, "credits", "the credits that experience requests are paid with")
    _submit(actions)
    _memberships(actions)
    replay = _add(actions, "replay-session", "open a hosted viewer of an episode's replay", asks=True)
    replay.add_argument("episode_request_id", metavar="EPISODE_REQUEST_ID")
    _hosted_games(actions)
    for name in ("experience", "xp-request"):
        _experience(actions, name)


def _submit(actions: Any) -> None:
    submit = _add(actions, "submit", "hand in a policy version to a league", asks=True)
    submit.add_argument("policy", metavar="POLICY", help="NAME, NAME:vN or a version's UUID")
    submit.add_argument("-l", "--league", dest="league_id", metavar="LEAGUE_ID", required=True)
    submit.add_argument(
        "--player", dest="player_id", metavar="PLAYER_ID", help="submit as this player of mine"
    )
    submit.add_argument(
        "--auto-champion",
        choices=_AUTO_CHAMPION,
        default="always",
        help="whether it becomes its player's champion once it qualifies (default: always)",
    )
    submit.add_argument(
        "--open-browser",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="open the page of the version in a browser afterwards (default: no)",
    )
    submit.add_argument(
        "--preference",
        dest="preferences",
        action="append",
        type=_preference,
        metavar="KEY=VALUE",
        help="a preference of the league's game; VALUE is JSON where it can be (repeatable)",
    )


def _memberships(actions: Any) -> None:
    for name in ("retire", "retire-membership"):
        retire = _add(actions, name, "take a policy out of its league", asks=True)
        retire.add_argument("membership_id", metavar="MEMBERSHIP_ID")
        retire.add_argument("--reason", metavar="TEXT", help="kept with the membership")
    champion = _add(actions, "champion", "let a policy stand for its player", asks=True)
    champion.add_argument("membership_id", metavar="MEMBERSHIP_ID")


def _hosted_games(actions: Any) -> None:
    games = actions.add_parser("hosted-game", help="open or join a game on the server")
    kinds = games.add_subparsers(dest="part", metavar="PART", required=True)
    create = _add(kinds, "create", "open a game of an uploaded Coworld", asks=True)
    create.add_argument("coworld_id", metavar="COWORLD_ID")
    create.add_argument("--variant", dest="variant_id", metavar="VARIANT_ID")
    create.add_argument(
        "--spectators",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="whether it may be watched (default: yes)",
    )
    join = _add(kinds, "join", "take a seat", asks=True)
    join.add_argument("session_id", metavar="SESSION_ID")


def _experience(actions: Any, name: str) -> None:
    requests = actions.add_parser(name, help="ask for episodes on the server, and follow them")
    parts = requests.add_subparsers(dest="part", metavar="PART", required=True)

    create = _add(parts, "create", "ask for episodes", asks=True)
    create.add_argument("body", metavar="BODY", help="a file with the request as JSON, - for stdin")
    create.add_argument("--title", metavar="TEXT", help="what it tests, in a line")
    create.add_argument("--description", metavar="TEXT", help="what changes, why, and what is expected")

    listed = _add(parts, "list", "list experience requests")
    listed.add_argument("--mine", action="store_true", help="only mine")
    page(listed, most=1000, usual=50)

    _id(_add(parts, "get", "show one with its episodes"))
    _id(_add(parts, "cancel", "stop one", asks=True))

    episodes = _add(parts, "episodes", "list episodes of experience requests, or some episodes")
    _ids(episodes, "experience requests, or episode requests")
    episodes.add_argument("--view", choices=_VIEWS, default="progress", help="results adds scores")
    episodes.add_argument(
        "--status", action="append", metavar="STATUS", help="only in this state (repeatable)"
    )
    page(episodes, most=200, usual=200)
    episodes.add_argument(
        "--jsonl",
        action=argparse.BooleanOptionalAction,
        default=False,
        help="print a JSON document for each episode, a line each",
    )

    watch = _add(parts, "watch", "follow experience requests to their end; --json prints JSON lines")
    _ids(watch, "experience requests")
    watch.add_argument(
        "--jsonl",
        dest="json",
        action=argparse.BooleanOptionalAction,
        default=argparse.SUPPRESS,
        help="the same as --json",
    )
    watch.add_argument("--view", choices=_VIEWS, default="progress", help="results adds scores")
    watch.add_argument(
        "--until",
        choices=_UNTIL,
        default="execution",
        help="wait for the end of the episodes, or for their logs and files too (default: execution)",
    )
    watch.add_argument(
        "--timeout", type=seconds, default=3600.0, metavar="SECONDS", help="for at most this long (3600)"
    )
    watch.add_argument(
        "--checkpoint", type=Path, metavar="FILE", help="go on from this file, and keep it up to date"
    )
    watch.add_argument("--reset", action="store_true", help="begin again whatever the checkpoint says")

    download = _add(parts, "download", "download what episodes left; what is there already is kept")
    _ids(download, "experience requests, or episode requests")
    download.add_argument(
        "--include",
        action="append",
        choices=_EVIDENCE,
        required=True,
        metavar="KIND",
        help=f"(repeatable): {', '.join(_EVIDENCE)}",
    )
    download.add_argument("-d", "--directory", type=Path, metavar="DIR", required=True)
    download.add_argument(
        "--agent", action="append", type=slot, metavar="SLOT", help="only of this seat (repeatable)"
    )
    download.add_argument(
        "--concurrency", type=up_to(16), default=4, metavar="N", help="files at a time (default: 4)"
    )


def _add(actions: Any, name: str, text: str, *, asks: bool = False) -> Parser:
    return action(actions, name, text, room="league_actions", asks=asks)


def _id(action: Parser) -> None:
    action.add_argument("experience_request_id", metavar="EXPERIENCE_REQUEST_ID")


def _ids(action: Parser, what: str) -> None:
    action.add_argument("ids", nargs="+", metavar="ID", help=f"{what}, at most 50")


def _preference(text: str) -> tuple[str, Any]:
    """``KEY=VALUE``; a value that is no JSON is text."""
    from ...contract.jsontext import UnreadableJson, read_json

    key, sign, value = text.partition("=")
    if not key or not sign:
        raise argparse.ArgumentTypeError("must be KEY=VALUE")
    try:
        return key, read_json(value.encode(errors="replace"))
    except UnreadableJson:
        return key, value
