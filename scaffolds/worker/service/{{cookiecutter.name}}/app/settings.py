"""Everything that may differ from one environment to the next, read once at the start."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Settings:
    redis_url: str = "redis://localhost:6379/0"
    stream: str = "{{ cookiecutter.name }}"
    consumer: str = "local"  # its name in the group: what it took and did not finish is under it
    metrics_port: int = 9090
    log_level: str = "INFO"
{%- if cookiecutter.flags %}
    flagd_host: str = ""  # empty: nobody to ask, every flag has its default
    flagd_port: int = 8013
{%- endif %}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        return cls(
            redis_url=environment.get("REDIS_URL", "redis://localhost:6379/0"),
            stream=environment.get("STREAM", "{{ cookiecutter.name }}"),
            consumer=environment.get("HOSTNAME") or socket.gethostname(),
            metrics_port=int(environment.get("METRICS_PORT", "9090")),
            log_level=environment.get("LOG_LEVEL", "INFO").upper(),
{%- if cookiecutter.flags %}
            flagd_host=environment.get("FLAGD_HOST", ""),
            flagd_port=int(environment.get("FLAGD_PORT", "8013")),
{%- endif %}
        )
