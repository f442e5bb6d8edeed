"""Suites as gator reads them: `test.gatekeeper.sh/v1alpha1`, kind Suite.

Source of the fields and of their meaning: Gatekeeper's documentation of `gator verify`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flagstone.core.errors import NotFound, UserError
from flagstone.policies.manifests.objects import Manifest, sequence
from flagstone.policies.manifests.reading import read_files
from flagstone.policies.suites.shape import ASSERTION, CASE, SUITE, TEST

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
    """One file of tests; what it names lies relative to its folder.

    `problem` is why it cannot be read, `notes` are what gator passes over and what tests nothing.
    """

    path: Path
    tests: tuple[Test, ...]
    skip: bool
    problem: str = ""
    notes: tuple[str, ...] = ()


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
    fault = next(SUITE.faults(manifest.raw), "")
    if fault:
        return Suite(file, (), skip=False, problem=f"gator cannot read it: {fault}")
    found = SUITE.read(manifest.raw)
    tests = tuple(_test(entry, place) for place, entry in enumerate(sequence(found.get("tests"))))
    notes = [*SUITE.unknown(manifest.raw)]
    if not tests:
        notes.append("it has no tests: nothing is tried")
    notes += [
        f"{test.name} has no cases: nothing is put to its policy"
        for test in tests
        if not test.cases and not test.invalid
    ]
    return Suite(file, tests, found.get("skip") is True, notes=tuple(notes))


def _test(raw: Any, place: int) -> Test:
    found = TEST.read(raw)
    return Test(
        _text(found.get("name")) or f"tests[{place}]",
        _text(found.get("template")),
        _text(found.get("constraint")),
        tuple(_case(entry, at) for at, entry in enumerate(sequence(found.get("cases")))),
        found.get("invalid") is True,
        found.get("skip") is True,
    )


def _case(raw: Any, place: int) -> Case:
    found = CASE.read(raw)
    assertions = tuple(
        Assertion(entry.get("violations"), _message(entry.get("message")))
        for entry in map(ASSERTION.read, sequence(found.get("assertions")))
    )
    inventory = tuple(map(_text, sequence(found.get("inventory"))))
    name = _text(found.get("name")) or f"cases[{place}]"
    return Case(name, _text(found.get("object")), inventory, assertions, found.get("skip") is True)


def _message(value: Any) -> str | None:
    return None if value is None else _text(value)


def _text(value: Any) -> str:
    return "" if value is None else str(value)
