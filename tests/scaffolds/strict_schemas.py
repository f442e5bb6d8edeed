"""Holds a manifest against the schema of its kind; a field that the schema does not know is an error."""

from __future__ import annotations

from functools import cache
from typing import Any

import jsonschema
import kubernetes_validate
import yaml

from tests.corpora import corpus

KUBERNETES = "1.34"


def faults(manifest: dict[str, Any]) -> list[str]:
    """Return what is wrong with a manifest, each with the place."""
    group = manifest["apiVersion"].rpartition("/")[0]
    if group in ("", "apps", "autoscaling", "batch", "networking.k8s.io", "policy"):
        try:
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)
        except kubernetes_validate.ValidationError as error:
            return [f"{list(error.path)}: {error.message}"]
        return []
    if group == "core.openfeature.dev" or manifest["kind"] == "AlertmanagerConfig":
        return []  # no CRD of them is at hand; tests of their own hold them against their rules
    validator = _validators()[manifest["apiVersion"], manifest["kind"]]
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(manifest)]


@cache
def _validators() -> dict[tuple[str, str], jsonschema.Draft202012Validator]:
    found = {}
    for path in corpus("crds").rglob("*.yaml"):
        definition = yaml.load(path.read_text("utf-8"), _WithBareEquals)["spec"]
        for version in definition["versions"]:
            api_version = f"{definition['group']}/{version['name']}"
            schema = _strict(version["schema"]["openAPIV3Schema"])
            schema["properties"] |= {"apiVersion": True, "kind": True, "metadata": True}
            validator = jsonschema.Draft202012Validator(schema)
            found[api_version, definition["names"]["kind"]] = validator
    return found


def _strict(schema: Any) -> Any:
    """Turn a CRD's schema into JSON Schema that refuses unknown fields."""
    if not isinstance(schema, dict):
        return schema
    # Branches of oneOf and its like name only what they tell apart, so they stay as loose as they are.
    strict = {key: _strict(value) for key, value in schema.items() if key != "properties"}
    if schema.get("x-kubernetes-int-or-string"):
        strict.pop("type", None)
    if "properties" in schema:
        strict["properties"] = {name: _strict(part) for name, part in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            strict.setdefault("additionalProperties", False)
    return strict


class _WithBareEquals(yaml.CSafeLoader):
    """SafeLoader fails on a lone `=`, which stands in an enumeration of one of the CRDs."""


_WithBareEquals.add_constructor("tag:yaml.org,2002:value", _WithBareEquals.construct_yaml_str)
