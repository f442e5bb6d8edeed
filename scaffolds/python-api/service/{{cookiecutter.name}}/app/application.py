"""Puts the application together. Tests build their own."""

from __future__ import annotations

from fastapi import {% if cookiecutter.flags %}Depends, {% endif %}FastAPI

from app import api, {% if cookiecutter.flags %}flags, {% endif %}health
from app.health import Readiness
from app.metrics import RequestMetrics
from app.observation import Observation
from app.settings import Settings
from app.time_limit import TimeLimit


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings()
    app = FastAPI(title="{{ cookiecutter.name }}", redoc_url=None)
    app.state.readiness = Readiness()
    app.state.metrics = RequestMetrics()
    app.add_middleware(TimeLimit, seconds=settings.request_timeout_ms / 1000)
    app.add_middleware(Observation, metrics=app.state.metrics)
    app.include_router(health.router)
    app.include_router(api.router{% if cookiecutter.flags %}, dependencies=[Depends(flags.refuse_when_switched_off)]{% endif %})
    paths = app.openapi()["paths"]
    app.state.metrics.expect((method.upper(), path) for path in paths for method in paths[path])
    return app
