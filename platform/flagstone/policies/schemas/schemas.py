"""Holding objects against the schemas of their kinds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, cast

from jsonschema import Draft4Validator, FormatChecker, SchemaError, ValidationError, validators

from flagstone.policies.cel.errors import CelError
from flagstone.policies.cel.functions.patterns import compiled
from flagstone.policies.manifests.objects import Manifest, dig
from flagstone.policies.manifests.source_lines import Keys
from flagstone.policies.schemas.advice import Adviser, either, with_article
from flagstone.policies.schemas.definitions import Definition, definitions_among, definitions_in
from flagstone.policies.schemas.homes import Stray
from flagstone.policies.schemas.strict import strict

_MOST = 50  # problems of one object: more help nobody
_PATTERN_SECONDS = 0.2
_SHOWN = 80
_NO_FORMATS = FormatChecker(formats=())  # a CRD's patterns are Go's, which Python need not take


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One thing that the API server refuses, or drops without a word.

    Attributes:
        keys: the way from the object's root to the place.
        message: what is wrong there, and where the field belongs.
        unknown: the schema does not know the field.
    """

    keys: Keys
    message: str
    unknown: bool = False


class Schemas:
    """The schemas of some kinds; of two definitions of one kind the first counts."""

    def __init__(self, definitions: Iterable[Definition] = (), folder: Path | None = None) -> None:
        self._folder = folder
        self._definitions: dict[tuple[str, str], Definition] = {}
        for definition in definitions:
            self._definitions.setdefault((definition.group, definition.kind), definition)
        self._validators: dict[tuple[str, str, str], Any] = {}
        self._unusable: set[str] = set()
        make_class: Any = validators.extend
        self._class = make_class(Draft4Validator, {"pattern": self._by_pattern})

    @classmethod
    def for_objects(cls, manifests: Iterable[Manifest], folder: Path | None = None) -> Schemas:
        """The schemas of these objects' kinds: of a folder of CRDs, then those among the objects.

        Raises:
            NotFound: there is no such folder.
        """
        manifests = list(manifests)
        kinds = sorted({manifest.kind for manifest in manifests if "." in manifest.group})
        configured = definitions_in(folder, kinds=kinds) if folder else ()
        return cls([*configured, *definitions_among(manifests)], folder)

    @property
    def definitions(self) -> tuple[Definition, ...]:
        """The definition of each kind that is known."""
        return tuple(self._definitions.values())

    def source(self, manifest: Manifest) -> str | None:
        """The file that defines the kind of an object; None if no schema is known."""
        found = self._definitions.get((manifest.group, manifest.kind))
        return found.source if found else None

    def problems(self, manifest: Manifest) -> tuple[SchemaProblem, ...]:
        """What is wrong with an object, in the order of its fields; nothing if no schema is known."""
        definition = self._definitions.get((manifest.group, manifest.kind))
        if definition is None:
            return ()
        if manifest.version not in definition.schemas:
            served = ", ".join(definition.schemas) or "no version at all"
            message = f"{definition.kind} is not served as {manifest.version}, but as {served}"
            return (SchemaProblem(("apiVersion",), message),)
        validator = self._validator(definition, manifest.version)
        if isinstance(validator, str):
            return ()
        found = [
            problem
            for error in validator.iter_errors(manifest.raw)
            for problem in self._told(error, definition, manifest.raw)
        ]
        found.sort(key=lambda problem: tuple(map(str, problem.keys)))
        return tuple(found[:_MOST])

    def broken(self, manifest: Manifest) -> str:
        """Why an object cannot be held against the schema of its kind; "" if it can, or has none."""
        definition = self._definitions.get((manifest.group, manifest.kind))
        if definition is None or manifest.version not in definition.schemas:
            return ""
        found = self._validator(definition, manifest.version)
        return found if isinstance(found, str) else ""

    def _validator(self, definition: Definition, version: str) -> Any:
        """The validator of one version, or what is wrong with its schema."""
        key = (definition.group, definition.kind, version)
        if key not in self._validators:
            schema = strict(definition.schemas[version], embedded=True)
            try:
                Draft4Validator.check_schema(schema, format_checker=_NO_FORMATS)
                self._validators[key] = self._class(schema)
            except SchemaError as error:
                self._validators[key] = (
                    f"the CRD in {definition.source} is no valid schema: {_fault(error)}"
                )
        return self._validators[key]

    def _by_pattern(
        self, _validator: Any, pattern: str, instance: Any, _schema: Any
    ) -> Iterator[ValidationError]:
        """As Go means the pattern, and not for ever; one that only Go understands refuses nothing."""
        if not isinstance(instance, str) or pattern in self._unusable:
            return
        try:
            found = compiled(pattern).search(instance, timeout=_PATTERN_SECONDS)
        except (CelError, TimeoutError):
            self._unusable.add(pattern)
            return
        if found is None:
            yield ValidationError(f"{instance!r} does not match {pattern!r}")

    @cached_property
    def _adviser(self) -> Adviser:
        groups = sorted({group for group, _ in self._definitions})
        more = definitions_in(self._folder, groups=groups) if self._folder else ()
        return Adviser([*self._definitions.values(), *more])

    def _told(
        self, error: ValidationError, definition: Definition, root: dict[str, Any]
    ) -> Iterator[SchemaProblem]:
        keys: Keys = tuple(error.absolute_path)
        asked: Any = error.validator_value
        if error.validator == "additionalProperties":
            known = dig(error.schema, "properties") or {}
            for name in cast("dict[str, Any]", error.instance):
                if name not in known:
                    stray = Stray(definition.group, definition.kind, name, keys, known, root)
                    advice = self._adviser.advice(stray)
                    message = f"{dotted((*keys, name))} is no field of {definition.kind}: {advice}"
                    yield SchemaProblem((*keys, name), message, unknown=True)
        elif error.validator == "required":
            given = cast("dict[str, Any]", error.instance)
            missing = [name for name in asked if name not in given]
            # there is one error for each field: they are told together, at the first
            if error.message.startswith(repr(missing[0])):
                message = f"{dotted(keys) or definition.kind} lacks {' and '.join(missing)}"
                yield SchemaProblem(keys, message)
        else:
            yield SchemaProblem(keys, f"{dotted(keys) or definition.kind} {_words(error)}")


def dotted(keys: Keys) -> str:
    """`spec.http[0].timeout` of ("spec", "http", 0, "timeout"); a key with a dot or slash stands in brackets."""
    return "".join(map(_step, keys)).removeprefix(".")


def _step(key: str | int) -> str:
    if isinstance(key, int):
        return f"[{key}]"
    return f'["{key}"]' if "." in key or "/" in key else f".{key}"


def _fault(error: SchemaError) -> str:
    """What is wrong with a schema, and where in it."""
    place = dotted(tuple(error.absolute_path)) or "it"
    if error.validator == "type" and isinstance(error.validator_value, str):
        return f"{place} must be {with_article(error.validator_value)}, and is {_shown(error.instance)}"
    return f"{place} is {_shown(error.instance)}, which no schema may have there"


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _words(error: ValidationError) -> str:
    value, asked = _shown(error.instance), cast("Any", error.validator_value)
    match error.validator:
        case "type":
            types = [name for name in asked if name != "null"]
            return f"must be {either([*map(with_article, types)])}, and is {value}"
        case "enum":
            allowed = ", ".join(str(item) for item in asked if item is not None)
            return f"is {value}, and must be one of {allowed}"
        case "oneOf":
            fields = _alternatives(asked)
            if fields:
                return f"may have only one of {', '.join(fields)}"
            return "fits none, or several, of the forms that it may have"
        case "anyOf":
            return "fits none of the forms that it may have"
        case "not":
            return "has what it must not have together"
        case _:
            message = error.message
            return (
                f"is not right: {message if len(message) <= 2 * _SHOWN else message[: 2 * _SHOWN]}"
            )


def _alternatives(parts: Any) -> list[str]:
    """The fields of the pattern by which CRDs say that at most one may be given."""
    required = [dig(part, "required", 0) for part in parts]
    return [name for name in required if isinstance(name, str)]
