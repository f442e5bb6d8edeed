"""A module as it is applied: with its tfvars, or from the modules beside it that call it."""

from __future__ import annotations

import re
from typing import Any

from flagstone.policies.terraform.evaluation import Scope, evaluate
from flagstone.policies.terraform.module import Module
from flagstone.policies.terraform.reader import Reader, Trouble
from flagstone.policies.terraform.statements import BrokenStatement

_LOADED_ALWAYS = re.compile(r"terraform\.tfvars(?:\.json)?|.*\.auto\.tfvars(?:\.json)?")
_PRODUCTION = re.compile(r"(?:^|[^a-z])(?:prod|prd|production|live)(?:[^a-z]|$)", re.IGNORECASE)


def root_modules(reader: Reader, folder: str) -> tuple[list[Module], list[Trouble]]:
    """The module of a folder, once for each set of values that it may be applied with.

    Terraform loads `terraform.tfvars` and `*.auto.tfvars` by itself. Other tfvars files are named on the
    command line: each stands for an environment, and where some are production's only these count.
    """
    paths = reader.value_files(folder)
    always = [path for path in paths if _loads_by_itself(path, folder)]
    always.sort(key=lambda path: (".auto." in path, path))
    chosen = [path for path in paths if path not in always]
    chosen = [path for path in chosen if _PRODUCTION.search(path[len(folder) :])] or chosen
    troubles: list[Trouble] = []
    base: dict[str, Any] = {}
    for path in always:
        base |= _values(reader, folder, path, troubles)
    if not chosen:
        return [Module(reader, folder, base)], troubles
    each = [base | _values(reader, folder, path, troubles) for path in chosen[:5]]
    return [Module(reader, folder, values) for values in each], troubles


def _loads_by_itself(path: str, folder: str) -> bool:
    place, _, name = path.rpartition("/")
    return place == folder and _LOADED_ALWAYS.fullmatch(name) is not None


def _values(reader: Reader, folder: str, path: str, troubles: list[Trouble]) -> dict[str, Any]:
    try:
        expressions = reader.values(path)
    except BrokenStatement as error:
        troubles.append(Trouble(path, error.line, str(error)))
        return {}
    scope = Scope(Module(reader, folder))
    return {name: evaluate(expression, scope) for name, expression in expressions.items()}
