"""What promtool says of every PrometheusRule of a snapshot, asked once for all of them."""

from __future__ import annotations

from collections.abc import Sequence

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.prometheus import promtool
from flagstone.scorecards.engine.prometheus.promtool import Complaint

PARSED = "PR-01"  # the check that asks


class PromtoolVerdicts:
    """`reason` says why there are none."""

    def __init__(self, manifests: Sequence[Manifest]) -> None:
        self.reason = ""
        self._complaints: dict[Manifest, tuple[Complaint, ...]] = {}
        tool = promtool.find()
        if tool is None:
            self.reason = f"promtool is not installed: {promtool.HOW_TO_GET}"
            return
        try:
            answers = promtool.check_rules(tool, [manifest.spec for manifest in manifests])
        except promtool.PromtoolError as error:
            self.reason = str(error)
        else:
            self._complaints = dict(zip(manifests, answers, strict=True))

    def of(self, manifest: Manifest) -> tuple[Complaint, ...]:
        return self._complaints[manifest]
