"""The middleware that counts, times and logs every request, once."""

from __future__ import annotations

import logging
import time
import uuid

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.logs import request_id
from app.metrics import RequestMetrics

HEADER = "x-request-id"  # set by the mesh's proxy; made here when somebody calls without one
PROBES = "/health/"  # the kubelet's probes are not traffic: they would flatter the error ratio

logger = logging.getLogger("app.access")


class Observation:
    def __init__(self, app: ASGIApp, metrics: RequestMetrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith(PROBES):
            await self._app(scope, receive, send)
            return
        identity = Headers(scope=scope).get(HEADER, "")[:128] or uuid.uuid4().hex
        token = request_id.set(identity)
        started = time.perf_counter()
        code = 500  # what the caller gets if the application fails before it answers

        async def send_observed(message: Message) -> None:
            nonlocal code
            if message["type"] == "http.response.start":
                code = message["status"]
                MutableHeaders(scope=message)[HEADER] = identity
            await send(message)

        try:
            await self._app(scope, receive, send_observed)
        finally:
            self._record(scope, code, time.perf_counter() - started)
            request_id.reset(token)

    def _record(self, scope: Scope, code: int, seconds: float) -> None:
        # The route's pattern and never the path: paths carry ids, and each would be a new series.
        route = getattr(scope.get("route"), "path", "unmatched")
        self._metrics.observe(scope["method"], route, code, seconds)
        logger.info(
            "%s %s %s",
            scope["method"],
            route,
            code,
            extra={"fields": {"code": code, "duration_ms": round(seconds * 1000, 1)}},
        )
