"""Everything that may differ from one environment to the next, read once at the start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True)
class Settings:
    port: int = 8080
    metrics_port: int = 9090
    log_level: str = "INFO"
    request_timeout_ms: int = 0  # 0: the mesh ends what takes too long
{%- if cookiecutter.flags %}
    flagd_host: str = ""  # empty: nobody to ask, every flag has its default
    flagd_port: int = 8013
{%- endif %}

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        return cls(
            port=int(environment.get("PORT", "8080")),
            metrics_port=int(environment.get("METRICS_PORT", "9090")),
            log_level=environment.get("LOG_LEVEL", "INFO").upper(),
            request_timeout_ms=int(environment.get("REQUEST_TIMEOUT_MS", "0")),
{%- if cookiecutter.flags %}
            flagd_host=environment.get("FLAGD_HOST", ""),
            flagd_port=int(environment.get("FLAGD_PORT", "8013")),
{%- endif %}
        )
