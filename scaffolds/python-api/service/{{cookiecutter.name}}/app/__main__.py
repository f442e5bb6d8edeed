"""What the container runs: `python -m app`."""

from __future__ import annotations

{% if cookiecutter.flags %}from app import flags
{% endif %}from app.application import create_app
from app.server import serve
from app.settings import Settings

if __name__ == "__main__":
    settings = Settings.from_environment()
{%- if cookiecutter.flags %}
    if settings.flagd_host:
        flags.connect(settings.flagd_host, settings.flagd_port)
{%- endif %}
    serve(create_app(settings), settings)
