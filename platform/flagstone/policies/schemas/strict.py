"""A CRD's schema as JSON Schema that refuses what the API server would refuse, or drop without a word.

The API server prunes a field that the schema does not know: the setting is silently off. So every object
of the schema takes only its own properties, unless it keeps unknown ones or has a map of any keys.
"""

from __future__ import annotations

from typing import Any

from flagstone.policies.manifests.objects import mapping

_KEEPS = "x-kubernetes-preserve-unknown-fields"
_INT_OR_STRING = "x-kubernetes-int-or-string"
_EMBEDDED = "x-kubernetes-embedded-resource"
_OBJECT_FIELDS = ("apiVersion", "kind", "metadata")
# Only said in words for people, or about merging; and `format`, which the API server knows more of than we do.
_PLAIN_WORDS = (
    "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "minLength", "maxLength",
    "pattern", "minItems", "maxItems", "required", "minProperties", "maxProperties",
)  # fmt: skip


def strict(schema: dict[str, Any], *, embedded: bool = False) -> dict[str, Any]:
    """The JSON Schema (draft 4) of one structural schema.

    Args:
        schema: `openAPIV3Schema`, or a part of it.
        embedded: whether this is the root of an object, which has apiVersion, kind and metadata.
    """
    found: dict[str, Any] = {word: schema[word] for word in _PLAIN_WORDS if word in schema}
    _add_type(found, schema)
    embedded = embedded or schema.get(_EMBEDDED) is True
    properties = {
        str(name): strict(mapping(part)) for name, part in mapping(schema.get("properties")).items()
    }
    if embedded:
        properties |= {name: {} for name in _OBJECT_FIELDS}
    if properties:
        found["properties"] = properties
    more = schema.get("additionalProperties")
    if isinstance(more, dict):
        found["additionalProperties"] = strict(more)
    elif _is_closed(schema, embedded=embedded, more=more):
        found["additionalProperties"] = False
    if isinstance(schema.get("items"), dict):
        found["items"] = strict(schema["items"])
    for word in ("allOf", "anyOf", "oneOf"):
        parts = schema.get(word)
        if isinstance(parts, list):
            found[word] = [_conditions(mapping(part)) for part in parts]
    if isinstance(schema.get("not"), dict):
        found["not"] = _conditions(schema["not"])
    return found


def _is_closed(schema: dict[str, Any], *, embedded: bool, more: Any) -> bool:
    if schema.get(_KEEPS) is True or more is True:
        return False
    return embedded or schema.get("type") == "object" or "properties" in schema


def _add_type(found: dict[str, Any], schema: dict[str, Any]) -> None:
    if schema.get(_INT_OR_STRING) is True:
        types = ["integer", "string"]
    elif isinstance(schema.get("type"), str):
        types = [schema["type"]]
    else:
        return
    found["type"] = [*types, "null"] if schema.get("nullable") is True else types
    if schema.get("nullable") is True and isinstance(schema.get("enum"), list):
        found["enum"] = [*schema["enum"], None]


def _conditions(schema: dict[str, Any]) -> dict[str, Any]:
    """A part below allOf, anyOf, oneOf or not: it only tests values, it never closes an object."""
    found: dict[str, Any] = {
        word: schema[word] for word in (*_PLAIN_WORDS, "type") if word in schema
    }
    if isinstance(schema.get("properties"), dict):
        found["properties"] = {
            str(name): _conditions(mapping(part)) for name, part in schema["properties"].items()
        }
    for word in ("items", "not"):
        if isinstance(schema.get(word), dict):
            found[word] = _conditions(schema[word])
    for word in ("allOf", "anyOf", "oneOf"):
        if isinstance(schema.get(word), list):
            found[word] = [_conditions(mapping(part)) for part in schema[word]]
    return found
