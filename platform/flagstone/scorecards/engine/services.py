"""A service as the checks see it: its objects, its workloads, its files."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from flagstone.policies.manifests.objects import Manifest
from flagstone.scorecards.engine.alert_scenarios.rulebook import Rule, Rulebook, rules_of
from flagstone.scorecards.engine.analysis.analyses import ARGO, Analysis, analyses
from flagstone.scorecards.engine.argocd import argo_applications
from flagstone.scorecards.engine.argocd.argo_applications import Application
from flagstone.scorecards.engine.ci.repository import Ci
from flagstone.scorecards.engine.flags import flag_sets
from flagstone.scorecards.engine.flags.flag_sets import FlagSet
from flagstone.scorecards.engine.flags.source_code import SourceCode
from flagstone.scorecards.engine.index import Index, folders_above
from flagstone.scorecards.engine.measurements import Measurements
from flagstone.scorecards.engine.mesh import MeshHost
from flagstone.scorecards.engine.prometheus import alert_rules
from flagstone.scorecards.engine.prometheus.dashboards import (
    OPERATOR,
    Dashboard,
    in_file,
    in_object,
)
from flagstone.scorecards.engine.prometheus.promql import Records
from flagstone.scorecards.engine.relations import GATEWAY_API, ISTIO, Relations
from flagstone.scorecards.engine.runbook_text import Runbook
from flagstone.scorecards.engine.subjects.artefacts import Artefact, ArtefactKind
from flagstone.scorecards.engine.subjects.drafts import Draft
from flagstone.scorecards.engine.workload_view import ServiceKind, Workload, serves_http

if TYPE_CHECKING:
    from flagstone.scorecards.engine.surroundings import Surroundings

_INJECTION_LABELS = ("istio-injection", "istio.io/rev", "istio.io/dataplane-mode")


class ServiceView:
    """One service.

    Attributes:
        name: what people call it.
        ref: unique in the report: an entity's ref, or an object's.
        folder: where its files are.
        manifests: its objects, as far as they may be judged.
        component: its catalogue entity, if there is one.
        incomplete: why the absence of something proves nothing; "" if everything is in view.
        problems: what is wrong with its files themselves.
    """

    def __init__(
        self, draft: Draft, *, ref: str, surroundings: Surroundings, incomplete: str
    ) -> None:
        self.name = draft.name
        self.ref = ref
        self.folder = draft.folder
        self.manifests = tuple(dict.fromkeys(draft.manifests))
        self.surroundings = surroundings
        self.component = draft.component.entity if draft.component else None
        self.incomplete = incomplete
        self.problems = tuple(draft.problems)
        self._artefacts = tuple(draft.artefacts)

    def forget(self) -> None:
        """Let go of what the checks had worked out: that of all services at once would fill the memory."""
        for name, part in vars(type(self)).items():
            if isinstance(part, cached_property):
                self.__dict__.pop(name, None)

    @property
    def index(self) -> Index:
        return self.surroundings.index

    @property
    def relations(self) -> Relations:
        return self.surroundings.relations

    @property
    def measured(self) -> Measurements | None:
        """What was measured of it; None where nothing is measured of any service."""
        known = self.surroundings.measured
        return None if known is None else known.get(self.ref.lower(), Measurements())

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        known = self.relations.around
        return tuple(self.surroundings.workload(m) for m in self.manifests if m in known)

    @cached_property
    def kind(self) -> ServiceKind:
        """The kind of its most demanding workload."""
        kinds = {workload.kind for workload in self.workloads}
        for kind in (ServiceKind.HTTP, ServiceKind.TCP, ServiceKind.WORKER, ServiceKind.CRON):
            if kind in kinds:
                return kind
        if self.component is not None and self.component.spec.get("type") == "website":
            return ServiceKind.STATIC
        return ServiceKind.UNKNOWN

    @cached_property
    def _by_kind(self) -> dict[tuple[str, str], list[Manifest]]:
        found: dict[tuple[str, str], list[Manifest]] = {}
        for manifest in self.manifests:
            found.setdefault((manifest.group, manifest.kind), []).append(manifest)
        return found

    def of_kind(self, kind: str, group: str) -> list[Manifest]:
        return self._by_kind.get((group, kind), [])

    def artefacts(self, kind: ArtefactKind) -> list[Artefact]:
        """What it has of a kind that is no Kubernetes object."""
        return [artefact for artefact in self._artefacts if artefact.kind is kind]

    @cached_property
    def ci(self) -> Ci:
        """What runs for its repository; without any pipeline where none is in view."""
        return self.surroundings.ci(tuple(self.artefacts(ArtefactKind.WORKFLOW)))

    @cached_property
    def flag_sets(self) -> tuple[FlagSet, ...]:
        """What declares its feature flags: its FeatureFlags, and its files for flagd."""
        objects = map(flag_sets.of_object, self.of_kind("FeatureFlag", flag_sets.GROUP))
        files = (
            self.surroundings.declared_flags.in_file(artefact.path)
            for artefact in self.artefacts(ArtefactKind.FLAGS)
        )
        return (*objects, *files)

    @cached_property
    def source_code(self) -> SourceCode:
        """Its programs that may ask for feature flags."""
        paths = [artefact.path for artefact in self.artefacts(ArtefactKind.CODE)]
        return SourceCode(self.index.snapshot, paths)

    @property
    def http_workloads(self) -> list[Workload]:
        return [workload for workload in self.workloads if workload.kind is ServiceKind.HTTP]

    @property
    def http_services(self) -> list[Manifest]:
        """The Services in front of its HTTP and gRPC workloads, that serve more than metrics."""
        found = [own for workload in self.http_workloads for own in workload.services]
        return [
            own
            for own in dict.fromkeys(found)
            if serves_http(own) and own.spec.get("clusterIP") != "None"
        ]

    @property
    def long_running(self) -> list[Workload]:
        return [workload for workload in self.workloads if workload.long_running]

    @property
    def canaries(self) -> list[Workload]:
        return [workload for workload in self.workloads if workload.canary is not None]

    @property
    def virtual_services(self) -> list[Manifest]:
        return self.of_kind("VirtualService", ISTIO)

    @property
    def http_routes(self) -> list[Manifest]:
        """The Gateway API's routes to its Services."""
        return self.of_kind("HTTPRoute", GATEWAY_API)

    @property
    def destination_rules(self) -> list[Manifest]:
        return self.of_kind("DestinationRule", ISTIO)

    @property
    def prometheus_rules(self) -> list[Manifest]:
        return self.of_kind("PrometheusRule", alert_rules.GROUP)

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """The rules of its PrometheusRules."""
        return tuple(rule for manifest in self.prometheus_rules for rule in rules_of(manifest))

    @cached_property
    def records(self) -> Records:
        """Its recording rules by name, and for names that it does not record those of the snapshot."""
        return alert_rules.records(self.prometheus_rules, beyond=self.surroundings.records)

    @cached_property
    def rulebook(self) -> Rulebook:
        """Its recording rules, and for names that it does not record those of the snapshot."""
        return Rulebook(self.rules, self.surroundings.rulebook)

    @cached_property
    def dashboards(self) -> list[Dashboard]:
        """Its Grafana dashboards, in objects and in files."""
        holders = self.of_kind("ConfigMap", "") + self.of_kind("GrafanaDashboard", OPERATOR)
        found = [one for holder in holders for one in in_object(holder)]
        for artefact in self.artefacts(ArtefactKind.DASHBOARD):
            text = self.index.snapshot.read_text(artefact.path)
            if text is not None:
                found.append(in_file(artefact.path, text))
        return found

    @cached_property
    def analyses(self) -> list[Analysis]:
        """What its Rollouts run, then each template of its own that nothing runs."""
        rollouts = [workload.manifest for workload in self.workloads if workload.is_rollout]
        found = [one for rollout in rollouts for one in analyses(self.index, rollout)]
        kinds = ("AnalysisTemplate", "ClusterAnalysisTemplate")
        own = [template for kind in kinds for template in self.of_kind(kind, ARGO)]
        found += [Analysis([t]) for t in own if not self.relations.behind(t)]
        return found

    @cached_property
    def applications(self) -> tuple[Application, ...]:
        return tuple(
            argo_applications.application(manifest)
            for kind in argo_applications.KINDS
            for manifest in self.of_kind(kind, argo_applications.GROUP)
        )

    @property
    def self_heals(self) -> bool:
        return any(application.self_heal for application in self.applications)

    def host(self, text: object, near: Manifest) -> MeshHost:
        return self.relations.host(text, near)

    @cached_property
    def mesh(self) -> str:
        """Why the service is in the mesh, in words; "" if nothing says that it is."""
        pods = [workload.pod for workload in self.workloads if workload.pod]
        marks = [pod.annotations | pod.labels for pod in pods]
        wanted = [mark.get("sidecar.istio.io/inject") for mark in marks]
        if "true" in wanted:
            return "its pods ask for a sidecar"
        for manifest in (*self.virtual_services, *self.destination_rules):
            return f"{manifest.ref} is part of it"
        if "false" in wanted:
            return ""
        return next(filter(None, map(self._namespace_mesh, self.workloads)), "")

    def _namespace_mesh(self, workload: Workload) -> str:
        namespace = workload.manifest.namespace
        labels = dict(self.surroundings.namespace_labels.get(namespace, {})) if namespace else {}
        for application in self.applications:
            if application.namespace in {"", namespace}:
                labels |= application.namespace_labels
        if labels.get("istio-injection") == "disabled":
            return ""
        for label in _INJECTION_LABELS:
            if labels.get(label):
                return f"namespace {namespace} is labelled {label}"
        if namespace and namespace in self.surroundings.mesh_namespaces:
            return f"namespace {namespace} has a VirtualService or DestinationRule"
        return ""

    @cached_property
    def runbook(self) -> Runbook | None:
        """The runbook of its folder, or of a folder above if it says that it is this service's."""
        for folder in folders_above(self.folder):
            for about, runbook in self.surroundings.runbooks.of(folder):
                is_named = about.lower() == self.name.lower() if about else folder == self.folder
                if is_named or runbook.front.get("service") == self.name:
                    return runbook
        return None
