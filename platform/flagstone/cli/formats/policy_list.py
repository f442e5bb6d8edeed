"""Policies in a list: for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from flagstone import __version__
from flagstone.cli.formats.style import Style
from flagstone.core.hidden_characters import on_one_line
from flagstone.policies.gatekeeper.constraints import Constraint
from flagstone.policies.gatekeeper.errors import PolicyError
from flagstone.policies.gatekeeper.matching import Matching
from flagstone.policies.gatekeeper.policies import Policy, Refusing
from flagstone.policies.gatekeeper.policy_set import PolicySet

_BOLD, _DIM, _RED, _CYAN = "1", "2", "31", "36"


def as_text(policies: PolicySet, folder: Path, style: Style) -> str:
    lines: list[str] = []
    for policy in policies.policies:
        lines.append(
            f"{style.paint(on_one_line(policy.name), _BOLD)}  {on_one_line(policy.constraint.name)}"
        )
        facts = {
            "title": policy.title if policy.title != policy.name else "",
            "engine": policy.language,
            "enforced": _enforced(policy.constraint),
            "matches": _matches(policy.match),
            "parameters": _shown(policy.constraint.parameters),
            "undecided": _undecided(policy),
            "file": policy.manifest.path,
        }
        for word, text in facts.items():
            if text:
                lines += style.wrap(f"{word:<12}{text}", 2, hanging=12)
            if word == "matches":
                lines += _where(policy.narrowed, style)
        lines.append("")
    for refusing in policies.refusing:
        lines.append(style.paint(f"{on_one_line(refusing.policy)}  refuses all it matches", _BOLD))
        lines += style.wrap(f"{'matches':<12}{_matches(refusing.match)}", 2, hanging=12)
        lines += _where(refusing.match.narrowed, style)
        lines += [*style.wrap(refusing.message, 2), ""]
    lines += _section(style.paint("broken", _BOLD, _RED), policies.errors, style)
    lines += _section(style.paint("not evaluated", _BOLD, _CYAN), policies.not_evaluated, style)
    for name in policies.idle:
        lines += [style.paint(on_one_line(name), _BOLD), *style.wrap(_IDLE, 2), ""]
    count = len(policies.policies)
    lines.append(f"{count} {'policy' if count == 1 else 'policies'} in {on_one_line(str(folder))}")
    return "\n".join(lines) + "\n"


_IDLE = "nothing puts it to use: it has no constraint, or no binding"


def as_json(policies: PolicySet) -> str:
    data = {
        "tool": {"name": "flagstone", "version": __version__},
        "policies": [_policy(policy) for policy in policies.policies],
        "refusing": [_refusing(refusing) for refusing in policies.refusing],
        "broken": [_error(error) for error in policies.errors],
        "not_evaluated": [_error(error) for error in policies.not_evaluated],
        "idle": list(policies.idle),
    }
    return json.dumps(data, indent=1, default=str) + "\n"


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "name": policy.name,
        "title": policy.title,
        "constraint": policy.constraint.name,
        "engine": policy.language,
        "enforcement": policy.constraint.enforcement,
        "actions": [
            {"action": action.name, "points": list(action.points)}
            for action in policy.constraint.actions
        ],
        "matches": policy.match.described,
        "where": policy.narrowed,
        "parameters": policy.constraint.parameters or {},
        "undecided": policy.undecided,
        "path": policy.manifest.path,
        "line": policy.manifest.line(),
    }


def _refusing(refusing: Refusing) -> dict[str, Any]:
    return {
        "name": refusing.policy,
        "constraint": refusing.manifest.name,
        "matches": refusing.match.described,
        "where": refusing.match.narrowed,
        "path": refusing.manifest.path,
        "line": refusing.manifest.line(),
        "message": refusing.message,
    }


def _error(error: PolicyError) -> dict[str, Any]:
    return {
        "name": error.policy,
        "constraint": error.constraint,
        "path": error.path,
        "line": error.line,
        "reason": error.reason,
    }


def _section(heading: str, errors: Sequence[PolicyError], style: Style) -> Iterator[str]:
    if errors:
        yield heading
        for error in errors:
            yield from style.wrap(error.message, 2, hanging=2)
        yield ""


def _enforced(constraint: Constraint) -> str:
    """Every action with the points that it is for, and what that amounts to here if it is not the same."""
    actions = constraint.actions
    if len(actions) == 1 and not actions[0].points:
        return constraint.enforcement
    told = "; ".join(
        f"{action.name} at {', '.join(action.points)}" if action.points else action.name
        for action in actions
    )
    if {action.name for action in actions} == {constraint.enforcement}:
        return told
    return f"{told or 'nothing at any enforcement point'} (counts here as {constraint.enforcement})"


def _matches(match: Matching) -> str:
    return ", ".join(match.described) or "every kind"


def _where(narrowed: dict[str, Any], style: Style) -> Iterator[str]:
    word = "where"
    for field, value in narrowed.items():
        text = json.dumps(value, ensure_ascii=False, default=str)
        yield from style.wrap(f"{word:<12}{field} {text}", 2, hanging=12)
        word = ""


def _undecided(policy: Policy) -> str:
    asked = ", ".join(policy.undecided)
    return f"it asks for {asked}, which only a request to a cluster has" if asked else ""


def _shown(parameters: Any) -> str:
    text = json.dumps(parameters, ensure_ascii=False) if parameters else ""
    return text if len(text) <= 300 else f"{text[:299]}…"
