from __future__ import annotations

from flagstone.core.sealing import seal, unseal


def test_a_new_key_seals_and_no_two_are_alike(run, settings):
    first, second = run("forge", "new-key"), run("forge", "new-key")
    assert (first.status, first.err) == (0, "")
    assert first.out != second.out
    settings.FLAGSTONE_SEALING_KEYS = [first.out.strip()]
    assert unseal(seal("s3cret")) == "s3cret"


def test_reseal_brings_every_secret_under_the_first_key(run, settings, transactional_db):
    from flagstone.forge.credentials import keep_secret, read_secret
    from flagstone.forge.models import CodeHost, SecretPurpose

    old, new = (run("forge", "new-key").out.strip() for _ in range(2))
    settings.FLAGSTONE_SEALING_KEYS = [old]
    host = CodeHost.objects.create(name="github", kind="github", web_url="https://github.com")
    keep_secret(host, SecretPurpose.TOKEN, "s3cret")
    settings.FLAGSTONE_SEALING_KEYS = [new, old]
    assert run("forge", "reseal").out == "1 secret is sealed with the first key now.\n"
    settings.FLAGSTONE_SEALING_KEYS = [new]
    assert read_secret(host, SecretPurpose.TOKEN) == "s3cret"
