"""The CustomResourceDefinitions of a folder or a repository: a schema for each kind and version."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from flagstone.core.errors import NotFound
from flagstone.policies.manifests.documents import Document, read_documents
from flagstone.policies.manifests.folder_files import FolderFiles
from flagstone.policies.manifests.kinds import GroupKind, Resource
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.policies.manifests.plain_files import SUFFIXES, unroll
from flagstone.policies.manifests.snapshot import decode

GROUP = "apiextensions.k8s.io"
KIND = "CustomResourceDefinition"
_LARGE = Limits(
    file_bytes=20 * 1024 * 1024, nodes=2_000_000
)  # a CRD may be long, it is not hostile


@dataclass(slots=True)
class Definition:
    """One kind of a group: the schema of each version that the API server accepts.

    Attributes:
        group: such as `argoproj.io`.
        kind: such as `Rollout`.
        source: the file it was read from.
        resource: its plural and its scope; None where it has no plural.
        schemas: OpenAPI v3 schemas by version.
    """

    group: str
    kind: str
    source: str
    resource: Resource | None = None
    schemas: dict[str, dict[str, Any]] = field(default_factory=dict)


def definitions_in(
    folder: Path, *, kinds: Iterable[str] = (), groups: Iterable[str] = ()
) -> Iterator[Definition]:
    """Yield the definitions of these kinds or groups in a folder; other files are not even parsed.

    Raises:
        NotFound: there is no such folder or file.
    """
    named = [*(("kind", kind) for kind in kinds), *(("group", group) for group in groups)]
    wanted = [form.format(*pair) for pair in named for form in ("{}: {}", '"{}": "{}"')]
    for path, text in _texts(folder):
        if any(line in text for line in wanted):
            yield from _parsed(text, path)


def holds_definitions(folder: Path) -> bool:
    """Whether any file of a folder seems to define something.

    Raises:
        NotFound: there is no such folder or file.
    """
    return any(True for _ in _texts(folder))


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """The path and text of each file that may define something."""
    for path in FolderFiles(folder, _LARGE):
        file = folder / path if folder.is_dir() else folder
        try:
            text = decode(file.read_bytes()) if path.endswith(SUFFIXES) else None
        except OSError as error:
            raise NotFound(f"{file} cannot be read: {error.strerror}", path=str(file)) from error
        if text and KIND in text:
            yield path, text


# a worker judges every few minutes by the same CRDs, which take seconds to parse
@lru_cache(maxsize=64)
def _parsed(text: str, path: str) -> tuple[Definition, ...]:
    return tuple(
        definition
        for document in read_documents(text, _LARGE)
        if isinstance(document, Document)
        for _, raw in unroll(document.value, _LARGE.depth)
        for definition in _definition(raw, path)
    )


def definitions_among(manifests: Iterable[Manifest]) -> Iterator[Definition]:
    """Yield those that a repository itself holds."""
    for manifest in manifests:
        if manifest.group == GROUP and manifest.kind == KIND:
            yield from _definition(manifest.raw, manifest.path)


def _definition(raw: dict[str, Any], source: str) -> Iterator[Definition]:
    if raw.get("kind") != KIND or not str(raw.get("apiVersion")).startswith(f"{GROUP}/"):
        return
    spec = mapping(raw.get("spec"))
    group, kind = spec.get("group"), dig(spec, "names", "kind")
    if not isinstance(group, str) or not isinstance(kind, str):
        return
    plural = dig(spec, "names", "plural")
    is_namespaced = spec.get("scope", "Namespaced") == "Namespaced"  # v1beta1 may leave it out
    resource = Resource(plural, is_namespaced) if isinstance(plural, str) and plural else None
    found = Definition(group, kind, source, resource)
    shared = dig(spec, "validation", "openAPIV3Schema")  # of v1beta1: one for all versions
    for version in map(mapping, sequence(spec.get("versions"))):
        schema = dig(version, "schema", "openAPIV3Schema") or shared
        if version.get("served") is not False and isinstance(schema, dict):
            found.schemas[str(version.get("name"))] = schema
    yield found


def resources_of(definitions: Iterable[Definition]) -> dict[GroupKind, Resource]:
    """What definitions say of plurals and scopes; of two of one kind the first counts."""
    found: dict[GroupKind, Resource] = {}
    for definition in definitions:
        if definition.resource:
            found.setdefault((definition.group, definition.kind), definition.resource)
    return found
