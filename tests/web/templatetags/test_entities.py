from __future__ import annotations

import pytest

from flagstone.web.templatetags.entities import finding_url, safe_link, ticked


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://grafana.example/d/1", "https://grafana.example/d/1"),
        ("mailto:a@example.org", "mailto:a@example.org"),
        ("javascript:alert(1)", "#"),
        (" JavaScript:alert(1)", "#"),
        ("data:text/html,x", "#"),
        ("//elsewhere.example", "#"),
        ("http://[broken", "#"),
        ("", "#"),
        (None, "#"),
    ],
)
def test_only_addresses_that_run_nothing_are_links(url: object, shown: str) -> None:
    assert safe_link(url) == shown


def test_a_finding_without_a_repository_has_no_page() -> None:
    assert finding_url(None, {"path": "a.yaml", "line": 1}) == ""


def test_backticks_become_code_and_nothing_else_markup() -> None:
    assert ticked("Without `retries` <b>") == "Without <code>retries</code> &lt;b&gt;"
    assert ticked("`<i>`") == "<code>&lt;i&gt;</code>"
    assert ticked("one ` alone") == "one ` alone"
