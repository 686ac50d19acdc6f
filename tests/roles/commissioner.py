"""A commissioner that answers one request, or breaks the protocol in the way its argument names."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response


def answer(how: str, request: dict[str, object]) -> str | None:
    """What to send; None to close without a word."""
    if how == "good" and request["type"] == "schedule_rounds_request":
        divisions = request["divisions"]
        assert isinstance(divisions, list)
        rounds = [{"division_id": divisions[0]["id"], "round_config": {"stages": [{"num_episodes": 2}]}}]
        return json.dumps({"type": "schedule_rounds_response", "rounds": rounds})
    if how == "good" and request["type"] == "round_start":
        return json.dumps({"type": "round_complete", "results": []})
    answers = {
        "other": '{"type": "round_complete", "results": []}',
        "invalid": '{"type": "schedule_rounds_response", "rounds": [{"division_id": "one"}]}',
        "many": json.dumps({"type": "schedule_rounds_response", "rounds": [0] * 60_000}),
        "prose": "good morning \x1b[31m",
        "endless": json.dumps({"type": "schedule_rounds_response", "notes": "x" * (17 << 20)}),
    }
    return answers.get(how)


async def main(how: str) -> None:
    """Serve ``/healthz`` and ``/round``."""
    if how == "leaves":
        sys.exit("the league is closed")

    async def talk(socket: ServerConnection) -> None:
        request = json.loads(await socket.recv())
        if how == "floods":
            while True:
                sys.stderr.write("what a round\n" * 10_000)
                await asyncio.sleep(0)
        if how == "quiet":
            await socket.wait_closed()
        elif (message := answer(how, request)) is not None:
            await socket.send(message)
            await socket.wait_closed()

    def health(socket: ServerConnection, request: Request) -> Response | None:
        if request.path == "/healthz":
            status = HTTPStatus.SERVICE_UNAVAILABLE if how == "ill" else HTTPStatus.OK
            return socket.respond(status, "")
        return None

    host, port = os.environ["COGAME_HOST"], int(os.environ["COGAME_PORT"])
    async with serve(talk, host, port, process_request=health):
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
