"""Seals what others entrust to Flagstone, such as tokens of code hosts: unreadable in the database and its backups.

The keys come from the environment, newest first: the first one seals, every one opens.
"""

from __future__ import annotations

import binascii
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from flagstone.core.errors import FlagstoneError

HOW_TO_BRING_A_KEY_BACK = (
    "Put its key back into FLAGSTONE_SEALING_KEYS; where that was never set, it is in the file sealing-key of "
    "FLAGSTONE_HOME, which does not count once it is set."
)


class SealBroken(FlagstoneError):
    """What was sealed cannot be opened: its key is gone, or somebody changed it."""

    default_code = "seal.broken"


class NoSealingKey(FlagstoneError):
    """There is no key to seal with."""

    default_code = "seal.no_key"


def seal(secret: str) -> bytes:
    """Return a secret as it may be stored.

    Raises:
        NoSealingKey: None is configured, or one is no key.
    """
    return _keys().encrypt(secret.encode())


def unseal(sealed: bytes) -> str:
    """Return the secret.

    Raises:
        SealBroken: None of the keys opens it.
        NoSealingKey: None is configured, or one is no key.
    """
    try:
        return _keys().decrypt(sealed).decode()
    except InvalidToken:
        count = len(settings.FLAGSTONE_SEALING_KEYS)
        tried = "the one key" if count == 1 else f"any of the {count} keys"
        raise SealBroken(
            f"A stored secret cannot be opened with {tried} that Flagstone has. {HOW_TO_BRING_A_KEY_BACK}"
        ) from None


def reseal(sealed: bytes) -> bytes:
    """Return the same secret under the newest key.

    Raises:
        SealBroken, NoSealingKey: As `unseal`.
    """
    return seal(unseal(sealed))


def _keys() -> MultiFernet:
    return _opened(tuple(settings.FLAGSTONE_SEALING_KEYS))


@lru_cache(maxsize=4)
def _opened(keys: tuple[str, ...]) -> MultiFernet:
    if not keys:
        raise NoSealingKey(
            "There is no key to seal secrets with. Set FLAGSTONE_SEALING_KEYS; "
            "`flagstone forge new-key` makes one."
        )
    try:
        return MultiFernet([Fernet(key) for key in keys])
    except (ValueError, binascii.Error):
        raise NoSealingKey(
            "FLAGSTONE_SEALING_KEYS holds something that is no key; `flagstone forge new-key` makes one."
        ) from None
