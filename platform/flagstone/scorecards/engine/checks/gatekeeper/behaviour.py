"""GK: policies held against objects made for it: which they refuse, and which they let pass."""

from __future__ import annotations

from collections.abc import Callable

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.source_lines import Keys
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.subjects.policies_in_view import templates_of, trials_of
from flagstone.scorecards.engine.trials import probes, resources
from flagstone.scorecards.engine.trials.trial import Subject, Trial
from flagstone.scorecards.engine.trials.verdicts import Verdict

_NONE = "no Gatekeeper policy is among its files"
_TRIALS: dict[Subject, tuple[Callable[[Trial], Verdict], Callable[[Trial], str]]] = {
    "probes": (probes.try_probes, probes.hint),
    "resources": (resources.try_resources, resources.hint),
}


@check(
    id="GK-06",
    name="A policy refuses what it is there to refuse",
    severity=Severity.C,
    rule="Each template that is about probes or resources is run on objects made for it, of each kind that it "
    "matches. It must refuse each probe or amount that it asks for when that is missing, empty (`{}`, timings "
    "without a handler, the amount 0) or missing in the second container only, and let a good object, an init "
    "container without probes, a Rollout with workloadRef and a Job without probes pass. An istio-proxy "
    "without probes that is refused is a warning, unless a parameter of the policy spares it.",
    why="Two conditions in one rule body hold only together: a policy that says *not readiness* and "
    "*not liveness* there lets through whatever lacks one. It looks right, and refuses nothing.",
    remedy="Write one rule for each thing that may be missing, ask for a handler and not only for the "
    "field, look at every container, and let the Rego judge each kind that the match names. Every "
    "finding names the object that got the wrong answer.",
    not_applicable="No policy among the files is about probes or resources.",
    no_data="The policy cannot be run here: it looks at other objects, asks a provider of external "
    "data, or is CEL that does not run here. Test it with a Suite of gator that brings them (`flagstone "
    "policy verify`).",
)
def behaves(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for trial in trials_of(service):
        keys = _program_keys(trial.template)
        if trial.failure is not None:
            message = f"{trial.name} cannot be tried: {trial.failure.reason}"
            findings.cannot_tell(message, trial.template, *keys)
            continue
        for subject, (attempt, hint) in _TRIALS.items():
            if reason := trial.unknown(subject):
                message = f"{trial.name} cannot be tried: {reason}"
                findings.cannot_tell(message, trial.template, *keys)
            elif trial.is_about(subject):
                verdict = attempt(trial)
                findings.judged += verdict.tried > 0
                _report(trial, verdict, hint, findings, keys)
            elif trial.demands_in_vain(subject):
                findings.judged += 1
                message = (
                    f"{trial.name} refuses nothing: pods without {subject} pass, of every kind"
                )
                findings.fault(message, trial.template, *keys)
    return findings.verdict(
        "each refuses what it should, and nothing else",
        nothing="no policy here is about probes or resources" if templates_of(service) else _NONE,
    )


def _report(
    trial: Trial, verdict: Verdict, hint: Callable[[Trial], str], findings: Findings, keys: Keys
) -> None:
    said = hint(trial) if any(wrong.got == 0 for wrong in verdict.misjudged) else ""
    for wrong in verdict.misjudged:
        message = f"{trial.name}: {wrong.message}"
        if said and wrong.got == 0:
            message, said = f"{message}; {said}", ""
        if wrong.grave:
            findings.fault(message, trial.template, *keys)
        else:
            findings.warn(message, trial.template, *keys)
    for reason in verdict.unanswered[:1]:
        findings.cannot_tell(f"{trial.name}: {reason}", trial.template, *keys)


def _program_keys(template: Manifest) -> Keys:
    place: Keys = ("spec", "targets", 0)
    if isinstance(template.at(*place, "rego"), str):
        return (*place, "rego")
    return (*place, "code")
