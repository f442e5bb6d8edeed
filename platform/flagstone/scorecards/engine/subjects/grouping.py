"""Finding the services in a snapshot: by catalog-info.yaml where there is one, else by workload.

Every object that a check could judge ends up in some service, so that nothing goes unjudged: what
no service claims is judged under a name of its own. Only an Argo CD Application of Applications is
left out: it runs nothing, and what it deploys is judged anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import cached_property

from flagstone.policies.manifests.objects import Identity, Manifest, sequence
from flagstone.policies.manifests.snapshot import Problem
from flagstone.policies.manifests.workloads import PodSpec, is_workload
from flagstone.policies.schemas.text_fields import text_problems
from flagstone.scorecards.engine.analysis import analyses
from flagstone.scorecards.engine.argocd import argo_applications
from flagstone.scorecards.engine.argocd.repeated_objects import applied_twice
from flagstone.scorecards.engine.flags import flag_sets
from flagstone.scorecards.engine.index import (
    compatible,
    folder_of,
    folders_above,
)
from flagstone.scorecards.engine.prometheus import alert_rules
from flagstone.scorecards.engine.relations import ISTIO
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.subjects.argo_only import ArgoOnly
from flagstone.scorecards.engine.subjects.artefact_owners import give_artefacts
from flagstone.scorecards.engine.subjects.catalogue import kubernetes_ids
from flagstone.scorecards.engine.subjects.drafts import Draft, Drafts
from flagstone.scorecards.engine.subjects.unread import note_problems, note_unrendered
from flagstone.scorecards.engine.surroundings import Surroundings

_MESH_KINDS = ("VirtualService", "DestinationRule")
_APPLICATIONS = tuple((argo_applications.GROUP, kind) for kind in argo_applications.KINDS)
_JUDGED_ALONE = (
    *((ISTIO, kind) for kind in _MESH_KINDS),
    *((alert_rules.GROUP, kind) for kind in ("PrometheusRule", "ServiceMonitor", "PodMonitor")),
    *((analyses.ARGO, kind) for kind in ("AnalysisTemplate", "ClusterAnalysisTemplate")),
    *_APPLICATIONS,
    (argo_applications.GROUP, "AppProject"),
    *((flag_sets.GROUP, kind) for kind in ("FeatureFlag", "FeatureFlagSource")),
)


def find_services(surroundings: Surroundings) -> list[ServiceView]:
    """Return the services of a snapshot, ordered by name."""
    return _Grouping(surroundings).services()


class _Grouping:
    def __init__(self, surroundings: Surroundings) -> None:
        self.surroundings = surroundings
        self.snapshot = surroundings.snapshot
        self.index = surroundings.index
        self.relations = surroundings.relations
        self.drafts = Drafts()
        self._argo_only = ArgoOnly(surroundings)

    def services(self) -> list[ServiceView]:
        found = self.surroundings.components
        for component in found:
            self.drafts.add(Draft(component.name, component.ref, component.folder, component))
        if found:
            self._claim_by_folder()
        self._claim_workloads()
        self._claim_unrendered_workloads()
        self._claim_related()
        self._claim_applications()
        self._claim_policies()
        self._claim_the_rest()
        give_artefacts(self.surroundings.artefacts, self.drafts)
        note_unrendered(self.snapshot, self.drafts)
        note_problems([*self.snapshot.problems, *self._applied_twice()], self.drafts)
        return self._views()

    def _applied_twice(self) -> Iterator[Problem]:
        kinds = argo_applications.KINDS
        found = (one for kind in kinds for one in self.index.of_kind(kind, argo_applications.GROUP))
        return applied_twice(map(argo_applications.application, found), self.index.manifests)

    def _components_of(self, manifest: Manifest) -> list[Draft]:
        around = self.drafts.components_around
        return around(folder_of(manifest)) or around(manifest.path.rpartition("/")[0])

    def _claim_by_folder(self) -> None:
        """Give each object to the one component of its folder; several share by name."""
        for manifest in self.snapshot.manifests:
            if manifest in self.surroundings.drilled:
                continue
            drafts = self._components_of(manifest)
            if manifest.unrendered_reason is not None:
                for draft in drafts:
                    draft.reasons[manifest.unrendered_reason] = None
            elif len(drafts) == 1:
                self.drafts.give(manifest, drafts)
            elif manifest in self.relations.pod_labels:
                ids = kubernetes_ids(manifest, self.relations.pod_labels[manifest])
                named = [d for d in drafts if d.component and d.component.kubernetes_id in ids]
                self.drafts.give(manifest, named[:1])

    def _claim_workloads(self) -> None:
        """Give each other workload to the component it names, else make it a service."""
        bare = {
            draft.component.kubernetes_id: draft
            for draft in self.drafts.all
            if draft.component and not draft.manifests
        }
        own: dict[tuple[Identity, str], Draft] = {}  # one object written twice is one service
        for workload in self.relations.workloads:
            if workload not in self.drafts.owners:
                ids = kubernetes_ids(workload, self.relations.pod_labels[workload])
                key = (workload.identity, folder_of(workload))
                draft = next((bare[i] for i in sorted(ids) if i in bare), own.get(key))
                if draft is None:
                    draft = own[key] = Draft(workload.name, workload.ref, key[1])
                    self.drafts.add(draft)
                self.drafts.give(workload, [draft])
            pod = self.relations.pods[workload]
            if isinstance(pod, PodSpec) and pod.holder not in self.drafts.owners:
                self.drafts.give(pod.holder, self.drafts.owners[workload])

    def _claim_unrendered_workloads(self) -> None:
        """Show the workloads whose rendering is not known: their names, nothing else."""
        for manifest in self.snapshot.manifests:
            reason = manifest.unrendered_reason
            if reason and is_workload(manifest) and not self._components_of(manifest):
                draft = self.drafts.add(Draft(manifest.name, manifest.ref, folder_of(manifest)))
                draft.reasons[reason] = None

    def _claim_related(self) -> None:
        """Give what concerns a workload to its service, unless it lies in a component's folder."""
        for workload, manifests in self.relations.around.items():
            for manifest in manifests:
                owners = self.drafts.owners.get(manifest, ())
                if not any(draft.component for draft in owners):
                    self.drafts.give(manifest, self.drafts.owners[workload])

    def _claim_applications(self) -> None:
        for kind in argo_applications.KINDS:
            for manifest in self.index.of_kind(kind, argo_applications.GROUP):
                if manifest not in self.drafts.owners:
                    self.drafts.give(manifest, self._deployed_by(manifest))

    def _deployed_by(self, manifest: Manifest) -> list[Draft]:
        """The services that an Argo CD Application deploys: those of its path, else of its name."""
        application = argo_applications.application(manifest)
        paths = list(application.paths())
        found: dict[Draft, None] = {}
        for path in paths:
            found |= dict.fromkeys(self.drafts.below(path))
            for folder in folders_above(path)[1:]:
                found |= dict.fromkeys(self.drafts.components_in(folder))
        for root in application.roots():
            below = self.drafts.below(root)
            found |= dict.fromkeys(draft for draft in below if application.generates(draft.folder))
        if found or any(path in self.surroundings.folders for path in paths):
            return list(found)
        named = self.drafts.called(application.name)
        return [draft for draft in named if _fits(draft, application.namespace)]

    def _claim_the_rest(self) -> None:
        """Give what is left to the only service nearby, else judge it under a name of its own."""
        alone: dict[tuple[str, str, str], Draft] = {}
        for manifest in self._judged_alone():
            if manifest in self.drafts.owners or self._argo_only.deploys_nothing_else(manifest):
                continue
            if self._is_somebodys_project(manifest):
                continue
            draft = self._only_one_near(manifest)
            if draft is None:
                key = (self._subject(manifest), manifest.namespace, folder_of(manifest))
                if key not in alone:
                    alone[key] = Draft(key[0], manifest.ref, key[2], alone=True)
                    self.drafts.add(alone[key])
                draft = alone[key]
            self.drafts.give(manifest, [draft])

    def _judged_alone(self) -> Iterator[Manifest]:
        for group, kind in _JUDGED_ALONE:
            yield from self.index.of_kind(kind, group)
        for manifest in self.index.of_kind("Service", ""):
            # selects nothing of what lies beside it; whose pods lie elsewhere is not known
            if manifest.spec.get("selector") and self._has_workloads_beside(manifest):
                yield manifest
        schemas = self.surroundings.schemas
        for manifest in self.index.manifests:
            if manifest in self.drafts.owners:
                continue
            wrong = schemas.problems(manifest) or schemas.broken(manifest)
            known = schemas.source(manifest) is not None and self._only_one_near(manifest)
            if wrong or known or text_problems(manifest):
                yield manifest

    def _has_workloads_beside(self, service: Manifest) -> bool:
        """Whether workloads that a Service could select lie in its folder and its namespace."""
        beside = self.drafts.workloads_in(folder_of(service))
        return any(compatible(workload.namespace, service.namespace) for workload in beside)

    def _claim_policies(self) -> None:
        """Judge Gatekeeper policies with the service in whose folder they lie, else by folder."""
        alone: dict[str, Draft] = {}
        for manifest, folder in self.surroundings.policies_in_view.folders().items():
            if any(self._is_service(draft) for draft in self.drafts.owners.get(manifest, ())):
                continue
            near = self.drafts.only_one_near(folder)
            if near is None or near.folder != folder or not self._is_service(near):
                if folder not in alone:
                    name = folder.rpartition("/")[2] or "policies"
                    draft = Draft(name, f"policies:{folder or '.'}", folder, alone=True)
                    alone[folder] = self.drafts.add(draft)
                near = alone[folder]
            self.drafts.give(manifest, [near])

    def _is_somebodys_project(self, manifest: Manifest) -> bool:
        """Whether it is an AppProject that is judged with the services whose Applications name it."""
        return manifest.kind == "AppProject" and manifest.name in self._named_projects

    @cached_property
    def _named_projects(self) -> frozenset[str]:
        return frozenset(
            argo_applications.application(manifest).project
            for manifest in self.drafts.owners
            if (manifest.group, manifest.kind) in _APPLICATIONS
        )

    def _only_one_near(self, manifest: Manifest) -> Draft | None:
        if manifest.kind == "AppProject":
            return None
        if manifest.kind in argo_applications.KINDS:
            application = argo_applications.application(manifest)
            if any(path in self.surroundings.folders for path in application.paths()):
                return None  # it deploys something else
            if any(map(application.generates, self.surroundings.folders)):
                return None
        return self.drafts.only_one_near(folder_of(manifest))

    def _subject(self, manifest: Manifest) -> str:
        """The name under which an object is judged: for mesh objects, that of their host."""
        if manifest.kind not in _MESH_KINDS:
            return manifest.name
        hosts = [manifest.spec.get("host"), *sequence(manifest.spec.get("hosts"))]
        first = next((host for host in hosts if isinstance(host, str) and host != "*"), "")
        return self.relations.host(first, manifest).name if first else manifest.name

    def _views(self) -> list[ServiceView]:
        kept = [draft for draft in self.drafts.all if self._is_service(draft)]
        kept.sort(key=lambda draft: (draft.name, draft.ref, draft.folder))
        return [
            ServiceView(
                draft,
                ref=ref,
                surroundings=self.surroundings,
                incomplete=self._incomplete(draft),
            )
            for draft, ref in zip(kept, _unique_refs(kept), strict=True)
        ]

    def _is_service(self, draft: Draft) -> bool:
        return draft.component is None or draft.component.runs or self._has_workload(draft)

    def _has_workload(self, draft: Draft) -> bool:
        return any(manifest in self.relations.pod_labels for manifest in draft.manifests)

    def _incomplete(self, draft: Draft) -> str:
        """Why the absence of something in a service proves nothing."""
        if draft.reasons:
            return "; ".join(draft.reasons)
        component = draft.component
        if component is None or component.type == "website" or self._has_workload(draft):
            return ""
        where = component.folder or "the root folder"
        return (
            f"no workload of {component.name} is in {where}: if its manifests are in another "
            "repository, score that one"
        )


def _unique_refs(drafts: list[Draft]) -> list[str]:
    """The refs; services of one ref are told apart by their folder, then by a number."""
    shared = Counter(draft.ref for draft in drafts)
    used = Counter[str]()
    refs = []
    for draft in drafts:
        ref = draft.ref if shared[draft.ref] == 1 else f"{draft.ref}@{draft.folder or '.'}"
        used[ref] += 1
        refs.append(ref if used[ref] == 1 else f"{ref}#{used[ref]}")
    return refs


def _fits(draft: Draft, namespace: str) -> bool:
    return all(compatible(m.namespace, namespace) for m in draft.manifests if is_workload(m))
