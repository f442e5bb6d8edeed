"""Why something is refused, told by the policy that it belongs to and by the line that is at fault."""

from __future__ import annotations

from flagstone.policies.gatekeeper.errors import PolicyError
from flagstone.policies.manifests.objects import Manifest

_BINDING, _POLICY = "ValidatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy"


def refusal(
    manifest: Manifest, reason: str, *keys: str | int, error: type[PolicyError] = PolicyError
) -> PolicyError:
    """The error of a constraint, of a binding or of an admission policy, with the line of a key."""
    policy, constraint = _names(manifest)
    return error(
        reason,
        path=manifest.path,
        line=manifest.line(*keys),
        policy=policy,
        constraint=constraint,
    )


def _names(manifest: Manifest) -> tuple[str, str]:
    """The name of the policy, and that of what puts it to use."""
    if manifest.kind == _BINDING:
        return str(manifest.spec.get("policyName") or ""), manifest.name
    if manifest.kind == _POLICY:
        return manifest.name, ""
    return manifest.kind.lower(), manifest.name  # a template is called as its constraints are
