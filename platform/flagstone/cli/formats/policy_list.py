"""Policies in a list: for people, and as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from flagstone import __version__
from flagstone.cli.formats.style import Style
from flagstone.core.hidden_characters import on_one_line
from flagstone.policies.gatekeeper.errors import NotEvaluated, PolicyError
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
            "enforced": policy.constraint.enforcement,
            "matches": ", ".join(policy.match.described) or "every kind",
            "parameters": _shown(policy.constraint.parameters),
            "undecided": _undecided(policy),
            "file": policy.manifest.path,
        }
        for word, text in facts.items():
            if text:
                lines += style.wrap(f"{word:<12}{text}", 2, hanging=12)
        lines.append("")
    for refusing in policies.refusing:
        lines.append(style.paint(f"{on_one_line(refusing.policy)}  refuses all it matches", _BOLD))
        lines += [*style.wrap(refusing.message, 2), ""]
    for error in (*policies.errors, *policies.not_evaluated):
        is_here = not isinstance(error, NotEvaluated)
        word = "broken" if is_here else "not evaluated"
        lines.append(style.paint(word, _BOLD, _RED if is_here else _CYAN))
        lines += [*style.wrap(error.message, 2), ""]
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
    return json.dumps(data, indent=1) + "\n"


def _policy(policy: Policy) -> dict[str, Any]:
    return {
        "name": policy.name,
        "title": policy.title,
        "constraint": policy.constraint.name,
        "engine": policy.language,
        "enforcement": policy.constraint.enforcement,
        "matches": policy.match.described,
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


def _undecided(policy: Policy) -> str:
    asked = ", ".join(policy.undecided)
    return f"it asks for {asked}, which only a request to a cluster has" if asked else ""


def _shown(parameters: Any) -> str:
    text = json.dumps(parameters, ensure_ascii=False) if parameters else ""
    return text if len(text) <= 300 else f"{text[:299]}…"
