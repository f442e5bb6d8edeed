"""The page of a pull request that people review at their own code host: Gitea and GitHub, as stand-ins."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from django.test import Client
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.forge import actions, pipeline
from flagstone.forge.hosts.base import CommitStatus, StatusState
from flagstone.forge.models import ChangeRequest, ChangeState, PullRequest
from flagstone.forge.people import BOT_ACCOUNT
from flagstone.gate.models import PullRequestVerdict
from flagstone.gate.pull_requests.words import MARKER
from tests.forge.remote.worlds import REPO, World, world
from tests.forge.repositories import push_by_hand
from tests.http_server import Fault, Reply

pytestmark = pytest.mark.django_db(transaction=True)
EVENTS = {"gitea": "APPROVED", "github": "APPROVE"}


@pytest.fixture(params=["gitea", "github"])
def far(
    request: pytest.FixtureRequest, db: None, no_broker: list[str], tmp_path: Path, monkeypatch: Any
) -> Iterator[World]:
    with world(request.param, tmp_path / "far", monkeypatch) as made:
        yield made


@pytest.fixture
def far_github(db: None, no_broker: list[str], tmp_path: Path, monkeypatch: Any) -> Iterator[World]:
    with world("github", tmp_path / "far", monkeypatch) as made:
        yield made


def opened(far: World, actor: User, files: dict[str, bytes] | None = None) -> PullRequest:
    change = actions.request_change(
        actor=actor,
        repository=far.repository,
        title="Add <b>checkout</b>",
        body="Why **not**?",
        files=files or {"docs/a.md": b"1\n2\n", "README.md": b"bye\n"},
        source="test",
        labels=("paved-path",),
    )
    pull = pipeline.ship(change.pk)
    assert pull is not None
    return pull


def approve(far: World, login: str, pull: PullRequest) -> None:
    """Approve it at the code host, as a person does it there."""
    stand_in, token = far.stand_in, f"token-of-{login}"
    if far.host.kind == "gitea":
        stand_in.person(login)
    else:
        stand_in.add_account(login)
        stand_in.tokens[token] = login
    answer = requests.post(
        f"{stand_in.url}/repos/{REPO}/pulls/{pull.number}/reviews",
        json={"event": EVENTS[far.host.kind], "body": "Fine by me."},
        headers={"Authorization": f"token {token}"},
        timeout=10,
    )
    assert answer.ok, answer.text


def text_of(response: Any) -> str:
    return response.content.decode()


def merge(client: Client, pull: PullRequest) -> Any:
    sent = {"head": pull.head_commit, "method": "merge"}
    return client.post(f"/pulls/{pull.pk}/merge", sent)


def state_of(pull: PullRequest) -> str:
    return PullRequest.objects.get(pk=pull.pk).state


def test_it_is_shown_with_its_files_and_leads_to_its_code_host(
    far: World, signed_in: Client, member: User
) -> None:
    pull = opened(far, member)
    response = signed_in.get(f"/pulls/{pull.pk}")
    page, told = text_of(response), response.context
    assert response.status_code == 200
    assert f'href="{pull.url}" rel="noopener noreferrer">Review at the-{far.host.kind}' in page
    assert [(each.path, each.additions, each.deletions) for each in told["files"]] == [
        ("README.md", 1, 1),
        ("docs/a.md", 2, 0),
    ]
    assert (told["view"].size.files, told["size"].lines, told["state"]) == (2, 4, "open")
    assert "Add &lt;b&gt;checkout&lt;/b&gt;" in page
    assert "Why <strong>not</strong>?" in page
    assert "flagstone:change-request" not in page
    assert '<span class="tag">paved-path</span>' in page
    assert "It merges cleanly into" in page
    assert f" for {member.display_name}</dd>" in page


def test_nobody_reviews_comments_or_closes_it_in_flagstone(
    far: World, signed_in: Client, lead: User, member: User
) -> None:
    pull = opened(far, lead)
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert "/review" not in page
    assert "/close" not in page
    refused = signed_in.post(f"/pulls/{pull.pk}/review", {"verdict": "approved"})
    assert refused.status_code == 400
    assert far.forge.get_pull_request(REPO, pull.number).reviews == ()


def test_checks_and_reviews_of_the_code_host_are_shown(
    far: World, signed_in: Client, member: User
) -> None:
    pull = opened(far, member)
    word = CommitStatus(
        "ci/tests", StatusState.FAILURE, "3 of 41 failed", timezone.now(), "https://ci.example/7"
    )
    far.forge.set_commit_status(REPO, pull.head_commit, word)
    approve(far, "leo", pull)
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert '<a class="name" href="https://ci.example/7" rel="noopener noreferrer">ci/tests' in page
    assert "3 of 41 failed" in page
    assert "A check fails on its last commit." in page
    assert "approved by leo" in page
    assert "Fine by me." in page
    assert "within the promise of 24 hours" in page


def test_a_first_review_that_does_not_come_is_held_against_the_promise(
    far: World, signed_in: Client, member: User, monkeypatch: Any
) -> None:
    pull = opened(far, member)
    live = far.forge.get_pull_request(REPO, pull.number)
    for hours, is_late in ((23, False), (25, True)):
        now = (live.ready_at or live.opened_at) + timedelta(hours=hours)
        monkeypatch.setattr("flagstone.web.pull_elsewhere.timezone.now", lambda now=now: now)
        signed_in.force_login(member)  # a session lasts half a day
        review = signed_in.get(f"/pulls/{pull.pk}").context["review"]
        assert (review.at, review.is_late) == (None, is_late)


def test_a_change_of_somebody_else_is_merged_from_here(
    far: World, signed_in: Client, lead: User
) -> None:
    pull = opened(far, lead)
    assert f'action="/pulls/{pull.pk}/merge"' in text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert merge(signed_in, pull).headers["Location"] == f"/pulls/{pull.pk}"
    assert state_of(pull) == "merged"
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert f"Open at the-{far.host.kind}" in page
    assert "It touches no service of the catalogue." in page


def test_ones_own_approval_of_what_the_bot_opened_for_one_is_no_second_pair_of_eyes(
    far: World, signed_in: Client, member: User
) -> None:
    pull = opened(far, member)
    approve(far, member.username, pull)
    pull = pipeline.refresh_pull_request(pull)
    assert pull.approved_at is not None
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert "It is yours: somebody else approves it" in page
    assert f'action="/pulls/{pull.pk}/merge"' not in page
    refused = merge(signed_in, pull)
    assert refused.status_code == 400
    assert "is your own, or may be, and nobody else has approved what it holds now." in text_of(
        refused
    )
    assert state_of(pull) == "open"


@pytest.mark.usefixtures("lead")
def test_an_approval_that_no_webhook_told_of_counts(
    far: World, signed_in: Client, member: User
) -> None:
    pull = opened(far, member)
    approve(far, "leo", pull)
    assert f'action="/pulls/{pull.pk}/merge"' in text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert merge(signed_in, pull).status_code == 302
    assert state_of(pull) == "merged"


def test_a_viewer_sees_no_button(far: World, client: Client, lead: User, stranger: User) -> None:
    pull = opened(far, lead)
    client.force_login(stranger)
    page = text_of(client.get(f"/pulls/{pull.pk}"))
    assert "Merging needs the role Member." in page
    assert 'action="/pulls/' not in page
    assert client.post(f"/pulls/{pull.pk}/rebuild").status_code == 403


def test_row_14_a_conflict_is_shown_and_rebuilt_when_somebody_asks(
    far_github: World, signed_in: Client, lead: User, tmp_path: Path
) -> None:
    far, pull = far_github, opened(far_github, lead)
    assert "Rebuild on" not in text_of(signed_in.get(f"/pulls/{pull.pk}"))
    push_by_hand(far.bare, tmp_path, {"README.md": "theirs\n"})
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert "Both sides changed the same lines" in page
    assert "Rebuild on main" in page
    assert '<button class="btn" disabled><span data-busy="Merging…">' in page
    answer = signed_in.post(f"/pulls/{pull.pk}/rebuild")
    assert answer.headers["Location"] == f"/pulls/{pull.pk}"
    change = ChangeRequest.objects.get(pull_request=pull)
    assert change.state == ChangeState.REBUILDING
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert "It is being built again on its target branch" in page
    assert "Rebuild on main" not in page
    twice = signed_in.post(f"/pulls/{pull.pk}/rebuild")
    assert twice.status_code == 409
    pipeline.ship(change.pk)
    assert "It merges cleanly into" in text_of(signed_in.get(f"/pulls/{pull.pk}"))


def test_what_is_not_ours_cannot_be_rebuilt(far: World, signed_in: Client, lead: User) -> None:
    pull = opened(far, lead)
    ChangeRequest.objects.update(pull_request=None)
    assert signed_in.post(f"/pulls/{pull.pk}/rebuild").status_code == 404


def test_row_41_a_code_host_that_is_away_leaves_what_is_recorded(
    far: World, signed_in: Client, lead: User
) -> None:
    pull = opened(far, lead)
    read_at = timezone.now() - timedelta(hours=3)
    far.repository.synced_at = read_at
    far.repository.save()
    broken = Reply(502, b"<html>bad gateway</html>", {"Content-Type": "text/html"})
    far.server.faults.append(Fault("GET", reply=broken, times=99))
    response = signed_in.get(f"/pulls/{pull.pk}")
    page = text_of(response)
    assert response.status_code == 200
    assert f"the-{far.host.kind} cannot be asked now" in page
    assert response.context["failure"] in page.replace("&#x27;", "'").replace("&quot;", '"')
    assert f'datetime="{read_at.isoformat(timespec="seconds")[:16]}' in page
    assert "Add &lt;b&gt;checkout&lt;/b&gt;" in page
    assert f'href="{pull.url}"' in page
    assert (response.context["size"].lines, response.context["files"]) == (4, None)
    assert page.count("They could not be read now.") == 2
    assert f'action="/pulls/{pull.pk}/merge"' not in page


def test_a_code_host_that_tells_a_part_leaves_the_rest_out(
    far: World, signed_in: Client, lead: User
) -> None:
    pull = opened(far, lead)
    far.server.faults.append(Fault("/files", reply=Reply(500, b"oops"), times=99))
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert f"the-{far.host.kind} told only a part of it" in page
    assert page.count("They could not be read now.") == 1
    assert "No check has said anything of this commit." in page


def test_a_token_that_is_missing_is_told_and_the_record_shown(
    far: World, signed_in: Client, lead: User
) -> None:
    pull = opened(far, lead)
    far.host.secrets.all().delete()
    response = signed_in.get(f"/pulls/{pull.pk}")
    assert response.status_code == 200
    assert "cannot be asked now" in text_of(response)


def test_the_verdict_is_shown_with_its_reasons_the_gravest_first(
    far: World, signed_in: Client, lead: User
) -> None:
    pull = opened(far, lead)
    assert "Not judged yet." in text_of(signed_in.get(f"/pulls/{pull.pk}"))
    reasons = [
        {"code": "pull_request.small", "state": "go", "title": "4 lines, under 200", "detail": ""},
        {
            "code": "policy.violated",
            "state": "stop",
            "title": "Probes are missing",
            "detail": "rollout.yaml: <i>add</i> one",
        },
    ]
    PullRequestVerdict.objects.create(
        pull_request=pull,
        asked="x",
        head_commit=pull.head_commit,
        decision="stop",
        reasons=reasons,
        judged_at=timezone.now(),
    )
    response = signed_in.get(f"/pulls/{pull.pk}")
    page, verdict = text_of(response), response.context["verdict"]
    assert [reason.title for reason in verdict.reasons] == [
        "Probes are missing",
        "4 lines, under 200",
    ]
    assert (verdict.decision, verdict.is_outdated) == ("stop", False)
    assert "rollout.yaml: &lt;i&gt;add&lt;/i&gt; one" in page
    PullRequestVerdict.objects.update(head_commit="0" * 40)
    assert "New commits have come since" in text_of(signed_in.get(f"/pulls/{pull.pk}"))


def test_what_flagstone_said_there_is_said_once_here(
    far: World, signed_in: Client, lead: User
) -> None:
    pull = opened(far, lead)
    far.forge.set_commit_status(
        REPO,
        pull.head_commit,
        CommitStatus("flagstone/gate", StatusState.FAILURE, "Stop: one word", timezone.now()),
    )
    comment = f"⛔ the bot's own comment {MARKER}"
    far.forge.upsert_comment(REPO, pull.number, by=BOT_ACCOUNT, body=comment, marker=MARKER)
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert "No check has said anything of this commit." in page
    assert "flagstone/gate" not in page
    assert "the bot's own comment" not in page
    assert "A check fails on its last commit." not in page


def test_lines_that_do_not_count_are_told(far: World, signed_in: Client, lead: User) -> None:
    pull = opened(far, lead, {"package-lock.json": b"1\n2\n3\n", "README.md": b"there\n"})
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert (
        "3 of these lines do not count towards its size: they are in generated, vendored or lock files."
        in page
    )


def test_warnings_of_its_change_are_shown(far: World, signed_in: Client, lead: User) -> None:
    pull = opened(far, lead)
    ChangeRequest.objects.update(warnings=["The label “x” could not be set: ask for <scope>."])
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert "The label “x” could not be set: ask for &lt;scope&gt;." in page


def test_an_address_that_a_browser_would_run_is_no_link(
    far: World, signed_in: Client, lead: User
) -> None:
    pull = opened(far, lead)
    PullRequest.objects.update(url="javascript:alert(1)")
    far.host.secrets.all().delete()  # so that what is recorded is shown
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert "javascript:" not in page
    assert "Review at" not in page
