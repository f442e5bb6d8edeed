"""The one port of a worker: metrics for Prometheus, and liveness for the kubelet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import make_wsgi_app

from app.metrics import WorkMetrics


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Probes are not worth a line."""


@contextmanager
def serving(port: int, metrics: WorkMetrics, is_alive: Callable[[], bool]) -> Iterable[int]:
    """Serve while the context lasts; gives the port."""
    exposition = make_wsgi_app(metrics.registry)

    def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if environ["PATH_INFO"] != "/health/live":
            return exposition(environ, start_response)
        alive = is_alive()
        start_response("200 OK" if alive else "503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"alive\n" if alive else b"its loop hangs\n"]

    with make_server("", port, application, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()
