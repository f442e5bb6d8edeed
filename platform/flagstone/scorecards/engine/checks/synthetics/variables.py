"""SY-10: what a canary is told by its environment."""

from __future__ import annotations

import re
from typing import Any

from flagstone.core.redaction import redact
from flagstone.policies.terraform.values import Partial, Reference, unknown_parts
from flagstone.scorecards.engine.canaries import Canary
from flagstone.scorecards.engine.checks.synthetics.judging import (
    NO_DATA,
    CanaryFindings,
    canaries_of,
    judge_canaries,
)
from flagstone.scorecards.engine.outcome import Outcome, not_applicable
from flagstone.scorecards.engine.registry import NoParams, check
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity, State

_SECRET_NAME = re.compile(
    r"(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|SECRET|TOKEN|API_?KEY|APIKEY|ACCESS_?KEY|PRIVATE_?KEY|"
    r"CLIENT_SECRET|CREDENTIALS?|SECRET_?KEY|AUTH_?KEY|SIGNING_?KEY|ENCRYPTION_?KEY|SESSION_?KEY|MASTER_?KEY)S?$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----|\b(?:AKIA|ASIA)[0-9A-Z]{16}\b|\bxox[abprs]-[0-9A-Za-z-]{10,}"
    r"|\beyJ[\w-]{10,}\.[\w-]{10,}\.|\bsk_live_\w{10,}|\bAIza[\w-]{30,}"
)
_ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:[\w:/.+=@*-]+")
# What these give is the secret itself; an ARN or a name of one is none.
_SECRET_SOURCES = {
    "aws_secretsmanager_secret_version": {"secret_string", "secret_binary"},
    "aws_secretsmanager_random_password": {"random_password"},
    "random_password": {"result", "bcrypt_hash"},
    "vault_generic_secret": {"data", "data_json"},
    "vault_kv_secret_v2": {"data", "data_json"},
    "tls_private_key": {"private_key_pem", "private_key_openssh"},
    "aws_iam_access_key": {"secret"},
}


@check(
    id="SY-10",
    name="The canary's environment holds no secrets",
    severity=Severity.H,
    rule="No variable in `run_config.environment_variables` holds a secret: the value of a secret, password, key or "
    "sensitive variable of Terraform, a text that looks like a key or token, or any value under a name such as "
    "PASSWORD, TOKEN or API_KEY. ARNs, paths and references to the name of a secret may stand under such a "
    "name.",
    why="The environment of a canary is shown in the console and in the Terraform state to everybody who "
    "may look.",
    remedy="Put the name of the secret into the environment, and fetch it from Secrets Manager at run time.",
    not_applicable="A canary without environment variables; a service without a canary.",
    no_data=NO_DATA,
)
def no_secrets(service: ServiceView, _params: NoParams) -> Outcome:
    outcome = judge_canaries(service, _judge, "the environment holds no secrets")
    if outcome.state is State.PASS and not any(map(_variables, canaries_of(service))):
        return not_applicable("the canary has no environment variables", certain=True)
    return outcome


def _variables(canary: Canary) -> Any:
    return canary.inner_value("run_config", "environment_variables")


def _judge(canary: Canary, findings: CanaryFindings) -> None:
    variables = _variables(canary)
    block = canary.inner("run_config") or canary.block
    place = (block, "environment_variables")
    if not isinstance(variables, dict):
        if variables is not None and findings.known(variables, *place):
            findings.undecided("environment_variables are not understood", *place)
        return
    for name, value in variables.items():
        reason = _secret(str(name), value)
        if reason:
            findings.wrong(f"{str(name)[:60]} {reason}", *place)


def _secret(name: str, value: Any) -> str:
    """Why a variable holds a secret; "" if it does not. The value itself is never told."""
    if any(_gives_secret(part) for part in unknown_parts(value)):
        return "is given a secret"
    texts = value.parts if isinstance(value, Partial) else (value,)
    if any(isinstance(text, str) and _looks_secret(text) for text in texts):
        return "holds what looks like a secret"
    if value in {"", None} if isinstance(value, str | None) else False:
        return ""
    if _SECRET_NAME.search(_CAMEL.sub("_", name).upper().replace("-", "_")) and not _is_pointer(
        value
    ):
        return "is named like a secret and has a value"
    return ""


def _gives_secret(part: Any) -> bool:
    if not isinstance(part, Reference):
        return bool(part.sensitive)
    if part.type == "aws_ssm_parameter":
        return part.path[:1] == ("value",) and _is_secure(part)
    return bool(_SECRET_SOURCES.get(part.type, set()) & set(part.path[:1]))


def _is_secure(part: Reference) -> bool:
    """Whether a parameter is a SecureString, as far as the files say."""
    block = part.module.block(part.address)
    kind = str(block.attributes.get("type", "")) if block is not None else ""
    return "SecureString" in kind or (
        block is not None and block.kind == "data" and "with_decryption" not in kind
    )


def _looks_secret(text: str) -> bool:
    if _SECRET_VALUE.search(text):
        return True
    return redact(text) != text and not _ARN.fullmatch(text)


def _is_pointer(value: Any) -> bool:
    """Whether the value says where a secret is: an ARN, a path, a reference to its name."""
    if isinstance(value, Reference):
        return value.path[-1:] in {("arn",), ("name",), ("id",), ("secret_id",)}
    return isinstance(value, str) and value.startswith(("arn:", "/"))
