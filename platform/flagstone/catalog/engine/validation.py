"""Whether a document is an entity: the envelope's rules, then those of its kind. All faults at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from flagstone.catalog.engine import names
from flagstone.catalog.engine.faults import FieldFault
from flagstone.catalog.engine.kinds import KINDS, SPELLINGS
from flagstone.catalog.engine.placeholders import is_placeholder
from flagstone.catalog.engine.shapes import Keys, ListOf, Record, Text, missing, spell, wrong_type

_ROOT_FIELDS = ("apiVersion", "kind", "metadata", "spec")
_METADATA = Record(
    required=("name",),
    fields={
        "uid": Text(),
        "etag": Text(),
        "name": Text(),
        "namespace": Text(),
        "title": Text(),
        "description": Text(may_be_empty=True),
        "labels": Record(others=Text(may_be_empty=True)),
        "annotations": Record(others=Text(may_be_empty=True)),
        "tags": ListOf(Text()),
        "links": ListOf(
            Record(
                required=("url",),
                fields={"url": Text(), "title": Text(), "icon": Text(), "type": Text()},
            )
        ),
    },
)
_ENTITY = Record(
    required=("apiVersion", "kind", "metadata"),
    fields={"apiVersion": Text(), "kind": Text(), "metadata": _METADATA, "spec": Record()},
)
# a placeholder may stand for any value but for who the entity is
_NEVER_A_PLACEHOLDER: tuple[Keys, ...] = (
    ("apiVersion",),
    ("kind",),
    ("metadata",),
    ("metadata", "name"),
    ("metadata", "namespace"),
)


def validate(raw: dict[str, Any]) -> list[FieldFault]:
    """Judge one document; an empty list means that it is an entity.

    Kinds that nobody described are judged by their envelope alone. A placeholder that was not filled
    in stands for any value.
    """
    return [*_envelope_faults(raw), *_kind_faults(raw)]


def _envelope_faults(raw: dict[str, Any]) -> Iterator[FieldFault]:
    yield from _ENTITY.faults(raw, ())
    for name in raw:
        if name not in _ROOT_FIELDS:
            message = (
                f'The field "{name}" is unknown at the top; it may be meant for metadata or spec.'
            )
            yield FieldFault((name,), message)
    for keys in _NEVER_A_PLACEHOLDER:
        value = _at(raw, keys)
        if is_placeholder(value):
            yield wrong_type(keys, "written here", value)
    yield from _format_faults(raw)


def _format_faults(raw: dict[str, Any]) -> Iterator[FieldFault]:
    metadata = raw.get("metadata")
    if not isinstance(metadata, dict):
        metadata = {}
    rules: tuple[tuple[Keys, Any, Callable[[str], bool], str], ...] = (
        (("apiVersion",), raw.get("apiVersion"), names.is_api_version, names.VERSION_RULE),
        (("kind",), raw.get("kind"), names.is_kind, names.KIND_RULE),
        (("metadata", "name"), metadata.get("name"), names.is_name, names.NAME_RULE),
        (
            ("metadata", "namespace"),
            metadata.get("namespace"),
            names.is_namespace,
            names.NAMESPACE_RULE,
        ),
    )
    for keys, value, is_valid, rule in rules:
        yield from _format(keys, value, is_valid, rule)
    for field in ("labels", "annotations"):
        for key, value in _items(metadata.get(field)):
            yield from _format(
                ("metadata", field, key), key, names.is_key, names.KEY_RULE, what="key"
            )
            if field == "labels":
                yield from _format(
                    ("metadata", field, key), value, names.is_label_value, names.NAME_RULE
                )
    for index, tag in enumerate(_list(metadata.get("tags"))):
        yield from _format(("metadata", "tags", index), tag, names.is_tag, names.TAG_RULE)
    for index, link in enumerate(_list(metadata.get("links"))):
        yield from _link_faults(link, ("metadata", "links", index))


def _link_faults(link: Any, keys: Keys) -> Iterator[FieldFault]:
    if not isinstance(link, dict):
        return
    yield from _format(
        (*keys, "url"),
        link.get("url"),
        names.is_absolute_url,
        "a full address such as https://example.com/docs",
    )
    for field in ("title", "icon"):
        if isinstance(link.get(field), str) and link[field] and names.is_blank(link[field]):
            yield FieldFault(
                (*keys, field), f"{spell((*keys, field))} is blank; write a text or leave it out."
            )


def _kind_faults(raw: dict[str, Any]) -> Iterator[FieldFault]:
    name = raw.get("kind")
    if not isinstance(name, str):
        return
    kind = KINDS.get(name)
    if kind is None:
        proper = SPELLINGS.get(name.lower())
        if proper:
            yield FieldFault(("kind",), f'kind is "{name}"; it is written {proper}.')
        return
    version = raw.get("apiVersion")
    if isinstance(version, str) and version not in kind.api_versions:
        allowed = " or ".join(kind.api_versions)
        yield FieldFault(
            ("apiVersion",), f'apiVersion is "{version}"; for a {name} it is {allowed}.'
        )
    if "spec" not in raw:
        yield missing(("spec",))
        return
    spec = raw["spec"]
    if not isinstance(spec, dict):
        return  # the envelope told already
    faults = list(kind.spec.faults(spec, ("spec",)))
    alternative = kind.alternatives.get(spec["type"]) if isinstance(spec.get("type"), str) else None
    if faults and alternative is not None:
        faults = list(alternative.faults(spec, ("spec",)))
    yield from faults


def _format(
    keys: Keys, value: Any, is_valid: Callable[[str], bool], rule: str, *, what: str = ""
) -> Iterator[FieldFault]:
    # what is no text, or empty where it may not be, was told by the shape of the envelope
    if not isinstance(value, str) or (not value and not what) or is_valid(value):
        return
    place = f"The {what} of {spell(keys)}" if what else spell(keys)
    yield FieldFault(keys, f'{place} is "{value[:80]}"; it must be {rule}.')


def _at(raw: Any, keys: Keys) -> Any:
    for key in keys:
        raw = raw.get(key) if isinstance(raw, dict) else None
    return raw


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict) and not is_placeholder(value):
        yield from value.items()


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
