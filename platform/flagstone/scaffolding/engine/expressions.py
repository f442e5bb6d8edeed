"""`${{ … }}` and `{% … %}`: the expressions of template.yaml, in a language too small to do harm.

No calls but of a few methods of texts, no attributes of Python objects, no multiplication: looking up, comparing,
choosing and filters; loops and names with an end to what they cost. What people answered comes in as values and is
never itself read as an expression.
What is not there is nothing, as in Backstage; whether a name can be there at all is checked when a template is loaded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import TemplateSyntaxError, Undefined, nodes
from jinja2.exceptions import UndefinedError
from jinja2.runtime import Context, LoopContext, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flagstone.scaffolding.engine.blocks import (
    BLOCK_FILTERS,
    BUDGET,
    LOOP,
    STATEMENTS,
    Budget,
    joined,
    local_names,
    paid,
    pay_for_blocks,
)
from flagstone.scaffolding.engine.filters import (
    FILTERS,
    MAX_TEXT,
    METHODS,
    TOO_LONG,
    shown,
)
from flagstone.scaffolding.engine.list_filters import TESTS
from flagstone.scaffolding.engine.nunjucks import PAIRS, as_jinja, pairs, turn_tree

_METHOD = "."
_TAGS = (("${{", "}}"), ("{%", "%}"))
_MARKS = ("${{", "{%", "{#")
# what a text may not call values of its own: whether these can be there is checked when a template is loaded
_TAKEN = frozenset(
    {"each", "environment", "loop", "now", "parameters", "secrets", "self", "steps", "user"}
)
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_MAX_DEPTH = 50
_TOO_DEEP = f"an expression is nested deeper than {_MAX_DEPTH}"

_ALLOWED: tuple[type[nodes.Node], ...] = (
    *STATEMENTS,
    nodes.Add,
    nodes.And,
    nodes.Compare,
    nodes.CondExpr,
    nodes.Const,
    nodes.Dict,
    nodes.Filter,
    nodes.Getattr,
    nodes.Getitem,
    nodes.Keyword,
    nodes.List,
    nodes.Name,
    nodes.Neg,
    nodes.Not,
    nodes.Operand,
    nodes.Or,
    nodes.Output,
    nodes.Pair,
    nodes.Sub,
    nodes.TemplateData,
    nodes.Test,
)


class ExpressionError(Exception):
    """An expression cannot be understood, or asks for something that is not there."""


def evaluate(value: Any, names: Mapping[str, Any]) -> Any:
    """Return a value with every `${{ … }}` in it replaced, in lists and mappings too.

    An expression that stands alone keeps its JSON type; inside a text it becomes text.
    """
    if isinstance(value, str):
        return _evaluate_text(value, names)
    if isinstance(value, dict):
        return {key: evaluate(item, names) for key, item in value.items()}
    if isinstance(value, list):
        return [evaluate(item, names) for item in value]
    return value


def holds(condition: Any, names: Mapping[str, Any]) -> bool:
    """Tell whether an `if` is true, by Backstage's rules: false, null, "", 0 and [] are not."""
    result = evaluate(condition, names)
    if isinstance(result, str) and result.strip().lower() == "false":
        return False
    return not (result is None or result is False or result in ("", 0) or result == [])


def before_expressions(text: str) -> str:
    """Return what stands before the first expression or block; all of a text that has none."""
    return text[: min((at for mark in _MARKS if (at := text.find(mark)) >= 0), default=len(text))]


def without_expressions(text: str) -> str:
    """Return a text for a time when nobody has answered yet: each expression is `…`."""
    return _EXPRESSION.sub("…", text)


def check(value: Any) -> set[str]:
    """Refuse what the language does not allow; return what is looked up, such as `parameters.name`."""
    found: set[str] = set()
    for text in _texts(value):
        tree = _parse(text)
        own = local_names(tree) | ({"loop"} if tree.find(nodes.For) else set())
        found |= {name for name in _lookups(tree) if name.partition(".")[0] not in own}
    return found


def lone_name(value: Any) -> str:
    """Return the dotted name that a value consists of, such as `parameters.name`; '' when it is anything else."""
    if not isinstance(value, str):
        return ""
    expression = _lone_expression(_parse(value))
    return _dotted(expression) if expression else ""


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


def _evaluate_text(text: str, names: Mapping[str, Any]) -> Any:
    if before_expressions(text) == text:
        return text
    tree = _parse(text)
    known = dict.fromkeys(local_names(tree)) | dict(names) | {BUDGET: Budget()}
    try:
        if expression := _lone_expression(tree):
            return _lone_value(expression, known)
        return _written(tree, known)
    except UndefinedError as error:
        raise ExpressionError(str(error.message)) from error
    except (TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise ExpressionError(f"'{text.strip()}' cannot be computed: {error}") from error
    except SyntaxError as error:  # Python compiles twenty loops within each other, no more
        raise ExpressionError(_TOO_DEEP) from error


def _written(tree: nodes.Template, names: dict[str, Any]) -> str:
    pieces, length = [], 0
    for piece in _LANGUAGE.from_string(tree).generate(names):
        pieces.append(piece)
        length += len(piece)
        if length > MAX_TEXT:
            raise ExpressionError(f"the result is longer than {MAX_TEXT} characters")
    return "".join(pieces)


def _lone_value(expression: nodes.Expr, names: dict[str, Any]) -> Any:
    assignment = nodes.Assign(nodes.Name("result", "store"), expression, lineno=1)
    module = _LANGUAGE.from_string(nodes.Template([assignment], lineno=1)).make_module(names)
    value = module.__dict__["result"]
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()  # noqa: SLF001 - Jinja's own way to say which name is missing
    return value


def _lone_expression(tree: nodes.Template) -> nodes.Expr | None:
    """Return the expression that a text consists of, None when there is anything beside it."""
    if len(tree.body) != 1 or not isinstance(output := tree.body[0], nodes.Output):
        return None
    (piece, *more) = output.nodes
    return None if more or isinstance(piece, nodes.TemplateData) else piece


def _parse(text: str) -> nodes.Template:
    try:
        tree = _LANGUAGE.parse(as_jinja(text, _TAGS))
    except TemplateSyntaxError as error:
        raise ExpressionError(f"'{text.strip()}' is not an expression: {error.message}") from error
    except RecursionError as error:
        raise ExpressionError(_TOO_DEEP) from error
    _refuse_depth(tree)
    _turn_methods(tree)
    for node in tree.body:
        _refuse_foreign(node)
    if taken := sorted(local_names(tree) & _TAKEN):
        raise ExpressionError(f"'{taken[0]}' is a name of Backstage's own; take another")
    turn_tree(tree)
    pay_for_blocks(tree)
    return tree


def _refuse_depth(tree: nodes.Template) -> None:
    """Look before anything that calls itself walks there: Jinja's compiler does, too."""
    level: list[nodes.Node] = [tree]
    for _ in range(_MAX_DEPTH):
        level = [child for node in level for child in node.iter_child_nodes()]
    if level:
        raise ExpressionError(_TOO_DEEP)


def _turn_methods(node: nodes.Node) -> None:
    """Make filters of JavaScript's methods: `name.toLowerCase()`."""
    for field, value in node.iter_fields():
        if isinstance(value, list):
            value[:] = [_turned(entry) for entry in value]
        else:
            setattr(node, field, _turned(value))


def _turned(entry: Any) -> Any:
    if not isinstance(entry, nodes.Node):
        return entry
    _turn_methods(entry)
    if isinstance(entry, nodes.Concat):
        return joined(entry)
    if not isinstance(entry, nodes.Call) or not isinstance(entry.node, nodes.Getattr):
        return entry
    method = entry.node
    if method.attr not in METHODS:
        return entry
    return nodes.Filter(
        method.node,
        _METHOD + method.attr,
        entry.args,
        entry.kwargs,
        entry.dyn_args,
        entry.dyn_kwargs,
        lineno=entry.lineno,
    )


def _refuse_foreign(node: nodes.Node) -> None:
    is_target = isinstance(node, nodes.Tuple) and node.ctx == "store"
    if not (isinstance(node, _ALLOWED) or is_target):
        word = type(node).__name__.lower()
        tags = "{% %}" if isinstance(node, nodes.Stmt) else "${{ }}"
        raise ExpressionError(f"a {word} is not allowed inside {tags}")
    if isinstance(node, nodes.For) and node.recursive:
        raise ExpressionError("a for cannot be recursive")
    if isinstance(node, nodes.Assign) and not isinstance(node.target, nodes.Name):
        raise ExpressionError("a set gives a value to one name")
    if isinstance(node, nodes.Name) and node.name == "self":  # Jinja's own object, not a value
        raise ExpressionError("'self' is undefined")
    if isinstance(node, nodes.Filter) and node.name not in _LANGUAGE.filters:
        raise ExpressionError(
            f"there is no filter '{node.name}'; there are {', '.join(sorted(FILTERS))}"
        )
    for child in node.iter_child_nodes():
        _refuse_foreign(child)


def _lookups(node: nodes.Node) -> Iterator[str]:
    """Yield the dotted names that an expression reads, as far as they are written out."""
    dotted = _dotted(node)
    if dotted:
        yield dotted
        return
    for child in node.iter_child_nodes():
        yield from _lookups(child)


def _dotted(node: nodes.Node) -> str:
    if isinstance(node, nodes.Name):
        return node.name
    if isinstance(node, nodes.Getattr):
        below = _dotted(node.node)
        return f"{below}.{node.attr}" if below else ""
    if isinstance(node, nodes.Getitem) and isinstance(node.arg, nodes.Const):
        below = _dotted(node.node)
        return f"{below}.{node.arg.value}" if below else ""
    return ""


class _Language(ImmutableSandboxedEnvironment):
    """Looks up in mappings and lists only: no attribute of a Python object can be reached."""

    intercepted_binops = frozenset({"+"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        sizes = [len(side) if isinstance(side, str | list) else 0 for side in (left, right)]
        if sum(sizes) > MAX_TEXT:
            raise ValueError(TOO_LONG)
        return super().call_binop(context, operator, left, right)

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        if isinstance(obj, list) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        if argument == "length" and isinstance(obj, str | list):
            return len(obj)
        if isinstance(obj, LoopContext) and argument in LOOP:
            return getattr(obj, argument)
        return obj if isinstance(obj, Undefined) else None


def _language() -> _Language:
    language = _Language(
        variable_start_string="${{",
        variable_end_string="}}",
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        finalize=shown,
        autoescape=False,
    )
    language.globals.clear()
    theirs = FILTERS | {_METHOD + name: method for name, method in METHODS.items()} | {PAIRS: pairs}
    language.filters = {name: paid(function) for name, function in theirs.items()} | BLOCK_FILTERS
    language.tests = language.tests | TESTS
    return language


_LANGUAGE = _language()
