"""Which service has which workflow, Terraform module, dashboard or set of flags."""

from __future__ import annotations

from collections.abc import Iterable

from flagstone.scorecards.engine.subjects.artefacts import Artefact, ArtefactKind
from flagstone.scorecards.engine.subjects.drafts import Draft, Drafts


def give_artefacts(artefacts: Iterable[Artefact], drafts: Drafts) -> None:
    """Give each artefact to the services that have it; what none has is judged under its own name."""
    alone: dict[tuple[str, str], Draft] = {}
    for artefact in artefacts:
        owners = _owners(artefact, drafts)
        if not owners and artefact.kind is ArtefactKind.CODE:
            if len(drafts.all) != 1:
                continue  # no service's: to judge each program by itself says nothing
            owners = drafts.all
        if not owners:
            key = (artefact.name, artefact.folder)
            if key not in alone:
                ref = f"{artefact.kind}:{artefact.path}"
                alone[key] = Draft(artefact.name, ref, artefact.folder, alone=True)
                drafts.add(alone[key])
            owners = [alone[key]]
        for owner in owners:
            owner.artefacts[artefact] = None


def _owners(artefact: Artefact, drafts: Drafts) -> list[Draft]:
    """The components of its folder, of these the one that it names, else the only service nearby."""
    if artefact.shared and (below := drafts.components_below(artefact.folder)):
        return below
    around = drafts.components_around(artefact.folder)
    if len(around) > 1 and not artefact.shared:
        return [draft for draft in around if draft.name in artefact.name] or around
    near = drafts.only_one_near(artefact.folder)
    return around or ([near] if near else [])
