"""IAM policies as Terraform writes them: jsonencode, JSON in a heredoc, or aws_iam_policy_document."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from flagstone.core import json_text
from flagstone.policies.terraform.blocks import Block
from flagstone.policies.terraform.evaluation import Scope
from flagstone.policies.terraform.values import JsonText, Partial, Reference, Unknown
from flagstone.scorecards.engine.canaries import followed, value_of

_DOCUMENT = "aws_iam_policy_document"
_HIDDEN = "(not known)"
_MOST_DOCUMENTS_DEEP = 5
_LONGEST_PATTERN = 128


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement.

    Attributes:
        allows: its effect.
        actions: patterns; what is not known is left out.
        all_but: `actions` are those that it is not about.
        resources: patterns of ARNs, as far as they are known.
        services: the AWS services that it trusts.
        conditions: the values by operator and key, in lower case.
        whole: everything that decides what it is about is known.
    """

    allows: bool
    actions: tuple[str, ...]
    all_but: bool
    resources: tuple[str, ...]
    services: tuple[str, ...]
    conditions: tuple[tuple[str, str, tuple[str, ...]], ...]
    whole: bool

    def covers(self, action: str) -> bool:
        """Whether it is about an action."""
        wanted = action.lower()
        hit = any(
            fnmatchcase(wanted, "*" if pattern == "*:*" else pattern.lower())
            for pattern in self.actions
            if len(pattern) <= _LONGEST_PATTERN
        )
        return hit is not self.all_but

    @property
    def unbounded(self) -> bool:
        """Whether it is about every action, or all but some, on every resource."""
        return "*" in self.resources and (self.all_but or bool({"*", "*:*"} & set(self.actions)))

    def limits(self, key: str) -> bool:
        """Whether a condition holds a key to certain values."""
        return any(
            name == key and values and "*" not in values and _is_equality(operator)
            for operator, name, values in self.conditions
        )


def _is_equality(operator: str) -> bool:
    last = operator.rpartition(":")[2].removesuffix("ifexists")
    return last in {"stringequals", "stringlike", "stringequalsignorecase"}


def statements(value: Any, depth: int = 0) -> list[Statement] | Unknown:
    """The statements of a policy; Unknown if it cannot be read here, and why."""
    if depth > _MOST_DOCUMENTS_DEEP:
        return Unknown("the policy documents refer to each other too deeply")
    if isinstance(value, Reference):
        return _referenced(value, depth)
    if isinstance(value, JsonText):
        return _from_json(value.value)
    if isinstance(value, Partial):
        value = "".join(part if isinstance(part, str) else _HIDDEN for part in value.parts)
    if isinstance(value, Unknown):
        return value
    if not isinstance(value, str):
        return Unknown("the policy is no text")
    try:
        return _from_json(json_text.loads(value))
    except ValueError:
        return Unknown("the policy is no JSON")


def _referenced(reference: Reference, depth: int) -> list[Statement] | Unknown:
    found = followed(reference)
    if found is None:
        return Unknown(f"{reference.address} is not among the files")
    block, scope = found
    if reference.type == _DOCUMENT and block.kind == "data":
        return _from_document(block, scope, depth)
    return statements(value_of(block, "policy", scope), depth + 1)


def _from_document(block: Block, scope: Scope, depth: int) -> list[Statement] | Unknown:
    found = [_from_block(statement, scope) for statement in block.nested("statement")]
    for name in ("source_policy_documents", "override_policy_documents"):
        others = value_of(block, name, scope)
        for other in others if isinstance(others, list) else [] if others is None else [others]:
            more = statements(other, depth + 1)
            if isinstance(more, Unknown):
                return more
            found += more
    return found


def _from_block(block: Block, scope: Scope) -> Statement:
    def listed(name: str) -> list[Any]:
        return _listed(value_of(block, name, scope))

    services = [
        name
        for principals in block.nested("principals")
        if value_of(principals, "type", scope) == "Service"
        for name in _listed(value_of(principals, "identifiers", scope))
    ]
    conditions = [
        (
            str(value_of(one, "test", scope)),
            str(value_of(one, "variable", scope)),
            _listed(value_of(one, "values", scope)),
        )
        for one in block.nested("condition")
    ]
    return _statement(
        effect=value_of(block, "effect", scope) or "Allow",
        actions=listed("actions"),
        all_but=listed("not_actions"),
        resources=listed("resources"),
        services=services,
        conditions=conditions,
    )


def _from_json(document: Any) -> list[Statement] | Unknown:
    if isinstance(document, Unknown):
        return document
    found = document.get("Statement") if isinstance(document, dict) else None
    if isinstance(found, Unknown):
        return found
    listed = found if isinstance(found, list) else [found]
    mappings = [one for one in listed if isinstance(one, dict)]
    if len(mappings) < len(listed):
        return Unknown("the policy has no readable statements")
    return [_from_mapping(one) for one in mappings]


def _from_mapping(one: dict[str, Any]) -> Statement:
    principal = one.get("Principal")
    named = principal.get("Service") if isinstance(principal, dict) else principal
    conditions = [
        (str(operator), str(key), _listed(values))
        for operator, keys in _items(one.get("Condition"))
        for key, values in _items(keys)
    ]
    return _statement(
        effect=one.get("Effect"),
        actions=_listed(one.get("Action")),
        all_but=_listed(one.get("NotAction")),
        resources=_listed(one.get("Resource")),
        services=_listed(named),
        conditions=conditions,
    )


def _statement(
    *,
    effect: Any,
    actions: list[Any],
    all_but: list[Any],
    resources: list[Any],
    services: list[Any],
    conditions: list[tuple[str, str, list[Any]]],
) -> Statement:
    decisive = [effect, *actions, *all_but, *services]
    return Statement(
        allows=effect == "Allow",
        actions=_texts(all_but or actions),
        all_but=bool(all_but),
        resources=_texts(resources),
        services=_texts([_service(name) for name in services]),
        conditions=tuple(
            (operator.lower(), key.lower(), tuple(map(str, values)))
            for operator, key, values in conditions
        ),
        whole=all(isinstance(one, str) and _HIDDEN not in one for one in decisive),
    )


def _service(name: Any) -> Any:
    """`lambda.${dns_suffix}` is lambda of the partition at hand."""
    if isinstance(name, Partial) and isinstance(name.parts[0], str):
        start = name.parts[0]
        return f"{start}amazonaws.com" if start.endswith(".") else name
    return name


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    yield from value.items() if isinstance(value, dict) else ()


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _texts(values: list[Any]) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str))
