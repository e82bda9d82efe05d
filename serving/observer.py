"""Every request counted, and every error answered."""

from __future__ import annotations

import logging
from collections.abc import Collection
from time import perf_counter

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.metrics import Metrics
from serving.problem import internal

_GONE = 499  # what nginx logs for a client that went away

log = logging.getLogger(__name__)


class Observer:
    """ASGI middleware: one count and one time a request; an unexpected error becomes a 500."""

    def __init__(self, app: ASGIApp, metrics: Metrics, routes: Collection[str]) -> None:
        self._app, self._metrics, self._routes = app, metrics, frozenset(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 0
        start = perf_counter()

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, note)
        except ClientDisconnect:
            status = _GONE
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            if status:
                raise  # half an answer is out: only a broken connection can say so
            await internal()(scope, receive, note)
        finally:
            # Any other path is the client's invention, and would grow the registry.
            route = scope["path"] if scope["path"] in self._routes else "other"
            self._metrics.requests.labels(route, str(status)).inc()
            self._metrics.seconds.labels(route).observe(perf_counter() - start)
