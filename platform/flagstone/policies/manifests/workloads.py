"""Workloads and their containers, also through a Rollout's `workloadRef`."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Literal

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence, text_map
from flagstone.policies.manifests.source_lines import Keys

Role = Literal["app", "init", "sidecar"]
Find = Callable[[str, str, str, str], Manifest | None]
"""Finds an object by group, kind, namespace and name: `Snapshot.find`."""

_POD: Keys = ("spec",)
_TEMPLATED: Keys = ("spec", "template", "spec")
_SCHEDULED: Keys = ("spec", "jobTemplate", "spec", "template", "spec")
_POD_PATHS: dict[tuple[str, str], Keys] = {
    ("apps", "Deployment"): _TEMPLATED,
    ("apps", "StatefulSet"): _TEMPLATED,
    ("apps", "DaemonSet"): _TEMPLATED,
    ("apps", "ReplicaSet"): _TEMPLATED,
    ("argoproj.io", "Rollout"): _TEMPLATED,
    ("batch", "Job"): _TEMPLATED,
    ("batch", "CronJob"): _SCHEDULED,
    ("", "Pod"): _POD,
}
# A PodTemplate runs nothing by itself: a Rollout may borrow it.
_TEMPLATE_PATHS = {**_POD_PATHS, ("", "PodTemplate"): ("template", "spec")}
WORKLOAD_KINDS = frozenset(kind for _, kind in _POD_PATHS)
LONG_RUNNING_KINDS = WORKLOAD_KINDS - {"Job", "CronJob"}

# Injected or vendor containers, by name: their probes and limits are not the service's to set.
INJECTED_CONTAINERS = frozenset(
    {"istio-proxy", "istio-init", "flagd", "linkerd-proxy", "vault-agent"}
)
PROBE_HANDLERS = ("httpGet", "tcpSocket", "exec", "grpc")


@dataclass(frozen=True, slots=True, eq=False)
class Container:
    """One container: `keys` lead to it from the root of the object that holds the pod template."""

    raw: dict[str, Any]
    role: Role
    keys: Keys

    @property
    def name(self) -> str:
        name = self.raw.get("name")
        return name if isinstance(name, str) else ""

    @property
    def image(self) -> str:
        image = self.raw.get("image")
        return image if isinstance(image, str) else ""

    def has_probe(self, probe: str) -> bool:
        """Whether `readinessProbe` or the like has exactly one real handler; `{}` has none."""
        found = mapping(self.raw.get(probe))
        return sum(1 for handler in PROBE_HANDLERS if mapping(found.get(handler))) == 1

    def resource(self, section: Literal["requests", "limits"], name: str) -> Any:
        """The quantity as it was written, or None."""
        return dig(self.raw, "resources", section, name)


@dataclass(frozen=True, slots=True, eq=False)
class PodSpec:
    """The pods of a workload.

    Attributes:
        holder: the object that holds the template: the workload itself, or what its workloadRef names.
        raw: the pod's spec.
        keys: the way to `raw` from the root of the holder, for lines.
    """

    holder: Manifest
    raw: dict[str, Any]
    keys: Keys

    @property
    def labels(self) -> dict[str, str]:
        return text_map(self.holder.at(*self.keys[:-1], "metadata", "labels"))

    @property
    def annotations(self) -> dict[str, str]:
        return text_map(self.holder.at(*self.keys[:-1], "metadata", "annotations"))

    @property
    def on_windows(self) -> bool:
        """Whether the pods run on Windows, which has no users, capabilities or profiles like Linux."""
        said = dig(self.raw, "os", "name"), dig(self.raw, "nodeSelector", "kubernetes.io/os")
        return "windows" in said

    @property
    def containers(self) -> list[Container]:
        """Application containers, then init containers and native sidecars, in their order."""
        return [*self._listed("containers"), *self._listed("initContainers")]

    def of_role(self, *roles: Role) -> list[Container]:
        return [container for container in self.containers if container.role in roles]

    def own_app_containers(
        self, injected: Collection[str] = INJECTED_CONTAINERS
    ) -> list[Container]:
        """The service's own containers; a name on the list is exempt only beside another one."""
        apps = self.of_role("app")
        return apps if len(apps) == 1 else [c for c in apps if c.name not in injected]

    def _listed(self, field: str) -> list[Container]:
        return [
            Container(raw, _role(field, raw), (*self.keys, field, position))
            for position, raw in enumerate(sequence(self.raw.get(field)))
            if isinstance(raw, dict)
        ]


@dataclass(frozen=True, slots=True)
class UnresolvedReference:
    """The workloadRef names an object that is not in the input: nothing can be said of the pods."""

    kind: str
    name: str

    @property
    def reason(self) -> str:
        return f"workloadRef names {self.kind}/{self.name}, which is not in what was read"


def pod_template_keys(manifest: Manifest) -> Keys:
    """The way to an object's pod template from its root; () for a Pod and where there is none."""
    return _TEMPLATE_PATHS.get((manifest.group, manifest.kind), _POD)[:-1]


def is_workload(manifest: Manifest) -> bool:
    """Whether the object runs pods of its own; a ReplicaSet or Pod with an owner does not."""
    known = (_group(manifest), manifest.kind) in _POD_PATHS
    return known and not sequence(manifest.metadata.get("ownerReferences"))


def pod_spec(manifest: Manifest, find: Find) -> PodSpec | UnresolvedReference | None:
    """The pods of a workload, or of a PodTemplate that is lent; None if the object has no pod template.

    A Rollout with a template of its own is judged by that template, whatever it refers to.
    """
    keys = _TEMPLATE_PATHS.get((_group(manifest), manifest.kind))
    if keys is None:
        return None
    raw = manifest.at(*keys)
    if isinstance(raw, dict):
        return PodSpec(manifest, raw, keys)
    reference = mapping(manifest.spec.get("workloadRef"))
    if manifest.kind != "Rollout" or not reference:
        return None
    target = referenced_workload(manifest, find)
    if target is None:
        return UnresolvedReference(str(reference.get("kind")), str(reference.get("name")))
    return pod_spec(target, find) if target.kind != "Rollout" else None


def template_problem(manifest: Manifest) -> str:
    """Why nothing can be said of the pods of a workload: the API server refuses it; "" if it has some.

    Not asked of a Rollout that borrows its template.
    """
    keys = _TEMPLATE_PATHS.get((_group(manifest), manifest.kind))
    if keys is None or (manifest.kind == "Rollout" and mapping(manifest.spec.get("workloadRef"))):
        return ""
    containers = manifest.at(*keys, "containers")
    if isinstance(containers, list) and containers and all(isinstance(c, dict) for c in containers):
        return ""
    place = ".".join((*map(str, keys), "containers"))
    found = "is missing" if containers is None else "is not a list of containers"
    return f"{manifest.ref} has no pods: {place} {found}, the API server refuses it"


def referenced_workload(rollout: Manifest, find: Find) -> Manifest | None:
    """What a Rollout's workloadRef names, in its own namespace."""
    reference = mapping(rollout.spec.get("workloadRef"))
    group = str(reference.get("apiVersion", "")).rpartition("/")[0]
    kind, name = str(reference.get("kind", "")), str(reference.get("name", ""))
    return find(group, kind, rollout.namespace, name) if name else None


def _group(manifest: Manifest) -> str:
    return "apps" if manifest.group == "extensions" else manifest.group


def _role(field: str, raw: dict[str, Any]) -> Role:
    if field == "containers":
        return "app"
    return "sidecar" if raw.get("restartPolicy") == "Always" else "init"
