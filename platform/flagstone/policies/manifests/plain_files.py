"""One file of YAML or JSON: the Kubernetes objects in it, and what is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from flagstone.policies.manifests.documents import Broken, Document, read_documents
from flagstone.policies.manifests.json_documents import read_json
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Problem, Skipped, decode
from flagstone.policies.manifests.source_lines import Keys, Place, SourceText

SUFFIXES = (".yaml", ".yml", ".json")

# Documents in the Kubernetes manner that no cluster ever gets.
_FOREIGN_GROUPS = (
    "backstage.io",
    "kustomize.config.k8s.io",
    "openslo",
    "skaffold",
    "flagstone.dev",
)
# Told from Argo's {{args.x}} and Prometheus' {{ $value }}, which stand in real manifests.
_TEMPLATE = re.compile(
    r"\{\{-?\s*(?:\.(?:Values|Chart|Release|Capabilities|Files|Template)\b|/\*|cookiecutter\."
    r"|(?:if|range|with|include|template|define|tpl|toYaml|else|end)\b)|\{%-?\s*\w"
)
_TEMPLATE_REASON = "a template, not YAML: it has {{ }} that somebody has to render first"


@dataclass(slots=True)
class FileReading:
    """What one file holds."""

    path: str
    source: SourceText
    documents: list[Document] = field(default_factory=list)
    manifests: list[Manifest] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    template: bool = False


def read_file(path: str, data: bytes, source: SourceText, limits: Limits) -> FileReading:
    """Read one file; whatever is in it, this neither raises nor hangs."""
    reading = FileReading(path, source)
    text = decode(data)
    if text is None:
        reason = "binary, not text" if b"\0" in data[:4096] else "not text in UTF-8 or UTF-16"
        reading.skipped.append(Skipped(path, reason))
        return reading
    broken: list[Broken] = []
    for document in _documents(path, text, limits):
        if isinstance(document, Broken):
            broken.append(document)
        elif document.value is not None:
            reading.documents.append(document)
    if broken and _TEMPLATE.search(text):
        return FileReading(path, source, skipped=[Skipped(path, _TEMPLATE_REASON)], template=True)
    _collect(reading, limits)
    _report(reading, broken, text)
    return reading


def _documents(path: str, text: str, limits: Limits) -> Iterable[Document | Broken]:
    if not path.endswith(".json"):
        return read_documents(text, limits)
    # JSON without an apiVersion is other people's, and often not quite JSON.
    return [read_json(text, limits)] if '"apiVersion"' in text else []


def _collect(reading: FileReading, limits: Limits) -> None:
    for document in reading.documents:
        for prefix, raw in unroll(document.value, limits.depth):
            once = not document.duplicates
            place = Place(reading.source, document.first_line, prefix, each_key_once=once)
            manifest = Manifest(raw, reading.path, document.index, place=place)
            reading.manifests.append(manifest)
            if "{{" in manifest.name:
                reading.template = True
        for duplicate in document.duplicates:
            message = (
                f'the key "{duplicate.key}" is given twice in one mapping; only the last counts'
            )
            reading.problems.append(
                Problem(reading.path, duplicate.line or None, "duplicate-key", message)
            )


def _report(reading: FileReading, broken: list[Broken], text: str) -> None:
    if reading.template:
        reading.skipped.append(Skipped(reading.path, _TEMPLATE_REASON))
    for document in broken:
        reason = _words(document, text)
        reading.skipped.append(Skipped(reading.path, f"line {document.line}: {reason}"))
        if "apiVersion" in text and not document.limit:
            message = f"This is not YAML: {reason}"
            reading.problems.append(Problem(reading.path, document.line, "parse", message))


def _words(broken: Broken, text: str) -> str:
    lines = text.splitlines()[broken.line - 1 : broken.line]
    if lines and "{{" in lines[0] and not broken.limit:
        return f"{broken.reason}; {{{{ }}}} outside of quotes is not YAML until it is rendered"
    return broken.reason


def _with_type_of(listed: dict[str, Any], item: Any) -> Any:
    """An item of a typed list says only what it is if the list does not."""
    kind = listed["kind"].removesuffix("List")
    if not kind or not isinstance(item, dict) or item.get("kind"):
        return item
    return {**item, "apiVersion": listed["apiVersion"], "kind": kind}


def unroll(value: Any, depth: int) -> Iterator[tuple[Keys, dict[str, Any]]]:
    """The Kubernetes objects of one document with their key paths; a List gives its items.

    The items of a DeploymentList and the like need no apiVersion and kind of their own.
    """
    if not isinstance(value, dict):
        return
    api_version, kind = value.get("apiVersion"), value.get("kind")
    if not (isinstance(api_version, str) and isinstance(kind, str) and api_version and kind):
        return
    items = value.get("items")
    if kind.endswith("List") and isinstance(items, list) and depth > 0:
        for position, item in enumerate(items):
            for keys, raw in unroll(_with_type_of(value, item), depth - 1):
                yield ("items", position, *keys), raw
    elif not api_version.partition("/")[0].endswith(_FOREIGN_GROUPS):
        yield (), value
