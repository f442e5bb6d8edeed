"""`${{ … }}`: the expressions of template.yaml, in a language too small to do harm.

No calls but of a few methods of texts, no attributes of Python objects, no loops, no multiplication: looking up,
comparing, choosing and filters. What people answered comes in as values and is never itself read as an expression.
What is not there is nothing, as in Backstage; whether a name can be there at all is checked when a template is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from jinja2 import TemplateSyntaxError, Undefined, nodes
from jinja2.exceptions import UndefinedError
from jinja2.runtime import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from flagstone.scaffolding.engine.filters import FILTERS, MAX_TEXT, METHODS, is_missing, shown
from flagstone.scaffolding.engine.nunjucks import as_jinja

_METHOD = "."
_TAGS = (("${{", "}}"),)
_MAX_DEPTH = 50
_TOO_DEEP = f"an expression is nested deeper than {_MAX_DEPTH}"
_UNUSED = "\x00"  # cannot stand in YAML, so {% and {# stay the characters that they are

_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Add,
    nodes.And,
    nodes.Compare,
    nodes.Concat,
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


def check(value: Any) -> set[str]:
    """Refuse what the language does not allow; return what is looked up, such as `parameters.name`."""
    found: set[str] = set()
    for text in _texts(value):
        for expression in _expressions(_parse(text)):
            found |= set(_lookups(expression))
    return found


def lone_name(value: Any) -> str:
    """Return the dotted name that a value consists of, such as `parameters.name`; '' when it is anything else."""
    if not isinstance(value, str):
        return ""
    found = list(_expressions(_parse(value)))
    return _dotted(found[0]) if len(found) == 1 else ""


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
    if "${{" not in text:
        return text
    tree = _parse(text)
    pieces = [piece for output in tree.find_all(nodes.Output) for piece in output.nodes]
    try:
        if len(pieces) == 1 and not isinstance(pieces[0], nodes.TemplateData):
            return _lone_value(pieces[0], names)
        result = _LANGUAGE.from_string(tree).render(dict(names))
    except UndefinedError as error:
        raise ExpressionError(str(error.message)) from error
    except (TypeError, ValueError, LookupError, ArithmeticError) as error:
        raise ExpressionError(f"'{text.strip()}' cannot be computed: {error}") from error
    if len(result) > MAX_TEXT:
        raise ExpressionError(f"the result is longer than {MAX_TEXT} characters")
    return result


def _lone_value(expression: nodes.Expr, names: Mapping[str, Any]) -> Any:
    assignment = nodes.Assign(nodes.Name("result", "store"), expression, lineno=1)
    module = _LANGUAGE.from_string(nodes.Template([assignment], lineno=1)).make_module(dict(names))
    value = module.__dict__["result"]
    if isinstance(value, Undefined):
        value._fail_with_undefined_error()  # noqa: SLF001 - Jinja's own way to say which name is missing
    return value


def _parse(text: str) -> nodes.Template:
    try:
        tree = _LANGUAGE.parse(as_jinja(text, _TAGS))
    except TemplateSyntaxError as error:
        raise ExpressionError(f"'{text.strip()}' is not an expression: {error.message}") from error
    except RecursionError as error:
        raise ExpressionError(_TOO_DEEP) from error
    _refuse_depth(tree)
    _turn_methods(tree)
    for node in _expressions(tree):
        _refuse_foreign(node)
    return tree


def _refuse_depth(tree: nodes.Template) -> None:
    """Look before anything that calls itself walks there: Jinja's compiler does, too."""
    level: list[nodes.Node] = [tree]
    for _ in range(_MAX_DEPTH):
        level = [child for node in level for child in node.iter_child_nodes()]
    if level:
        raise ExpressionError(_TOO_DEEP)


def _expressions(tree: nodes.Template) -> Iterator[nodes.Node]:
    for output in tree.body:
        yield from output.iter_child_nodes()


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
    if not isinstance(node, _ALLOWED):
        word = type(node).__name__.lower()
        raise ExpressionError(f"a {word} is not allowed inside ${{{{ }}}}")
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

    def getattr(self, obj: Any, attribute: str) -> Any:
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        if isinstance(obj, Mapping) and argument in obj:
            return obj[argument]
        if isinstance(obj, list) and isinstance(argument, int) and -len(obj) <= argument < len(obj):
            return obj[argument]
        if argument == "length" and isinstance(obj, str | list):
            return len(obj)
        return obj if isinstance(obj, Undefined) else None


def _language() -> _Language:
    language = _Language(
        variable_start_string="${{",
        variable_end_string="}}",
        block_start_string=_UNUSED + "{%",
        block_end_string="%}" + _UNUSED,
        comment_start_string=_UNUSED + "{#",
        comment_end_string="#}" + _UNUSED,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
        finalize=shown,
        autoescape=False,
    )
    language.globals.clear()
    language.filters = FILTERS | {_METHOD + name: method for name, method in METHODS.items()}
    language.tests["defined"] = lambda value: not is_missing(value)
    language.tests["undefined"] = is_missing
    return language


_LANGUAGE = _language()
