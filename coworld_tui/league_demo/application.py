"""The made-up Observatory as an ASGI application: finds the route, knows the caller, writes the answer."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from itertools import count
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route as Mounted
from starlette.types import Message, Receive, Scope, Send

from . import routes, routes_actions, routes_downloads, routes_pages, routes_reports, routes_uploads
from .state import ANONYMOUS, Caller, State
from .wire import Asked, Refused, Reply, Route

ROOT = "/api/observatory"

ROUTES: tuple[Route, ...] = (
    *routes.ROUTES,
    *routes_downloads.ROUTES,
    *routes_actions.ROUTES,
    *routes_uploads.ROUTES,
    *routes_reports.ROUTES,
    *routes_pages.ROUTES,
)

Endpoint = Callable[[Request], Awaitable[Response]]


class Application:
    """Answers from ``state``, which whoever holds it may change between requests."""

    def __init__(self, state: State) -> None:
        self.state = state
        self._numbers = count(1)
        by_parameters = sorted(ROUTES, key=lambda route: [part[:1] == "{" for part in route.path.split("/")])
        self._routes = Starlette(
            routes=[
                Mounted(
                    route.path if route.outside else ROOT + route.path,
                    self._endpoint(route),
                    methods=[route.method],
                )
                for route in by_parameters
            ]
        )
        self._routes.router.redirect_slashes = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = f"req_{next(self._numbers)}".encode()

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-request-id", request_id)]
            await send(message)

        await self.respond(scope, receive, named)

    async def respond(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        await self._routes(scope, receive, send)

    def shown(self, body: Any) -> Any:
        """The JSON that is sent for ``body``."""
        return body

    def failed(self, mistake: Exception) -> None:
        """Told of a route that has a bug. The screen of a demonstration is no place for its traceback."""

    def _endpoint(self, route: Route) -> Endpoint:
        async def endpoint(request: Request) -> Response:
            try:
                reply = route.answer(await self._asked(request, route))
                return self._response(await reply if inspect.isawaitable(reply) else reply)
            except Refused as refused:
                return JSONResponse({"detail": refused.detail}, refused.status, refused.headers)
            except Exception as mistake:
                self.failed(mistake)
                return JSONResponse({"detail": "Internal server error"}, 500)

        return endpoint

    async def _asked(self, request: Request, route: Route) -> Asked:
        caller = self._caller(request)
        if caller is ANONYMOUS and not route.open:
            raise Refused(401, "Not authenticated")
        return Asked(
            self.state,
            caller,
            request.path_params,
            request.query_params,
            request.method,
            request.headers,
            await request.body(),
            f"{request.url.scheme}://{request.url.netloc}",
        )

    def _response(self, reply: Reply) -> Response:
        headers = dict(reply.headers)
        if reply.media_type is None:
            return JSONResponse(self.shown(reply.body), reply.status, headers)
        if isinstance(reply.body, bytes):
            return Response(reply.body, reply.status, headers, reply.media_type)
        return StreamingResponse(reply.body, reply.status, headers, reply.media_type)

    def _caller(self, request: Request) -> Caller:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        return self.state.tokens.get(token, ANONYMOUS) if scheme == "Bearer" else ANONYMOUS
