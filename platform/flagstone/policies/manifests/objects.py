"""One Kubernetes object as it was read, with the place it stands in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from sys import intern
from typing import Any, cast

from flagstone.policies.manifests.source_lines import Place

Identity = tuple[str, str, str, str]


def dig(value: Any, *keys: str | int) -> Any:
    """Follow keys into nested mappings and lists; None where one is missing or of another shape."""
    for key in keys:
        if isinstance(value, dict):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and -len(value) <= key < len(value):
            value = value[key]
        else:
            return None
    return value


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is a mapping, else an empty one: hostile input must not break a check."""
    return value if isinstance(value, dict) else {}


def sequence(value: Any) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


@dataclass(frozen=True, slots=True, eq=False)
class Manifest:
    """A Kubernetes object.

    Attributes:
        raw: the object itself, keys are strings at every level, JSON-safe.
        path: the file it stands in, relative to the folder that was read.
        document: 0-based index of its document in that file.
        origin: the kustomization or chart folder that rendered it; None for a plain file.
        unrendered_reason: set when the file belongs to a kustomization or chart that could not be
            rendered: it can be shown, but is not what the cluster gets, so no check may judge it.
        place: where its source text is, for `line`.
        name: `metadata.name`; with only a generateName, that prefix and a star.
    """

    raw: dict[str, Any]
    path: str
    document: int = 0
    origin: str | None = None
    unrendered_reason: str | None = None
    place: Place | None = field(default=None, repr=False)
    api_version: str = field(init=False, repr=False)
    group: str = field(init=False, repr=False)
    version: str = field(init=False, repr=False)
    kind: str = field(init=False, repr=False)
    metadata: dict[str, Any] = field(init=False, repr=False)
    name: str = field(init=False, repr=False)
    namespace: str = field(init=False, repr=False)
    labels: dict[str, str] = field(init=False, repr=False)
    annotations: dict[str, str] = field(init=False, repr=False)
    spec: dict[str, Any] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # a check asks for these thousands of times, and the object never changes
        put = object.__setattr__
        raw = self.raw
        metadata = mapping(raw.get("metadata"))
        api_version = _text(raw.get("apiVersion"))
        group, slash, version = api_version.rpartition("/")
        name = _text(metadata.get("name"))
        if not name and (prefix := _text(metadata.get("generateName"))):
            name = f"{prefix}*"
        put(self, "api_version", api_version)
        put(self, "group", intern(group) if slash else "")
        put(self, "version", version)
        put(self, "kind", _text(raw.get("kind")))
        put(self, "metadata", metadata)
        put(self, "name", name)
        put(self, "namespace", _text(metadata.get("namespace")))
        put(self, "labels", text_map(metadata.get("labels")))
        put(self, "annotations", text_map(metadata.get("annotations")))
        put(self, "spec", mapping(raw.get("spec")))

    def __reduce__(self) -> tuple[type[Manifest], tuple[Any, ...]]:
        given = (self.raw, self.path, self.document, self.origin, self.unrendered_reason)
        return Manifest, (*given, self.place)

    @property
    def ref(self) -> str:
        """`Rollout/payments/checkout`, or `Rollout/checkout` without a namespace."""
        return "/".join(part for part in (self.kind, self.namespace, self.name) if part)

    @property
    def rendered_by(self) -> str:
        """The folder of the kustomization that rendered it from a file that is not below it; "" if none did."""
        if (
            self.origin is None
            or self.path.startswith(f"{self.origin}/")
            or self.origin in {"", "."}
        ):
            return ""
        return self.origin

    @property
    def identity(self) -> Identity:
        """Group, kind, namespace, name; two objects without a name of their own never share one."""
        name = self.name
        if not _text(self.metadata.get("name")):
            steps = self.place.prefix if self.place else ()
            name = ".".join([f"{name}@{self.path}#{self.document}", *map(str, steps)])
        return self.group, self.kind, self.namespace, name

    def at(self, *keys: str | int) -> Any:
        """The value at a key path from the object's root, or None."""
        return dig(self.raw, *keys)

    def line(self, *keys: str | int) -> int | None:
        """The 1-based line of a key path in `path`, or of its nearest ancestor that exists."""
        return self.place.line(keys) if self.place else None

    def written(self, *keys: str | int) -> str | None:
        """How the unquoted value at a key path is written in `path`; None if it is not known."""
        return self.place.scalar(keys) if self.place else None


def text_map(value: Any) -> dict[str, str]:
    """Labels and the like: scalars as text, anything else left out; nobody may change it."""
    if value.__class__ is dict:
        for key, item in value.items():
            if item.__class__ is not str or key.__class__ is not str:
                break
        else:
            return cast(dict[str, str], value)
    elif not isinstance(value, Mapping):
        return {}
    return {
        str(key): _text(item) for key, item in value.items() if not isinstance(item, dict | list)
    }


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    if value is None or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
