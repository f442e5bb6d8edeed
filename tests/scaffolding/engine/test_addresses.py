from __future__ import annotations

import pytest

from flagstone.scaffolding.engine.addresses import AddressRefused, template_address

ALLOWED = ("github.com", "gitlab.com", "http://git.internal:8080")


@pytest.mark.parametrize(
    ("text", "url", "name"),
    [
        ("https://github.com/acme/demo", "https://github.com/acme/demo", "demo"),
        (" https://github.com/acme/demo.git/ ", "https://github.com/acme/demo.git", "demo"),
        ("https://GitHub.com/acme/demo", "https://github.com/acme/demo", "demo"),
        ("gh:audreyfeldroy/cookiecutter-pypackage",
         "https://github.com/audreyfeldroy/cookiecutter-pypackage", "cookiecutter-pypackage"),
        ("gl:group/sub/demo", "https://gitlab.com/group/sub/demo", "demo"),
        ("http://git.internal:8080/acme/demo", "http://git.internal:8080/acme/demo", "demo"),
    ],
)  # fmt: skip
def test_an_address_of_an_allowed_host_is_read(text, url, name):
    address = template_address(text, allowed=ALLOWED)
    assert (address.url, address.name) == (url, name)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://evil.example/acme/demo", "Templates are not fetched from https://evil.example."),
        ("https://github.com.evil.example/a/b", "Templates are not fetched from"),
        ("https://github.com:8443/acme/demo", "Templates are not fetched from"),
        ("http://github.com/acme/demo", "Templates are not fetched from http://github.com."),
        ("http://git.internal/acme/demo", "Templates are not fetched from"),
        ("bb:acme/demo", "Templates are not fetched from https://bitbucket.org."),
        ("https://me:secret@github.com/acme/demo", "The address holds a name or a password."),
        ("https://me@github.com/acme/demo", "The address holds a name or a password."),
        ("git@github.com:acme/demo.git", "git@github.com:acme/demo.git is an ssh address."),
        ("ssh://git@github.com/acme/demo", "That is no address of a git repository"),
        ("file:///etc", "That is no address of a git repository"),
        ("ext::sh -c id", "That is no address of a git repository"),
        ("--upload-pack=id", "That is no address of a git repository"),
        ("/etc", "That is no address of a git repository"),
        ("", "That is no address of a git repository"),
        ("https://github.com", "'https://github.com' names no repository"),
        ("https://github.com/a/../b", "'https://github.com/a/../b' names no repository"),
        ("https://github.com/a b", "'https://github.com/a b' names no repository"),
        ("https://github.com/a/b?x=1", "The address of a git repository has no '?' and no '#'."),
        ("https://github.com/a/b\u202e", "'https://github.com/a/b\\u202e' names no repository"),
        ("https://github.com:x/a", "'https://github.com:x/a' is no address"),
        ("https://github.com/" + "a" * 300, "The address is longer than 300 characters."),
    ],
)
def test_any_other_is_refused_with_the_reason(text, reason):
    with pytest.raises(AddressRefused) as refused:
        template_address(text, allowed=ALLOWED)
    assert refused.value.message.startswith(reason)
    assert "secret" not in refused.value.message


def test_the_refusal_names_the_setting_to_change():
    with pytest.raises(AddressRefused, match="Allowed are no hosts at all; the setting FLAGSTONE"):
        template_address("https://github.com/a/b", allowed=())
