"""Asking one question of each canary of a service."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from flagstone.policies.terraform.blocks import Block
from flagstone.policies.terraform.values import why_unknown
from flagstone.scorecards.engine.canaries import Canary
from flagstone.scorecards.engine.outcome import Fault, Findings, Outcome, not_applicable
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.subjects.artefacts import ArtefactKind

NONE = "no AWS Synthetics canary is made here"
NOT_APPLICABLE = "A service without an AWS Synthetics canary in Terraform."
NO_DATA = (
    "A value that only a plan, another module or a variable without default knows; Terraform that cannot "
    "be read (the finding names file and line). Give the variable a default, or set it in a tfvars file."
)


@dataclass(slots=True)
class CanaryFindings(Findings):
    """What is wrong, each with the file and line in the Terraform.

    Attributes:
        notes: what is right and worth a word.
        about: the address of the canary that is judged; a block inside of it has none.
    """

    notes: list[str] = field(default_factory=list)
    about: str = ""

    def wrong(
        self,
        message: str,
        block: Block,
        attribute: str = "",
        *,
        absent: bool = False,
        severity: Severity | None = None,
    ) -> None:
        fault = self._fault(message, block, attribute, absent=absent)
        self.faults.append(replace(fault, severity=severity))

    def doubtful(self, message: str, block: Block, attribute: str = "") -> None:
        self.close.append(self._fault(message, block, attribute))

    def undecided(self, message: str, block: Block, attribute: str = "") -> None:
        self.unknown.append(self._fault(message, block, attribute))

    def known(self, value: Any, block: Block, attribute: str) -> bool:
        """Whether a value is known; if not, that is noted."""
        reason = why_unknown(value)
        if reason:
            self.undecided(f"{attribute} is not known: {reason}", block, attribute)
        return not reason

    def _fault(self, message: str, block: Block, attribute: str, *, absent: bool = False) -> Fault:
        return Fault(
            message,
            about=block.address or self.about,
            path=block.path,
            line=block.line(attribute),
            absent=absent,
        )


def canaries_of(service: ServiceView) -> list[Canary]:
    modules = service.surroundings.canary_modules
    return [
        canary
        for artefact in service.artefacts(ArtefactKind.TERRAFORM)
        for canary in modules.of(artefact.path)
    ]


def judge_canaries(
    service: ServiceView, judge: Callable[[Canary, CanaryFindings], None], good: str
) -> Outcome:
    """Let `judge` say what it finds in each canary, and decide.

    What is not there may be in the part of a module that cannot be read, so then it proves nothing.
    """
    findings = CanaryFindings()
    canaries = canaries_of(service)
    for canary in canaries:
        findings.judged += 1
        findings.about = canary.block.address
        judge(canary, findings)
    troubles = [
        Fault(f"cannot be read: {trouble.reason}", path=trouble.path, line=trouble.line)
        for artefact in service.artefacts(ArtefactKind.TERRAFORM)
        for trouble in service.surroundings.canary_modules.troubles(artefact.path)
    ]
    if not canaries and not troubles:
        return not_applicable(NONE)
    if troubles:
        findings.faults = [fault for fault in findings.faults if not fault.absent]
        findings.unknown += troubles
    for kind in ("faults", "unknown", "close"):  # one module applied twice says everything twice
        setattr(findings, kind, list(dict.fromkeys(getattr(findings, kind))))
    notes = f" ({'; '.join(dict.fromkeys(findings.notes))})" if findings.notes else ""
    return findings.verdict(f"{good}{notes}", nothing=NONE)
