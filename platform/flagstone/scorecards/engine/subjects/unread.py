"""What could not be read or rendered is told at the services that it belongs to, else by itself."""

from __future__ import annotations

from collections.abc import Iterable

from flagstone.policies.manifests.snapshot import Problem, Snapshot
from flagstone.scorecards.engine.subjects.drafts import Draft, Drafts


def note_unrendered(snapshot: Snapshot, drafts: Drafts) -> None:
    for unrendered in snapshot.unrendered:
        reason = f"{unrendered.tool} did not render {unrendered.folder or 'the root folder'}"
        reason = f"{reason}: {unrendered.reason}"
        owners = drafts.components_around(unrendered.folder)
        known = any(draft.reasons for draft in drafts.below(unrendered.folder))
        if not owners and not known:
            name = unrendered.folder.rpartition("/")[2] or unrendered.tool
            ref = f"{unrendered.tool}:{unrendered.folder or '.'}"
            owners = [drafts.add(Draft(name, ref, unrendered.folder, alone=True))]
        for owner in owners:
            owner.reasons.setdefault(reason)


def note_problems(problems: Iterable[Problem], drafts: Drafts) -> None:
    """Put what is wrong with a file on the services it belongs to."""
    in_file: dict[str, dict[Draft, None]] = {}
    for manifest, owners in drafts.owners.items():
        in_file.setdefault(manifest.path, {}).update(dict.fromkeys(owners))
    for problem in problems:
        folder, _, name = problem.path.rpartition("/")
        near = drafts.components_around(folder) or list(in_file.get(problem.path, ()))
        if not near:
            only = drafts.only_one_near(folder)
            if only is None:
                only = drafts.add(Draft(name, f"file:{problem.path}", folder, alone=True))
                in_file[problem.path] = {only: None}
            near = [only]
        for draft in near:
            draft.problems.append(problem)
