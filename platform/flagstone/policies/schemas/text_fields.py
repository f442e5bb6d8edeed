"""The fields of Kubernetes' own kinds that hold text, where an unquoted value became something else.

YAML makes a boolean of `no` and the number 1.1 of `1.10`; the API server refuses either where it wants text. No
schema is needed to know these fields: they are those of every object's metadata, of pods and of ConfigMaps.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flagstone.policies.manifests.objects import Manifest, dig, mapping, sequence
from flagstone.policies.manifests.scalars import resolve
from flagstone.policies.manifests.source_lines import Keys
from flagstone.policies.manifests.workloads import is_workload, pod_template_keys
from flagstone.policies.schemas.schemas import SchemaProblem, dotted

_OF_METADATA = ("name", "generateName", "namespace")
_MAPS_OF_METADATA = ("labels", "annotations")
_OF_A_CONTAINER = ("name", "image", "workingDir")
_MAPS: dict[tuple[str, str], tuple[Keys, ...]] = {
    ("", "ConfigMap"): (("data",),),
    ("", "Secret"): (("data",), ("stringData",)),
    ("", "Service"): (("spec", "selector"),),
}


def text_problems(manifest: Manifest) -> tuple[SchemaProblem, ...]:
    """What is not text where Kubernetes takes nothing else, in the order of the fields."""
    return tuple(
        SchemaProblem(keys, f"{dotted(keys)} must be text, and {misread(manifest, keys, value)}")
        for keys, value in _places(manifest)
        if value is not None and not isinstance(value, str)
    )


def _places(manifest: Manifest) -> Iterator[tuple[Keys, Any]]:
    yield from _of_metadata(manifest, ())
    for keys in _MAPS.get((manifest.group, manifest.kind), ()):
        yield from _of_map(manifest, keys)
    yield from _of_map(manifest, ("spec", "selector", "matchLabels"))
    if is_workload(manifest):
        yield from _of_pods(manifest, pod_template_keys(manifest))


def _of_metadata(manifest: Manifest, above: Keys) -> Iterator[tuple[Keys, Any]]:
    for name in _OF_METADATA:
        yield (*above, "metadata", name), manifest.at(*above, "metadata", name)
    for name in _MAPS_OF_METADATA:
        yield from _of_map(manifest, (*above, "metadata", name))


def _of_map(manifest: Manifest, keys: Keys) -> Iterator[tuple[Keys, Any]]:
    for name, value in mapping(manifest.at(*keys)).items():
        yield (*keys, name), value


def _of_pods(manifest: Manifest, template: Keys) -> Iterator[tuple[Keys, Any]]:
    for end in range(2, len(template) + 1, 2):  # a CronJob's jobs have metadata too
        yield from _of_metadata(manifest, template[:end])
    yield from _of_map(manifest, (*template, "spec", "nodeSelector"))
    for field in ("initContainers", "containers"):
        keys = (*template, "spec", field)
        for position, container in enumerate(sequence(manifest.at(*keys))):
            yield from _of_container(container, (*keys, position))


def _of_container(container: Any, keys: Keys) -> Iterator[tuple[Keys, Any]]:
    for name in _OF_A_CONTAINER:
        yield (*keys, name), dig(container, name)
    for name in ("command", "args"):
        for position, value in enumerate(sequence(dig(container, name))):
            yield (*keys, name, position), value
    for position, variable in enumerate(sequence(dig(container, "env"))):
        for name in ("name", "value"):
            yield (*keys, "env", position, name), dig(variable, name)


def misread(manifest: Manifest, keys: Keys, value: Any) -> str:
    """What a value is that should have been text, and how to write it so that YAML leaves it one."""
    if isinstance(value, dict | list):
        kind = "mapping" if isinstance(value, dict) else "list"
        return f"is a {kind}: write it as a block of text (`|`)"
    said = str(value).lower() if isinstance(value, bool) else str(value)
    kind = "boolean" if isinstance(value, bool) else "number"
    written = manifest.written(*keys)
    if written is None or resolve(written) != value:  # a rendering may have made another of it
        return f"is the {kind} {said}: quote it where it is written"
    read = f"a {kind}" if written == said else f"the {kind} {said}"
    return f'YAML reads {written} as {read}: quote it, "{written}"'
