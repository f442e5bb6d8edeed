"""A Terraform module: the blocks of one folder, what its names mean, and the modules it calls."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from flagstone.policies.terraform.blocks import Block, overridden
from flagstone.policies.terraform.evaluation import Scope, evaluate, step_into
from flagstone.policies.terraform.reader import Declaration, Reader, Trouble
from flagstone.policies.terraform.statements import BrokenStatement
from flagstone.policies.terraform.types import with_defaults
from flagstone.policies.terraform.values import Reference, Unknown, as_number, as_text, is_plain

MOST_MODULES_DEEP = 8
_MOST_INSTANCES = 50
_MOST_VALUES = 20_000
_HERE = "@"  # stands in front of a path that counts from the root of what was read
_NOT_RESOURCES = frozenset({"each", "count", "self", "path", "terraform", "var", "local", "module"})


@dataclass(frozen=True, slots=True)
class RemoteModule:
    """A `module` block whose source is not among the files."""

    name: str
    source: str
    block: Block


class Module:
    """One module in one use.

    Attributes:
        folder: where its files are, "" for the root of what was read.
        caller: the module that calls it, if one does.
        troubles: what in its files cannot be read.
    """

    def __init__(
        self,
        reader: Reader,
        folder: str,
        variables: Mapping[str, Any] | None = None,
        *,
        caller: Module | None = None,
    ) -> None:
        """Read the names of a module's blocks.

        Args:
            reader: fetches and splits files.
            folder: the module's.
            variables: values that tfvars or the calling module give, by name.
            caller: the module that calls it.
        """
        self.folder = folder
        self.reader = reader
        self._variables = variables or {}
        self.caller = caller
        self._declared, self._file_troubles = reader.declarations(folder)
        self._values: dict[tuple[str, str], Any] = {}
        self._blocks: dict[Declaration, Block | None] = {}
        self._children: dict[str, Module | RemoteModule] | None = None
        self._broken: list[Trouble] = []

    @property
    def troubles(self) -> tuple[Trouble, ...]:
        return (*self._file_troubles, *self._broken)

    def of_type(self, kind: str, *labels: str) -> list[Block]:
        """Its blocks of a kind (`resource`, `data`) whose first labels are these."""
        found = self._declared.get((kind, *labels[:1]), ())
        blocks = (self._block(one) for one in found if one.labels[: len(labels)] == labels)
        named: dict[Any, Block] = {}
        for block in filter(None, blocks):
            key = block.labels or block
            named[key] = overridden(named[key], block) if key in named else block
        return list(named.values())

    def declares(self, kind: str, *labels: str) -> bool:
        """Whether it has such a block, readable or not."""
        found = self._declared.get((kind, *labels[:1]), ())
        return any(one.labels[: len(labels)] == labels for one in found)

    def block(self, address: str) -> Block | None:
        """The resource or data source of an address."""
        kind = "data" if address.startswith("data.") else "resource"
        type_, _, name = address.removeprefix("data.").partition(".")
        return next(iter(self.of_type(kind, type_, name)), None)

    def _block(self, declaration: Declaration) -> Block | None:
        if declaration not in self._blocks:
            try:
                self._blocks[declaration] = self.reader.block(declaration)
            except BrokenStatement as error:
                self._blocks[declaration] = None
                self._broken.append(Trouble(declaration.path, error.line, str(error)))
        return self._blocks[declaration]

    # --- what its names mean

    def look_up(self, root: str, steps: tuple[Any, ...], scope: Scope) -> Any:
        """The value of `root.steps` where an expression of this module says it."""
        if root in {"var", "local"} and steps and isinstance(steps[0], str):
            return step_into(self._named(root, steps[0]), steps[1:])
        if root == "module" and steps and isinstance(steps[0], str):
            return self._output(steps[0], steps[1:])
        if root == "path" and steps:
            folders = {"module": self.folder, "root": self.root.folder, "cwd": self.root.folder}
            return _as_path(folders.get(str(steps[0]), ""))
        if root in _NOT_RESOURCES:
            return _of_instance(root, steps, scope)
        names = (root, *steps)
        length = 3 if root == "data" else 2
        if len(names) < length or not all(isinstance(name, str) for name in names[:length]):
            return Unknown(f"{root} is not known here")
        address = ".".join(names[:length])
        return step_into(Reference(self, address), steps[length - 1 :])

    @property
    def root(self) -> Module:
        return self.caller.root if self.caller else self

    def _named(self, root: str, name: str) -> Any:
        key = (root, name)
        if key not in self._values:
            if len(self._values) > _MOST_VALUES:
                return Unknown("there are too many names to work out")
            self._values[key] = Unknown(f"{root}.{name} refers to itself")
            find = self._variable if root == "var" else self._local
            self._values[key] = find(name)
        return self._values[key]

    def _variable(self, name: str) -> Any:
        block = next(iter(self.of_type("variable", name)), None)
        if block is None and self.declares("variable", name):
            return Unknown(f"the variable {name} cannot be read")
        if block is not None and self._is(block, "sensitive"):
            return Unknown(f"the variable {name} is sensitive", sensitive=True)
        if name in self._variables:
            given = self._variables[name]
            return given if block is None else with_defaults(given, block, Scope(self))
        if block is None:
            return Unknown(f"the variable {name} is not declared")
        if "default" not in block.attributes:
            return Unknown(f"the variable {name} has no default, and no tfvars file sets it")
        default = evaluate(block.attributes["default"], Scope(self))
        return with_defaults(default, block, Scope(self))

    def _is(self, block: Block, attribute: str) -> bool:
        return evaluate(block.attributes.get(attribute), Scope(self)) is True

    def _local(self, name: str) -> Any:
        for block in self.of_type("locals"):
            if name in block.attributes:
                return evaluate(block.attributes[name], Scope(self))
        return Unknown(f"local.{name} is not defined")

    def _output(self, name: str, steps: tuple[Any, ...]) -> Any:
        child = self.children.get(name)
        if isinstance(child, RemoteModule):
            return Unknown(f"module.{name} comes from {child.source}, which is not among the files")
        rest = steps[1:] if steps and not isinstance(steps[0], str) else steps
        rest = rest[1:] if rest[:1] == ("[*]",) else rest
        if child is None or not rest or not isinstance(rest[0], str):
            return Unknown(f"module.{name} is not known here")
        return step_into(child.output(rest[0]), rest[1:])

    def output(self, name: str) -> Any:
        key = ("output", name)
        if key not in self._values:
            self._values[key] = Unknown(f"output {name} refers to itself")
            block = next(iter(self.of_type("output", name)), None)
            value = Unknown(f"the module {self.folder} has no output {name}")
            if block is not None and "value" in block.attributes:
                value = evaluate(block.attributes["value"], Scope(self))
            self._values[key] = value
        return self._values[key]

    # --- the modules it calls

    @property
    def children(self) -> dict[str, Module | RemoteModule]:
        """The modules that it calls, by the name of the block."""
        if self._children is None:
            self._children = {}
            for block in self.of_type("module"):
                if (child := self._child(block)) is not None:
                    self._children[block.labels[0]] = child
        return self._children

    def _child(self, block: Block) -> Module | RemoteModule | None:
        source = evaluate(block.attributes.get("source"), Scope(self))
        name = block.labels[0]
        if not isinstance(source, str) or not source.startswith(("./", "../")):
            return RemoteModule(name, str(source) if is_plain(source) else "somewhere", block)
        folder = posixpath.normpath(posixpath.join(self.folder, source))
        folder = "" if folder == "." else folder
        if not self.reader.is_module(folder):
            return RemoteModule(name, source, block)
        around = list(self._folders_around())
        if len(around) > MOST_MODULES_DEEP or folder in around:
            return None
        scope = next(iter(self.instances(block)), None)  # of several uses the first stands for all
        if scope is None:
            return None
        return Module(self.reader, folder, _Arguments(block, scope), caller=self)

    def _folders_around(self) -> Iterator[str]:
        module: Module | None = self
        while module is not None:
            yield module.folder
            module = module.caller

    def instances(self, block: Block) -> list[Scope]:
        """One scope for each instance that count or for_each make; one where that is not known."""
        if "count" in block.attributes:
            count = as_number(evaluate(block.attributes["count"], Scope(self)))
            if count is None:
                return [Scope(self)]
            return [Scope(self, index=number) for number in range(min(int(count), _MOST_INSTANCES))]
        if "for_each" in block.attributes:
            items = evaluate(block.attributes["for_each"], Scope(self))
            if isinstance(items, Reference) and not items.path:  # one for each instance of another
                unknown = Unknown("each.key is not known here")
                return [Scope(self, each_key=unknown, each_value=items)]
            pairs = _pairs(items)
            if pairs is None:
                return [Scope(self)]
            return [Scope(self, each_key=key, each_value=value) for key, value in pairs]
        return [Scope(self)]

    def everywhere(self) -> Iterator[Module]:
        """The module and all that it calls."""
        yield self
        for child in self.children.values():
            if isinstance(child, Module):
                yield from child.everywhere()

    def remotes(self) -> list[RemoteModule]:
        """The modules that it, or one it calls, takes from elsewhere."""
        return [
            child
            for module in self.everywhere()
            for child in module.children.values()
            if isinstance(child, RemoteModule)
        ]

    # --- files beside it

    def path_of(self, written: str) -> str:
        """The path among the files that Terraform, run in the root module's folder, means."""
        start, _, inside = written.partition("/")
        joined = inside if start == _HERE else posixpath.join(self.root.folder, written)
        found = posixpath.normpath(joined)
        return "" if found == "." else found

    def read_text(self, written: str) -> str | None:
        return self.reader.text(self.path_of(written))


def _as_path(folder: str) -> str:
    """`path.module` as a text that `path_of` knows for a place among the files."""
    return f"{_HERE}/{folder}" if folder else _HERE


class _Arguments(Mapping[str, Any]):
    """The arguments of a call, each worked out where the call stands, and only when asked for."""

    def __init__(self, block: Block, scope: Scope) -> None:
        self._given = block.attributes
        self._scope = scope

    def __getitem__(self, name: str) -> Any:
        return evaluate(self._given[name], self._scope)

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)


def _pairs(items: Any) -> list[tuple[Any, Any]] | None:
    if isinstance(items, dict):
        return list(items.items())[:_MOST_INSTANCES]
    if isinstance(items, list):
        return [(item, item) for item in items[:_MOST_INSTANCES]]
    return None


def _of_instance(root: str, steps: tuple[Any, ...], scope: Scope) -> Any:
    known = {
        ("each", "key"): scope.each_key,
        ("each", "value"): scope.each_value,
        ("count", "index"): scope.index,
    }
    value = known.get((root, str(steps[0])) if steps else ("", ""))
    if value is None or type(value) is object:
        name = ".".join((root, *(as_text(step) for step in steps[:1] if is_plain(step))))
        return Unknown(f"{name} is not known here")
    return step_into(value, steps[1:])
