"""What lies around every service of one evaluation: the whole snapshot, worked out once."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.schemas.schemas import Schemas
from flagstone.policies.terraform.reader import Reader
from flagstone.scorecards.engine.alert_scenarios.declared_objectives import (
    DeclaredObjectives,
    declared_in_objects,
)
from flagstone.scorecards.engine.alert_scenarios.objectives import DECLARED_IN
from flagstone.scorecards.engine.alert_scenarios.performances import PLAYED, Performances
from flagstone.scorecards.engine.alert_scenarios.rulebook import Rulebook, rules_of
from flagstone.scorecards.engine.alert_scenarios.slo_files import declared_in_files
from flagstone.scorecards.engine.argocd import argo_applications, notifications
from flagstone.scorecards.engine.argocd.argo_applications import plain_url
from flagstone.scorecards.engine.argocd.notifications import NotificationSettings
from flagstone.scorecards.engine.canaries import CanaryModules
from flagstone.scorecards.engine.ci.repository import Ci
from flagstone.scorecards.engine.flags import flag_sets
from flagstone.scorecards.engine.flags.declared_flags import DeclaredFlags
from flagstone.scorecards.engine.index import Index, folders_above, with_folders_above
from flagstone.scorecards.engine.measurements import Measurements
from flagstone.scorecards.engine.policy_verdicts import PolicyVerdicts
from flagstone.scorecards.engine.prometheus import alert_rules
from flagstone.scorecards.engine.prometheus.alert_routes import AlertRoutes
from flagstone.scorecards.engine.prometheus.promql import Records
from flagstone.scorecards.engine.prometheus.promtool_verdicts import PARSED, PromtoolVerdicts
from flagstone.scorecards.engine.prometheus.rule_test_runs import RUN_TESTS, RuleTestRuns
from flagstone.scorecards.engine.relations import ISTIO, Relations
from flagstone.scorecards.engine.routes_in_view import RoutesInView
from flagstone.scorecards.engine.subjects.artefacts import Artefact, ArtefactKind, find_artefacts
from flagstone.scorecards.engine.subjects.catalogue import Component, components
from flagstone.scorecards.engine.subjects.drills import Drill, find_drills
from flagstone.scorecards.engine.subjects.policies_in_view import PoliciesInView
from flagstone.scorecards.engine.subjects.runbook_files import Runbooks
from flagstone.scorecards.engine.synthetics.module_places import ModulePlaces
from flagstone.scorecards.engine.trials.trial import Trial
from flagstone.scorecards.engine.workload_view import Workload

if TYPE_CHECKING:
    from flagstone.scorecards.engine.services import ServiceView


class Surroundings:
    """Shared by the services of one evaluation; each part is made when a check first asks."""

    def __init__(
        self,
        snapshot: Snapshot,
        policies: PolicySet,
        now: datetime,
        *,
        schemas: Schemas | None = None,
        measured: Mapping[str, Measurements] | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.now = now
        self.measured = measured
        self.services: tuple[ServiceView, ...] = ()  # known when they were found
        self.schemas = schemas or Schemas.for_objects(snapshot.manifests)
        self.drills = find_drills(snapshot)
        self.drilled = frozenset(manifest for drill in self.drills for manifest in drill.manifests)
        self.index = Index(snapshot, leave_out=self.drilled)
        self.relations = Relations(self.index)
        self._workloads: dict[Manifest, Workload] = {}
        self._ci: dict[tuple[Artefact, ...], Ci] = {}
        self._trials: dict[tuple[Manifest, Manifest | None], Trial] = {}
        self.verdicts = PolicyVerdicts(policies, self.cluster_view, self.index.manifests)

    @cached_property
    def _drills_by_folder(self) -> dict[str, list[Drill]]:
        """The drills of the mesh by each folder that they lie in or below."""
        found: dict[str, list[Drill]] = {}
        for drill in filter(Drill.is_of_the_mesh, self.drills):
            for folder in folders_above(drill.place):
                found.setdefault(folder, []).append(drill)
        return found

    @cached_property
    def _drills_by_host(self) -> dict[str, list[Drill]]:
        found: dict[str, list[Drill]] = {}
        for drill in filter(Drill.is_of_the_mesh, self.drills):
            for rule in drill.of_kind("DestinationRule"):
                name = self.relations.host(rule.spec.get("host"), rule).name
                found.setdefault(name, []).append(drill)
        return found

    def mesh_drills(self, folder: str, hosts: Iterable[str]) -> list[Drill]:
        """The drills of the mesh in a folder, and those of a host by its short name."""
        inside = self._drills_by_folder.get(folder, []) if folder else []
        about = (drill for host in sorted(hosts) for drill in self._drills_by_host.get(host, ()))
        return list(dict.fromkeys([*inside, *about]))

    def prepare(self, checks: Iterable[str]) -> None:
        """Work out what is costly and about all services, before several processes would do it again."""
        asked = frozenset(checks)
        _ = self.records, self.runbooks, self._destination_rules, self.service_names
        _ = self._drills_by_folder, self._drills_by_host, self.declared_objectives
        _ = (
            self.rulebook,
            self.routes,
            self.folders,
            self.declared_flags.keys,
        )
        if PARSED in asked:
            _ = self.promtool
        if asked & PLAYED:
            _ = self.performances
        if asked & RUN_TESTS:
            _ = self.rule_test_runs

    @cached_property
    def cluster_view(self) -> ClusterView:
        """What policies are told of the cluster around an object."""
        return ClusterView.of(self.index.manifests, self.schemas.definitions)

    @cached_property
    def namespace_labels(self) -> dict[str, dict[str, str]]:
        return {m.name: m.labels for m in self.index.of_kind("Namespace", "")}

    @cached_property
    def mesh_namespaces(self) -> frozenset[str]:
        """The namespaces that have a VirtualService or DestinationRule."""
        kinds = ("VirtualService", "DestinationRule")
        return frozenset(m.namespace for kind in kinds for m in self.index.of_kind(kind, ISTIO))

    @cached_property
    def service_names(self) -> frozenset[str]:
        """The names of the Services in view."""
        return frozenset(m.name for m in self.index.of_kind("Service", ""))

    @cached_property
    def service_namespaces(self) -> frozenset[str]:
        """The namespaces whose Services are in view."""
        return frozenset(m.namespace for m in self.index.of_kind("Service", ""))

    @cached_property
    def _destination_rules(self) -> dict[str, list[Manifest]]:
        found: dict[str, list[Manifest]] = {}
        for rule in self.index.of_kind("DestinationRule", ISTIO):
            host = self.relations.host(rule.spec.get("host"), rule)
            found.setdefault(host.name, []).append(rule)
        return found

    def destination_rules(self, host_name: str) -> list[Manifest]:
        """The DestinationRules for a host of that short (or external) name, in any namespace."""
        return self._destination_rules.get(host_name, [])

    @cached_property
    def routes(self) -> RoutesInView:
        return RoutesInView(self.relations)

    def workload(self, manifest: Manifest) -> Workload:
        """A workload with what concerns it; one object for all services that ask."""
        if manifest not in self._workloads:
            pods, around = self.relations.pods, self.relations.around
            self._workloads[manifest] = Workload(manifest, pods[manifest], around[manifest])
        return self._workloads[manifest]

    def ci(self, workflows: tuple[Artefact, ...]) -> Ci:
        """The CI that these files define; one object for all services that share them."""
        if workflows not in self._ci:
            self._ci[workflows] = Ci(self.snapshot, workflows)
        return self._ci[workflows]

    @cached_property
    def canary_modules(self) -> CanaryModules:
        return CanaryModules(Reader(self.snapshot))

    @cached_property
    def module_places(self) -> ModulePlaces:
        return ModulePlaces(self.snapshot, self.folders)

    @cached_property
    def folders(self) -> frozenset[str]:
        """Every folder that holds a file, and those around them."""
        return with_folders_above(path.rpartition("/")[0] for path in self.snapshot.paths())

    @cached_property
    def _sorted_folders(self) -> list[str]:
        return sorted(f"{folder}/" for folder in self.folders if folder)

    def folders_near(self, folder: str) -> frozenset[str]:
        """A folder, those around it, and those below it."""
        begin = bisect_left(self._sorted_folders, f"{folder}/")
        end = bisect_left(self._sorted_folders, f"{folder}0")  # the character after the slash
        below = (name[:-1] for name in self._sorted_folders[begin:end])
        return self.folders & {*folders_above(folder), *below}

    @cached_property
    def own_repositories(self) -> frozenset[str]:
        """The repositories from which some Application takes a folder that is in the input."""
        found = (
            argo_applications.application(manifest)
            for kind in argo_applications.KINDS
            for manifest in self.index.of_kind(kind, argo_applications.GROUP)
        )
        return frozenset(plain_url(url) for each in found for url in each.found_in(self.folders))

    @cached_property
    def argo_cd_notifications(self) -> NotificationSettings:
        holders = self.index.everywhere("", "ConfigMap", notifications.ARGO_CD)
        operators = self.index.of_kind("NotificationsConfiguration", argo_applications.GROUP)
        return NotificationSettings(notifications.ARGO_CD, [*holders, *operators])

    @cached_property
    def rollout_notifications(self) -> NotificationSettings:
        holders = self.index.everywhere("", "ConfigMap", notifications.ROLLOUTS)
        return NotificationSettings(notifications.ROLLOUTS, holders)

    @cached_property
    def declared_flags(self) -> DeclaredFlags:
        objects = self.index.of_kind("FeatureFlag", flag_sets.GROUP)
        files = (item.path for item in self.artefacts if item.kind is ArtefactKind.FLAGS)
        return DeclaredFlags(self.snapshot, objects, files)

    @cached_property
    def artefacts(self) -> tuple[Artefact, ...]:
        """What the repository holds for services that is no Kubernetes object."""
        return tuple(find_artefacts(self.snapshot))

    @cached_property
    def components(self) -> tuple[Component, ...]:
        """What its catalog-info.yaml files declare."""
        return tuple(components(self.snapshot))

    @cached_property
    def component_names(self) -> frozenset[str]:
        """The names of the components that this repository holds, in small letters."""
        return frozenset(component.name.lower() for component in self.components)

    @cached_property
    def runbooks(self) -> Runbooks:
        return Runbooks(self.snapshot)

    @cached_property
    def alert_routes(self) -> AlertRoutes:
        return AlertRoutes(self.index)

    @cached_property
    def records(self) -> Records:
        """Every recording rule in view, for alerts that use one of another object."""
        return alert_rules.records(self.index.of_kind("PrometheusRule", alert_rules.GROUP))

    @cached_property
    def policies_in_view(self) -> PoliciesInView:
        return PoliciesInView(self.index)

    def trial(self, template: Manifest, constraint: Manifest | None) -> Trial:
        """A policy of the snapshot put on trial; one object for all checks that ask."""
        key = template, constraint
        if key not in self._trials:
            self._trials[key] = Trial(template, constraint)
        return self._trials[key]

    @cached_property
    def rulebook(self) -> Rulebook:
        """Every recording rule in view, with its labels."""
        every = self.index.of_kind("PrometheusRule", alert_rules.GROUP)
        return Rulebook(rule for manifest in every for rule in rules_of(manifest))

    @cached_property
    def promtool(self) -> PromtoolVerdicts:
        return PromtoolVerdicts(self.index.of_kind("PrometheusRule", alert_rules.GROUP))

    @cached_property
    def declared_objectives(self) -> DeclaredObjectives:
        """The objectives in objects of Sloth and Pyrra, and in files that no cluster gets."""
        objects = (m for kind, group in DECLARED_IN for m in self.index.of_kind(kind, group))
        return DeclaredObjectives(
            [*declared_in_objects(objects), *declared_in_files(self.snapshot)]
        )

    @cached_property
    def performances(self) -> Performances:
        """What the alerts of all services do in the nine scenarios."""
        return Performances(self.services)

    @cached_property
    def rule_test_runs(self) -> RuleTestRuns:
        """What the repository's own tests of alerts say."""
        return RuleTestRuns(self.services, self.snapshot)
