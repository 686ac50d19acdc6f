"""The stand-in Observatory of the tests: the demonstration league, watched and troubled."""

from __future__ import annotations

import contextlib
import json
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.datastructures import Headers, QueryParams
from starlette.types import Message, Receive, Scope, Send

from coworld_tui.league_demo.application import ROOT, Application
from coworld_tui.league_demo.people import TOKEN_PLAYER, TOKEN_USER
from coworld_tui.league_demo.serving import answering, loopback
from coworld_tui.league_demo.state import State
from coworld_tui.league_demo.world import made_up

from .faults import Fault, Kind, suffer


@dataclass(frozen=True)
class Seen:
    """A request as it arrived. ``path`` is relative to the API root, or what the host was asked for."""

    method: str
    path: str
    query: QueryParams
    headers: Mapping[str, str]
    chunks: list[bytes] = field(default_factory=list, compare=False)

    @property
    def body(self) -> bytes:
        """As much of the body as the server has read."""
        return b"".join(self.chunks)

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Observatory:
    """A running stand-in. ``url`` is what ``--server`` takes."""

    url: str
    state: State
    requests: list[Seen] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    left_out: frozenset[str] = frozenset()
    """Members that no object of an answer has, however deep: what an older server does not send."""
    token_user: str = TOKEN_USER
    token_player: str = TOKEN_PLAYER

    def fault(self, path: str, kind: Kind, times: float = 1, *, retry_after: str = "0") -> None:
        """Trouble the next ``times`` requests of a path, ``*`` for any; ``math.inf`` is for good."""
        self.faults.append(Fault(path, kind, times, retry_after))

    def asked(self, path: str, method: str | None = None) -> list[Seen]:
        """The requests of one path so far, of any method or of this one."""
        return [
            request for request in self.requests if request.path == path and method in (None, request.method)
        ]


class _Watched(Application):
    """Records every request, then answers it or has it suffer a fault."""

    def __init__(self, observatory: Observatory) -> None:
        super().__init__(observatory.state)
        self._observatory = observatory

    async def respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(ROOT)
        seen = Seen(scope["method"], path, QueryParams(scope["query_string"]), Headers(scope=scope))
        self._observatory.requests.append(seen)

        async def recorded() -> Message:
            message = await receive()
            if body := message.get("body"):
                seen.chunks.append(body)
            return message

        for fault in self._observatory.faults:
            if fault.strikes(path):
                await suffer(fault, super().respond, scope, recorded, send)
                return
        await super().respond(scope, recorded, send)

    def failed(self, mistake: Exception) -> None:
        traceback.print_exception(mistake)

    def shown(self, body: Any) -> Any:
        return _without(body, self._observatory.left_out)


def _without(value: Any, names: frozenset[str]) -> Any:
    if not names:
        return value
    if isinstance(value, dict):
        return {key: _without(member, names) for key, member in value.items() if key not in names}
    return [_without(item, names) for item in value] if isinstance(value, list) else value


@contextlib.contextmanager
def serving(world: Callable[[str], State] = made_up) -> Iterator[Observatory]:
    """A stand-in with a world of its own for the time of the context; ``world`` is told where files are."""
    with loopback() as (listener, origin):
        observatory = Observatory(f"{origin}/api", world(origin))
        with answering(_Watched(observatory), listener):
            yield observatory
