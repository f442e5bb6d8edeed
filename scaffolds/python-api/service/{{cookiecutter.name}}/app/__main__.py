"""What the container runs: `python -m app`."""

from __future__ import annotations

from app.application import create_app
from app.server import serve
from app.settings import Settings

if __name__ == "__main__":
    settings = Settings.from_environment()
    serve(create_app(), settings)
