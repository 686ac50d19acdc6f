"""``league``: what is played on the server. Options are named as in the real client (hosted.md 8)."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import Any

from ..arguments import Parser, count


def add(commands: Any) -> None:
    """Add it to the command line."""
    commands.add_parser(
        "league", help="read leagues, rounds, standings and episodes of the server", fill=_fill
    )


def _fill(league: Parser) -> None:
    actions = league.add_subparsers(dest="action", metavar="ACTION", required=True)
    _leagues(actions)
    _standings(actions)
    _entries(actions)
    _episodes(actions)
    _uploads(actions)


def _leagues(actions: Any) -> None:
    leagues = _action(actions, "leagues", "list leagues, or show one")
    leagues.add_argument("league_id", nargs="?", metavar="LEAGUE_ID")

    divisions = _action(actions, "divisions", "list divisions, or show one")
    divisions.add_argument("division_id", nargs="?", metavar="DIVISION_ID")
    _filters(divisions, "league")

    rounds = _action(actions, "rounds", "list rounds, or show one")
    rounds.add_argument("round_id", nargs="?", metavar="ROUND_ID")
    _filters(rounds, "league", "division")
    rounds.add_argument("--status", metavar="STATUS", help="only rounds in this state")
    _page(rounds, most=200, usual=25)


def _standings(actions: Any) -> None:
    standings = _action(actions, "standings", "who stands where in a division")
    standings.add_argument("division_id", metavar="DIVISION_ID")
    standings.add_argument(
        "--view",
        nargs="?",
        const="",
        metavar="KEY",
        help="a table of the division's own; without KEY the one it prefers",
    )
    results = _action(actions, "results", "standings of a league, a division or a round")
    results.add_argument("target_id", metavar="TARGET_ID", help="an id with league_, div_ or round_")


def _entries(actions: Any) -> None:
    memberships = _action(actions, "memberships", "list the policies seated in leagues")
    _filters(memberships, "league", "division", "policy", "player")
    memberships.add_argument("--mine", action="store_true", help="only mine")
    memberships.add_argument("--active-only", action="store_true", help="only those that still play")
    memberships.add_argument(
        "--champions-only", action="store_true", help="only those that stand for a player"
    )
    _page(memberships, most=1000, usual=None)

    submissions = _action(actions, "submissions", "list the policies handed in to leagues")
    _filters(submissions, "league", "policy", "player")
    submissions.add_argument("--mine", action="store_true", help="only mine")
    _page(submissions, most=1000, usual=None)

    events = _action(actions, "events", "list what happened in leagues")
    _filters(events, "league", "division", "round", "policy", "player")
    events.add_argument("--event-type", metavar="TYPE", help="only events of this type")
    events.add_argument("--audience", metavar="WHO", help="only events for public, player or user")
    _page(events, most=200, usual=50)


def _episodes(actions: Any) -> None:
    episodes = _action(actions, "episodes", "list episodes of a round, a division, a policy or mine")
    episodes.add_argument("episode_request_id", nargs="?", metavar="EPISODE_REQUEST_ID")
    _filters(episodes, "round", "division", "policy")
    episodes.add_argument("--mine", action="store_true", help="only those my memberships play in")
    episodes.add_argument("--with-replay", action="store_true", help="only those that have a replay")
    _page(episodes, most=100, usual=50)

    episode = _action(actions, "episode", "show one episode")
    episode.add_argument("episode_request_id", metavar="EPISODE_REQUEST_ID")


def _uploads(actions: Any) -> None:
    _page(_action(actions, "coworlds", "list uploaded Coworlds"), most=500, usual=200)

    show = _action(actions, "show", "show one Coworld; with --json its manifest")
    show.add_argument("coworld_id", metavar="COWORLD_ID")

    images = _action(actions, "images", "list uploaded images, or show one")
    images.add_argument("image_id", nargs="?", metavar="IMAGE_ID")
    _page(images, most=500, usual=200)

    policies = _action(actions, "policies", "list my policy versions")
    policies.add_argument("name", nargs="?", metavar="NAME", help="only those of this policy")
    _page(policies, most=100, usual=100)


def _action(actions: Any, name: str, text: str) -> Parser:
    action: Parser = actions.add_parser(name, help=text)
    action.add_argument("--server", metavar="URL", help="address of the API (default: that of softmax.com)")
    action.add_argument("--fresh", action="store_true", help="never answer with what was seen earlier")
    action.add_argument("--json", action="store_true", help="print one JSON document")
    return action


def _filters(action: Parser, *names: str) -> None:
    for name in names:
        if name == "policy":
            action.add_argument("-p", "--policy", metavar="POLICY", help="NAME, NAME:vN or a version's UUID")
        elif name == "player":
            action.add_argument("--player", dest="player_id", metavar="PLAYER_ID", help="only of this player")
        else:
            action.add_argument(
                f"-{name[0]}",
                f"--{name}",
                dest=f"{name}_id",
                metavar=f"{name.upper()}_ID",
                help=f"only of this {name}",
            )


def _page(action: Parser, *, most: int, usual: int | None) -> None:
    said = f"(default: {usual})" if usual else "(default: as many as the server sends)"
    action.add_argument("--limit", type=_up_to(most), default=usual, metavar="N", help=said)
    action.add_argument("--cursor", metavar="CURSOR", help="go on where an earlier page ended")


def _up_to(most: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        value = count(text)
        if value > most:
            raise argparse.ArgumentTypeError(f"must be a whole number from 1 to {most}")
        return value

    return number
