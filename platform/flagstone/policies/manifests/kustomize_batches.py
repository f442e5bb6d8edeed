"""Rendering all kustomizations of a tree with few runs of the tool.

A repository of a hundred services has a hundred kustomizations, and starting kubectl costs more than
rendering one. Those that cannot touch each other are rendered by one run, for a third of the time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from flagstone.policies.manifests.kustomizations import Closure
from flagstone.policies.manifests.kustomize import Kustomizer
from flagstone.policies.manifests.rendering import Outcome
from flagstone.policies.manifests.tools import ToolError

_TOGETHER = 20
# Fields that change nothing but the objects of their own kustomization. Others rename objects (prefixes,
# generators), and a name that changes here may be one that an object over there refers to.
_LOCAL_FIELDS = frozenset({
    "apiVersion", "kind", "metadata", "resources", "bases", "components", "namespace", "labels",
    "commonLabels", "commonAnnotations", "images", "replicas", "patches", "patchesStrategicMerge",
    "patchesJson6902",
})  # fmt: skip


def render_all(kustomizer: Kustomizer, closures: Sequence[Closure]) -> list[Outcome]:
    """Render every kustomization; for each its objects, or the reason why there are none."""
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as threads:
        render = partial(_render_batch, kustomizer)
        outcomes = {
            closure.folder: outcome
            for batch, rendered in threads.map(render, _batches(closures))
            for closure, outcome in zip(batch, rendered, strict=True)
        }
    return [outcomes[closure.folder] for closure in closures]


def _render_batch(
    kustomizer: Kustomizer, batch: list[Closure]
) -> tuple[list[Closure], list[Outcome]]:
    if len(batch) > 1:
        try:
            return batch, list(kustomizer.render_together(batch))
        except ToolError:
            pass  # one of them is at fault, or two give the same object: each by itself will tell
    return batch, [_render_one(kustomizer, closure) for closure in batch]


def _render_one(kustomizer: Kustomizer, closure: Closure) -> Outcome:
    try:
        return kustomizer.render(closure)
    except ToolError as error:
        return error


def _batches(closures: Sequence[Closure]) -> Iterator[list[Closure]]:
    """Groups in which no two kustomizations read the same file; those that stand alone by themselves."""
    batch: list[Closure] = []
    taken: set[str] = set()
    for closure in closures:
        if not _keeps_to_itself(closure):
            yield [closure]
            continue
        if len(batch) == _TOGETHER or not taken.isdisjoint(closure.files):
            yield batch
            batch, taken = [], set()
        batch.append(closure)
        taken |= closure.files
    if batch:
        yield batch


def _keeps_to_itself(closure: Closure) -> bool:
    return closure.obstacle is None and all(
        member.folder and member.data.keys() <= _LOCAL_FIELDS for member in closure.members
    )
