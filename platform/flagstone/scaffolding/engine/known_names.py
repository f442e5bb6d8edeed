"""What the expressions of a template.yaml may read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flagstone.scaffolding.engine.scaffold import Scaffold


def known_names(
    scaffold: Scaffold,
    answers: Mapping[str, Any],
    user: Mapping[str, Any],
    environment: Mapping[str, str],
    now: datetime,
) -> dict[str, Any]:
    return {
        # whatever an expression computes is kept, so none is given a secret
        "parameters": dict.fromkeys(asked.name for asked in scaffold.form.fields)
        | scaffold.form.without_secrets(answers),
        "user": dict(user),
        "environment": {"parameters": dict(environment)},
        "now": now.date().isoformat(),
    }
