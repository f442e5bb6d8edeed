"""IN-03: what the API server would refuse of an object, or drop without a word."""

from __future__ import annotations

from flagstone.policies.schemas.text_fields import text_problems
from flagstone.scorecards.engine.checks.mesh.destination_rules import known_fields
from flagstone.scorecards.engine.istio_fields import GROUP as ISTIO
from flagstone.scorecards.engine.istio_fields import KINDS as ISTIO_KINDS
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity


@check(
    id="IN-03",
    name="Objects have the fields and types that Kubernetes takes",
    severity=Severity.C,
    rule="Each object is held against the CRD of its kind, where that is known: every field must be in its schema "
    "and have the type and form that the schema asks for. In objects of every kind, what Kubernetes takes as a "
    "text must be one, and no number or boolean.",
    why="The API server refuses a value of the wrong type and stops the sync; a field that it does not know it "
    "drops without a word: the setting that everybody reads in Git is off.",
    remedy="Write the field as the CRD has it, where the finding says that it belongs; quote a text that YAML takes "
    "for a number or a boolean: namespaces, labels, annotations, environment variables, arguments, the data of a "
    f"ConfigMap. Unknown fields of Istio's objects are {known_fields.id}'s.",
    not_applicable="Nothing is wrong, and no CRD of its objects' kinds is known: give a folder of CRDs (`--crds`, or "
    "`crds` beside the policies), or keep them in the repository.",
    no_data="The CRD of a kind is itself broken: take it anew from its release.",
)
def fits(service: ServiceView, _params: NoParams) -> Outcome:
    findings, schemas = Findings(), service.surroundings.schemas
    for manifest in service.manifests:
        texts = {problem.keys: problem.message for problem in text_problems(manifest)}
        for keys, message in texts.items():
            findings.fault(message, manifest, *keys)
        if schemas.source(manifest) is None:
            continue
        findings.judged += 1
        if reason := schemas.broken(manifest):
            findings.cannot_tell(reason, manifest)
        istio = manifest.group == ISTIO and manifest.kind in ISTIO_KINDS
        for problem in schemas.problems(manifest):
            if problem.keys not in texts and not (istio and problem.unknown):
                findings.fault(problem.message, manifest, *problem.keys)
    return findings.verdict(
        "every custom resource fits its CRD",
        nothing="nothing is wrong; no CRD of its objects' kinds is known",
    )
