"""The service's own endpoints. Replace the greeting with what this service is for."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel

router = APIRouter(prefix="/v1")


class Greeting(BaseModel):
    message: str


@router.get("/greetings/{who}")
async def greet(who: Annotated[str, Path(max_length=80)]) -> Greeting:
    return Greeting(message=f"Hello, {who}.")
