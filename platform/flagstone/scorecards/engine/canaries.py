"""The AWS Synthetics canaries of a repository, with the values that each is applied with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flagstone.policies.terraform.blocks import Block
from flagstone.policies.terraform.evaluation import Scope, evaluate
from flagstone.policies.terraform.module import Module
from flagstone.policies.terraform.reader import Reader, Trouble
from flagstone.policies.terraform.uses import root_modules
from flagstone.policies.terraform.values import Reference

TYPE = "aws_synthetics_canary"
_MOST = 200


@dataclass(frozen=True, slots=True)
class Canary:
    """One canary.

    Attributes:
        block: its resource.
        scope: where its expressions stand.
    """

    block: Block
    scope: Scope

    @property
    def address(self) -> str:
        return self.block.address

    @property
    def module(self) -> Module:
        return self.scope.module

    def value(self, name: str) -> Any:
        """What an attribute comes to; None if it is absent or null."""
        return value_of(self.block, name, self.scope)

    def inner(self, kind: str) -> Block | None:
        """Its inner block of a kind."""
        return next(iter(self.block.nested(kind)), None)

    def inner_value(self, kind: str, name: str) -> Any:
        """An attribute of an inner block; None if either is absent."""
        block = self.inner(kind)
        return None if block is None else value_of(block, name, self.scope)


def value_of(block: Block, name: str, scope: Scope) -> Any:
    """What an attribute of a block comes to; None if it is absent or null."""
    return evaluate(block.attributes.get(name), scope)


class CanaryModules:
    """The modules of a repository that make canaries, each read once."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self._uses: dict[str, tuple[list[Module], list[Trouble]]] = {}
        self._canaries: dict[str, list[Canary]] = {}

    def of(self, folder: str) -> list[Canary]:
        """The canaries that the module of a folder makes, and the modules that it calls."""
        if folder not in self._canaries:
            found = (canary for module in self._modules(folder) for canary in _canaries(module))
            self._canaries[folder] = [
                canary for _, canary in zip(range(_MOST), found, strict=False)
            ]
        return self._canaries[folder]

    def troubles(self, folder: str) -> list[Trouble]:
        """What could not be read of the module so far, and of those that it calls."""
        troubles = list(self._read(folder)[1])
        for root in self._modules(folder):
            for module in root.everywhere():
                troubles += module.troubles
        return list(dict.fromkeys(troubles))

    def _modules(self, folder: str) -> list[Module]:
        return self._read(folder)[0]

    def _read(self, folder: str) -> tuple[list[Module], list[Trouble]]:
        if folder not in self._uses:
            self._uses[folder] = root_modules(self.reader, folder)
        return self._uses[folder]


def _canaries(root: Module) -> Iterator[Canary]:
    for module in root.everywhere():
        for block in module.of_type("resource", TYPE):
            for scope in module.instances(block):
                yield Canary(block, scope)


def blocks_of(root: Module, kind: str, type_: str) -> Iterator[tuple[Block, Scope]]:
    """The blocks of a type in a module and in those that it calls."""
    for module in root.everywhere():
        for block in module.of_type(kind, type_):
            for scope in module.instances(block):
                yield block, scope


def points_at(value: Any, block: Block, scope: Scope) -> bool:
    """Whether a value is an attribute of the block."""
    return (
        isinstance(value, Reference)
        and value.module is scope.module
        and value.address == block.address
    )


def followed(reference: Reference) -> tuple[Block, Scope] | None:
    """The block that a reference is about, if it is in its module."""
    block = reference.module.block(reference.address)
    if block is None:
        return None
    scopes = reference.module.instances(block)
    meant = (scope for scope in scopes if reference.key in (scope.index, scope.each_key))
    return block, next(meant, scopes[0] if scopes else Scope(reference.module))
