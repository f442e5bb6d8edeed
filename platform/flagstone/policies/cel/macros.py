"""CEL's macros: what goes over a list or a map. Kubernetes has no `cel.bind`: policies have variables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import TYPE_CHECKING, Any

from flagstone.policies.cel.errors import CelError, CelSyntaxError
from flagstone.policies.cel.operators import truth, unwrapped
from flagstone.policies.cel.scope import Locals, Scope, TooLong
from flagstone.policies.cel.syntax import Call, Name, Node
from flagstone.policies.cel.values import NONE, OptionalValue, no_overload

if TYPE_CHECKING:
    from flagstone.policies.cel.compiling import Compiler, Compute

Macro = Callable[["Compiler", Call, Collection[str]], "Compute"]
Test = Callable[[Scope, Locals], Any]
_Round = tuple[Locals, Any]  # the names of one round, and the element or key


def find(node: Call) -> Macro | None:
    """The macro that a call is, if it is one."""
    if node.target is None:
        return None
    names = len(node.arguments)
    if node.function in _OVER and names in _OVER[node.function]:
        return _over
    return _optional if node.function in {"optMap", "optFlatMap"} and names == 2 else None


def _named(node: Node, at: int) -> str:
    if not isinstance(node, Name):
        raise CelSyntaxError("the first argument of a macro is a name", at)
    return node.name


def _optional(compiler: Compiler, node: Call, bound: Collection[str]) -> Compute:
    assert node.target is not None  # noqa: S101 - as `find` saw
    name = _named(node.arguments[0], node.at)
    of = compiler.compute(node.target, bound)
    body = compiler.compute(node.arguments[1], {*bound, name})
    flat = node.function == "optFlatMap"

    def compute(scope: Scope, names: Locals) -> OptionalValue:
        held = unwrapped(of(scope, names))
        if not held.present:
            return NONE
        made = body(scope, (name, held.value, names))
        return unwrapped(made) if flat else OptionalValue(made, present=True)

    return compute


def _over(compiler: Compiler, node: Call, bound: Collection[str]) -> Compute:
    assert node.target is not None  # noqa: S101 - as `find` saw
    of = compiler.compute(node.target, bound)
    function, arguments = node.function, node.arguments
    two = function in _TWO_NAMES or (function in _TESTS and len(arguments) == 3)
    names = [_named(each, node.at) for each in arguments[: 2 if two else 1]]
    bodies = [compiler.compute(each, {*bound, *names}) for each in arguments[len(names) :]]
    finish = _FINISH[function]

    def compute(scope: Scope, outer: Locals) -> Any:
        holder = of(scope, outer)
        if isinstance(holder, OptionalValue) or not isinstance(holder, list | dict):
            raise no_overload(function, holder)
        return finish(scope, _rounds(scope, holder, names, outer), bodies)

    return compute


def _rounds(
    scope: Scope, holder: list[Any] | dict[Any, Any], names: list[str], outer: Locals
) -> Iterator[_Round]:
    pairs = holder.items() if isinstance(holder, dict) else enumerate(holder)
    for place, value in pairs:
        scope.step()
        if len(names) == 2:
            yield (names[1], value, (names[0], place, outer)), place
        else:
            element = place if isinstance(holder, dict) else value
            yield (names[0], element, outer), element


def _all(scope: Scope, rounds: Iterator[_Round], bodies: list[Test]) -> bool:
    return not _any(scope, rounds, bodies[0], wanted=False)


def _exists(scope: Scope, rounds: Iterator[_Round], bodies: list[Test]) -> bool:
    return _any(scope, rounds, bodies[0], wanted=True)


def _any(scope: Scope, rounds: Iterator[_Round], test: Test, *, wanted: bool) -> bool:
    """Whether a round gives what is wanted; one that fails counts only if none does."""
    failure: CelError | None = None
    for names, _ in rounds:
        try:
            if truth(test(scope, names)) is wanted:
                return True
        except TooLong:
            raise
        except CelError as error:
            failure = failure or error
    if failure is not None:
        raise failure
    return False


def _exists_one(scope: Scope, rounds: Iterator[_Round], bodies: list[Test]) -> bool:
    return sum(truth(bodies[0](scope, names)) for names, _ in rounds) == 1


def _filter(scope: Scope, rounds: Iterator[_Round], bodies: list[Test]) -> list[Any]:
    return [element for names, element in rounds if truth(bodies[0](scope, names))]


def _mapped(scope: Scope, rounds: Iterator[_Round], bodies: list[Test]) -> list[Any]:
    *tests, make = bodies
    return [
        make(scope, names)
        for names, _ in rounds
        if all(truth(test(scope, names)) for test in tests)
    ]


def _map_made(scope: Scope, rounds: Iterator[_Round], bodies: list[Test]) -> dict[Any, Any]:
    *tests, make = bodies
    return {
        place: make(scope, names)
        for names, place in rounds
        if all(truth(test(scope, names)) for test in tests)
    }


def _entries_made(scope: Scope, rounds: Iterator[_Round], bodies: list[Test]) -> dict[Any, Any]:
    made: dict[Any, Any] = {}
    *tests, make = bodies
    for names, _ in rounds:
        if all(truth(test(scope, names)) for test in tests):
            entry = make(scope, names)
            if not isinstance(entry, dict) or made.keys() & entry.keys():
                raise CelError("transformMapEntry gives a key twice, or no map")
            made |= entry
    return made


_TESTS = {"all", "exists", "exists_one", "existsOne"}
_TWO_NAMES = {"transformList", "transformMap", "transformMapEntry"}
_OVER = {
    **dict.fromkeys(_TESTS, (2, 3)),
    "filter": (2,),
    "map": (2, 3),
    **dict.fromkeys(_TWO_NAMES, (3, 4)),
}
_FINISH: dict[str, Callable[[Scope, Iterator[_Round], list[Test]], Any]] = {
    "all": _all,
    "exists": _exists,
    "exists_one": _exists_one,
    "existsOne": _exists_one,
    "filter": _filter,
    "map": _mapped,
    "transformList": _mapped,
    "transformMap": _map_made,
    "transformMapEntry": _entries_made,
}
