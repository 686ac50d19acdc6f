"""The commissioner: decides who plays whom in a round, and ranks them. ``python -m game.roles.commissioner``.

A server with ``/healthz`` and the websocket ``/round``. It plays rounds of both contract generations
(``round_start``) and answers ``schedule_rounds_request``. Contract 0.1.64 knows more questions, for
leaderboards and descriptions of the league; to those it has no answer and closes the connection.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import defaultdict
from collections.abc import Iterable
from itertools import permutations
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from .. import web

Message = dict[str, Any]
MESSAGE_LIMIT = 16 << 20


async def talk(connection: ServerConnection) -> None:
    """Serve one round, or answer one question."""
    try:
        first = json.loads(await connection.recv())
        if first.get("type") == "round_start":
            await play_round(connection, first)
        elif first.get("type") == "schedule_rounds_request":
            await connection.send(json.dumps(rounds_for(first)))
        else:
            await connection.close(1003, "no answer to that")
    except ConnectionClosed:
        return


def rounds_for(request: Message) -> Message:
    """One round for every division with at least two who compete."""
    entrants = defaultdict(set)
    for member in request["active_memberships"]:
        entrants[member["division_id"]].add(member["policy_version_id"])
    rounds = [
        {"division_id": division["id"], "round_config": {"entrant_policy_version_ids": sorted(found)}}
        for division in request["divisions"]
        if len(found := entrants[division["id"]]) > 1
    ]
    return {"type": "schedule_rounds_response", "rounds": rounds}


async def play_round(connection: ServerConnection, start: Message) -> None:
    """Let everybody in a division play everybody else from both sides, then rank them by mean score."""
    variant = start["variants"][0]["id"]
    division_of: dict[str, str] = {}
    episodes: list[Message] = []
    for division in start["divisions"]:
        members = [each for each in start["memberships"] if each["division_id"] == division["id"]]
        entrants = {each["policy_version_id"] for each in members}
        for pair in permutations(sorted(entrants), 2):
            request_id = str(len(episodes))
            division_of[request_id] = division["id"]
            episodes.append(
                {"request_id": request_id, "variant_id": variant, "policy_version_ids": list(pair)}
            )
    scores: dict[str, dict[str, list[float]]] = {each["id"]: defaultdict(list) for each in start["divisions"]}
    if episodes:
        await connection.send(json.dumps({"type": "schedule_episodes", "episodes": episodes}))
    while division_of:
        message = json.loads(await connection.recv())
        kind = message.get("type")
        if kind == "round_abort":
            return
        done = message["request_ids"] if kind == "episodes_rejected" else [message.get("request_id", "")]
        for request_id in done:
            division_id = division_of.pop(request_id, None)
            if kind == "episode_result" and division_id is not None:
                for each in message["scores"]:
                    scores[division_id][each["policy_version_id"]].append(each["score"])
    results = [{"division_id": each, "rankings": ranked(scores[each].items())} for each in scores]
    await connection.send(json.dumps({"type": "round_complete", "results": results}))


def ranked(scores: Iterable[tuple[str, list[float]]]) -> list[Message]:
    """The best mean first; equal means share a rank."""
    means = sorted(((sum(each) / len(each), policy) for policy, each in scores), reverse=True)
    return [
        {"policy_version_id": policy, "score": mean, "rank": 1 + sum(mean < other for other, _ in means)}
        for mean, policy in means
    ]


async def run() -> None:
    """Serve until stopped."""

    def process_request(connection: ServerConnection, request: Request) -> Response | None:
        path = web.Target(request.path).path
        return web.healthy() if path == "/healthz" else None if path == "/round" else web.not_found()

    host, port = os.environ.get("COGAME_HOST", "0.0.0.0"), int(os.environ.get("COGAME_PORT", "8080"))
    async with serve(talk, host, port, process_request=process_request, max_size=MESSAGE_LIMIT) as server:
        sys.stdout.write(f"listening on port {next(iter(server.sockets)).getsockname()[1]}\n")
        sys.stdout.flush()
        await server.serve_forever()


if __name__ == "__main__":
    sys.exit(asyncio.run(run()))
