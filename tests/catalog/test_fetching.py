from __future__ import annotations

from typing import Any

import pytest
import requests
import responses

from flagstone.catalog.engine.placeholders import Unresolved
from flagstone.catalog.fetching import AllowedHosts

URL = "https://files.example.com/a.yaml"


@pytest.fixture
def hosts(settings: Any) -> AllowedHosts:
    settings.FLAGSTONE_CATALOG_ALLOWED_HOSTS = ["files.example.com"]
    return AllowedHosts()


def test_the_allowed_hosts_are_those_of_the_settings(hosts: AllowedHosts) -> None:
    assert hosts.allowed_hosts == ["files.example.com"]


@responses.activate
def test_an_address_gives_its_content(hosts: AllowedHosts) -> None:
    responses.get(URL, body="a: 1\n")

    assert hosts.fetch(URL) == b"a: 1\n"
    assert "Authorization" not in responses.calls[0].request.headers


@responses.activate
@pytest.mark.parametrize("status", [404, 410])
def test_nothing_there_is_none(hosts: AllowedHosts, status: int) -> None:
    responses.get(URL, status=status)

    assert hosts.fetch(URL) is None


@responses.activate
@pytest.mark.parametrize("status", [302, 401, 429, 500])
def test_any_other_answer_is_told_and_a_redirect_not_followed(
    hosts: AllowedHosts, status: int
) -> None:
    responses.get(URL, status=status, headers={"Location": "https://evil.example/"})

    with pytest.raises(Unresolved, match=f"the host answers {status}"):
        hosts.fetch(URL)
    assert len(responses.calls) == 1


@responses.activate
def test_a_redirect_to_an_odd_place_is_an_answer_like_any_other(hosts: AllowedHosts) -> None:
    responses.get(URL, status=302, headers={"Location": "http://[evil/"})

    with pytest.raises(Unresolved, match="the host answers 302"):
        hosts.fetch(URL)


@responses.activate
@pytest.mark.parametrize("error", [requests.ConnectionError("secret"), requests.Timeout("secret")])
def test_no_answer_is_told_without_its_details(hosts: AllowedHosts, error: Exception) -> None:
    responses.get(URL, body=error)

    with pytest.raises(Unresolved) as caught:
        hosts.fetch(URL)
    assert str(caught.value) == f"the host gives no answer ({type(error).__name__})."


@responses.activate
def test_no_more_is_taken_than_shows_that_it_is_too_large(hosts: AllowedHosts) -> None:
    responses.get(URL, body=b"x" * (7 * 1024 * 1024))

    data = hosts.fetch(URL)

    assert data is not None
    assert 5 * 1024 * 1024 < len(data) < 5.2 * 1024 * 1024


@responses.activate
def test_what_a_netrc_knows_is_not_sent(
    hosts: AllowedHosts, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine files.example.com login me password secret\n")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    responses.get(URL, body="a: 1\n")

    hosts.fetch(URL)

    assert "Authorization" not in responses.calls[0].request.headers
