"""Puts the application together. Tests build their own."""

from __future__ import annotations

from fastapi import {% if cookiecutter.flags %}Depends, {% endif %}FastAPI

from app import api, {% if cookiecutter.flags %}flags, {% endif %}health
from app.health import Readiness
from app.metrics import RequestMetrics
from app.observation import Observation


def create_app() -> FastAPI:
    app = FastAPI(title="{{ cookiecutter.name }}", redoc_url=None)
    app.state.readiness = Readiness()
    app.state.metrics = RequestMetrics()
    app.add_middleware(Observation, metrics=app.state.metrics)
    app.include_router(health.router)
    app.include_router(api.router{% if cookiecutter.flags %}, dependencies=[Depends(flags.refuse_when_switched_off)]{% endif %})
    paths = app.openapi()["paths"]
    app.state.metrics.expect((method.upper(), path) for path in paths for method in paths[path])
    return app
