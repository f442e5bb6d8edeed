"""GitHub Apps: short-lived tokens for each owner, made when needed, renewed once when GitHub refuses them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flagstone.forge.errors import (
    AuthenticationFailed,
    OutcomeUnknown,
    PermissionDenied,
    ServerError,
)
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import RepositoryEntry
from flagstone.forge.hosts.github.credentials import AppInstallation, PersonalToken
from tests.forge.hosts.github.conftest import FLAGSTONE, REPO, adapter, spec, transport_to
from tests.http_server import Fault, Reply
from tests.stand_ins.github import TOKEN
from tests.stand_ins.github_apps import APP_ID, APP_LOGIN, app_key

MAKE = "/access_tokens"


def app(stand_in, *, app_id=APP_ID, key=app_key, now=lambda: datetime.now(UTC)):
    return AppInstallation(app_id, key, transport_to(stand_in), now=now)


@pytest.fixture
def app_forge(stand_in):
    stand_in.install_app("acme")
    return adapter(stand_in, credential=app(stand_in))


def test_one_token_serves_an_owner_until_shortly_before_its_end(stand_in):
    stand_in.install_app("acme")
    stand_in.repository("acme/other")
    clock = [datetime.now(UTC)]
    forges = [
        adapter(stand_in, credential=app(stand_in, now=lambda: clock[0])) for _ in range(2)
    ]  # each task makes its own
    for forge in forges:
        assert forge.get_repository(REPO).full_name == REPO
        forge.get_repository("acme/other")
    assert len(stand_in.server.sent(MAKE)) == 1
    assert len(stand_in.server.sent("GET /orgs/acme/installation")) == 1
    clock[0] += timedelta(minutes=54)
    forges[0].get_repository(REPO)
    assert len(stand_in.server.sent(MAKE)) == 1
    clock[0] += timedelta(minutes=2)
    with pytest.raises(AuthenticationFailed):  # a clock that is an hour ahead signs for the future
        forges[0].get_repository(REPO)


def test_another_key_gets_no_token_of_this_one(stand_in, app_forge):
    app_forge.get_repository(REPO)
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    other = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(AuthenticationFailed, match="find the installation of the GitHub App"):
        adapter(stand_in, credential=app(stand_in, key=lambda: other)).get_repository(REPO)


def test_row_27_a_token_that_ends_in_the_middle_is_made_anew_once(stand_in, app_forge, topic):
    app_forge.get_repository(REPO)
    stand_in.expire_app_tokens()
    opened = app_forge.create_pull_request(REPO, spec())
    assert (opened.number, opened.author.login, opened.author.is_bot) == (1, APP_LOGIN, True)
    assert len(stand_in.server.sent(f"POST /repos/{REPO}/pulls")) == 2
    assert len(stand_in.known(REPO).pulls) == 1
    assert len(stand_in.server.sent(MAKE)) == 2
    stand_in.expire_app_tokens()
    assert len(app_forge.touched_pull_requests(REPO)) == 1


def test_row_27_a_token_that_stays_refused_is_no_endless_matter(stand_in, app_forge):
    refused = Fault(f"GET /repos/{REPO}", Reply(401, {"message": "Bad credentials"}), times=9)
    stand_in.server.faults.append(refused)
    with pytest.raises(AuthenticationFailed, match="Bad credentials"):
        app_forge.get_repository(REPO)
    assert refused.times == 7


@pytest.mark.parametrize("seconds", [-60, 0, 60])
def test_row_27_clocks_may_differ_by_a_minute(stand_in, seconds):
    stand_in.install_app("acme")
    skewed = app(stand_in, now=lambda: datetime.now(UTC) + timedelta(seconds=seconds))
    assert adapter(stand_in, credential=skewed).get_repository(REPO).full_name == REPO


def test_where_the_app_is_not_installed_it_says_so(stand_in):
    with pytest.raises(PermissionDenied, match=r"App 4711 is not installed at acme\. Install it"):
        adapter(stand_in, credential=app(stand_in)).get_repository(REPO)


@pytest.mark.parametrize("key", ["", "no key", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END"])
def test_a_key_that_is_none_is_told_without_its_words(stand_in, key):
    with pytest.raises(AuthenticationFailed, match=r"whole \.pem file") as caught:
        adapter(stand_in, credential=app(stand_in, key=lambda: key)).get_repository(REPO)
    assert caught.value.__cause__ is None
    assert "AAAA" not in str(caught.value)
    assert stand_in.server.requests == []


@pytest.mark.parametrize("reply", [Reply(502), Reply(201, {"token": "x"}), Reply(201, b"<html>")])
def test_a_token_that_may_have_been_made_is_simply_made_again(stand_in, app_forge, topic, reply):
    stand_in.server.faults.append(Fault(MAKE, reply, is_done=True))
    with pytest.raises(ServerError) as caught:
        app_forge.create_pull_request(REPO, spec())
    assert not isinstance(caught.value, OutcomeUnknown), "nothing of ours was sent yet"
    assert app_forge.create_pull_request(REPO, spec()).number == 1


def test_git_signs_in_with_the_token_of_the_installation(stand_in, app_forge):
    remote = app_forge.git_remote(REPO)
    token = next(token for token, login in stand_in.tokens.items() if login == APP_LOGIN)
    assert token not in remote.url
    assert token not in repr(remote)
    with GitWorkspace(remote) as workspace:
        assert workspace.observe().head() == stand_in.bare(REPO).heads()["main"]
    assert {each.user for each in stand_in.git.requests} == {"x-access-token"}


def test_an_app_knows_its_own_comment_again(stand_in, app_forge, topic):
    number = app_forge.create_pull_request(REPO, spec()).number
    for words in ("Bronze", "Silver"):
        app_forge.upsert_comment(
            REPO, number, by=FLAGSTONE, body=words, marker="<!-- flagstone:x -->"
        )
    (comment,) = stand_in.known(REPO).comments
    assert (comment.by.login, comment.body[:6]) == (APP_LOGIN, "Silver")


def test_an_app_lists_what_it_may_see_of_a_person(stand_in):
    stand_in.add_account("mia")
    stand_in.add("mia/tools", description="Mine")
    stand_in.install_app("mia")
    forge = adapter(stand_in, credential=app(stand_in))
    assert list(forge.list_repositories("mia")) == [RepositoryEntry("mia/tools", "Mine", "main")]
    assert [each.path for each in stand_in.server.sent("/installation")][:2] == [
        "/orgs/mia/installation",
        "/users/mia/installation",
    ]


def test_a_personal_token_is_read_each_time_and_shown_nowhere(stand_in):
    tokens = iter([TOKEN, "withdrawn"])
    credential = PersonalToken(lambda: next(tokens))
    assert TOKEN not in repr(credential)
    transport = adapter(stand_in, credential=credential)
    with pytest.raises(AuthenticationFailed):
        transport.get_repository(REPO)
    assert len(stand_in.server.requests) == 2, "a 401 is not asked again: there is no other token"
