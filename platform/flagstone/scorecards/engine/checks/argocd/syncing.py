"""AC-09, AC-11, AC-15: how Argo CD syncs, tries again and takes away."""

from __future__ import annotations

from collections.abc import Iterator

from flagstone.policies.manifests.objects import dig
from flagstone.scorecards.engine.argocd.notifications import meant
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NONE = "no Argo CD Application for the service is in the input"
_NOT_APPLICABLE = "No Argo CD Application for the service is in the input."
_IN_VIEW = unrendered("The Application is")
_FINALIZER = "resources-finalizer.argocd.argoproj.io"
_SYNC_OPTIONS = "argocd.argoproj.io/sync-options"
_SWITCH = ("true", "false")
_SWITCH_OR_CONFIRM = (*_SWITCH, "confirm")
# Argo CD 3.5. It compares the whole text, so that another spelling of name or value is no option at all.
_OPTIONS = {
    "Prune": _SWITCH_OR_CONFIRM,
    "Delete": _SWITCH_OR_CONFIRM,
    "PrunePropagationPolicy": ("foreground", "background", "orphan"),
    **dict.fromkeys(
        (
            "Validate",
            "SkipDryRunOnMissingResource",
            "ApplyOutOfSyncOnly",
            "PruneLast",
            "Replace",
            "Force",
            "ServerSideApply",
            "ClientSideApplyMigration",
            "FailOnSharedResource",
            "RespectIgnoreDifferences",
            "CreateNamespace",
        ),
        _SWITCH,
    ),
}


@check(
    id="AC-09",
    name="What an Application made goes when it goes",
    severity=Severity.L,
    rule=f"metadata.finalizers of each Application must have {_FINALIZER}, as it is or with a slash and more "
    "after it. An ApplicationSet whose template has no finalizers adds it itself, unless "
    "preserveResourcesOnDeletion is true.",
    why="Without the finalizer a deleted Application leaves its pods running, and nobody owns them.",
    remedy=f"Add {_FINALIZER} to metadata.finalizers of the Application.",
    not_applicable="No Application in the input, or its ApplicationSet keeps the resources on "
    "purpose (preserveResourcesOnDeletion).",
    no_data=_IN_VIEW,
)
def finalizer(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for application in service.applications:
        own = application.finalizers
        if not own and application.is_generated:
            kept = dig(application.manifest.spec, "syncPolicy", "preserveResourcesOnDeletion")
            findings.judged += kept is not True  # else the controller adds the finalizer itself
            continue
        findings.judged += 1
        if not any(name == _FINALIZER or name.startswith(f"{_FINALIZER}/") for name in own):
            message = f"it has no finalizer {_FINALIZER}: what it made outlives it"
            findings.fault(message, application.manifest, *application.metadata_keys)
    return findings.verdict(
        "what it made goes with it",
        nothing="its ApplicationSet keeps the resources on purpose"
        if service.applications
        else _NONE,
    )


@check(
    id="AC-11",
    name="A sync that fails is tried again, and not for ever",
    severity=Severity.L,
    rule="syncPolicy.retry.limit must be a whole number above 0. One below 0, which is without end, fails as "
    "medium.",
    why="A webhook that is not up yet fails a sync for seconds; without retry it stays failed until "
    "somebody looks. Retries without end hide that it will never work.",
    remedy="Set syncPolicy.retry.limit to a few tries (5), with backoff.",
    not_applicable=_NOT_APPLICABLE,
    no_data=_IN_VIEW,
)
def retry(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for application in service.applications:
        findings.judged += 1
        manifest, keys = application.manifest, (*application.base, "syncPolicy", "retry", "limit")
        limit = manifest.at(*keys)
        text = str(limit).strip()
        number = int(text) if text.removeprefix("-").isdecimal() else None
        if limit is None or number == 0:
            findings.fault("a sync that failed is not tried again", manifest, *keys)
        elif number is None:
            findings.fault(f"retry.limit {limit!r} is no number", manifest, *keys)
        elif number < 0:
            message = f"retry.limit {number} tries again without end"
            findings.fault(message, manifest, *keys, severity=Severity.M)
    return findings.verdict("a failed sync is tried again", nothing=_NONE)


@check(
    id="AC-15",
    name="Every sync option exists",
    severity=Severity.M,
    rule=f"Each entry of syncPolicy.syncOptions, and of the annotation {_SYNC_OPTIONS} on the service's "
    f"objects, must be one that Argo CD 3.5 has, spelt the same: {', '.join(sorted(_OPTIONS))}. "
    f"PrunePropagationPolicy takes {', '.join(_OPTIONS['PrunePropagationPolicy'])}, Prune and Delete "
    f"{', '.join(_SWITCH_OR_CONFIRM)}, the others {', '.join(_SWITCH)}.",
    why="Argo CD ignores an option that it does not know without a word, so a typo switches the "
    "guardrail off that it was meant to be.",
    remedy="Write each option as Argo CD has it, name and value, letter by letter: "
    "CreateNamespace=true, not createNamespace=yes.",
    not_applicable="No sync option is set, in an Application or on an object.",
    no_data=_IN_VIEW,
)
def sync_options(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for application in service.applications:
        keys = (*application.base, "syncPolicy", "syncOptions")
        for position, option in enumerate(application.sync_options):
            findings.judged += 1
            for problem in _option_problems(option):
                findings.fault(problem, application.manifest, *keys, position)
    for manifest in service.manifests:
        for option in manifest.annotations.get(_SYNC_OPTIONS, "").split(","):
            if option.strip():
                findings.judged += 1
                for problem in _option_problems(option.strip()):
                    keys = ("metadata", "annotations", _SYNC_OPTIONS)
                    findings.fault(problem, manifest, *keys)
    return findings.verdict("every sync option exists", nothing="no sync option is set")


def _option_problems(option: str) -> Iterator[str]:
    if "{{" in option:
        return
    name, _, value = option.partition("=")
    if name not in _OPTIONS:
        yield f"Argo CD has no sync option {name}, and ignores it{meant(name, _OPTIONS)}"
    elif value not in _OPTIONS[name]:
        yield f"{option} is ignored: {name} takes {', '.join(_OPTIONS[name])}"
