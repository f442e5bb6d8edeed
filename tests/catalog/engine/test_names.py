from __future__ import annotations

import pytest

from flagstone.catalog.engine import names

LONG = "a" * 63


@pytest.mark.parametrize("text", ["a", "A9", "a-b_c.d", "a--b..c__d", "9", LONG, "a-._b"])
def test_a_name_is_runs_of_letters_and_digits(text: str) -> None:
    assert names.is_name(text)


@pytest.mark.parametrize(
    "text", ["", "-a", "a-", ".a", "a.", "_", "a b", "é", "a/b", "a\n", LONG + "a"]
)
def test_anything_else_is_no_name(text: str) -> None:
    assert not names.is_name(text)


@pytest.mark.parametrize("text", ["default", "a-b", "a--b", "9", LONG])
def test_a_namespace_is_a_lower_case_label(text: str) -> None:
    assert names.is_namespace(text)


@pytest.mark.parametrize(
    "text", ["", "Default", "a_b", "a.b", "-a", "a-", "a b", "a\n", LONG + "a"]
)
def test_anything_else_is_no_namespace(text: str) -> None:
    assert not names.is_namespace(text)


@pytest.mark.parametrize(
    "text", ["a", "Ab_c.d", "backstage.io/techdocs-ref", "a-b.c/d_e.F", "x" * 63 + "/a"]
)
def test_a_key_is_a_name_with_or_without_a_domain(text: str) -> None:
    assert names.is_key(text)


@pytest.mark.parametrize(
    "text", ["", "/", "a/", "/a", "a/b/c", "A/b", "a_b/c", "a b", ".".join(["a" * 63] * 4) + "/x"]
)
def test_anything_else_is_no_key(text: str) -> None:
    assert not names.is_key(text)


@pytest.mark.parametrize("text", ["java", "c++", "c#", "lang:go", "a-b", "1", LONG])
def test_a_tag(text: str) -> None:
    assert names.is_tag(text)


@pytest.mark.parametrize(
    "text", ["", "Java", "a--b", "-a", "a-", "a_b", "a.b", "a b", "go 1.15", LONG + "a"]
)
def test_anything_else_is_no_tag(text: str) -> None:
    assert not names.is_tag(text)


@pytest.mark.parametrize("text", ["v1", "backstage.io/v1alpha1", "my-company.net/V2"])
def test_an_api_version(text: str) -> None:
    assert names.is_api_version(text)


@pytest.mark.parametrize(
    "text", ["", "v1.2", "/v1", "backstage.io/", "a/b/v1", "Backstage.io/v1", "v 1"]
)
def test_anything_else_is_no_api_version(text: str) -> None:
    assert not names.is_api_version(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [("API", True), ("Ai2", True), ("2Ai", False), ("A-b", False), ("", False)],
)
def test_a_kind(text: str, expected: bool) -> None:
    assert names.is_kind(text) is expected


@pytest.mark.parametrize(
    "text",
    [
        "https://example.com",
        "HTTPS://EXAMPLE.COM/x?y#z",
        "http:example.com",
        "https://user:secret@example.com:8443/",
        "http://münchen.de/ü",
        "http://[::1]:80/",
        "http://127.1/",
        "http://0x7f.1/",
        "mailto:squad@example.com",
        "slack://channel?id=1",
        "foo:",
        "file:///etc/hosts",
        "file:relative",
        " https://example.com ",
        "https://{host}.example.com/",
    ],
)
def test_an_address_that_needs_no_other_to_stand_on(text: str) -> None:
    assert names.is_absolute_url(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "example.com",
        "/docs",
        "//example.com",
        "./x",
        "https://",
        "https:///",
        "http://a b/",
        "http://a%20b/",
        "http://a:99999/",
        "http://a:8a/",
        "http://[::1/",
        "http://[::1%eth0]/",
        "http://256.1.1.1/",
        "http://1.2.3.4.5/",
        "http://1.99999999/",
        "http://08.1/",
        "http://\u00ad/",
        "http://a<b/",
        "foo://a b",
        "1http://a",
        "file://a b/",
    ],
)
def test_anything_else_is_no_address(text: str) -> None:
    assert not names.is_absolute_url(text)
