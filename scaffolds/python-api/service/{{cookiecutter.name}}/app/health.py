"""Liveness and readiness, which answer different questions.

Live: is this process worth keeping? It looks at nothing else, or a dead database would restart every pod.
Ready: can it serve now? It asks the dependencies without which no request can be answered.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

Dependency = Callable[[], Awaitable[object]]

router = APIRouter(prefix="/health", include_in_schema=False)  # for the kubelet, not for callers


class Health(BaseModel):
    status: str
    failing: dict[str, str] = {}


class Readiness:
    """The dependencies that this service cannot serve without."""

    def __init__(self, patience: float = 1.0) -> None:
        self._patience = patience  # seconds, below the 2 s that the readiness probe waits
        self._dependencies: dict[str, Dependency] = {}

    def needs(self, name: str, dependency: Dependency) -> None:
        """Count as ready only while `await dependency()` returns without an error."""
        self._dependencies[name] = dependency

    async def failing(self) -> dict[str, str]:
        """Ask all of them at once; return the reason for each one that does not answer."""
        reasons = await asyncio.gather(*map(self._reason, self._dependencies.values()))
        named = zip(self._dependencies, reasons, strict=True)
        return {name: reason for name, reason in named if reason}

    async def _reason(self, dependency: Dependency) -> str:
        try:
            async with asyncio.timeout(self._patience):
                await dependency()
        except TimeoutError:
            return f"no answer within {self._patience:g} s"
        except Exception as error:  # noqa: BLE001 - whatever a client library raises, it is not ready
            return f"{type(error).__name__}: {error}"
        return ""


@router.get("/live")
async def live() -> Health:
    return Health(status="alive")


@router.get("/ready")
async def ready(request: Request, response: Response) -> Health:
    readiness: Readiness = request.app.state.readiness
    failing = await readiness.failing()
    if failing:
        response.status_code = 503
        return Health(status="not ready", failing=failing)
    return Health(status="ready")
