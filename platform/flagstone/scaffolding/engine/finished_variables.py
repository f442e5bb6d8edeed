"""The variables that a rendering child hands back: a template computes them, and they are kept with the service."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flagstone.scaffolding.engine.keepable import keeping_fault
from flagstone.scaffolding.errors import LimitExceeded, TemplateError

MOST_BYTES = 2 * 1024 * 1024


def too_many_variables(file: str) -> LimitExceeded:
    return LimitExceeded(
        f"has variables that come to more than {MOST_BYTES // (1024 * 1024)} MB", file=file
    )


def kept_variables(variables: Mapping[str, Any], *, file: str) -> dict[str, Any]:
    """Return the variables of a layer.

    Raises:
        TemplateError: One cannot be kept.
    """
    for key, value in variables.items():
        if fault := keeping_fault([key, value]):
            raise TemplateError(f"the variable {key!r} comes out so that it {fault}", file=file)
    return dict(variables)
