"""AC-13, AC-14: what an AppProject allows, and whether its freezes let a rollback through."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.scorecards.engine.argocd.argo_applications import GROUP, Application
from flagstone.scorecards.engine.argocd.project_destinations import with_both_names
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity

_NO_PROJECT = "no AppProject of the service is in the input"
_NOT_APPLICABLE = "No AppProject of the service is in the input (AC-01 says so)."
_IN_VIEW = unrendered("The AppProject is")


@check(
    id="AC-13",
    name="A project gives no more rights than it needs",
    severity=Severity.H,
    rule="An AppProject must have no destination with namespace * and server or name *, no entry of "
    "clusterResourceWhitelist with group * and kind *, and no policy of a role that allows the action *.",
    why="Who may push to a repository of such a project owns every namespace, or the cluster: a "
    "stolen token of one squad is a stolen cluster.",
    remedy="Name namespaces in destinations, the cluster-wide kinds that are needed in "
    "clusterResourceWhitelist (often only Namespace), and single actions in the roles' policies.",
    not_applicable=_NOT_APPLICABLE,
    no_data=_IN_VIEW,
)
def rights(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for project, _ in _projects(service):
        findings.judged += 1
        for message, keys in _excess(project):
            findings.fault(f"the project {project.name} {message}", project, *keys)
    return findings.verdict("its project gives no more than it needs", nothing=_NO_PROJECT)


def _projects(service: ServiceView) -> Iterator[tuple[Manifest, list[Application]]]:
    """The projects of the service's Applications, and those that are judged by themselves."""
    found: dict[Manifest, list[Application]] = {
        project: [] for project in service.of_kind("AppProject", GROUP)
    }
    for application in service.applications:
        for project in service.index.everywhere(GROUP, "AppProject", application.project):
            found.setdefault(project, []).append(application)
    yield from found.items()


def _excess(project: Manifest) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    for i, place in enumerate(map(mapping, sequence(project.spec.get("destinations")))):
        if place.get("namespace") == "*" and "*" in (place.get("server"), place.get("name")):
            yield "may deploy into every namespace of every cluster", ("spec", "destinations", i)
    listed = sequence(project.spec.get("clusterResourceWhitelist"))
    for i, entry in enumerate(map(mapping, listed)):
        if entry.get("group") == "*" and entry.get("kind") == "*":
            where = ("spec", "clusterResourceWhitelist", i)
            yield "may create every cluster-wide kind, roles and webhooks too", where
    for i, role in enumerate(map(mapping, sequence(project.spec.get("roles")))):
        for j, policy in enumerate(sequence(role.get("policies"))):
            action, effect = _action(str(policy))
            if action == "*" and effect != "deny":
                message = f"gives the role {role.get('name')} every action, overriding and deleting"
                yield f"{message} too", ("spec", "roles", i, "policies", j)


def _action(policy: str) -> tuple[str, str]:
    """The action and the effect of `p, subject, resource, action, object, effect`."""
    parts = [part.strip() for part in policy.split(",")]
    if len(parts) < 5 or parts[0] != "p":
        return "", ""
    return parts[3], parts[5] if len(parts) > 5 else "allow"


@check(
    id="AC-14",
    name="A freeze lets a rollback through",
    severity=Severity.H,
    rule="Each sync window of kind deny in the AppProject that is about one of the service's Applications, by "
    "its name, namespace or cluster, must have manualSync: true. A window of kind allow without it warns.",
    why="A deny window without manualSync stops every sync, the revert of a bad release too: the "
    "outage lasts as long as the freeze.",
    remedy="Set manualSync: true on each sync window of kind deny.",
    not_applicable="No sync window is about the service, or its AppProject is not in the input.",
    no_data=_IN_VIEW,
)
def freezes(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for project, applications in _projects(service):
        for i, window in enumerate(map(mapping, sequence(project.spec.get("syncWindows")))):
            if applications and not any(_is_about(window, each) for each in applications):
                continue
            findings.judged += 1
            if window.get("manualSync") is True:
                continue
            keys = ("spec", "syncWindows", i)
            when = f"{window.get('schedule')} for {window.get('duration')}"
            if window.get("kind") == "deny":
                message = f"the freeze of {project.name} ({when}) stops a rollback too"
                findings.fault(message, project, *keys)
            else:
                message = f"outside {when} the project {project.name} stops a rollback too"
                findings.warn(message, project, *keys)
    return findings.verdict(
        "a rollback gets through", nothing="no sync window is about the service"
    )


def _is_about(window: dict[str, Any], application: Application) -> bool:
    """Whether a window names the Application, its namespace or its cluster; unknown parts may be it."""
    destination = with_both_names(mapping(application.spec.get("destination")))
    metadata_name = dig(application.manifest.at(*application.metadata_keys), "name")
    clusters = [str(destination[key]) for key in ("server", "name") if destination.get(key)]
    wanted = {
        "applications": [str(metadata_name or application.name)],
        "namespaces": [application.namespace],
        "clusters": clusters or [""],
    }
    held = [
        any(
            not value or "{{" in value or fnmatchcase(value, str(pattern))
            for value in wanted[field]
            for pattern in sequence(window[field])
        )
        for field in wanted
        if sequence(window.get(field))
    ]
    return all(held) if window.get("andOperator") is True else any(held)
