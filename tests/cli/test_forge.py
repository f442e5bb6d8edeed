from __future__ import annotations

from flagstone.core.sealing import seal, unseal


def test_a_new_key_seals_and_no_two_are_alike(run, settings):
    first, second = run("forge", "new-key"), run("forge", "new-key")
    assert (first.status, first.err) == (0, "")
    assert first.out != second.out
    settings.FLAGSTONE_SEALING_KEYS = [first.out.strip()]
    assert unseal(seal("s3cret")) == "s3cret"
