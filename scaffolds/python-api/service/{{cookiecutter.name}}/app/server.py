"""Runs the application: requests on one port, metrics on another, and a shutdown that loses nothing."""

from __future__ import annotations

import signal
import sys

import uvicorn
from fastapi import FastAPI
from prometheus_client import start_http_server

from app import logs
from app.settings import Settings

# Kubernetes kills after 45 s, of which the preStop sleep takes 10.
GRACE_SECONDS = 25


def serve(app: FastAPI, settings: Settings) -> None:
    """Serve until SIGTERM, then finish the requests in flight and return."""
    logs.configure(settings.log_level)
    # uvicorn raises the signal again once it has drained; without this the process would end as killed.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    metrics, thread = start_http_server(settings.metrics_port, registry=app.state.metrics.registry)
    try:
        uvicorn.run(
            app,
            host="0.0.0.0",  # noqa: S104 - the pod's own address is not known before it runs
            port=settings.port,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
    finally:
        metrics.shutdown()
        metrics.server_close()
        thread.join()
