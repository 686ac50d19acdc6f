"""``league``: what is played on the server. Options are named as in the real client (hosted.md 8)."""

from __future__ import annotations

from typing import Any

from ..arguments import Parser
from .league_options import action, filters, page, server_options


def add(commands: Any) -> None:
    """Add it to the command line."""
    commands.add_parser("league", help="leagues of the server: look, download, submit", fill=_fill)


def _fill(league: Parser) -> None:
    league.set_defaults(room=None)
    server_options(league)
    actions = league.add_subparsers(
        dest="action", metavar="ACTION", help="without one the league screen of the console opens"
    )
    _leagues(actions)
    _standings(actions)
    _entries(actions)
    _episodes(actions)
    _uploads(actions)
    # Only who asks for a league pays for its many commands.
    from . import league_actions, league_downloads, league_uploads, league_why

    for part in (league_downloads, league_why, league_actions, league_uploads):
        part.add(actions)


def _leagues(actions: Any) -> None:
    leagues = _action(actions, "leagues", "list leagues, or show one")
    leagues.add_argument("league_id", nargs="?", metavar="LEAGUE_ID")

    divisions = _action(actions, "divisions", "list divisions, or show one")
    divisions.add_argument("division_id", nargs="?", metavar="DIVISION_ID")
    filters(divisions, "league")

    rounds = _action(actions, "rounds", "list rounds, or show one")
    rounds.add_argument("round_id", nargs="?", metavar="ROUND_ID")
    filters(rounds, "league", "division")
    rounds.add_argument("--status", metavar="STATUS", help="only rounds in this state")
    page(rounds, most=200, usual=25)


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
    filters(memberships, "league", "division", "policy", "player")
    memberships.add_argument("--mine", action="store_true", help="only mine")
    memberships.add_argument("--active-only", action="store_true", help="only those that still play")
    memberships.add_argument(
        "--champions-only", action="store_true", help="only those that stand for a player"
    )
    page(memberships, most=1000, usual=None)

    submissions = _action(actions, "submissions", "list the policies handed in to leagues")
    filters(submissions, "league", "policy", "player")
    submissions.add_argument("--mine", action="store_true", help="only mine")
    page(submissions, most=1000, usual=None)

    events = _action(actions, "events", "list what happened in leagues")
    filters(events, "league", "division", "round", "policy", "player")
    events.add_argument("--event-type", metavar="TYPE", help="only events of this type")
    events.add_argument("--audience", metavar="WHO", help="only events for public, player or user")
    page(events, most=200, usual=50)


def _episodes(actions: Any) -> None:
    episodes = _action(actions, "episodes", "list episodes of a round, a division, a policy or mine")
    episodes.add_argument("episode_request_id", nargs="?", metavar="EPISODE_REQUEST_ID")
    filters(episodes, "round", "division", "policy")
    episodes.add_argument("--mine", action="store_true", help="only those my memberships play in")
    episodes.add_argument("--with-replay", action="store_true", help="only those that have a replay")
    page(episodes, most=100, usual=50)

    episode = _action(actions, "episode", "show one episode")
    episode.add_argument("episode_request_id", metavar="EPISODE_REQUEST_ID")


def _uploads(actions: Any) -> None:
    page(_action(actions, "coworlds", "list uploaded Coworlds"), most=500, usual=200)

    show = _action(actions, "show", "show one Coworld; with --json its manifest")
    show.add_argument("coworld_id", metavar="COWORLD_ID")

    images = _action(actions, "images", "list uploaded images, or show one")
    images.add_argument("image_id", nargs="?", metavar="IMAGE_ID")
    page(images, most=500, usual=200)

    policies = _action(actions, "policies", "list my policy versions")
    policies.add_argument("name", nargs="?", metavar="NAME", help="only those of this policy")
    page(policies, most=100, usual=100)


def _action(actions: Any, name: str, text: str) -> Parser:
    made = action(actions, name, text, room="league_reading")
    made.add_argument("--fresh", action="store_true", help="never answer with what was seen earlier")
    return made
