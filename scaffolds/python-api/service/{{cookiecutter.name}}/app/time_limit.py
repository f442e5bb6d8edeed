"""Ends a request that takes too long, where no mesh does it: nobody waits for ever."""

from __future__ import annotations

import asyncio

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send


class TimeLimit:
    """Answers 504 after so many seconds; 0 leaves every request its time."""

    def __init__(self, app: ASGIApp, *, seconds: float) -> None:
        self._app = app
        self._seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not self._seconds:
            await self._app(scope, receive, send)
            return
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            async with asyncio.timeout(self._seconds):
                await self._app(scope, receive, note)
        except TimeoutError:
            if begun:  # half an answer cannot become another one
                raise
            await JSONResponse({"detail": "took too long"}, 504)(scope, receive, send)
