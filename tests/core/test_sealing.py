from __future__ import annotations

import pytest
from cryptography.fernet import Fernet

from flagstone.core.sealing import NoSealingKey, SealBroken, reseal, seal, unseal

OLD, NEW = Fernet.generate_key().decode(), Fernet.generate_key().decode()


def test_a_secret_comes_back_and_is_not_to_be_read(settings):
    settings.FLAGSTONE_SEALING_KEYS = [OLD]
    sealed = seal("s3cret-ü")
    assert unseal(sealed) == "s3cret-ü"
    assert b"s3cret" not in sealed
    assert seal("s3cret-ü") != sealed


def test_keys_are_changed_without_losing_a_secret(settings):
    settings.FLAGSTONE_SEALING_KEYS = [OLD]
    sealed = seal("s3cret")
    settings.FLAGSTONE_SEALING_KEYS = [NEW, OLD]
    assert unseal(sealed) == "s3cret"
    again = reseal(sealed)
    settings.FLAGSTONE_SEALING_KEYS = [NEW]
    assert unseal(again) == "s3cret"
    with pytest.raises(SealBroken, match="cannot be opened with the one key that Flagstone has"):
        unseal(sealed)


def test_what_was_changed_is_not_opened(settings):
    settings.FLAGSTONE_SEALING_KEYS = [OLD]
    sealed = bytearray(seal("s3cret"))
    sealed[20] ^= 1
    with pytest.raises(SealBroken):
        unseal(bytes(sealed))


@pytest.mark.parametrize(
    ("keys", "sentence"),
    [([], "There is no key"), (["short"], "is no key"), (["é" * 44], "is no key")],
)
def test_without_a_key_it_says_how_to_get_one(settings, keys, sentence):
    settings.FLAGSTONE_SEALING_KEYS = keys
    with pytest.raises(NoSealingKey, match=sentence) as caught:
        seal("s3cret")
    assert "flagstone forge new-key" in caught.value.message
    assert "short" not in caught.value.message
