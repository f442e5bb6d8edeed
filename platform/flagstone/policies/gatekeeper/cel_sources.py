"""The CEL of a template or an admission policy, as it stands in its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flagstone.policies.engines.sources import CelSource, Keys
from flagstone.policies.gatekeeper.errors import PolicyError
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.schemas.text_fields import misread


def cel_source(
    manifest: Manifest,
    holder: Mapping[str, Any],
    keys: Keys,
    *,
    in_gatekeeper: bool,
    has_parameters: bool = True,
) -> CelSource:
    """The validations, variables and match conditions below `keys`.

    Raises:
        PolicyError: one of them lacks its expression or its name.
    """

    def texts(name: str, *wanted: str) -> tuple[tuple[str, ...], ...]:
        found = []
        for place, entry in enumerate(map(mapping, sequence(holder.get(name)))):
            for key in wanted:
                value = entry.get(key)
                if not isinstance(value, str) or not value.strip():
                    line = manifest.line(*keys, name, place)
                    problem = "is missing or no text"
                    if value is not None and not isinstance(value, str):
                        way = (*keys, name, place, key)
                        problem = f"must be text, and {misread(manifest, way, value)}"
                    raise PolicyError(
                        f"{name}[{place}].{key} {problem}",
                        path=manifest.path,
                        line=line,
                        policy=manifest.name,
                    )
            found.append(tuple(entry[key] for key in wanted))
        return tuple(found)

    entries = [mapping(entry) for entry in sequence(holder.get("validations"))]
    validations = tuple(
        (expression, _text(entry.get("message")), _text(entry.get("messageExpression")))
        for (expression,), entry in zip(texts("validations", "expression"), entries, strict=True)
    )
    return CelSource(
        validations,
        texts("variables", "name", "expression"),
        texts("matchConditions", "name", "expression"),
        holder.get("failurePolicy") != "Ignore",
        in_gatekeeper,
        keys,
        () if in_gatekeeper else texts("auditAnnotations", "key", "valueExpression"),
        has_parameters,
    )


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
