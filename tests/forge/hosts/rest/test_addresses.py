"""Where a code host's API is, and which addresses a credential may be sent to."""

from __future__ import annotations

import pytest

from flagstone.forge.errors import InvalidAddress
from flagstone.forge.hosts.rest.addresses import api_url, check_web_url


@pytest.mark.parametrize(
    ("kind", "address", "api"),
    [
        ("github", "https://github.com", "https://api.github.com"),
        ("github", "https://acme.ghe.com", "https://api.acme.ghe.com"),
        ("github", "https://git.acme.example", "https://git.acme.example/api/v3"),
        ("gitlab", "https://gitlab.com", "https://gitlab.com/api/v4"),
        ("gitea", "https://acme.example/git", "https://acme.example/git/api/v1"),
        ("forgejo", "https://codeberg.org", "https://codeberg.org/api/v1"),
        ("pagure", "https://pagure.io", "https://pagure.io/api/0"),
    ],
)
def test_the_api_is_found_from_the_address_of_the_pages(kind: str, address: str, api: str) -> None:
    assert api_url(kind, check_web_url(f" {address}/ ")) == api


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:3000", "http://localhost:3000", "http://[::1]:80"]
)
def test_http_is_for_this_machine(address: str) -> None:
    assert check_web_url(address) == address


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://git.acme.example", "everybody on the way"), ("http://127.0.0.1.acme.example", "everybody"),
        ("https://bot:s3cret@github.com", "holds a user or password"), ("https://token@github.com", "holds a user"),
        ("github.com", "not the address"), ("ssh://git@github.com", "not the address"),
        ("file:///etc/passwd", "not the address"), ("javascript:alert(1)", "not the address"),
        ("https://", "not the address"), ("https://github.com:port", "not the address"),
        ("https://github.com?x=1", "not the address"), ("https://github.com/#x", "not the address"),
        ("https://git hub.com", "not the address"), ("https://[::1", "not the address"),
        ("ext::sh -c id", "not the address"),
    ],
)  # fmt: skip
def test_other_addresses_are_refused_without_repeating_a_password(address: str, why: str) -> None:
    with pytest.raises(InvalidAddress, match=why) as caught:
        check_web_url(address)
    assert "s3cret" not in caught.value.message
