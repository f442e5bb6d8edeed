"""What a tree's kustomizations and charts render to, and what that says about the files they read."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Unrendered
from flagstone.policies.manifests.tools import ToolError

Outcome = list[Manifest] | ToolError
"""The objects of a kustomization or chart, or why there are none."""

NOT_ASKED = ToolError("rendering was not asked for")


@dataclass(slots=True)
class Rendered:
    """The outcome of rendering.

    Attributes:
        manifests: what the cluster would get.
        consumed: files that were rendered: they are not read on their own.
        reasons: for each file of what could not be rendered, why not.
        unrendered: the kustomizations and charts that could not be rendered.
        sources: the files that each kustomization and chart is made of, by its folder.
    """

    manifests: list[Manifest] = field(default_factory=list)
    consumed: set[str] = field(default_factory=set)
    reasons: dict[str, str] = field(default_factory=dict)
    unrendered: list[Unrendered] = field(default_factory=list)
    sources: dict[str, set[str]] = field(default_factory=dict)

    def add(self, tool: str, folder: str, files: Collection[str], outcome: Outcome) -> None:
        """Take in what became of one kustomization or chart."""
        self.sources.setdefault(folder, set()).update(files)
        if isinstance(outcome, ToolError):
            unrendered = Unrendered(folder, tool, str(outcome))
            self.unrendered.append(unrendered)
            self.reasons.update(dict.fromkeys(files, unrendered.sentence))
        else:
            self.consumed.update(files)
            self.manifests.extend(outcome)
