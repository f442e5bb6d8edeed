"""GitHub's `${{ }}`: which of them put a stranger's words into a program."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_EXPRESSION = re.compile(r"\$\{\{(.{0,500}?)\}\}", re.DOTALL)
_TOKEN = re.compile(
    r"""(?P<text>'(?:[^']|'')*')|(?P<path>[A-Za-z_][\w-]*(?:\s*\.\s*(?:[\w-]+|\*)|\[\s*(?:'[^']*'|\d+|\*)\s*\])*)"""
    r"""|(?P<sign>==|!=|<=|>=|&&|\|\||[!<>(),])"""
)
_INDEX = re.compile(r"\[\s*(?:'([^']*)'|(\d+|\*))\s*\]")
_DECIDES = frozenset({"contains", "startswith", "endswith", "hashfiles", "success", "failure"})
_COMPARES = frozenset({"==", "!=", "<", ">", "<=", ">="})

# What whoever opens an issue or pull request, comments, or names a branch can write as they like.
_UNTRUSTED = re.compile(
    r"github\.head_ref"
    r"|github\.event\.(?:.*\.)?(?:title|body|message|page_name|label)(?:\.from)?"
    r"|github\.event\.(?:.*\.)?head\.repo\.(?:description|homepage)"
    r"|github\.event\.(?:.*\.)?(?:head|workflow_run)\.(?:ref|head_branch|label)"
    r"|github\.event\.workflow_run\.(?:head_branch|display_title)"
    r"|github\.event\.(?:.*\.)?head\.repo\.default_branch"
    r"|github\.event\.(?:.*\.)?(?:author|committer)\.(?:name|email)"
    r"|github\.event\.(?:.*\.)?labels\.\*?(?:\d+)?\.?(?:name)?|github\.event\.label\.name"
    r"|github\.event\.(?:pull_request|issue|comment|review|head_commit|commits|discussion|pages|workflow_run)"
    r"(?:\.\*|\.\d+)?(?:\.head|\.labels|\.author|\.committer|\.pull_requests)?"
    r"|github\.event|github"
)
# Only who may push can name these.
_BY_WRITERS = re.compile(
    r"github\.(?:ref|ref_name|base_ref)"
    r"|github\.event\.(?:ref|inputs\.[\w-]+|client_payload.*|release\.(?:body|name|tag_name))"
)
_DEEPEST = 4


@dataclass(frozen=True, slots=True)
class Injection:
    """An expression that becomes part of a program: what it holds, and where it was written."""

    value: str
    through: str
    offset: int
    by_writers: bool = False


def injections(
    program: str, env: Mapping[str, str], inputs: Mapping[str, str]
) -> Iterator[Injection]:
    """The expressions of a program that hold what others write.

    Args:
        program: what is run; GitHub puts the values in before a shell reads it.
        env: the variables around it: `${{ env.X }}` is put in just like its value.
        inputs: what the caller gave for each of `inputs`.
    """
    for found in _EXPRESSION.finditer(program):
        for path in _paths(found[1]):
            for value in _resolved(path, env, inputs, _DEEPEST):
                through = "" if value == path else path
                if _BY_WRITERS.fullmatch(value):
                    yield Injection(value, through, found.start(), by_writers=True)
                elif _UNTRUSTED.fullmatch(value):
                    yield Injection(value, through, found.start())


def _resolved(
    path: str, env: Mapping[str, str], inputs: Mapping[str, str], depth: int
) -> Iterator[str]:
    """The path itself, or those in what an environment variable or input stands for."""
    context, _, name = path.partition(".")
    known = {"env": env, "inputs": inputs}.get(context)
    if known is None:
        yield path
        return
    names = {key.lower(): value for key, value in known.items()}
    for found in _EXPRESSION.finditer(names.get(name, "")) if depth else ():
        for inner in _paths(found[1]):
            yield from _resolved(inner, env, {}, depth - 1)


def _paths(expression: str) -> Iterator[str]:
    """The values that an expression may yield, in small letters; what is only compared is none."""
    tokens = list(_TOKEN.finditer(expression))
    around: list[bool] = []  # for each open bracket: whether it belongs to a deciding function
    for position, token in enumerate(tokens):
        sign = token["sign"]
        following = tokens[position + 1]["sign"] if position + 1 < len(tokens) else None
        before = tokens[position - 1] if position else None
        if sign == "(":
            name = before["path"].lower() if before and before["path"] else ""
            around.append(name in _DECIDES)
        elif sign == ")" and around:
            around.pop()
        elif token["path"] and following != "(" and not any(around):
            decides = following in _COMPARES or (
                before is not None and before["sign"] in {*_COMPARES, "!"}
            )
            if not decides and following != "&&":
                yield _normal(token["path"])


def _normal(path: str) -> str:
    dotted = _INDEX.sub(lambda found: f".{found[1] or found[2]}", path)
    return re.sub(r"\s+", "", dotted).lower()
