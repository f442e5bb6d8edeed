"""Which code host a command means; it needs Django set up."""

from __future__ import annotations

from flagstone.core.errors import NotFound
from flagstone.forge.models import CodeHost


def code_host(name: str) -> CodeHost:
    """Return the code host of that name.

    Raises:
        NotFound: There is none; with those that there are.
    """
    found = CodeHost.objects.filter(name=name).first()
    if found is None:
        known = ", ".join(CodeHost.objects.values_list("name", flat=True)) or "none yet"
        raise NotFound(f"There is no code host {name!r} in Flagstone. Registered: {known}.")
    return found
