"""Credentials are masked; what is not one stays readable."""

from __future__ import annotations

import pytest

from flagstone.core.redaction import masked, redact, spellings_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "clone https://bot:s3cret@git.example.com/a.git failed",
            "clone https://[redacted]@git.example.com/a.git failed",
        ),
        ("https://ghp_abcdefgh12345678@github.com/a", "https://[redacted]@github.com/a"),
        ("Authorization: Basic Ym90OnNlY3JldA==", "Authorization: Basic [redacted]"),
        ("authorization=token abcdef123456", "authorization=token [redacted]"),
        ("sent Bearer fst_abcdefghijklmnop to it", "sent Bearer [redacted] to it"),
        ("token fst_abcdefghijklmnop was used", "token [redacted] was used"),
        ("glpat-ABCDEFGHIJ1234567890", "[redacted]"),
        ('{"password": "hunter2", "user": "bot"}', '{"password": "[redacted]", "user": "bot"}'),
        ("api_key=abc123&x=1", "api_key=[redacted]&x=1"),
        (
            "nothing to hide: see https://example.com/a@b",
            "nothing to hide: see https://example.com/a@b",
        ),
        ("the token bucket is empty", "the token bucket is empty"),
    ],
)
def test_redact(text, expected):
    assert redact(text) == expected


@pytest.mark.parametrize(
    "header",
    [
        "Authorization: Basic Ym90OnMvM2NyZXQr",
        "Bearer s/3cret+",
        "s/3cret+",
    ],
)
@pytest.mark.parametrize("said", ["s/3cret+", "s%2F3cret%2B", "cy8zY3JldCs=", "cy8zY3JldCs%3D"])
def test_what_a_server_repeats_of_a_header_is_masked_however_it_writes_it(header, said):
    assert masked(f"no {said}!", spellings_of(header)) == "no [redacted]!"


def test_the_whole_of_basic_is_masked_and_no_credential_masks_nothing():
    assert masked("Ym90OnMvM2NyZXQr", spellings_of("Basic Ym90OnMvM2NyZXQr")) == "[redacted]"
    assert masked("as it is", spellings_of("")) == "as it is"
