"""SY-07: the role that a canary runs with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flagstone.policies.terraform.blocks import Block
from flagstone.policies.terraform.evaluation import Scope
from flagstone.policies.terraform.values import Reference, Unknown, why_unknown
from flagstone.scorecards.engine.canaries import Canary, blocks_of, followed, points_at, value_of
from flagstone.scorecards.engine.checks.synthetics.judging import (
    NO_DATA,
    NOT_APPLICABLE,
    CanaryFindings,
    judge_canaries,
)
from flagstone.scorecards.engine.outcome import Outcome
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.synthetics.iam_policies import Statement, statements

_ROLE = "aws_iam_role"
_PUT = "cloudwatch:PutMetricData"
_KEY = "cloudwatch:namespace"
# What AWS' own policies allow, by the end of their ARN.
_UNBOUNDED = frozenset({"AdministratorAccess", "PowerUserAccess"})
_PUTS_ANYWHERE = frozenset(
    {"CloudWatchFullAccess", "CloudWatchFullAccessV2", "CloudWatchAgentServerPolicy"}
)
_PUTS_NOTHING = frozenset(
    {"AWSLambdaBasicExecutionRole", "AWSLambdaVPCAccessExecutionRole", "AWSXRayDaemonWriteAccess"}
)


@check(
    id="SY-07",
    name="The canary's role is its own and narrow",
    severity=Severity.H,
    rule="`execution_role_arn` leads to a role that trusts lambda.amazonaws.com. Of its policies some allows "
    f"{_PUT}, each that does is limited by a condition on {_KEY}, and none allows every action on every "
    "resource; of the policies of AWS those that do so are known by name. A role that is defined elsewhere is "
    "not decided, one that a data source reads passes.",
    why="A canary runs code against production every minute: a role that may do everything makes it a way "
    "in, and one that may write any metric can paint every dashboard green.",
    remedy="Define the role (or read it with a data source), trust lambda.amazonaws.com, allow "
    "cloudwatch:PutMetricData only where `cloudwatch:namespace` is CloudWatchSynthetics, and never "
    "every action on every resource.",
    not_applicable=NOT_APPLICABLE,
    no_data=f"A role that is made elsewhere. {NO_DATA}",
)
def narrow_role(service: ServiceView, _params: NoParams) -> Outcome:
    return judge_canaries(service, _judge, "the role is narrow")


def _judge(canary: Canary, findings: CanaryFindings) -> None:
    place = (canary.block, "execution_role_arn")
    arn = canary.value("execution_role_arn")
    if arn is None:
        findings.wrong("it has no execution_role_arn", canary.block)
    elif isinstance(arn, Reference) and arn.type == _ROLE:
        found = followed(arn)
        if found is not None and found[0].kind == "resource":
            _judge_role(*found, findings)
        elif found is None:
            message = f"the role {arn.address} is not defined"
            findings.wrong(message, *place, absent=True)
    elif isinstance(arn, Reference):
        findings.undecided(f"what {arn.text} may do is not known", *place)
    elif isinstance(arn, str):
        findings.undecided("the role is named by its ARN and defined elsewhere", *place)
    else:
        findings.known(arn, *place)


def _judge_role(role: Block, scope: Scope, findings: CanaryFindings) -> None:
    _judge_trust(role, scope, findings)
    puts = False
    doubts = len(findings.unknown)
    for block, attribute, value in _policies(role, scope):
        name = _managed(value)
        if name is not None:
            puts |= _judge_managed(name, block, attribute, findings)
            continue
        found = statements(value)
        if isinstance(found, Unknown):
            findings.undecided(
                f"a policy of the role is not known: {found.reason}", block, attribute
            )
            continue
        for statement in found:
            puts |= _judge_statement(statement, block, attribute, findings)
    if not puts and len(findings.unknown) == doubts:
        message = f"no policy of the role allows {_PUT}: the canary can report nothing"
        findings.wrong(message, role, absent=True)


def _judge_trust(role: Block, scope: Scope, findings: CanaryFindings) -> None:
    place = (role, "assume_role_policy")
    trusted = statements(value_of(role, "assume_role_policy", scope) or "")
    if isinstance(trusted, Unknown):
        findings.undecided(f"whom the role trusts is not known: {trusted.reason}", *place)
        return
    services = {name for one in trusted if one.allows for name in one.services}
    if services & {"lambda.amazonaws.com", "lambda.amazonaws.com.cn", "*"}:
        return
    if all(one.whole for one in trusted):
        findings.wrong("the role does not trust lambda.amazonaws.com, which runs canaries", *place)
    else:
        findings.undecided("whom the role trusts is not known", *place)


def _judge_statement(
    statement: Statement, block: Block, attribute: str, findings: CanaryFindings
) -> bool:
    """Whether the statement lets the canary report."""
    if not statement.allows:
        return False
    if statement.unbounded:
        findings.wrong("the role may do everything to everything", block, attribute)
        return True
    if not statement.covers(_PUT):
        if not statement.whole:
            findings.undecided("an action that the role may do is not known", block, attribute)
        return False
    if not statement.limits(_KEY):
        findings.wrong(f"{_PUT} is not limited by {_KEY}", block, attribute)
    return True


def _managed(value: Any) -> str | None:
    """The name of a policy of AWS, or of somebody else, that is given by its ARN."""
    if isinstance(value, str) and ":policy/" in value:
        return value.rpartition("/")[2]
    parts = getattr(value, "parts", ())
    last = parts[-1] if parts else None
    return last.rpartition("/")[2] if isinstance(last, str) and ":policy/" in last else None


def _judge_managed(name: str, block: Block, attribute: str, findings: CanaryFindings) -> bool:
    if name in _UNBOUNDED:
        findings.wrong(f"{name} lets the role do nearly everything", block, attribute)
        return True
    if name in _PUTS_ANYWHERE:
        findings.wrong(f"{name} allows {_PUT} in every namespace", block, attribute)
        return True
    if name not in _PUTS_NOTHING:
        findings.undecided(f"what the policy {name} allows is not known", block, attribute)
    return False


def _policies(role: Block, scope: Scope) -> Iterator[tuple[Block, str, Any]]:
    """The policies of a role: the block to name, its attribute, and the document or the ARN."""
    for inline in role.nested("inline_policy"):
        yield inline, "policy", value_of(inline, "policy", scope)
    managed = value_of(role, "managed_policy_arns", scope)
    for arn in managed if isinstance(managed, list) else [] if managed is None else [managed]:
        yield role, "managed_policy_arns", arn
    root = scope.module.root
    for block, other in blocks_of(root, "resource", "aws_iam_role_policy"):
        if _is_for(value_of(block, "role", other), role, scope):
            yield block, "policy", value_of(block, "policy", other)
    for type_ in ("aws_iam_role_policy_attachment", "aws_iam_policy_attachment"):
        for block, other in blocks_of(root, "resource", type_):
            roles = value_of(block, "roles", other) or [value_of(block, "role", other)]
            if any(
                _is_for(one, role, scope) for one in (roles if isinstance(roles, list) else [roles])
            ):
                for instance in other.module.instances(block):
                    yield block, "policy_arn", value_of(block, "policy_arn", instance)


def _is_for(named: Any, role: Block, scope: Scope) -> bool:
    if points_at(named, role, scope):
        return True
    name = value_of(role, "name", scope)
    return isinstance(named, str) and named == name and not why_unknown(name)
