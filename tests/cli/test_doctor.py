"""`flagstone forge doctor`: what works at a real repository, what does not, and nothing left behind."""

from __future__ import annotations

import json

import pytest

from tests.http_server import Fault, Reply

pytestmark = pytest.mark.django_db(transaction=True)

REPO = "acme/gitops"


@pytest.fixture(params=["gitea", "github"])
def far(request, transactional_db, tmp_path, monkeypatch):
    from tests.forge.remote.worlds import world

    with world(request.param, tmp_path / "far", monkeypatch) as made:
        yield made


def branches(far):
    from tests.forge.repositories import git

    return git(far.bare, "for-each-ref", "--format=%(refname:short)", "refs/heads").splitlines()


def outcomes(done):
    return {
        finding["step"]: finding["outcome"] for finding in map(json.loads, done.out.splitlines())
    }


def test_each_try_has_its_verdict_and_nothing_is_left(run, far):
    done = run("forge", "doctor", far.host.name, REPO)
    lines = done.out.splitlines()
    assert lines[0].startswith("ok       Read the repository: main at ")
    assert lines[1].startswith("ok       Write permission: ")
    assert lines[2].startswith("ok       Push a branch: flagstone/doctor-")
    assert lines[3] == "ok       Open a pull request: #1, as a draft"
    assert lines[4:8] == [
        "ok       Comment on it", "ok       Set a commit status",
        "ok       Close pull request #1", "ok       Delete the branch",
    ]  # fmt: skip
    assert lines[8] == "skipped  Sign commits: no signing key is stored; none is needed"
    assert lines[9].startswith("PROBLEM  Webhook secret: No webhook secret is stored")
    if far.host.kind == "github":  # whose stand-in lets its bot see no webhooks
        assert lines[10].startswith("skipped  Webhook: it cannot be looked up: ")
        assert lines[11:] == ["1 to mend."]
    else:
        assert lines[10].startswith("PROBLEM  Webhook: The repository has none to http")
        assert lines[11:] == ["2 to mend."]
    assert done.status == 1
    assert branches(far) == ["main"]
    assert [pull.state.value for pull in far.pulls()] == ["closed"]


def test_what_may_not_be_done_is_named_and_the_rest_cleaned_up(run, far):
    far.server.faults.append(Fault("POST /", Reply(403, {"message": "no pull requests: write"})))
    done = run("forge", "doctor", far.host.name, REPO, "--json")
    found = outcomes(done)
    assert found["Push a branch"] == "ok"
    assert found["Open a pull request"] == "problem"
    assert "no pull requests: write" in done.out
    assert found["Delete the branch"] == "ok"
    assert branches(far) == ["main"]


def test_a_pull_request_without_an_answer_is_found_and_closed(run, far):
    far.server.faults.append(Fault("POST /", Reply(502), is_done=True))
    found = outcomes(run("forge", "doctor", far.host.name, REPO, "--json"))
    assert found["Open a pull request"] == "problem"
    assert found["Close pull request #1"] == "ok"
    assert branches(far) == ["main"]
    assert [pull.state.value for pull in far.pulls()] == ["closed"]


def test_what_an_ended_one_left_is_removed(run, far, tmp_path):
    from tests.forge.repositories import push_by_hand

    push_by_hand(far.bare, tmp_path, {"x": "1\n"}, branch="flagstone/doctor-0badcafe")
    run("forge", "doctor", far.host.name, REPO)
    assert branches(far) == ["main"]


def test_a_missing_repository_and_a_missing_host_are_sentences(run, far):
    done = run("forge", "doctor", far.host.name, "acme/none")
    assert done.status == 1
    assert done.out.splitlines()[-1] == "1 to mend."
    assert "acme/none" in done.out or "hides it" in done.out
    done = run("forge", "doctor", "nowhere", REPO)
    assert (done.status, done.out) == (2, "")
    assert f"There is no code host 'nowhere' in Flagstone. Registered: {far.host.name}." in done.err


def test_a_credential_is_never_printed(run, far):
    from flagstone.forge.credentials import read_secret
    from flagstone.forge.models import SecretPurpose

    token = read_secret(far.host, SecretPurpose.TOKEN)
    far.server.faults.append(Fault(" /", Reply(401, {"message": f"bad token {token}"}), times=50))
    done = run("forge", "doctor", far.host.name, REPO)
    assert done.status == 1
    assert token not in done.out + done.err


def test_at_github_it_waits_its_turn_between_two_writes(
    run, transactional_db, tmp_path, monkeypatch
):
    from flagstone.forge import pacing
    from tests.forge.remote.worlds import world

    limits = pacing._LIMITS
    with world("github", tmp_path / "far", monkeypatch) as far:
        monkeypatch.setattr(pacing, "_LIMITS", limits)
        found = outcomes(run("forge", "doctor", far.host.name, REPO, "--json"))
    assert found["Close pull request #1"] == "ok"
    assert found["Set a commit status"] == "ok"
