"""What the container runs: `python -m app`."""

from __future__ import annotations

import signal

from redis import Redis

from app import {% if cookiecutter.flags %}flags, {% endif %}logs, work
from app.consumer import Consumer
from app.metrics import WorkMetrics
from app.server import serving
from app.settings import Settings

HANGS_AFTER = 120.0  # seconds without a round of the loop, far longer than any message takes


def main(settings: Settings) -> None:
    logs.configure(settings.log_level)
{%- if cookiecutter.flags %}
    if settings.flagd_host:
        flags.connect(settings.flagd_host, settings.flagd_port)
{%- endif %}
    metrics = WorkMetrics()
    redis = Redis.from_url(settings.redis_url, decode_responses=True, socket_timeout=10)
    consumer = Consumer(
        redis,
        stream=settings.stream,
        name=settings.consumer,
        process=work.process,
        metrics=metrics,
{%- if cookiecutter.flags %}
        may_work=flags.is_switched_on,
{%- endif %}
    )
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: consumer.stop())
    with serving(settings.metrics_port, metrics, lambda: not consumer.hangs(HANGS_AFTER)):
        consumer.run()


if __name__ == "__main__":
    main(Settings.from_environment())
