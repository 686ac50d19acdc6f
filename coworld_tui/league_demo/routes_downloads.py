"""Routes of files to take away: replays, logs, artifacts, bundles, players' files of packages.

What is kept of an episode is in ``State.artifacts``. Files on ``/files/…`` lie outside the API, as storage
does: they are asked for without a login, and refused to who sends one along.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .artifacts import Artifacts
from .state import OVER, Json
from .wire import Asked, Refused, Reply, Route, file_reply, read_cursor, write_cursor

CATEGORIES = ("results", "replay", "events", "error_info", "game_logs", "player_logs", "player_artifact")
BUNDLED = tuple(category for category in CATEGORIES if category != "events")

_NOTHING = Artifacts()
_BINARY = "application/octet-stream"
_TEXT = "text/plain; charset=utf-8"
_MOST_IDS = 50


@dataclass
class Kept:
    """What these routes remember beside the rest.

    ``signature``: not empty, addresses of files work only with this one. ``player_files`` are those of
    packages by their sha256. ``episodes`` finds episode requests by the id of their episode.
    """

    signature: str = ""
    player_files: dict[str, bytes] = field(default_factory=dict)
    episodes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _File:
    """A file of an episode, as the download manifest and the bundle know it."""

    category: str
    filename: str
    inside: str
    data: bytes | None
    media_type: str = _BINARY
    position: int | None = None


def episode_stats(asked: Asked) -> Reply:
    """Rewards of the seats; there are none of an episode that did not complete."""
    episode = _episode(asked)
    if episode["status"] != "completed":
        raise Refused(404, "Episode stats not found")
    scores = {row["policy_version_id"]: row["score"] for row in episode["scores"]}
    seats = [seat for seat in episode["participants"] if seat["kind"] == "policy"]
    told = _told(_kept(asked, episode).results)
    game = {name: float(value) for name, value in told.items() if isinstance(value, int | float)}
    ticks = game.setdefault("ticks", 100.0)
    return Reply(
        {
            "game_stats": {**game, "seats": float(len(episode["participants"]))},
            "policy_stats": [
                {
                    "position": seat["position"],
                    "policy_version_id": seat["policy_version_id"],
                    "policy_name": seat["policy_name"],
                    "policy_version": seat["version"],
                    "num_agents": 1,
                    "avg_metrics": _metrics(told, seat["position"]),
                    "avg_reward": scores.get(seat["policy_version_id"], 0.0),
                    "agents": [
                        {
                            "agent_id": seat["position"],
                            "reward": scores.get(seat["policy_version_id"], 0.0),
                            "metrics": {},
                        }
                    ],
                }
                for seat in seats
            ],
            "steps": int(ticks),
        }
    )


def _told(results: bytes | None) -> Json:
    """The results document of a game, by whatever names it uses; empty where there is none."""
    try:
        told = json.loads(results or b"")
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _metrics(told: Json, position: int) -> Json:
    """What the results count by seat, for one of them."""
    lists = {name: values for name, values in told.items() if name != "scores" and isinstance(values, list)}
    of_seat = {name: values[position] for name, values in lists.items() if position < len(values)}
    return {name: float(value) for name, value in of_seat.items() if isinstance(value, int | float)}


def results(asked: Asked) -> Reply:
    return _artifact(asked, "results", "application/json")


def logs(asked: Asked) -> Reply:
    return _artifact(asked, "game_log", _TEXT)


def error_info(asked: Asked) -> Reply:
    return _artifact(asked, "error_info", "application/json")


def replay(asked: Asked) -> Reply:
    """As the game wrote it, not compressed."""
    data = _kept(asked, _episode(asked)).replay
    if data is None:
        raise Refused(404, "Artifact not found")
    return file_reply(asked, zlib.decompress(data), _BINARY)


def policy_artifacts(asked: Asked) -> Reply:
    """The seats the caller may read."""
    episode = _episode(asked)
    kept = _kept(asked, episode)
    return Reply(
        [
            {
                "position": seat["position"],
                "policy_version_id": seat["policy_version_id"],
                "policy_name": seat["policy_name"],
                "has_log": seat["position"] in kept.seat_logs,
                "has_artifact": seat["position"] in kept.seat_zips,
            }
            for seat in _own_seats(asked, episode)
        ]
    )


def policy_log(asked: Asked) -> Reply:
    return _of_seat(asked, _kept(asked, _episode(asked)).seat_logs, _TEXT)


def policy_artifact(asked: Asked) -> Reply:
    return _of_seat(asked, _kept(asked, _episode(asked)).seat_zips, "application/zip")


def bundle(asked: Asked) -> Reply:
    """What there is of what was asked for; parts of others' seats are left out without a word."""
    episode = _episode(asked)
    wanted = asked.query.get("include", ",".join(BUNDLED)).split(",")
    if not set(wanted) <= set(BUNDLED):
        raise Refused(422, [{"loc": ["query", "include"], "msg": "Unknown token", "type": "value_error"}])
    found = [file for file in _files(asked, episode) if file.category in wanted and file.data is not None]
    if episode["status"] not in OVER or not found:
        raise Refused(404, "Bundle not found")
    names: dict[str, Any] = {}
    for file in found:
        if file.category in ("results", "replay", "error_info"):
            names[file.category] = file.inside
        else:
            key = "combined" if file.position is None else str(file.position)
            names.setdefault(file.category, {})[key] = file.inside
    manifest = {
        "ereq_id": episode["id"],
        "status": "success" if episode["status"] == "completed" else "failed",
        "include": list(names),
        "files": names,
    }
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", json.dumps(manifest))
        for file in found:
            archive.writestr(file.inside, _unpacked(file))
    return file_reply(asked, stream.getvalue(), "application/zip", f"{episode['id']}.zip")


def download_manifest(asked: Asked) -> Reply:
    """Where the files of up to fifty episodes or batches are, a row a file."""
    ids = asked.query.getlist("ids")
    kinds = {one.partition("_")[0] for one in ids}
    if not 1 <= len(ids) <= _MOST_IDS or kinds not in ({"xreq"}, {"ereq"}):
        raise Refused(422, [{"loc": ["query", "ids"], "msg": "1 to 50 ids of a kind", "type": "value_error"}])
    include, agents = asked.query.getlist("include"), asked.query.getlist("agent")
    known = [one for one in ids if one in asked.state.episodes or one in asked.state.batches]
    episodes = [ereq for one in known for ereq in asked.state.batches.get(one, [one])]
    rows = [
        _row(asked, asked.state.episodes[ereq], file)
        for ereq in episodes
        for file in _files(asked, asked.state.episodes[ereq])
        if file.category in include and (not agents or file.position is None or str(file.position) in agents)
    ]
    limit = asked.number("limit", 200, 1, 200)
    cursor = asked.query.get("cursor")
    start = 0 if cursor is None else int(read_cursor(cursor).get("start", 0))
    more = start + limit < len(rows)
    return Reply(
        {
            "entries": rows[start : start + limit],
            "unavailable_ids": [one for one in ids if one not in known],
            "next_cursor": write_cursor(start=start + limit) if more else None,
        }
    )


def stored(asked: Asked) -> Reply:
    """A file of an episode as storage hands it out: to who has its address, and to nobody with a login."""
    kept = asked.state.part(Kept)
    if "authorization" in asked.headers:
        raise Refused(400, "Only one auth mechanism allowed")
    if asked.query.get("signature", "") != kept.signature:
        raise Refused(403, "Request has expired")
    key, name = asked.path["key"], asked.path["name"]
    episode = asked.state.episodes.get(key) or asked.state.episodes.get(_by_episode(asked, key))
    data = None
    if episode is not None:
        data = next((file.data for file in _all_files(asked, episode) if file.filename == name), None)
    if data is None:
        raise Refused(404, "NoSuchKey")
    reply = file_reply(asked, data, _BINARY)
    if asked.headers.get("if-match", reply.headers["ETag"]) != reply.headers["ETag"]:
        raise Refused(412, "PreconditionFailed")
    return reply


def player_file(asked: Asked) -> Reply:
    """A file that a package's player is run from."""
    data = asked.state.part(Kept).player_files.get(asked.path["sha256"])
    if data is None or asked.path["coworld_id"] not in asked.state.coworlds:
        raise Refused(404, "Player file not found")
    return file_reply(asked, data, _BINARY)


def _episode(asked: Asked) -> Json:
    episode = asked.state.episodes.get(asked.id_in_path("ereq"))
    if episode is None:
        raise Refused(404, "Episode request not found")
    return episode


def _kept(asked: Asked, episode: Json) -> Artifacts:
    return asked.state.artifacts.get(episode["id"], _NOTHING)


def _artifact(asked: Asked, name: str, media_type: str) -> Reply:
    data: bytes | None = getattr(_kept(asked, _episode(asked)), name)
    if data is None:
        raise Refused(404, "Artifact not found")
    return file_reply(asked, data, media_type)


def _own_seats(asked: Asked, episode: Json) -> list[Json]:
    return [
        seat
        for seat in episode["participants"]
        if seat["kind"] == "policy" and seat.get("player_id") in asked.caller.players
    ]


def _of_seat(asked: Asked, kept: Mapping[int, bytes], media_type: str) -> Reply:
    version, position = asked.path["policy_version_id"], asked.path["agent_idx"]
    for seat in _own_seats(asked, _episode(asked)):
        if seat["policy_version_id"] == version and str(seat["position"]) == position:
            data = kept.get(seat["position"])
            if data is not None:
                return file_reply(asked, data, media_type)
    raise Refused(404, "Not found")


def _files(asked: Asked, episode: Json) -> list[_File]:
    """The files the caller may have; ``data`` None: there is none (yet)."""
    own = {seat["position"] for seat in _own_seats(asked, episode)}
    return [file for file in _all_files(asked, episode) if file.position is None or file.position in own]


def _all_files(asked: Asked, episode: Json) -> Iterator[_File]:
    kept = _kept(asked, episode)
    yield _File("results", "results.json", "results.json", kept.results, "application/json")
    yield _File("replay", "replay.json.z", "replay", kept.replay)
    if episode["status"] == "failed":
        yield _File("error_info", "error_info.json", "error_info.json", kept.error_info, "application/json")
    yield _File("game_logs", "game.log", "logs/game.log", kept.game_log, _TEXT)
    for seat in episode["participants"]:
        place = seat["position"]
        name = f"policy_agent_{place}.log"
        yield _File("player_logs", name, f"logs/{name}", kept.seat_logs.get(place), _TEXT, place)
    for seat in episode["participants"]:
        place = seat["position"]
        name = f"policy_artifact_{place}.zip"
        data = kept.seat_zips.get(place)
        yield _File("player_artifact", name, f"artifacts/{name}", data, "application/zip", place)


def _row(asked: Asked, episode: Json, file: _File) -> Json:
    """A small document comes along, other files have an address."""
    over = episode["status"] in OVER
    ready = over and file.data is not None
    row: Json = {
        "episode_request_id": episode["id"],
        "category": file.category,
        "position": file.position,
        "artifact_id": f"{episode['id']}/{file.category}/{file.position}",
        "version": None,
        "filename": file.filename,
        "state": "ready" if ready else "not_produced" if over else "pending",
        "media_type": file.media_type,
        "encoding": "identity",
        "size": None,
        "etag": None,
        "url": None,
        "expires_at": None,
        "inline_json": None,
    }
    if not ready or file.data is None:
        return row
    row["version"] = hashlib.sha256(file.data).hexdigest()[:12]
    if file.category in ("results", "error_info"):
        row["inline_json"] = json.loads(file.data)
        return row
    signature = asked.state.part(Kept).signature
    row["size"] = len(file.data)
    row["etag"] = f'"{hashlib.sha256(file.data).hexdigest()[:32]}"'
    row["url"] = f"{asked.origin}/files/{episode['id']}/{file.filename}"
    if signature:
        row["url"] += f"?signature={signature}"
    return row


def _unpacked(file: _File) -> bytes:
    data = file.data or b""
    return zlib.decompress(data) if file.category == "replay" else data


def _by_episode(asked: Asked, episode_id: str) -> str:
    known = asked.state.part(Kept).episodes
    if episode_id not in known:
        known |= {row["episode_id"]: row["id"] for row in asked.state.episodes.values() if row["episode_id"]}
    return known.get(episode_id, "")


_EPISODE = "/v2/episode-requests/{episode_request_id}"

ROUTES: tuple[Route, ...] = (
    Route("GET", f"{_EPISODE}/episode-stats", episode_stats),
    Route("GET", f"{_EPISODE}/artifacts/results", results),
    Route("GET", f"{_EPISODE}/artifacts/logs", logs),
    Route("GET", f"{_EPISODE}/artifacts/error-info", error_info),
    Route("GET", f"{_EPISODE}/artifacts/replay", replay),
    Route("GET", f"{_EPISODE}/policy-artifacts", policy_artifacts),
    Route("GET", f"{_EPISODE}/{{policy_version_id}}/policy-logs/{{agent_idx}}", policy_log),
    Route("GET", f"{_EPISODE}/{{policy_version_id}}/policy-artifact/{{agent_idx}}", policy_artifact),
    Route("GET", f"{_EPISODE}/bundle", bundle),
    Route("GET", "/v2/episode-requests/download-manifest", download_manifest),
    Route("GET", "/v2/coworlds/{coworld_id}/player-files/{sha256}", player_file, open=True),
    Route("GET", "/files/{key}/{name}", stored, open=True, outside=True),
)
