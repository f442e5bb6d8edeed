"""AC-01: a project that allows what the service needs, and not everything."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.resources import is_cluster_wide
from flagstone.scorecards.engine.argocd.argo_applications import GROUP, Application, same_repository
from flagstone.scorecards.engine.argocd.project_destinations import allows_destination
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_ARGO_OWN = frozenset({"Application", "ApplicationSet", "AppProject"})


@check(
    id="AC-01",
    name="The Application's project has limits",
    severity=Severity.H,
    rule="An Application (or an ApplicationSet's template) must name an AppProject other than default, and that "
    "must not allow every repository and every namespace of every cluster at once. It must allow the "
    "repoURL of each source, the destination, and the kinds that are deployed: cluster-wide ones by "
    "clusterResourceWhitelist, others by namespaceResourceWhitelist where that is set, and none of them by "
    "a blacklist.",
    why="The project `default` allows any repository to deploy anything anywhere; a project that "
    "does not allow what the service needs refuses the sync.",
    remedy="Name an AppProject of the squad in spec.project, with its repository in sourceRepos, "
    "its namespaces in destinations, and the kinds that it may apply.",
    not_applicable="No Argo CD Application for the service is in the input.",
    no_data="The AppProject is not in the input: score a folder that holds it too. Or whether it "
    "allows the destination hangs on what a generator puts there: write it down, or let a glob of the project "
    "cover it. "
    f"Or {unrendered('the Application is')}",
)
def project(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for application in service.applications:
        findings.judged += 1
        name = application.project
        keys = (*application.base, "project")
        if name == "default":
            message = "it is in the project default, which limits nothing"
            findings.fault(message, application.manifest, *keys)
            continue
        found = service.index.everywhere(GROUP, "AppProject", name)
        if not found:
            message = f"the AppProject {name} is not in the input"
            findings.cannot_tell(message, application.manifest, *keys)
            continue
        _check_limits(found[0], findings)
        _check_allowed(service, application, found[0], findings)
    return findings.verdict(
        "its project allows what it needs, and no more than that",
        nothing="no Argo CD Application for the service is in the input",
    )


def _check_limits(found: Manifest, findings: Findings) -> None:
    anywhere = any(
        item.get("namespace") == "*" and "*" in {item.get("server"), item.get("name")}
        for item in map(mapping, sequence(found.spec.get("destinations")))
    )
    if anywhere and "*" in sequence(found.spec.get("sourceRepos")):
        message = f"the project {found.name} allows every repository and every destination"
        findings.fault(message, found, "spec", "destinations")


def _check_allowed(
    service: ServiceView, application: Application, found: Manifest, findings: Findings
) -> None:
    manifest = application.manifest
    repositories = [str(item) for item in sequence(found.spec.get("sourceRepos"))]
    for way, source in application.sources:
        url = source.get("repoURL")
        if isinstance(url, str) and "{{" not in url and not _repository(url, repositories):
            message = f"the project {found.name} does not allow the repository {url}"
            findings.fault(message, manifest, *way, "repoURL")
    wanted = mapping(application.spec.get("destination"))
    places = [mapping(item) for item in sequence(found.spec.get("destinations"))]
    allowed = allows_destination(wanted, places)
    where = wanted.get("namespace") or wanted.get("server") or wanted.get("name")
    keys = (*application.base, "destination")
    if allowed is False:
        message = f"the project {found.name} does not allow the destination {where}"
        findings.fault(message, manifest, *keys)
    elif allowed is None:
        message = f"whether the project {found.name} allows the destination {where} is not known"
        findings.cannot_tell(message, manifest, *keys)
    deployed = _deployed(service, application)
    for kind in sorted(_refused_kinds(deployed, application, found)):
        message = f"the project {found.name} does not allow the kind {kind}, which the service has"
        findings.fault(message, found, "spec")


def _repository(url: str, patterns: list[str]) -> bool:
    refused = (pattern[1:] for pattern in patterns if pattern.startswith("!"))
    if any(same_repository(url, pattern) for pattern in refused):
        return False
    return any(same_repository(url, pattern) for pattern in patterns if pattern[:1] != "!")


def _deployed(service: ServiceView, application: Application) -> Iterable[Manifest]:
    """The service's own objects, and what else lies in the folders that the Application deploys."""
    folders = set(application.paths())
    if application.is_generated and application.generates_exactly(service.folder):
        folders.add(service.folder)
    beside = (one for folder in folders for one in service.index.in_folder(folder))
    return dict.fromkeys((*service.manifests, *beside))


def _refused_kinds(
    manifests: Iterable[Manifest], application: Application, found: Manifest
) -> set[str]:
    spec = found.spec
    refused = set()
    for manifest in manifests:
        if manifest.kind in _ARGO_OWN:
            continue
        if is_cluster_wide(manifest.kind, manifest.namespace):
            allowed = _listed(manifest, spec.get("clusterResourceWhitelist"))
            denied = _listed(manifest, spec.get("clusterResourceBlacklist"))
        elif application.namespace and manifest.namespace not in {"", application.namespace}:
            continue
        else:
            whitelist = spec.get("namespaceResourceWhitelist")
            allowed = whitelist is None or _listed(manifest, whitelist)
            denied = _listed(manifest, spec.get("namespaceResourceBlacklist"))
        if denied or not allowed:
            refused.add(manifest.kind)
    return refused


def _listed(manifest: Manifest, entries: Any) -> bool:
    return any(
        fnmatchcase(manifest.group, str(entry.get("group", "")))
        and fnmatchcase(manifest.kind, str(entry.get("kind", "")))
        for entry in map(mapping, sequence(entries))
    )
