"""The real process: two ports, and a SIGTERM in the middle of a request."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading
import time

import httpx2

# The application as it is, plus one slow endpoint to be in the middle of.
PROGRAM = """
import asyncio, sys
from app.application import create_app
from app.server import serve
from app.settings import Settings

app = create_app()

@app.get("/slow")
async def slow() -> str:
    await asyncio.sleep(1)
    return "finished"

serve(app, Settings(port=int(sys.argv[1]), metrics_port=int(sys.argv[2])))
"""


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait_until_live(base: str) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            if httpx2.get(f"{base}/health/live").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.05)
    raise AssertionError("the service did not start within 20 s")


def test_a_request_in_flight_survives_sigterm() -> None:
    port, metrics_port = _free_port(), _free_port()
    base = f"http://127.0.0.1:{port}"
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(port), str(metrics_port)])
    answers: list[str] = []
    try:
        _wait_until_live(base)
        metrics = httpx2.get(f"http://127.0.0.1:{metrics_port}/metrics").text
        assert "# TYPE http_requests_total counter" in metrics
        caller = threading.Thread(target=lambda: answers.append(httpx2.get(f"{base}/slow").json()))
        caller.start()
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        caller.join(timeout=10)
        code = process.wait(timeout=10)
    finally:
        process.kill()
        process.wait()

    assert answers == ["finished"]
    assert code == 0
