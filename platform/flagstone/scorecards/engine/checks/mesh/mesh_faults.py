"""VS-07: injected faults are for drills, and for nobody else."""

from __future__ import annotations

import re
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.index import folder_of
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NO_PRODUCTION = re.compile(
    r"(?:drills?|chaos|fault-injection|dev|development|tests?|testing|qa|staging|sandbox)"
)
_WORD = re.compile(r"[a-z]+(?:-injection)?")


@check(
    id="VS-07",
    name="No fault is injected",
    severity=Severity.H,
    rule="No http rule of a VirtualService may have a `fault`; an empty one, or one with percentage.value 0, "
    "injects none. Left out are VirtualServices whose folder or namespace is called drill, chaos, "
    "fault-injection, dev, test, qa, staging, sandbox or the like.",
    why="A fault that was left behind after a drill fails or delays requests of real customers, and "
    "every graph says that the service did it.",
    remedy="Take `fault` out; keep a drill in a folder of its own, called drill or chaos.",
    not_applicable="The service has no VirtualService, or it lies in a folder for drills, chaos, "
    "tests or staging.",
    no_data=unrendered("The VirtualService is"),
)
def no_fault(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for manifest in service.virtual_services:
        if _out_of_production(manifest):
            continue
        findings.judged += 1
        for i, rule in enumerate(map(mapping, sequence(manifest.spec.get("http")))):
            for kind, settings in mapping(rule.get("fault")).items():
                if _injects(settings):
                    message = f"http[{i}] injects the fault {kind}"
                    findings.fault(message, manifest, "spec", "http", i, "fault", kind)
    return findings.verdict("no fault is injected", nothing="no VirtualService of production")


def _injects(settings: Any) -> bool:
    """A share of 0% of the requests is none."""
    return (
        isinstance(settings, dict) and dig(settings, "percentage", "value") != 0 and bool(settings)
    )


def _out_of_production(manifest: Manifest) -> bool:
    folders = f"{folder_of(manifest)}/{manifest.namespace}".lower().split("/")
    words = [word for folder in folders for word in (folder, *_WORD.findall(folder))]
    return any(_NO_PRODUCTION.fullmatch(word) for word in words)
