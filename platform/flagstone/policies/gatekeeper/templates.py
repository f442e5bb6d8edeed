"""ConstraintTemplates: the Rego of a policy and the schema of its parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flagstone.policies.engines.rego.request_fields import data_of_others
from flagstone.policies.engines.sources import CelSource, Keys, RegoSource, Source
from flagstone.policies.gatekeeper.cel_sources import cel_source
from flagstone.policies.gatekeeper.errors import NotEvaluated, PolicyError
from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence

GROUP = "templates.gatekeeper.sh"
TARGET = "admission.k8s.gatekeeper.sh"
_VERSIONS = {"v1", "v1beta1", "v1alpha1"}
_RESERVED = "gatekeeper_internal_"
_OF_THE_CLUSTER = re.compile(r"(?m)^[^#\n]*?\b(external_data|http\.send)\s*\(")
_MEANING = {
    "external_data": "it asks an external data provider, which exists only in the cluster",
    "http.send": "it asks another server (http.send), which is not done here",
}


@dataclass(frozen=True, slots=True)
class Template:
    """A ConstraintTemplate that can be compiled."""

    manifest: Manifest
    name: str
    kind: str
    schema: dict[str, Any]
    source: Source

    @property
    def line(self) -> int | None:
        """Where its source begins."""
        return self.manifest.line(*self.source.first)

    @property
    def needs_inventory(self) -> bool:
        return self.source.needs_inventory

    @property
    def generates_admission_policy(self) -> bool:
        """Whether Gatekeeper makes a ValidatingAdmissionPolicy of it, which enforces it too."""
        asked = self.manifest.at(*self.source.keys, "generateVAP")
        return isinstance(self.source, CelSource) and asked is True


def read_template(manifest: Manifest) -> Template:
    """Check a ConstraintTemplate as the cluster does when it is applied.

    Raises:
        PolicyError: it would be refused.
        NotEvaluated: it is fine, but its language or data is not available here.
    """

    def refuse(reason: str, *keys: str | int) -> PolicyError:
        line = manifest.line(*keys)
        return PolicyError(reason, path=manifest.path, line=line, policy=manifest.name)

    kind = manifest.at("spec", "crd", "spec", "names", "kind")
    if manifest.version not in _VERSIONS:
        raise refuse(
            f"a ConstraintTemplate has no version {manifest.version}; use v1", "apiVersion"
        )
    if not isinstance(kind, str) or not kind:
        raise refuse("spec.crd.spec.names.kind is missing", "spec", "crd")
    if manifest.name != kind.lower():
        raise refuse(f"its name must be its kind in lower case, {kind.lower()}", "metadata", "name")
    targets = sequence(manifest.spec.get("targets"))
    if len(targets) != 1 or dig(targets, 0, "target") != TARGET:
        raise refuse(f"it needs exactly one target, {TARGET}", "spec", "targets")
    source = _source_of(mapping(targets[0]), manifest)
    asked = _OF_THE_CLUSTER.search(source.text) if isinstance(source, RegoSource) else None
    if asked:
        raise NotEvaluated(
            _MEANING[asked[1]],
            path=manifest.path,
            line=manifest.line(*source.first),
            policy=manifest.name,
        )
    schema = mapping(manifest.at("spec", "crd", "spec", "validation", "openAPIV3Schema"))
    return Template(manifest, manifest.name, kind, schema, source)


def _source_of(target: dict[str, Any], manifest: Manifest) -> Source:
    """What the cluster runs: CEL where there is some, else Rego, of which the old field `rego` wins."""
    place: Keys = ("spec", "targets", 0)
    rego: RegoSource | None = None
    for position, code in enumerate(map(mapping, sequence(target.get("code")))):
        source = mapping(code.get("source"))
        keys: Keys = (*place, "code", position, "source")
        if code.get("engine") == "K8sNativeValidation":
            return _cel(manifest, source, keys)
        if code.get("engine") == "Rego" and isinstance(source.get("rego"), str):
            rego = rego or _rego(source, manifest, is_v1=source.get("version") == "v1", keys=keys)
    if isinstance(target.get("rego"), str):
        return _rego(target, manifest, is_v1=False, keys=place)
    if rego is None:
        reason = "it has no Rego or CEL: neither `rego` nor a `code` with an engine that exists"
        line = manifest.line(*place)
        raise PolicyError(reason, path=manifest.path, line=line, policy=manifest.name)
    return rego


def _cel(manifest: Manifest, source: dict[str, Any], keys: Keys) -> CelSource:
    found = cel_source(manifest, source, keys, in_gatekeeper=True)
    if not found.validations:
        line = manifest.line(*keys)
        raise PolicyError(
            "it has no validations", path=manifest.path, line=line, policy=manifest.name
        )
    for place, (name, _) in enumerate(found.variables):
        if name.startswith(_RESERVED):
            reason = (
                f"the variable {name} has a name that Gatekeeper keeps for itself: "
                f"one that begins with {_RESERVED}"
            )
            line = manifest.line(*keys, "variables", place)
            raise PolicyError(reason, path=manifest.path, line=line, policy=manifest.name)
    return found


def _rego(source: dict[str, Any], manifest: Manifest, *, is_v1: bool, keys: Keys) -> RegoSource:
    libs = tuple(lib for lib in sequence(source.get("libs")) if isinstance(lib, str))
    for name in filter(None, map(data_of_others, (source["rego"], *libs))):
        reason = (
            f"it reads data{name}: Gatekeeper lets a template read data.inventory and data.lib only"
        )
        line = manifest.line(*keys, "rego")
        raise PolicyError(reason, path=manifest.path, line=line, policy=manifest.name)
    return RegoSource(source["rego"], libs, is_v1, keys)
