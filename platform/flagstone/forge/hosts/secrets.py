"""Whether something can be a secret of a code host; no message repeats any of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from flagstone.forge.errors import UnfitSecret
from flagstone.forge.git.signing import SigningKey

_LONGEST_LINE = 1_000
_SHORTEST_WEBHOOK_SECRET = 16


def check_secret(purpose: str, secret: str) -> str:
    """Return a secret without the blanks that pasting brings.

    Args:
        purpose: `token`, `app-key`, `webhook` or `signing-key`.
        secret: What somebody entered.

    Raises:
        UnfitSecret: It cannot be one.
    """
    secret = secret.strip()
    _CHECKS[purpose](secret)
    return secret


def _check_token(secret: str) -> None:
    _check_line(secret, "an access token")


def _check_line(secret: str, what: str) -> None:
    fits = secret.isascii() and secret.isprintable() and " " not in secret
    if not secret or not fits or len(secret) > _LONGEST_LINE:
        raise UnfitSecret(
            f"That cannot be {what}, which is one line of letters, digits and signs, without blanks."
        )


def _check_webhook(secret: str) -> None:
    _check_line(secret, "a secret of webhooks")
    if len(secret) < _SHORTEST_WEBHOOK_SECRET:
        raise UnfitSecret(
            f"The secret of webhooks needs {_SHORTEST_WEBHOOK_SECRET} characters or more, since anybody may "
            "try to guess it. `openssl rand -hex 32` makes a good one."
        )


def _check_app_key(secret: str) -> None:
    key = _loaded_pem(secret)
    if not isinstance(key, RSAPrivateKey):
        raise UnfitSecret(
            "That is no private key of a GitHub App. Paste the whole .pem file that GitHub gave, "
            "from BEGIN to END."
        )


def _check_signing_key(secret: str) -> None:
    SigningKey(secret)


def _loaded_pem(secret: str) -> object:
    try:
        return load_pem_private_key(f"{secret}\n".encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


_CHECKS: Mapping[str, Callable[[str], None]] = {
    "token": _check_token,
    "app-key": _check_app_key,
    "webhook": _check_webhook,
    "signing-key": _check_signing_key,
}
