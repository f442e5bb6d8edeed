"""The JSON Schema of one answer: what of it is refused on load, and how answers are held against it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft7Validator, FormatChecker
from jsonschema.exceptions import SchemaError, ValidationError
from jsonschema.validators import extend
from referencing import Registry

from flagstone.scaffolding.engine.patterns import PatternWrong, compiled, found_in

# a reference may lead anywhere, and another dialect has keywords that are not watched here
_FOREIGN = ("$ref", "$schema")
# what stands below these are values, not schemas
_VALUES = frozenset({"const", "default", "enum", "examples"})
_Errors = Iterator[ValidationError]
_Path = tuple[str | int, ...]


def validator(schema: Mapping[str, Any], formats: FormatChecker | None = None) -> Any:
    """Return a validator that fetches no schema from anywhere, and whose patterns end.

    Its `iter_errors` raises PatternTooSlow.
    """
    return _Validator(schema, registry=Registry(), format_checker=formats)


def schema_fault(schema: Mapping[str, Any]) -> tuple[_Path, str] | None:
    """Return where a schema is none that answers could be held against, and why."""
    for path, key in _foreign_keys(schema, ()):
        return (*path, key), f"cannot have '{key}'"
    try:
        _Validator.check_schema(schema, format_checker=_PATTERNS)
    except SchemaError as error:
        return tuple(error.absolute_path), f"is not a JSON Schema: {error.message}"
    return None


def _foreign_keys(value: Any, path: _Path) -> Iterator[tuple[_Path, str]]:
    if isinstance(value, dict):
        # a property may be called so: then a schema stands there, not an address
        yield from ((path, key) for key in _FOREIGN if isinstance(value.get(key), str))
        for key, below in value.items():
            if key not in _VALUES:
                yield from _foreign_keys(below, (*path, key))
    elif isinstance(value, list):
        for number, below in enumerate(value):
            yield from _foreign_keys(below, (*path, number))


def _is_pattern(text: object) -> bool:
    return not isinstance(text, str) or bool(compiled(text))


_PATTERNS = FormatChecker(formats=())
_PATTERNS.checkers = {"regex": (_is_pattern, PatternWrong)}


def _multiple_of(of: Any, step: float, instance: Any, schema: Any) -> _Errors:
    try:
        yield from Draft7Validator.VALIDATORS["multipleOf"](of, step, instance, schema)
    except OverflowError:
        yield ValidationError(f"is too large to be a multiple of {step}")


def _pattern(_of: Any, pattern: str, instance: Any, _schema: Any) -> _Errors:
    if isinstance(instance, str) and not found_in(instance, pattern):
        yield ValidationError(f"does not have the form {pattern}")


def _pattern_properties(of: Any, patterns: dict[str, Any], instance: Any, _schema: Any) -> _Errors:
    if not isinstance(instance, dict):
        return
    for pattern, schema in patterns.items():
        for key, value in instance.items():
            if found_in(key, pattern):
                yield from of.descend(value, schema, path=key, schema_path=pattern)


def _additional_properties(of: Any, allowed: Any, instance: Any, schema: Any) -> _Errors:
    if not isinstance(instance, dict):
        return
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    for key, value in instance.items():
        if key in known or any(found_in(key, pattern) for pattern in patterns):
            continue
        if allowed is False:
            yield ValidationError(f"may not have {key!r}")
        else:
            yield from of.descend(value, allowed, path=key)


_extended: Any = extend  # it has no types
_Validator = _extended(
    Draft7Validator,
    {
        "additionalProperties": _additional_properties,
        "multipleOf": _multiple_of,
        "pattern": _pattern,
        "patternProperties": _pattern_properties,
    },
)
