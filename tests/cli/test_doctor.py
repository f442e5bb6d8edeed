"""`flagstone forge doctor`: what works at a real repository, what does not, and nothing left behind."""

from __future__ import annotations

import contextlib
import json
import re
from datetime import timedelta

import pytest

from tests.http_server import Fault, Reply

pytestmark = pytest.mark.django_db(transaction=True)

REPO = "acme/gitops"


@pytest.fixture(params=["gitea", "github", "gitlab", "pagure"])
def far(request, transactional_db, tmp_path, monkeypatch):
    with begun(request.param, tmp_path, monkeypatch) as made:
        yield made


@pytest.fixture
def gitea(transactional_db, tmp_path, monkeypatch):
    with begun("gitea", tmp_path, monkeypatch) as made:
        yield made


@contextlib.contextmanager
def begun(kind, tmp_path, monkeypatch):
    from django.utils import timezone

    from tests.forge.remote.worlds import world

    with world(kind, tmp_path / "far", monkeypatch) as made:
        made.stand_in.clock = timezone.now().replace(microsecond=0)
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
    kind = far.host.kind
    assert lines[0] == f"ok       Reach the address: {far.host.web_url}"
    assert lines[1] == "ok       Sign in" + (
        f": as {far.host.user_name}" if kind == "pagure" else ""
    )
    assert lines[2].startswith("ok       Read the repository: main at ")
    assert lines[3] == "ok       Read it with git"
    assert lines[4].startswith("ok       Write permission: ")
    assert lines[5].startswith("ok       Push a branch: flagstone/doctor-")
    as_what = "not as a draft: there are none here" if kind == "pagure" else "as a draft"
    assert lines[6] == f"ok       Open a pull request: #1, {as_what}"
    assert lines[7:12] == [
        "ok       Compare the clocks", "ok       Comment on it", "ok       Set a commit status",
        "ok       Close pull request #1", "ok       Delete the branch",
    ]  # fmt: skip
    assert lines[12] == "skipped  Sign commits: no signing key is stored; none is needed"
    assert lines[13].startswith("PROBLEM  Webhook secret: No webhook secret is stored")
    if kind == "github":  # whose stand-in lets its bot see no webhooks
        assert lines[14].startswith("skipped  Webhook: it cannot be looked up: ")
        assert lines[15:] == ["1 to mend."]
    else:
        assert lines[14].startswith("PROBLEM  Webhook: The repository has none to http")
        assert lines[15:] == ["2 to mend."]
    assert done.status == 1
    assert branches(far) == ["main"]
    assert [pull.state.value for pull in far.pulls()] == ["closed"]


def test_its_own_pull_requests_are_recorded_by_no_look(run, far):
    from flagstone.forge.models import PullRequest
    from flagstone.forge.pipeline import sync_repository

    run("forge", "doctor", far.host.name, REPO)
    assert len(far.pulls()) == 1
    assert sync_repository(far.repository.pk) is None
    assert run("forge", "backfill").status == 0
    assert PullRequest.objects.count() == 0


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


def test_what_a_killed_one_left_is_removed_with_its_pull_request(run, far, tmp_path, monkeypatch):
    from flagstone.forge.hosts.base import PullRequestSpec
    from flagstone.forge.people import BOT_ACCOUNT
    from tests.forge.repositories import push_by_hand

    left, mine, fresh = (f"flagstone/doctor-{letter * 8}" for letter in "abc")
    subject = "Flagstone tries whether it may push"
    push_by_hand(far.bare, tmp_path, {"x": "1\n"}, branch=fresh, message=subject)
    monkeypatch.setenv("GIT_COMMITTER_DATE", "2026-01-05T09:00:00Z")
    push_by_hand(far.bare, tmp_path, {"x": "2\n"}, branch=left, message=subject)
    push_by_hand(far.bare, tmp_path, {"x": "3\n"}, branch=mine, message="My own work")
    far.forge.create_pull_request(REPO, PullRequestSpec("Left", "", left, "main", BOT_ACCOUNT))
    lines = run("forge", "doctor", far.host.name, REPO).out.splitlines()
    assert [line for line in lines[5:9] if not line.startswith("ok       Push")] == [
        "ok       Close pull request #1",
        "ok       Delete the branch",
        f"skipped  Remove what another doctor left: {mine} has commits of somebody else, and was left",
        (
            f"skipped  Remove what another doctor left: {fresh} is a few minutes old: another doctor may be "
            "at it. A later one removes it"
        ),
    ]
    assert branches(far) == [mine, fresh, "main"]
    assert [pull.state.value for pull in far.pulls()] == ["closed", "closed"]


def test_a_doctor_that_is_ended_takes_away_what_it_made(run, far, monkeypatch):
    from flagstone.forge.doctor.probe import Probe

    def ended(self):
        raise KeyboardInterrupt

    monkeypatch.setattr(Probe, "_status", ended)
    done = run("forge", "doctor", far.host.name, REPO)
    assert done.status == 130
    assert done.out.splitlines()[-2:] == [
        "ok       Close pull request #1",
        "ok       Delete the branch",
    ]
    assert branches(far) == ["main"]
    assert [pull.state.value for pull in far.pulls()] == ["closed"]


def test_a_missing_repository_and_a_missing_host_are_sentences(run, far):
    done = run("forge", "doctor", far.host.name, "acme/none", "--json")
    assert done.status == 1
    assert outcomes(done) == {
        "Reach the address": "ok",
        "Sign in": "ok",
        "Read the repository": "problem",
    }
    assert done.out.rstrip().endswith(' Check the name, and what the credential may see."}')
    done = run("forge", "doctor", "nowhere", REPO)
    assert (done.status, done.out) == (2, "")
    assert f"There is no code host 'nowhere' in Flagstone. Registered: {far.host.name}." in done.err


def test_a_name_without_its_owner_is_told_before_anybody_is_asked(run, gitea):
    done = run("forge", "doctor", gitea.host.name, "acme")
    assert done.status == 2
    assert done.out.startswith(
        "PROBLEM  Read the repository: A repository cannot be called 'acme'. Write it as owner/name: "
    )
    assert gitea.server.requests == []


def test_a_host_that_cannot_be_asked_is_exit_2(run, gitea):
    gitea.server.faults.append(Fault(" /", Reply(503, {}), times=9))
    done = run("forge", "doctor", gitea.host.name, REPO, "--json")
    assert (done.status, outcomes(done)) == (2, {"Reach the address": "problem"})


def test_a_credential_that_is_refused_or_missing_is_told_from_the_rest(run, gitea):
    from flagstone.forge.models import HostSecret

    gitea.server.faults.append(Fault(" /", Reply(401, {}), times=9))
    done = run("forge", "doctor", gitea.host.name, REPO, "--json")
    assert (done.status, outcomes(done)) == (1, {"Reach the address": "ok", "Sign in": "problem"})
    assert "Store a new one in the admin, under Host secrets." in done.out
    HostSecret.objects.all().delete()
    done = run("forge", "doctor", gitea.host.name, REPO, "--json")
    assert (done.status, outcomes(done)) == (2, {"Sign in": "problem"})


def test_an_archived_repository_is_not_written_to(run, gitea):
    gitea.stand_in.known(REPO).is_archived = True
    found = outcomes(run("forge", "doctor", gitea.host.name, REPO, "--json"))
    assert (found["Write permission"], "Push a branch" in found) == ("problem", False)


def test_clocks_that_are_apart_are_told(run, gitea):
    gitea.stand_in.clock -= timedelta(minutes=7)
    done = run("forge", "doctor", gitea.host.name, REPO)
    assert re.search(r"PROBLEM  Compare the clocks: .* are 4[12][0-9] seconds apart", done.out)


EVENTS = [
    "push", "create", "delete", "repository", "status",
    "pull_request", "pull_request_assign", "pull_request_label", "pull_request_milestone",
    "pull_request_comment", "pull_request_review_approved", "pull_request_review_rejected",
    "pull_request_review_comment", "pull_request_sync", "pull_request_review_request",
]  # fmt: skip
HOOK = {
    "id": 1, "type": "gitea", "active": True, "events": EVENTS,
    "config": {"url": "https://flagstone.example.com/webhooks/the-gitea/", "content_type": "json"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("hook", "said"),
    [
        (HOOK, "ok       Webhook: https://flagstone.example.com/webhooks/the-gitea"),
        (
            HOOK | {"events": [each for each in EVENTS if each not in ("status", "create")]},
            "PROBLEM  Webhook: It does not tell of create, status. Choose these events as well.",
        ),
        (
            HOOK | {"active": False},
            (
                "PROBLEM  Webhook: The one to https://flagstone.example.com/webhooks/the-gitea is switched "
                "off. Switch it on at the code host."
            ),
        ),
    ],
)
def test_a_webhook_leads_here_is_on_and_tells_enough(run, gitea, settings, hook, said):
    from flagstone.forge.credentials import keep_secret
    from flagstone.forge.models import SecretPurpose

    settings.FLAGSTONE_URL = "https://flagstone.example.com"
    keep_secret(gitea.host, SecretPurpose.WEBHOOK, "canary")
    gitea.stand_in.known(REPO).hooks.append(hook)
    done = run("forge", "doctor", gitea.host.name, REPO)
    assert done.out.splitlines()[-3:-1] == ["ok       Webhook secret", said]
    assert done.status == (0 if said.startswith("ok") else 1)


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


@pytest.mark.parametrize(
    ("kind", "told", "missing"),
    [
        ("github", {"push", "pull_request", "pull_request_review", "issue_comment", "check_run", "check_suite",
                    "repository"}, "pull_request_review_comment, pull_request_review_thread, status"),
        ("github", {"*"}, ""),
        ("gitlab", {"push", "merge_requests", "note"}, "pipeline"),
        ("forgejo", set(EVENTS) - {"status"}, ""),
    ],
)  # fmt: skip
def test_the_events_that_are_missing_are_those_of_its_kind(kind, told, missing):
    from flagstone.forge.doctor import listening
    from flagstone.forge.hosts.base import WebhookEntry

    hook = WebhookEntry("https://x", is_active=True, events=frozenset(told))
    finding = listening._hook_finding([hook], "https://x", listening._EVENTS[kind])
    said = (
        f"It does not tell of {missing}. Choose these events as well." if missing else "https://x"
    )
    assert finding.said == said
