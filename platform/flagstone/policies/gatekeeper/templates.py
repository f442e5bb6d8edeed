"""ConstraintTemplates: the Rego of a policy and the schema of its parameters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flagstone.policies.engines.sources import Keys, RegoSource
from flagstone.policies.gatekeeper.errors import NotEvaluated, PolicyError
from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence

GROUP = "templates.gatekeeper.sh"
TARGET = "admission.k8s.gatekeeper.sh"
_VERSIONS = {"v1", "v1beta1", "v1alpha1"}
_EXTERNAL_DATA = re.compile(r"\bexternal_data\s*\(")


@dataclass(frozen=True, slots=True)
class Template:
    """A ConstraintTemplate that can be compiled."""

    manifest: Manifest
    name: str
    kind: str
    schema: dict[str, Any]
    source: RegoSource

    @property
    def line(self) -> int | None:
        """Where its source begins."""
        return self.manifest.line(*self.source.first)

    @property
    def needs_inventory(self) -> bool:
        return self.source.needs_inventory


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
    source = _rego_source(mapping(targets[0]), refuse_at=manifest)
    if _EXTERNAL_DATA.search(source.text):
        raise NotEvaluated(
            "it asks an external data provider, which exists only in the cluster",
            path=manifest.path,
            line=manifest.line(*source.first),
            policy=manifest.name,
        )
    schema = mapping(manifest.at("spec", "crd", "spec", "validation", "openAPIV3Schema"))
    return Template(manifest, manifest.name, kind, schema, source)


def _rego_source(target: dict[str, Any], refuse_at: Manifest) -> RegoSource:
    """The Rego of a target; the old field `rego` wins over `code`, as in the cluster."""
    place: Keys = ("spec", "targets", 0)
    if isinstance(target.get("rego"), str):
        return _source(target, is_v1=False, keys=place)
    engines: list[str] = []
    for position, code in enumerate(map(mapping, sequence(target.get("code")))):
        engines.append(str(code.get("engine")))
        source = mapping(code.get("source"))
        if code.get("engine") == "Rego" and isinstance(source.get("rego"), str):
            keys: Keys = (*place, "code", position, "source")
            return _source(source, is_v1=source.get("version") == "v1", keys=keys)
    line = refuse_at.line(*place)
    if "K8sNativeValidation" in engines:
        reason = "it is written in CEL (K8sNativeValidation), which Flagstone does not evaluate yet"
        raise NotEvaluated(reason, path=refuse_at.path, line=line, policy=refuse_at.name)
    reason = "it has no Rego: neither `rego` nor a `code` with engine Rego"
    raise PolicyError(reason, path=refuse_at.path, line=line, policy=refuse_at.name)


def _source(source: dict[str, Any], *, is_v1: bool, keys: Keys) -> RegoSource:
    libs = tuple(lib for lib in sequence(source.get("libs")) if isinstance(lib, str))
    return RegoSource(source["rego"], libs, is_v1, keys)
