"""Suites as gator reads them: `test.gatekeeper.sh/v1alpha1`, kind Suite.

Source of the fields and of their meaning: Gatekeeper's documentation of `gator verify`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flagstone.core.errors import NotFound, UserError
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.reading import read_files

GROUP, KIND = "test.gatekeeper.sh", "Suite"
_ALL_BELOW = "/..."
_SUFFIXES = (".yaml", ".yml")
_MOST_BYTES = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Assertion:
    """How many violations are wanted: a number, `yes` or `no`; `message` chooses which are counted."""

    violations: Any
    message: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """One object, and what is expected of it."""

    name: str
    object: str
    inventory: tuple[str, ...]
    assertions: tuple[Assertion, ...]
    skip: bool


@dataclass(frozen=True, slots=True)
class Test:
    """A template with a constraint; `invalid` expects that the constraint does not fit."""

    name: str
    template: str
    constraint: str
    cases: tuple[Case, ...]
    invalid: bool
    skip: bool


@dataclass(frozen=True, slots=True)
class Suite:
    """One file of tests; what it names lies relative to its folder."""

    path: Path
    tests: tuple[Test, ...]
    skip: bool
    problem: str = ""


def find_suites(target: str) -> list[Suite]:
    """The suites of a file, of a folder, or of all folders below with `/...` behind it.

    Raises:
        NotFound: there is no such place, or no suite in it.
        UserError: the file is no suite.
    """
    everything = target == "..." or target.endswith(_ALL_BELOW)
    place = Path((target.removesuffix("...").removesuffix("/") or ".") if everything else target)
    if target.startswith("/") and str(place) == ".":
        place = Path("/")
    if not place.exists():
        raise NotFound(f"there is no file or folder {place}")
    if place.is_file():
        if everything:
            raise UserError(f"{place} is a file; only a folder can be gone through with /...")
        suites = _suites_of(place)
        if not suites:
            raise UserError(
                f"{place} is no suite: it needs apiVersion {GROUP}/v1alpha1, kind {KIND}"
            )
        return suites
    found = [s for file in sorted(_files(place, everything)) for s in _suites_of(file)]
    if not found:
        where = "in or below" if everything else "directly in"
        hint = "" if everything else f"; {place}{_ALL_BELOW} also looks below it"
        raise NotFound(f"there is no gator Suite {where} {place}{hint}")
    return found


def read_objects(file: Path) -> list[Manifest]:
    """The objects of one file, under the path that it was asked for by.

    Raises:
        UserError: it is absent, too large, or not all of it can be read.
    """
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise UserError(f"{file} is larger than 5 MB")
        data = file.read_bytes()
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from error
    snapshot = read_files({file.name: data}, render=False)
    if snapshot.skipped or any(problem.kind == "parse" for problem in snapshot.problems):
        reason = snapshot.skipped[0].reason if snapshot.skipped else snapshot.problems[0].message
        raise UserError(f"{file}: {reason}")
    return [_at(manifest, file) for manifest in snapshot.manifests]


def _at(manifest: Manifest, file: Path) -> Manifest:
    return Manifest(manifest.raw, str(file), manifest.document, place=manifest.place)


def _files(folder: Path, everything: bool) -> Iterator[Path]:  # noqa: FBT001 - as it is called
    if not everything:
        yield from (
            file for file in folder.iterdir() if file.suffix in _SUFFIXES and file.is_file()
        )
        return
    for place, _, names in os.walk(folder):
        yield from (Path(place, name) for name in names if name.endswith(_SUFFIXES))


def _suites_of(file: Path) -> list[Suite]:
    """The suite in a file; a file that is none, or cannot be read and does not look like one, has none."""
    try:
        if file.stat().st_size > _MOST_BYTES or GROUP.encode() not in (data := file.read_bytes()):
            return []
    except OSError:
        return []
    try:
        manifests = read_objects(file)
    except UserError as error:
        about = f"\nkind: {KIND}" in data.decode(errors="replace")
        return [Suite(file, (), skip=False, problem=error.message)] if about else []
    return [_suite(manifest, file) for manifest in manifests if _is_suite(manifest)]


def _is_suite(manifest: Manifest) -> bool:
    return manifest.group == GROUP and manifest.kind == KIND


def _suite(manifest: Manifest, file: Path) -> Suite:
    raw = manifest.raw
    tests = tuple(
        _test(mapping(entry), place) for place, entry in enumerate(sequence(raw.get("tests")))
    )
    problem = "" if isinstance(raw.get("tests", []), list) else "tests is no list"
    return Suite(file, tests, bool(raw.get("skip")), problem)


def _test(raw: Mapping[str, Any], place: int) -> Test:
    return Test(
        _text(raw.get("name")) or f"tests[{place}]",
        _text(raw.get("template")),
        _text(raw.get("constraint")),
        tuple(_case(mapping(entry), at) for at, entry in enumerate(sequence(raw.get("cases")))),
        bool(raw.get("invalid")),
        bool(raw.get("skip")),
    )


def _case(raw: Mapping[str, Any], place: int) -> Case:
    assertions = tuple(
        Assertion(entry.get("violations"), _message(entry.get("message")))
        for entry in map(mapping, sequence(raw.get("assertions")))
    )
    inventory = tuple(_text(path) for path in sequence(raw.get("inventory")))
    name = _text(raw.get("name")) or f"cases[{place}]"
    return Case(name, _text(raw.get("object")), inventory, assertions, bool(raw.get("skip")))


def _message(value: Any) -> str | None:
    return None if value is None else _text(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
