"""AC-10: somebody hears of a sync that failed, of a service that is degraded, and of a deployment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.argocd.argo_applications import GROUP, Application
from flagstone.scorecards.engine.argocd.notifications import (
    NotificationSettings,
    Subscription,
    meant,
    misspelt,
    subscriptions,
)
from flagstone.scorecards.engine.outcome import Findings, Outcome, summary_of
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity, State

# What must be told, and what the condition of a trigger of another name that tells it is about.
_EVENTS = {
    "on-sync-failed": (("operationState.phase",), ("Failed", "Error")),
    "on-health-degraded": (("health.status",), ("Degraded",)),
    "on-deployed": (("operationState.phase", "health.status", "Succeeded"), ("Healthy",)),
}
_CATALOGUE = frozenset(
    {
        *_EVENTS,
        "on-created",
        "on-deleted",
        "on-sync-running",
        "on-sync-status-unknown",
        "on-sync-succeeded",
    }
)


@check(
    id="AC-10",
    name="Somebody hears of failed syncs, degraded services and deployments",
    severity=Severity.M,
    rule=f"For an Application of production somebody must be subscribed to {', '.join(_EVENTS)}, or to "
    "triggers whose conditions are about the same: by annotations of the Application or its AppProject, or "
    "by `subscriptions` of argocd-notifications-cm. Each subscription must have a trigger, a service and "
    "templates that exist there, and a recipient where the service needs one. An annotation whose key is "
    "nearly that of a subscription warns.",
    why="A sync that fails in silence leaves the old version running for days. A subscription to "
    "a trigger that does not exist is never sent, and nothing says so: one letter is enough.",
    remedy="Subscribe the Application or its AppProject (notifications.argoproj.io/subscribe."
    "<trigger>.<service>) to on-sync-failed, on-health-degraded and on-deployed, or all at once "
    "in `subscriptions` of argocd-notifications-cm, which must have the triggers and templates.",
    not_applicable="No Argo CD Application for the service is in the input.",
    no_data="The triggers and the subscriptions for all are not known, or the AppProject is not: score a "
    "folder that holds argocd-notifications-cm (or the NotificationsConfiguration) and the AppProject too. "
    f"Or {unrendered('the Application is')}",
)
def notifications(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    settings = service.surroundings.argo_cd_notifications
    for application in service.applications:
        findings.judged += 1
        projects = service.index.everywhere(GROUP, "AppProject", application.project)
        subscribed = list(_subscriptions(application, projects, settings))
        warn_of_misspelt(application.manifest, findings, *application.metadata_keys)
        for project in projects:
            warn_of_misspelt(project, findings)
        sent = sent_triggers(subscribed, settings, _CATALOGUE, findings)
        if application.is_production:
            _check_events(application, projects, settings, sent, findings)
    return told(
        findings,
        "failed syncs, degraded health and deployments are told",
        nothing="no Argo CD Application for the service is in the input",
    )


def told(findings: Findings, good: str, *, nothing: str) -> Outcome:
    """The verdict; a name that is nearly one is worth a warning, though not all is in view."""
    if findings.close and not findings.faults:
        faults = (*findings.close, *findings.unknown)
        return Outcome(State.WARN, summary_of(faults), faults)
    return findings.verdict(good, nothing=nothing)


def _subscriptions(
    application: Application, projects: Iterable[Manifest], settings: NotificationSettings
) -> Iterator[Subscription]:
    yield from subscriptions(application.manifest, *application.metadata_keys)
    for project in projects:
        yield from subscriptions(project)
    yield from settings.for_all(application.labels)


def warn_of_misspelt(manifest: Manifest, findings: Findings, *metadata: str | int) -> None:
    for key, place in misspelt(manifest, *metadata):
        message = (
            f"the annotation {key} subscribes to nothing: it must begin with "
            "notifications.argoproj.io/subscribe."
        )
        findings.warn(message, manifest, *place)


def sent_triggers(
    subscribed: Iterable[Subscription],
    settings: NotificationSettings,
    known: Collection[str],
    findings: Findings,
) -> set[str]:
    """The triggers that somebody is told of; subscriptions that reach nobody are noted as faults.

    Args:
        subscribed: what was subscribed to, by whomever.
        settings: what exists; where it is not known, whether something exists cannot be told.
        known: the triggers that come with the product.
        findings: where faults go, and warnings of a name that is nearly one that is known.
    """
    sent = set()
    triggers = settings.triggers
    for subscription in subscribed:
        names = [subscription.trigger]
        if not subscription.trigger:
            names = settings.default_triggers(subscription.service)
            if not names and settings.is_known:
                message = f"it names no trigger, and {settings.name} has no default triggers"
                findings.fault(message, subscription.manifest, *subscription.keys)
        for name in names:
            problem = _problem(subscription, name, settings, known)
            if problem:
                findings.fault(problem, subscription.manifest, *subscription.keys)
                continue
            sent.add(name)
            if name in triggers:
                _check_templates(name, settings, findings)
            elif not settings.is_known and name not in known:
                message = f"whether the trigger {name} exists is not known"
                close = meant(name, known)
                note = findings.warn if close else findings.cannot_tell
                note(message + close, subscription.manifest, *subscription.keys)
    return sent


def _problem(
    subscription: Subscription, name: str, settings: NotificationSettings, known: Collection[str]
) -> str:
    """Why a subscription is never sent; "" if it is, or if that is not known."""
    if subscription.reaches_nobody:
        return f"the subscription to {name} has no recipient"
    if not settings.is_known:
        return ""
    triggers = settings.triggers
    if name not in triggers:
        return f"{settings.name} has no trigger {name}, so it is never sent" + meant(
            name, triggers or known
        )
    if subscription.service not in settings.services:
        return f"{settings.name} has no service {subscription.service}" + meant(
            subscription.service, settings.services
        )
    return ""


def _check_templates(name: str, settings: NotificationSettings, findings: Findings) -> None:
    trigger, templates = settings.triggers[name], settings.templates
    lacking = [template for template in trigger.templates if template not in templates]
    if lacking:
        message = (
            f"the trigger {name} sends the template {lacking[0]}, which does not exist"
            + meant(lacking[0], templates)
        )
        findings.fault(message, trigger.manifest, *trigger.keys)
    elif not trigger.templates:
        findings.fault(f"the trigger {name} sends no template", trigger.manifest, *trigger.keys)


def _check_events(
    application: Application,
    projects: list[Manifest],
    settings: NotificationSettings,
    sent: set[str],
    findings: Findings,
) -> None:
    keys = (*application.metadata_keys, "annotations")
    lacking = [event for event in _EVENTS if not any(_tells(n, event, settings) for n in sent)]
    if lacking:
        message = f"nobody is subscribed to {', '.join(lacking)}"
        if "on-deployed" in lacking and "on-sync-succeeded" in sent:
            message += " (at on-sync-succeeded a canary has only begun)"
        if settings.is_known and (projects or application.project == "default"):
            findings.missing(message, application.manifest, *keys)
            return
        unseen = [] if settings.is_known else [settings.name]
        unseen += [] if projects else [f"the AppProject {application.project}"]
        message += f" as far as the input shows: {' and '.join(unseen)} is not in it"
        findings.cannot_tell(message, application.manifest, *keys)
    elif not settings.is_known:
        message = f"{settings.name} is not in the input: whether the triggers exist is not known"
        findings.cannot_tell(message, application.manifest, *keys)


def _tells(name: str, event: str, settings: NotificationSettings) -> bool:
    """Whether a trigger is the one for an event: by its name, or by what its condition is about."""
    if name == event:
        return True
    trigger = settings.triggers.get(name)
    every, some = _EVENTS[event]
    return trigger is not None and any(
        all(part in condition for part in every) and any(part in condition for part in some)
        for condition in trigger.conditions
    )
