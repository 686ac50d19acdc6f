"""What can be read beneath ``<server>/observatory``: path, who may ask, and the answer.

Newest first where the API says so (rounds, episodes, events, submissions), in the order of the state
elsewhere. What a caller may not see answers 404 and is missing from lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from . import feed
from .state import Json, written
from .wire import Asked, Refused, Reply, Route, body_page, header_page, page

ROUND_STATES = ("pending", "claimed", "running", "completed", "failed", "cancelled")
AUDIENCES = ("public", "player", "user")
EPISODE_SUMMARY = (
    "id", "status", "coworld_id", "round_id", "replay_url", "policy_version_ids", "created_at"
)  # fmt: skip
COWORLD_SUMMARY = (
    "id", "name", "version", "visibility", "manifest_summary", "manifest_hash", "size_bytes",
    "created_at", "canonical",
)  # fmt: skip


def whoami(asked: Asked) -> Reply:
    """A bad token is not an error here: it is nobody."""
    caller = asked.caller
    if caller.kind == "anonymous":
        return Reply({"user_email": "anonymous", "subject_type": "anonymous"})
    subject = caller.user_id if caller.kind == "user" else caller.players[0]
    return Reply(
        {
            "user_email": "sam@example.com",
            "name": "Sam",
            "is_softmax_team_member": False,
            "is_softmax_admin": False,
            "subject_type": caller.kind,
            "subject_id": subject,
            "owner_user_id": caller.user_id,
            "scopes": [],
        }
    )


def leagues(asked: Asked) -> Reply:
    game = asked.id_filter("game_id", "game")
    rows = _seen(asked, asked.state.leagues.values())
    return Reply([row for row in rows if game in (None, row["game"]["id"])])


def league(asked: Asked) -> Reply:
    return Reply(_one(asked, asked.state.leagues, "league", "League"))


def ladder(asked: Asked) -> Reply:
    league = _one(asked, asked.state.leagues, "league", "League")
    seats = [seat for seat in asked.state.memberships.values() if seat["end_time"] is None]
    return Reply(
        [
            {
                "id": row["id"],
                "name": row["name"],
                "level": row["level"],
                "member_count": sum(seat["division"] is row for seat in seats),
            }
            for row in asked.state.divisions.values()
            if row["league"] is league and not row["hidden"]
        ]
    )


def divisions(asked: Asked) -> Reply:
    league = asked.id_filter("league_id", "league")
    rows = _seen(asked, asked.state.divisions.values())
    return Reply([row for row in rows if league in (None, row["league"]["id"])])


def division(asked: Asked) -> Reply:
    return Reply(_one(asked, asked.state.divisions, "div", "Division"))


def leaderboard(asked: Asked) -> Reply:
    """``null`` where nothing is published."""
    return Reply(asked.state.leaderboards[_one(asked, asked.state.divisions, "div", "Division")["id"]])


def leaderboards(asked: Asked) -> Reply:
    return Reply(asked.state.views[_one(asked, asked.state.divisions, "div", "Division")["id"]])


def rounds(asked: Asked) -> Reply:
    status = asked.choice("status", ROUND_STATES)
    rows = [
        {key: value for key, value in row.items() if key != "results"}
        for row in _filtered(asked, asked.state.rounds.values())
        if status in (None, row["status"])
    ]
    return body_page(asked, rows[::-1], 25, 200)


def round_(asked: Asked) -> Reply:
    return Reply(_one(asked, asked.state.rounds, "round", "Round"))


def memberships(asked: Asked) -> Reply:
    active, champions = asked.flag("active_only"), asked.flag("champions_only")
    rows = _mine(asked, _filtered(asked, asked.state.memberships.values()))
    rows = [row for row in rows if not active or row["end_time"] is None]
    return header_page(asked, [row for row in rows if not champions or row["is_champion"]], 50, 1000)


def submissions(asked: Asked) -> Reply:
    rows = _mine(asked, _filtered(asked, asked.state.submissions.values()))
    return header_page(asked, rows[::-1], 50, 1000)


def events(asked: Asked) -> Reply:
    """What concerns one player is told to that player alone."""
    kind, audience = asked.query.get("event_type"), asked.choice("audience", AUDIENCES)
    round_id = asked.id_filter("round_id", "round")
    rows = [
        row
        for row in _filtered(asked, asked.state.events.values())
        if (row["audience"] == "public" or _is_mine(asked, row))
        and kind in (None, row["event_type"])
        and audience in (None, row["audience"])
        and round_id in (None, row["round_id"])
    ]
    return header_page(asked, rows[::-1], 50, 200)


def round_episodes(asked: Asked) -> Reply:
    root = _one(asked, asked.state.rounds, "round", "Round")["id"]
    return _summaries(asked, asked.state.round_episodes(root))


def policy_episodes(asked: Asked) -> Reply:
    version = asked.id_in_path("")
    if version not in asked.state.policy_versions:
        raise Refused(404, "Policy version not found")
    return _summaries(asked, asked.state.policy_episodes(version))


def episode(asked: Asked) -> Reply:
    return Reply(_one(asked, asked.state.episodes, "ereq", "Episode request"))


def coworlds(asked: Asked) -> Reply:
    rows = [_picked(row, COWORLD_SUMMARY) for row in _seen(asked, asked.state.coworlds.values())]
    return header_page(asked, rows, 200, 500)


def coworld(asked: Asked) -> Reply:
    row = _one(asked, asked.state.coworlds, "cow", "Coworld")
    return Reply({key: value for key, value in row.items() if key not in ("created_at", "manifest_summary")})


def images(asked: Asked) -> Reply:
    return header_page(asked, list(asked.state.images.values()), 200, 500)


def image(asked: Asked) -> Reply:
    return Reply(_one(asked, asked.state.images, "img", "Image"))


def version_lookup(asked: Asked) -> Reply:
    """Versions by policy name, newest first: what ``NAME`` and ``NAME:vN`` are resolved with."""
    mine, name, number = asked.flag("mine"), asked.query.get("name_exact"), asked.query.get("version")
    rows = [
        {
            "id": row["id"],
            "policy_id": row["policy"]["id"],
            "name": row["policy"]["name"],
            "version": row["version"],
            "user_id": asked.state.players[row["player_id"]]["user_id"] if row["player_id"] else None,
            "created_at": asked.state.uploaded.get(row["id"], written(asked.state.now)),
            "tags": {},
            "attributes": {},
        }
        for row in reversed(asked.state.policy_versions.values())
        if name in (None, row["policy"]["name"])
        and number in (None, str(row["version"]))
        and (not mine or row["player_id"] in asked.caller.players)
    ]
    return body_page(asked, rows, 50, 1000)


def feed_check(asked: Asked) -> Reply:
    """Nothing is due; the real client asks this after showing standings."""
    return Reply({"human_name": "Sam", "rounds": [], "sensei_due": None})


ROUTES = (
    Route("GET", "/whoami", whoami, open=True),
    Route("GET", "/v2/leagues", leagues, open=True),
    Route("GET", "/v2/leagues/{league_id}", league),
    Route("GET", "/v2/leagues/{league_id}/division-ladder", ladder),
    Route("GET", "/v2/divisions", divisions),
    Route("GET", "/v2/divisions/{division_id}", division),
    Route("GET", "/v2/divisions/{division_id}/leaderboard", leaderboard),
    Route("GET", "/v2/divisions/{division_id}/leaderboards", leaderboards),
    Route("GET", "/v2/rounds", rounds),
    Route("GET", "/v2/rounds/{round_id}", round_),
    Route("GET", "/v2/rounds/{round_id}/episode-requests", round_episodes),
    Route("GET", "/v2/league-policy-memberships", memberships),
    Route("GET", "/v2/league-submissions", submissions),
    Route("GET", "/v2/competition-events", events),
    Route("GET", "/v2/policy-versions/{policy_version_id}/episode-requests", policy_episodes),
    Route("GET", "/v2/episode-requests/changes", feed.changes),
    Route("GET", "/v2/episode-requests/{episode_request_id}", episode),
    Route("GET", "/v2/coworlds/summaries", coworlds),
    Route("GET", "/v2/coworlds/{coworld_name}/feed-posts/check", feed_check),
    Route("GET", "/v2/coworlds/{coworld_id}", coworld, open=True),
    Route("GET", "/v2/container_images", images),
    Route("GET", "/v2/container_images/{image_id}", image),
    Route("GET", "/stats/policy-versions", version_lookup),
)


def _visible(asked: Asked, row: Json) -> bool:
    """Public, or the caller's own; what stands inside a league is as visible as the league."""
    league = row.get("league") or (row.get("division") or {}).get("league")
    if league is not None:
        return _visible(asked, league)
    owner = asked.state.owners.get(row["id"])
    return owner is None or owner == asked.caller.user_id


def _seen(asked: Asked, rows: Iterable[Json]) -> list[Json]:
    return [row for row in rows if _visible(asked, row)]


def _one(asked: Asked, rows: Mapping[str, Json], prefix: str, name: str) -> Json:
    row = rows.get(asked.id_in_path(prefix))
    if row is None or not _visible(asked, row):
        raise Refused(404, f"{name} not found")
    return row


def _filtered(asked: Asked, rows: Iterable[Json]) -> list[Json]:
    """Visible rows that match the usual id filters."""
    wanted = {
        "league": asked.id_filter("league_id", "league"),
        "division": asked.id_filter("division_id", "div"),
        "player": asked.id_filter("player_id", "ply"),
        "policy_version": asked.id_filter("policy_version_id", ""),
    }

    def matches(row: Json) -> bool:
        row = {"league": (row.get("division") or {}).get("league"), **row}
        return all(
            value is None or (row.get(name) or {}).get("id") == value for name, value in wanted.items()
        )

    return [row for row in _seen(asked, rows) if matches(row)]


def _is_mine(asked: Asked, row: Json) -> bool:
    return row["player"] is not None and row["player"]["id"] in asked.caller.players


def _mine(asked: Asked, rows: Sequence[Json]) -> list[Json]:
    mine = asked.flag("mine")
    return [row for row in rows if not mine or _is_mine(asked, row)]


def _summaries(asked: Asked, rows: Sequence[Json]) -> Reply:
    taken, cursor = page(asked, rows, 50, 100)
    return Reply({"entries": [_picked(row, EPISODE_SUMMARY) for row in taken], "next_cursor": cursor})


def _picked(row: Json, keys: Sequence[str]) -> Json:
    return {key: row[key] for key in keys}
