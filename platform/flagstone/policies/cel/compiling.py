"""From the shape of an expression to a function that evaluates it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any

from flagstone.policies.cel import macros, operators
from flagstone.policies.cel.errors import CelError, CelSyntaxError
from flagstone.policies.cel.functions import FUNCTIONS, NAMESPACES, TYPES
from flagstone.policies.cel.scope import Locals, Scope
from flagstone.policies.cel.syntax import (
    Call,
    Index,
    ListOf,
    Literal,
    MapOf,
    Name,
    Node,
    Select,
    parse,
)
from flagstone.policies.cel.values import OptionalValue, TypeValue, no_overload

Compute = Callable[[Scope, Locals], Any]


@dataclass(frozen=True, slots=True)
class Declared:
    """The names that an expression may use: variables, and the fields of `variables`."""

    names: frozenset[str]
    composed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression that is ready to be evaluated, many times and from any thread."""

    text: str
    compute: Compute

    def value(self, scope: Scope) -> Any:
        """Evaluate it.

        Raises:
            CelError: it has no value here.
        """
        try:
            return self.compute(scope, None)
        except RecursionError:
            raise CelError("it is nested too deep") from None


def compile_expression(text: str, declared: Declared) -> Expression:
    """Make an expression ready.

    Raises:
        CelSyntaxError: it is none, or it names what does not exist.
    """
    try:
        return Expression(text, Compiler(declared).compute(parse(text), frozenset()))
    except CelSyntaxError as error:
        error.text = text
        raise
    except RecursionError:
        raise CelSyntaxError("it is nested too deep") from None


class Compiler:
    """Compiles one expression; `bound` are the names that macros around it have given."""

    def __init__(self, declared: Declared) -> None:
        self._declared = declared

    def compute(self, node: Node, bound: Collection[str]) -> Compute:
        match node:
            case Literal(value):
                return lambda _scope, _names: value
            case Name():
                return self._name(node, bound)
            case Select():
                return self._select(node, bound)
            case Index():
                return self._index(node, bound)
            case ListOf(items):
                return self._list(items, bound)
            case MapOf(entries):
                return self._map(entries, bound)
            case Call():
                return self._call(node, bound)

    def _authorizer(self) -> Compute:
        """Whatever is asked of it, only the API server answers."""

        def refuse(scope: Scope, _names: Locals) -> Any:
            raise scope.variables["authorizer"].refusal

        return refuse

    def _name(self, node: Name, bound: Collection[str]) -> Compute:
        name = node.name
        if name in bound:
            return lambda _scope, names: _bound(name, names)
        if name in self._declared.names:
            return lambda scope, _names: scope.variables[name]
        if name in TYPES:
            value = TypeValue(TYPES[name])
            return lambda _scope, _names: value
        raise CelSyntaxError(f"there is nothing called {name}", node.at)

    def _select(self, node: Select, bound: Collection[str]) -> Compute:
        operand, field = node.operand, node.field
        if isinstance(operand, Name) and operand.name == "variables" and "variables" not in bound:
            known = self._declared.composed
            if "variables" in self._declared.names and field not in known:
                raise CelSyntaxError(f"there is no variable called {field}", node.at)
        if (path := _dotted(node)) in TYPES and _root(node) not in bound:
            value = TypeValue(TYPES[path])
            return lambda _scope, _names: value
        of = self.compute(operand, bound)
        if node.optional:
            return lambda scope, names: operators.optional_field(of(scope, names), field)

        def select(scope: Scope, names: Locals) -> Any:
            holder = of(scope, names)
            if isinstance(holder, dict) and field in holder:
                return holder[field]
            return operators.field(holder, field)

        return select

    def _index(self, node: Index, bound: Collection[str]) -> Compute:
        of, at = self.compute(node.operand, bound), self.compute(node.index, bound)
        if node.optional:
            return lambda scope, names: operators.optional_item(of(scope, names), at(scope, names))
        return lambda scope, names: operators.item(of(scope, names), at(scope, names))

    def _list(self, items: tuple[tuple[Node, bool], ...], bound: Collection[str]) -> Compute:
        parts = [(self.compute(node, bound), optional) for node, optional in items]

        def make(scope: Scope, names: Locals) -> list[Any]:
            made = []
            for part, optional in parts:
                value = part(scope, names)
                if not optional:
                    made.append(value)
                elif operators.unwrapped(value).present:
                    made.append(value.value)
            return made

        return make

    def _map(self, entries: tuple[tuple[Node, Node, bool], ...], bound: Collection[str]) -> Compute:
        parts = [(self.compute(k, bound), self.compute(v, bound), o) for k, v, o in entries]

        def make(scope: Scope, names: Locals) -> dict[Any, Any]:
            made: dict[Any, Any] = {}
            for key_of, value_of, optional in parts:
                key, value = operators.key(key_of(scope, names)), value_of(scope, names)
                if key in made:
                    raise CelError(f"the key {key!r} is given twice")
                if not optional:
                    made[key] = value
                elif operators.unwrapped(value).present:
                    made[key] = value.value
            return made

        return make

    def _call(self, node: Call, bound: Collection[str]) -> Compute:
        if node.target is None and node.function in operators.LAZY:
            parts = [self.compute(argument, bound) for argument in node.arguments]
            return operators.LAZY[node.function](parts)
        if node.function == "has" and node.target is None:
            return self._has(node, bound)
        macro = macros.find(node)
        if macro is not None:
            return macro(self, node, bound)
        return self._function(node, bound)

    def _has(self, node: Call, bound: Collection[str]) -> Compute:
        if len(node.arguments) != 1 or not isinstance(node.arguments[0], Select):
            raise CelSyntaxError("has() takes one field, such as has(object.spec)", node.at)
        select = node.arguments[0]
        if isinstance(select.operand, Name) and select.operand.name not in bound:
            self._select(select, bound)  # names that do not exist are told here too
        of, field = self.compute(select.operand, bound), select.field

        def has(scope: Scope, names: Locals) -> bool:
            holder = of(scope, names)
            if isinstance(holder, OptionalValue):
                holder = holder.value if holder.present else {}
            if isinstance(holder, operators.ClusterOnly):
                raise holder.refusal
            if isinstance(holder, list):
                raise no_overload(f"has(….{field})", holder)
            return isinstance(holder, dict) and field in holder  # a plain value has no fields

        return has

    def _function(self, node: Call, bound: Collection[str]) -> Compute:
        name, target = node.function, node.target
        if (
            target is not None
            and _root(target) == "authorizer"
            and self._is_known("authorizer", ())
        ):
            return self._authorizer()
        given = list(node.arguments)
        if (
            isinstance(target, Name)
            and target.name in NAMESPACES
            and not self._is_known(target.name, bound)
        ):
            name = f"{target.name}.{name}"
        elif target is not None:
            given.insert(0, target)
        function = FUNCTIONS.get(name)
        if function is None:
            raise CelSyntaxError(
                f"it calls {name}(), which is not known here", node.at, unknown=True
            )
        parts = [self.compute(argument, bound) for argument in given]
        if len(parts) == 1:
            (only,) = parts

            def call_one(scope: Scope, names: Locals) -> Any:
                scope.step()
                return _called(name, function, [only(scope, names)])

            return call_one

        def call(scope: Scope, names: Locals) -> Any:
            scope.step()
            return _called(name, function, [part(scope, names) for part in parts])

        return call

    def _is_known(self, name: str, bound: Collection[str]) -> bool:
        return name in bound or name in self._declared.names


def _called(name: str, function: Callable[..., Any], values: list[Any]) -> Any:
    try:
        return function(*values)
    except (TypeError, AttributeError, KeyError):
        raise no_overload(name, *values) from None
    except (OverflowError, ValueError, ArithmeticError) as error:
        raise CelError(f"{name}: {error}") from None


def _bound(name: str, names: Locals) -> Any:
    while names is not None:
        if names[0] == name:
            return names[1]
        names = names[2]
    raise CelError(f"there is nothing called {name}")


def _dotted(node: Node) -> str:
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Select) and (before := _dotted(node.operand)):
        return f"{before}.{node.field}"
    return ""


def _root(node: Node | None) -> str:
    """The name that a chain of fields and calls begins with."""
    while not isinstance(node, Name):
        match node:
            case Select(operand=inner) | Index(operand=inner) | Call(target=inner):
                node = inner
            case _:
                return ""
    return node.name
