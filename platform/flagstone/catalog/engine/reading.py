"""Reads one catalogue file: every document judged apart, its faults with their lines."""

from __future__ import annotations

from dataclasses import replace

from flagstone.catalog.engine.composing import Limits
from flagstone.catalog.engine.documents import Document, read_documents
from flagstone.catalog.engine.entities import ReadDocument
from flagstone.catalog.engine.faults import FieldFault, Level, Problem
from flagstone.catalog.engine.placeholders import Resolver, fill_in
from flagstone.catalog.engine.relations import reference_faults
from flagstone.catalog.engine.validation import validate

# nobody mends the fifty-first before the first
MAX_PROBLEMS = 50


def read_file(
    path: str, data: bytes, *, resolve: Resolver | None = None, limits: Limits | None = None
) -> list[ReadDocument]:
    """Read a file of entities. Empty documents are left out.

    Args:
        path: where it stands; problems carry it.
        data: its content.
        resolve: gives the content that a placeholder names; without one placeholders stay, and
            stand for any value.
        limits: what a file may hold.
    """
    documents = read_documents(data, limits)
    return [
        _judge(path, document, resolve)
        for document in documents
        if document.fault is not None or document.value is not None
    ]


def _judge(path: str, document: Document, resolve: Resolver | None) -> ReadDocument:
    read = ReadDocument(
        path, document.index, document.line, raw=None, accepted=False, source=document
    )
    fault = document.fault
    if fault is not None:
        place = (path, fault.line, fault.column)
        return _with(read, Problem(Level.ERROR, "catalog.yaml_invalid", fault.message, *place))
    raw = document.value
    if not isinstance(raw, dict):
        message = "The document is not an entity: it must be a mapping with apiVersion, kind and metadata."
        return _with(
            read, Problem(Level.ERROR, "catalog.not_an_entity", message, path, document.line)
        )
    faults: list[FieldFault] = []
    if resolve is not None:
        raw, faults = fill_in(raw, resolve)
    broken = validate(raw)
    faults = (faults + (broken or reference_faults(raw)))[:MAX_PROBLEMS]
    read = replace(read, raw=raw, accepted=not broken)
    ref = read.ref.canonical if read.ref else ""
    return _with(
        read,
        *(
            Problem(f.level, f.code, f.message, path, document.line_of(f.keys), ref=ref)
            for f in faults
        ),
    )


def _with(read: ReadDocument, *problems: Problem) -> ReadDocument:
    return replace(read, problems=problems)
