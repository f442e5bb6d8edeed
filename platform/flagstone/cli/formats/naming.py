"""What services are called in a report: by their names, and where several have one, by what tells them apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from flagstone.scorecards.engine.reporting.report import ServiceReport


def labels(services: Iterable[ServiceReport]) -> Mapping[str, str]:
    """Return the name of each service by its ref; `checkout (staging)` where others are called `checkout` too."""
    by_name: dict[str, list[str]] = {}
    for service in services:
        by_name.setdefault(service.name, []).append(service.ref)
    found: dict[str, str] = {}
    for name, refs in by_name.items():
        marks = _apart(refs) if len(refs) > 1 else None
        for ref in refs:
            found[ref] = name if marks is None else f"{name} ({marks[ref]})"
    return found


def _apart(refs: list[str]) -> Mapping[str, str]:
    """The first part of the refs that differs in all of them: the folder, the namespace, the kind."""
    for column in zip(*(list(_parts(ref)) for ref in refs), strict=True):
        if all(column) and len(set(column)) == len(refs):
            return dict(zip(refs, column, strict=True))
    return {ref: ref for ref in refs}


def _parts(ref: str) -> Iterator[str]:
    thing, _, folder = ref.partition("@")
    kind, *namespace = thing.replace(":", "/", 1).split("/")
    yield folder
    yield namespace[0] if len(namespace) > 1 else ""
    yield kind
