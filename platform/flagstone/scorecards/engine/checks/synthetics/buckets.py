"""SY-08: the bucket that a canary's results go to."""

from __future__ import annotations

import re
from typing import Any

from flagstone.policies.terraform.blocks import Block
from flagstone.policies.terraform.evaluation import Scope
from flagstone.policies.terraform.values import Partial, Reference, as_truth, why_unknown
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

_BUCKET = "aws_s3_bucket"
_ACCESS = (
    "block_public_acls",
    "block_public_policy",
    "ignore_public_acls",
    "restrict_public_buckets",
)
_ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
# Names made of nothing but these words are anybody's: somewhere in the world one is taken.
_COMMON_WORDS = frozenset(
    {
        "artifact",
        "artifacts",
        "aws",
        "bucket",
        "canaries",
        "canary",
        "cloudwatch",
        "cw",
        "data",
        "dev",
        "logs",
    }
    | {
        "monitoring",
        "output",
        "prod",
        "production",
        "reports",
        "result",
        "results",
        "s3",
        "screenshots",
    }
    | {"stage", "staging", "synthetic", "synthetics", "test", "tests"}
)


@check(
    id="SY-08",
    name="The canary's results lie in a bucket of one's own, private and tidy",
    severity=Severity.M,
    rule="`artifact_s3_location` leads to a bucket that the Terraform defines; one that a data source reads is not "
    "decided. Its name has no dot and does not consist of common words only, all four switches of a public "
    "access block are true (its own or the account's), encryption is configured for it or for the artifacts, "
    "and an enabled lifecycle rule has an expiration.",
    why="Results hold screenshots and answers of production. The name of a bucket is worldwide: a name "
    "that anybody may register first is a place to send them to a stranger.",
    remedy="Define the bucket with the account's id in its name and no dot, block public access, "
    "configure encryption, and let a lifecycle rule expire what is old.",
    not_applicable=NOT_APPLICABLE,
    no_data=f"A bucket that is made elsewhere. {NO_DATA}",
)
def own_bucket(service: ServiceView, _params: NoParams) -> Outcome:
    return judge_canaries(service, _judge, "the results lie in a bucket of one's own")


def _judge(canary: Canary, findings: CanaryFindings) -> None:
    place = (canary.block, "artifact_s3_location")
    location = canary.value("artifact_s3_location")
    if location is None:
        findings.wrong("it has no artifact_s3_location", canary.block)
        return
    named = _bucket_part(location)
    if isinstance(named, Reference) and named.type == _BUCKET:
        found = followed(named)
        if found is None:
            message = f"the bucket {named.address} is not defined"
            findings.wrong(message, *place, absent=True)
        elif found[0].kind == "data":
            findings.undecided(f"how {named.address} is kept is not known", *place)
        else:
            _judge_bucket(*found, canary, findings)
        return
    same = [
        (block, scope)
        for block, scope in blocks_of(canary.module.root, "resource", _BUCKET)
        if named is not None and value_of(block, "bucket", scope) == named
    ]
    if same:
        _judge_bucket(*same[0], canary, findings)
    elif isinstance(named, str):
        _judge_dots(named, canary.block, "artifact_s3_location", findings)
        message = f"the bucket {named!r} is a literal name that is not defined here"
        findings.wrong(message, *place, absent=True)
    else:
        reason = why_unknown(location) or "its location is not understood"
        findings.undecided(f"the bucket is not known: {reason}", *place)


def _bucket_part(location: Any) -> Any:
    """The bucket of `s3://bucket/prefix`: a name, a reference, or a name known in parts."""
    parts = list(location.parts) if isinstance(location, Partial) else [location]
    if isinstance(parts[0], str):
        parts[0] = parts[0].removeprefix("s3://")
    bucket: list[Any] = []
    for part in parts:
        if isinstance(part, str):
            name, slash, _ = part.partition("/")
            bucket += [name] if name else []
            if slash:
                break
        else:
            bucket.append(part)
    if len(bucket) == 1:
        return bucket[0]
    return Partial(tuple(bucket)) if bucket else None


def _judge_bucket(bucket: Block, scope: Scope, canary: Canary, findings: CanaryFindings) -> None:
    name = value_of(bucket, "bucket", scope)
    for part in name.parts if isinstance(name, Partial) else (name,):
        if isinstance(part, str):
            _judge_dots(part, bucket, "bucket", findings)
    if isinstance(name, str) and set(re.split(r"[-_.]", name.lower())) <= _COMMON_WORDS:
        message = f"{name!r} is a name that anybody could own: put the account's id into it"
        findings.wrong(message, bucket, "bucket")
    _judge_access(bucket, scope, findings)
    if not _encrypted(bucket, scope, canary):
        findings.wrong("the bucket has no encryption configured", bucket, absent=True)
    if not _expires(bucket, scope):
        message = "no lifecycle rule of the bucket expires old results"
        findings.wrong(message, bucket, absent=True)


def _judge_dots(name: str, block: Block, attribute: str, findings: CanaryFindings) -> None:
    if "." in name:
        findings.wrong("Synthetics refuses a bucket with a dot in its name", block, attribute)


def _settings(bucket: Block, scope: Scope, type_: str) -> list[tuple[Block, Scope]]:
    """The resources of a type that are about a bucket."""
    name = value_of(bucket, "bucket", scope)
    return [
        (block, other)
        for block, other in blocks_of(scope.module.root, "resource", type_)
        if points_at(found := value_of(block, "bucket", other), bucket, scope)
        or (name is not None and found == name)
    ]


def _judge_access(bucket: Block, scope: Scope, findings: CanaryFindings) -> None:
    acl = value_of(bucket, "acl", scope)
    if isinstance(acl, str) and acl.startswith("public"):
        findings.wrong(f"the bucket's acl is {acl[:30]}", bucket, "acl")
    root = scope.module.root
    found = _settings(bucket, scope, "aws_s3_bucket_public_access_block")
    found = found or list(blocks_of(root, "resource", "aws_s3_account_public_access_block"))
    if not found:
        findings.wrong("nothing blocks public access to the bucket", bucket, absent=True)
    for block, other in found[:1]:
        for attribute in _ACCESS:
            value = value_of(block, attribute, other)
            if findings.known(value, block, attribute) and as_truth(value) is not True:
                findings.wrong(f"{attribute} is not true", block, attribute)


def _encrypted(bucket: Block, scope: Scope, canary: Canary) -> bool:
    type_ = "aws_s3_bucket_server_side_encryption_configuration"
    artifacts = canary.inner("artifact_config")
    return bool(
        _settings(bucket, scope, type_)
        or bucket.nested("server_side_encryption_configuration")
        or (artifacts and artifacts.nested("s3_encryption"))
    )


def _expires(bucket: Block, scope: Scope) -> bool:
    rules = [(rule, scope, "enabled") for rule in bucket.nested("lifecycle_rule")]
    for block, other in _settings(bucket, scope, "aws_s3_bucket_lifecycle_configuration"):
        rules += [(rule, other, "status") for rule in block.nested("rule")]
    return any(
        rule.nested("expiration") and value_of(rule, switch, other) not in {"Disabled", False}
        for rule, other, switch in rules
    )
