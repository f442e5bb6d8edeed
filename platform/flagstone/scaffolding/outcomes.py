"""What a scaffold's own `output` says of a run: from when it is known, in every state that follows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import Resolver404, resolve

from flagstone.scaffolding.collection import all_scaffolds
from flagstone.scaffolding.engine.outputs import Link, Text, output
from flagstone.scaffolding.models import MADE, RunState, ScaffoldRun
from flagstone.scaffolding.surroundings import described, surroundings_of

# it is complete once all is written; a failure says its own, and took back what there was to point to
_TOLD = (RunState.WAITING, *MADE, RunState.CLOSED)


def outcome_of(run: ScaffoldRun) -> tuple[list[Link], list[Text]]:
    """Evaluate the scaffold's `output`; one that is gone or broken by now has none."""
    scaffold = next((s for s in all_scaffolds() if s.id == run.scaffold_id and not s.problem), None)
    if scaffold is None or run.state not in _TOLD:
        return [], []
    surroundings = surroundings_of(run.service_name, gitops=run.gitops_repository)
    return output(
        scaffold,
        run.answers,
        user=described(run.requested_by),
        environment=surroundings.environment(),
        now=run.created_at,
        outputs=_outputs(run),
    )


def address_of(link: Link) -> str:
    """Return where a link leads: http(s), or a page of this portal; '' for what a browser must not or cannot follow."""
    text = link.url.strip()
    own = text.removeprefix(settings.FLAGSTONE_URL) if settings.FLAGSTONE_URL else text
    try:
        parts = urlsplit(own)
    except ValueError:
        return ""
    if parts.scheme in ("http", "https") and parts.netloc:
        return own
    # browsers take a backslash for a slash, and two of them for another host
    if parts.scheme or parts.netloc or not own.startswith("/") or "\\" in own:
        return ""
    try:
        resolve(parts.path)
    except Resolver404:
        return ""
    return own


def _outputs(run: ScaffoldRun) -> dict[str, Mapping[str, Any]]:
    """Return what the steps gave, without what was taken back since."""
    is_taken_back = run.state == RunState.CLOSED and run.repository_id is None
    return {
        step_id: given
        for step_id, given in run.outputs.items()
        if not (is_taken_back and "repository" in given)
    }
