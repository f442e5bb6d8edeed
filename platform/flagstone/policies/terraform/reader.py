"""The Terraform files of a snapshot: split once, parsed statement by statement, within bounds."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

from flagstone.policies.manifests.documents import Broken
from flagstone.policies.manifests.json_documents import read_json
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.policies.manifests.source_lines import SourceText
from flagstone.policies.terraform.blocks import (
    Block,
    Expression,
    attribute_of,
    block_of,
    json_blocks,
)
from flagstone.policies.terraform.statements import BrokenStatement, Statement, split_statements

SUFFIXES = (".tf", ".tf.json")
VALUE_SUFFIXES = (".tfvars", ".tfvars.json")
_OVERRIDE = re.compile(r"(?:.*_)?override\.tf(?:\.json)?")


@dataclass(frozen=True, slots=True)
class Trouble:
    """What in a file cannot be read, and where (the line counts from 1)."""

    path: str
    line: int
    reason: str


@dataclass(frozen=True, slots=True, eq=False)
class Declaration:
    """The head of a block; what is in it is read when somebody asks."""

    kind: str
    labels: tuple[str, ...]
    path: str
    source: Statement | Block


Declarations = dict[tuple[str, ...], list[Declaration]]


class Reader:
    """Reads the modules of one snapshot.

    Statements are parsed only when asked for, and all of them together for `seconds` of computing at the most: what
    is read must not hang on what else the machine does.
    """

    def __init__(self, snapshot: Snapshot, *, seconds: float = 30.0) -> None:
        self.snapshot = snapshot
        self._seconds_left = seconds
        self._seconds = seconds
        self._split: dict[str, tuple[Declarations, tuple[Trouble, ...]]] = {}

    @cached_property
    def _by_folder(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for path in sorted(self.snapshot.paths()):
            if path.endswith((*SUFFIXES, *VALUE_SUFFIXES)):
                found.setdefault(path.rpartition("/")[0], []).append(path)
        return found

    def is_module(self, folder: str) -> bool:
        return any(path.endswith(SUFFIXES) for path in self._by_folder.get(folder, ()))

    def value_files(self, folder: str) -> list[str]:
        """The tfvars files of a folder, and of the folders below that are no modules."""
        inner = f"{folder}/" if folder else ""
        return [
            path
            for other, paths in self._by_folder.items()
            if other == folder or (other.startswith(inner) and not self.is_module(other))
            for path in paths
            if path.endswith(VALUE_SUFFIXES)
        ]

    def text(self, path: str) -> str | None:
        """The text of a file of the snapshot; None if it is not there or no text."""
        return self.snapshot.read_text(path)

    def declarations(self, folder: str) -> tuple[Declarations, tuple[Trouble, ...]]:
        """The blocks of a folder by kind, and by kind and first label, and what could not be split."""
        if folder not in self._split:
            found: Declarations = {}
            troubles: list[Trouble] = []
            paths = [path for path in self._by_folder.get(folder, ()) if path.endswith(SUFFIXES)]
            for path in sorted(paths, key=lambda path: bool(_OVERRIDE.fullmatch(_name(path)))):
                try:
                    for one in self._heads(path):
                        for key in dict.fromkeys(((one.kind,), (one.kind, *one.labels[:1]))):
                            found.setdefault(key, []).append(one)
                except BrokenStatement as error:
                    troubles.append(Trouble(path, error.line, str(error)))
            self._split[folder] = (found, tuple(troubles))
        return self._split[folder]

    def _heads(self, path: str) -> Iterator[Declaration]:
        text = self._content(path)
        if path.endswith(".json"):
            value = _json(text)
            lines = SourceText(partial(self.text, path))
            for block in json_blocks(value, path, partial(_line_of, lines)):
                yield Declaration(block.kind, block.labels, path, block)
            return
        for statement in split_statements(text):
            if statement.kind != "=":
                yield Declaration(statement.kind, statement.labels, path, statement)

    def _content(self, path: str) -> str:
        text = self.text(path)
        if text is None:
            raise BrokenStatement("it is no UTF-8 text, or larger than what is read", 1)
        return text

    def block(self, declaration: Declaration) -> Block:
        """Parse a block.

        Raises:
            BrokenStatement: it cannot be understood, or the time is used up.
        """
        if isinstance(declaration.source, Block):
            return declaration.source
        block: Block = self._timed(
            partial(block_of, declaration.source, declaration.path), declaration.source.line
        )
        return block

    def values(self, path: str) -> dict[str, Expression]:
        """What a tfvars file sets, as expressions by name.

        Raises:
            BrokenStatement: it cannot be understood, or the time is used up.
        """
        text = self._content(path)
        if path.endswith(".json"):
            return dict(_json(text))
        return {
            statement.labels[0]: self._timed(partial(attribute_of, statement), statement.line)
            for statement in split_statements(text)
            if statement.kind == "="
        }

    def _timed(self, parse: Callable[[], Any], line: int) -> Any:
        if self._seconds_left <= 0:
            reason = f"reading the Terraform took longer than {self._seconds:g} seconds; this was not read"
            raise BrokenStatement(reason, line)
        start = time.thread_time()
        try:
            return parse()
        finally:
            self._seconds_left -= time.thread_time() - start


def _name(path: str) -> str:
    return path.rpartition("/")[2]


def _json(text: str) -> dict[str, Any]:
    document = read_json(text, Limits())
    if isinstance(document, Broken):
        raise BrokenStatement(document.reason, document.line)
    if not isinstance(document.value, dict):
        raise BrokenStatement("the file holds no JSON object", 1)
    return document.value


def _line_of(lines: SourceText, keys: tuple[str | int, ...]) -> int:
    return lines.line(0, keys) or 1
