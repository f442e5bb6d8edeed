"""Pull requests: the list against the promises, and the page where one is read, approved and merged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.catalog.models import Relation
from flagstone.core.models import AuditEntry
from flagstone.forge import actions, pipeline
from flagstone.forge.hosts.base import CommitStatus, StatusState, Verdict
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import PullRequest
from flagstone.gate.models import PullRequestVerdict
from tests.forge.repositories import push_by_hand

pytestmark = pytest.mark.django_db(transaction=True)
HTMX = {"HX-Request": "true"}

OpenPull = Callable[..., PullRequest]


def text_of(response: Any) -> str:
    return response.content.decode()


def titles(response: Any) -> list[str]:
    return [row.pull.title for row in response.context["rows"]]


def fresh(pull: PullRequest) -> PullRequest:
    return PullRequest.objects.get(pk=pull.pk)


# --- the list


def test_the_open_ones_come_first_that_waited_longest_for_a_review(
    signed_in: Client, open_pull: OpenPull, lead: User, member: User
) -> None:
    reviewed = open_pull(member, {"a.txt": b"2\n"}, title="Reviewed")
    open_pull(member, {"b.txt": b"2\n"}, title="First")
    open_pull(member, {"c.txt": b"2\n"}, title="Second")
    merged = open_pull(member, {"d.txt": b"2\n"}, title="Merged")
    actions.review_pull_request(actor=lead, pull_request=reviewed, verdict=Verdict.APPROVED)
    actions.merge_pull_request(actor=lead, pull_request=merged)
    response = signed_in.get("/pulls")
    assert titles(response) == ["First", "Second", "Reviewed"]
    assert [(tab.title, tab.count, tab.current) for tab in response.context["tabs"]] == [
        ("Open", 3, True),
        ("Merged", 1, False),
        ("Closed", 0, False),
    ]
    assert titles(signed_in.get("/pulls?state=merged")) == ["Merged"]
    assert titles(signed_in.get("/pulls?state=nonsense")) == ["First", "Second", "Reviewed"]


def test_what_broke_the_promise_of_a_day_is_marked(
    signed_in: Client, open_pull: OpenPull, member: User
) -> None:
    late, _ = (open_pull(member, {f"{n}.txt": b"2\n"}, title=n) for n in ("late", "young"))
    opened = timezone.now() - timedelta(hours=31)
    PullRequest.objects.filter(pk=late.pk).update(opened_at=opened, ready_at=opened)
    rows = {row.pull.title: row for row in signed_in.get("/pulls").context["rows"]}
    assert rows["late"].waiting.is_late
    assert not rows["young"].waiting.is_late


def test_the_size_is_held_against_the_promise_of_200_lines(
    signed_in: Client, open_pull: OpenPull, member: User
) -> None:
    open_pull(member, {"small.txt": b"x\n" * 200}, title="small")
    open_pull(member, {"large.txt": b"x\n" * 201}, title="large")
    open_pull(member, {"huge.txt": b"x\n" * 401}, title="huge")
    open_pull(member, {"made.txt": b"x\n" * 401}, title="made", source="scaffold-run:1")
    sizes = {row.pull.title: row.size.tone for row in signed_in.get("/pulls").context["rows"]}
    assert sizes == {"small": "pass", "large": "warn", "huge": "fail", "made": "none"}


def test_the_list_is_narrowed_by_repository_author_and_squad(
    signed_in: Client, open_pull: OpenPull, lead: User, member: User, known_service: Any
) -> None:
    open_pull(member, {"a.txt": b"2\n"}, title="of mia")
    open_pull(lead, {"b.txt": b"2\n"}, title="of leo")
    squad = known_service("payments", kind="Group", type="team", type_key="team")
    Relation.objects.create(
        declared_by=squad, source_ref=squad.ref, type="hasMember", target_ref=lead.entity_ref
    )
    assert titles(signed_in.get("/pulls?author=mia")) == ["of mia"]
    assert titles(signed_in.get("/pulls?squad=group:default/payments")) == ["of leo"]
    assert titles(signed_in.get("/pulls?repository=acme/gitops")) == ["of mia", "of leo"]
    nothing = signed_in.get("/pulls?repository=acme/other")
    assert titles(nothing) == []
    assert "No pull request fits these filters." in text_of(nothing)


def test_an_empty_list_says_what_opens_one(signed_in: Client) -> None:
    assert "Nothing waits for anybody" in text_of(signed_in.get("/pulls"))


def test_a_long_list_takes_the_same_number_of_queries(
    signed_in: Client, open_pull: OpenPull, member: User, django_assert_max_num_queries: Any
) -> None:
    for number in range(5):
        open_pull(member, {f"{number}.txt": b"2\n"}, title=f"{number}")
    with django_assert_max_num_queries(16):
        signed_in.get("/pulls")


# --- the page


def test_a_pull_request_is_shown_with_its_diff(
    signed_in: Client, open_pull: OpenPull, member: User
) -> None:
    pull = open_pull(
        member, {"a.txt": b"2\n", "b/new.yaml": b"x: 1\n"}, title="Two", body="Why **not**?"
    )
    response = signed_in.get(f"/pulls/{pull.pk}")
    page = text_of(response)
    assert "Why <strong>not</strong>?" in page
    assert "flagstone:change-request" not in page
    assert [(f.diff.path, f.diff.status.value) for f in response.context["files"]] == [
        ("a.txt", "modified"),
        ("b/new.yaml", "added"),
    ]
    assert page.count('<tr class="removed">') == 1
    assert page.count('<tr class="added">') == 2
    assert "It merges cleanly into <code>main</code>." in page


def test_a_file_that_the_repository_calls_generated_is_shown_as_no_persons(
    signed_in: Client, open_pull: OpenPull, member: User, root: Path, tmp_path: Path
) -> None:
    rules = "*.api linguist-generated\n/vendor/** -linguist-vendored\n"
    push_by_hand(root / "acme/gitops.git", tmp_path, {".gitattributes": rules})
    files = {"x.api": b"1\n2\n", "vendor/ours.txt": b"1\n", "uv.lock": b"1\n"}
    pull = open_pull(member, files)
    response = signed_in.get(f"/pulls/{pull.pk}")
    shown = {file.diff.path: file.is_written_by_people for file in response.context["files"]}
    assert shown == {"x.api": False, "vendor/ours.txt": True, "uv.lock": False}
    assert text_of(response).count("not written by people") == 2
    assert response.context["detail"].size.written_lines == pull.size == 1


def test_what_people_write_is_never_markup(
    signed_in: Client, open_pull: OpenPull, member: User, lead: User
) -> None:
    hostile = "<script>alert(1)</script> [x](javascript:alert(1)) ![y](https://e.example/p.png)"
    pull = open_pull(
        member, {"a.txt": f"{hostile}\n".encode()}, title="<script>alert(1)</script>", body=hostile
    )
    actions.comment_on_pull_request(actor=lead, pull_request=pull, body=hostile)
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert "<script>alert(1)" not in page
    assert 'href="javascript:' not in page
    assert "<img" not in page


def test_checks_of_the_last_commit_are_listed(
    signed_in: Client, open_pull: OpenPull, member: User, root: Path
) -> None:
    pull = open_pull(member, {"a.txt": b"2\n"})
    word = CommitStatus("ci/tests", StatusState.FAILURE, "3 of 41 failed", timezone.now())
    LocalForge(root).set_commit_status("acme/gitops", pull.head_commit, word)
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert "3 of 41 failed" in page
    assert "A check fails on its last commit." in page


def test_a_conflict_is_told_before_anybody_tries(
    signed_in: Client, open_pull: OpenPull, member: User, lead: User
) -> None:
    first, second = (open_pull(lead, {"a.txt": text}) for text in (b"2\n", b"3\n"))
    actions.merge_pull_request(actor=member, pull_request=first)
    page = text_of(signed_in.get(f"/pulls/{second.pk}"))
    assert "Both sides changed the same lines." in page
    assert '<li class="wrap-anywhere">a.txt</li>' in page
    assert '<button class="btn btn-primary" disabled>' in page


def test_a_conflict_is_rebuilt_when_somebody_asks(
    signed_in: Client, open_pull: OpenPull, member: User, lead: User
) -> None:
    first, second = (open_pull(lead, {"a.txt": text}) for text in (b"2\n", b"3\n"))
    assert "Rebuild on main" not in text_of(signed_in.get(f"/pulls/{second.pk}"))
    actions.merge_pull_request(actor=member, pull_request=first)
    assert "Rebuild on main" in text_of(signed_in.get(f"/pulls/{second.pk}"))
    assert signed_in.post(f"/pulls/{second.pk}/rebuild").status_code == 302
    assert fresh(second).change_request.state == "rebuilding"
    pipeline.ship(second.change_request.pk)
    assert "It merges cleanly into <code>main</code>." in text_of(
        signed_in.get(f"/pulls/{second.pk}")
    )


def test_an_own_pull_request_is_not_ones_own_to_approve(
    signed_in: Client, open_pull: OpenPull, member: User, lead: User
) -> None:
    mine, other = (open_pull(who, {f"{who}.txt": b"2\n"}) for who in (member, lead))
    assert "Approve" not in text_of(signed_in.get(f"/pulls/{mine.pk}"))
    assert "Approve" in text_of(signed_in.get(f"/pulls/{other.pk}"))
    response = signed_in.post(f"/pulls/{mine.pk}/review", {"verdict": "approved"})
    assert response.status_code == 400
    assert fresh(mine).approved_at is None


def test_a_pull_request_of_a_run_leads_back_to_it(
    signed_in: Client, open_pull: OpenPull, member: User
) -> None:
    run_id = "5a0c8a3e-7a39-4f8e-9a3e-0d5a4f2f1b11"
    pull = open_pull(member, {"a.txt": b"2\n"}, source=f"scaffold-run:{run_id}")
    assert f'href="/runs/{run_id}"' in text_of(signed_in.get(f"/pulls/{pull.pk}"))


# --- what people do with it


def test_a_review_is_kept_and_shown(
    client: Client, open_pull: OpenPull, member: User, lead: User
) -> None:
    pull = open_pull(member, {"a.txt": b"2\n"})
    client.force_login(lead)
    response = client.post(
        f"/pulls/{pull.pk}/review", {"verdict": "approved", "body": "Good **catch**."}
    )
    assert (response.status_code, response.headers["Location"]) == (302, f"/pulls/{pull.pk}")
    assert fresh(pull).approved_at is not None
    page = text_of(client.get(f"/pulls/{pull.pk}"))
    assert "Good <strong>catch</strong>." in page
    assert "approved by leo" in page


@pytest.mark.parametrize("verdict", ["commented", "changes_requested"])
def test_a_verdict_that_asks_for_something_needs_words(
    client: Client, open_pull: OpenPull, member: User, lead: User, verdict: str
) -> None:
    pull = open_pull(member, {"a.txt": b"2\n"})
    client.force_login(lead)
    response = client.post(f"/pulls/{pull.pk}/review", {"verdict": verdict, "body": "  "})
    assert response.status_code == 422
    assert "Write what you found; the text is empty." in text_of(response)
    assert fresh(pull).first_review_at is None


def test_merging_merges_what_was_looked_at(
    signed_in: Client, open_pull: OpenPull, lead: User, root: Path
) -> None:
    pull = open_pull(lead, {"a.txt": b"2\n"})
    sent = {"head": pull.head_commit, "method": "merge"}
    response = signed_in.post(f"/pulls/{pull.pk}/merge", sent)
    assert response.headers["Location"] == f"/pulls/{pull.pk}"
    assert fresh(pull).state == "merged"
    assert "It touches no service of the catalogue." in text_of(signed_in.get(f"/pulls/{pull.pk}"))


def test_a_branch_that_moved_is_not_merged_unseen(
    signed_in: Client, open_pull: OpenPull, lead: User, root: Path, tmp_path: Path
) -> None:
    pull = open_pull(lead, {"a.txt": b"2\n"})
    looked_at = signed_in.get(f"/pulls/{pull.pk}").context["live"].head
    branch = pull.source_branch
    push_by_hand(
        root / "acme/gitops.git", tmp_path, {"a.txt": "evil\n"}, branch=branch, start=branch
    )
    response = signed_in.post(f"/pulls/{pull.pk}/merge", {"head": looked_at, "method": "merge"})
    page = text_of(response)
    assert response.status_code == 409
    assert "has new commits since you looked at it" in page
    assert "evil" in page
    assert fresh(pull).state == "open"


def test_a_conflict_that_came_in_between_changes_nothing(
    signed_in: Client, open_pull: OpenPull, member: User, lead: User
) -> None:
    first, second = (open_pull(lead, {"a.txt": text}) for text in (b"2\n", b"3\n"))
    actions.merge_pull_request(actor=member, pull_request=first)
    sent = {"head": second.head_commit, "method": "merge"}
    response = signed_in.post(f"/pulls/{second.pk}/merge", sent)
    assert response.status_code == 409
    assert "Nothing was changed." in text_of(response)
    assert fresh(second).state == "open"


def test_ones_own_change_is_merged_once_somebody_else_approved_it(
    signed_in: Client, open_pull: OpenPull, member: User, lead: User
) -> None:
    pull = open_pull(member, {"a.txt": b"2\n"})
    assert "somebody else approves it before it can be merged" in text_of(
        signed_in.get(f"/pulls/{pull.pk}")
    )
    sent = {"head": pull.head_commit, "method": "merge"}
    refused = signed_in.post(f"/pulls/{pull.pk}/merge", sent)
    assert refused.status_code == 400
    assert "is your own, or may be, and nobody else has approved what it holds now." in text_of(
        refused
    )
    assert fresh(pull).state == "open"
    actions.approve_pull_request(actor=lead, pull_request=pull)
    assert signed_in.post(f"/pulls/{pull.pk}/merge", sent).status_code == 302
    assert fresh(pull).state == "merged"


def test_a_merge_form_that_was_tampered_with_is_refused(
    signed_in: Client, open_pull: OpenPull, member: User
) -> None:
    pull = open_pull(member, {"a.txt": b"2\n"})
    for sent in ({}, {"head": "main", "method": "merge"}, {"head": "a" * 40, "method": "force"}):
        assert signed_in.post(f"/pulls/{pull.pk}/merge", sent).status_code == 400
    assert fresh(pull).state == "open"


def test_closing_leaves_the_branch_and_the_words(
    signed_in: Client, open_pull: OpenPull, member: User
) -> None:
    pull = open_pull(member, {"a.txt": b"2\n"}, body="Never mind.")
    signed_in.post(f"/pulls/{pull.pk}/close")
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert fresh(pull).state == "closed"
    assert "without being merged" in page
    assert "Never mind." in page


def test_a_viewer_reads_and_does_nothing(
    client: Client, open_pull: OpenPull, member: User, stranger: User
) -> None:
    pull = open_pull(member, {"a.txt": b"2\n"})
    client.force_login(stranger)
    page = text_of(client.get(f"/pulls/{pull.pk}"))
    assert "Merging needs the role Member." in page
    assert 'action="/pulls/' not in page
    head = pull.head_commit
    for path, sent in (
        ("review", {"verdict": "approved"}),
        ("merge", {"head": head, "method": "merge"}),
        ("close", {}),
    ):
        assert client.post(f"/pulls/{pull.pk}/{path}", sent).status_code == 403, path
    assert fresh(pull).state == "open"


# --- what follows a merge


def test_after_the_merge_the_page_follows_the_service_to_its_score(
    signed_in: Client,
    open_pull: OpenPull,
    member: User,
    lead: User,
    known_service: Any,
    scored: Any,
) -> None:
    pull = open_pull(lead, {"services/refunds/catalog-info.yaml": b"kind: Component\n"})
    actions.merge_pull_request(actor=member, pull_request=pull)
    page = signed_in.get(f"/pulls/{pull.pk}")
    address = page.context["address"]
    assert address == f"/pulls/{pull.pk}/arrivals?file=services%2Frefunds%2Fcatalog-info.yaml"
    assert "the catalogue reads it" in text_of(page)
    assert signed_in.get(address, headers=HTMX).status_code == 200

    service = known_service("refunds")
    assert "is in the catalogue" in text_of(signed_in.get(address, headers=HTMX))

    scored(service, 88, level="gold", at=timezone.now())
    response = signed_in.get(address, headers=HTMX)
    assert response.status_code == 286
    assert 'aria-label="score 88 of 100"' in text_of(response)


def test_a_change_below_a_known_service_is_followed_too(
    signed_in: Client, open_pull: OpenPull, member: User, lead: User, known_service: Any
) -> None:
    known_service("quote")
    pull = open_pull(lead, {"services/quote/deployment.yaml": b"kind: Rollout\n"})
    actions.merge_pull_request(actor=member, pull_request=pull)
    arrivals = signed_in.get(f"/pulls/{pull.pk}").context["arrivals"]
    assert [(arrival.name, arrival.is_done) for arrival in arrivals] == [("quote", False)]


def test_the_address_of_the_poll_leads_a_person_to_the_page(
    signed_in: Client, open_pull: OpenPull, member: User
) -> None:
    pull = open_pull(member, {"a.txt": b"2\n"})
    response = signed_in.get(f"/pulls/{pull.pk}/arrivals")
    assert response.headers["Location"] == f"/pulls/{pull.pk}"


def test_an_approval_of_an_earlier_commit_does_not_count(
    signed_in: Client, open_pull: OpenPull, member: User, lead: User, tmp_path: Path
) -> None:
    pull = open_pull(member, {"a.txt": b"2\n"})
    actions.approve_pull_request(actor=lead, pull_request=pull)
    bare = Path(settings.FLAGSTONE_LOCAL_HOST_ROOT) / f"{pull.repository.full_name}.git"
    push_by_hand(
        bare, tmp_path, {"evil.txt": "x\n"}, branch=pull.source_branch, start=pull.source_branch
    )
    pull = pipeline.refresh_pull_request(pull)
    page = text_of(signed_in.get(f"/pulls/{pull.pk}"))
    assert "somebody else approves it before it can be merged" in page
    refused = signed_in.post(
        f"/pulls/{pull.pk}/merge", {"head": pull.head_commit, "method": "merge"}
    )
    assert refused.status_code == 400
    assert fresh(pull).state == "open"


def test_against_a_stop_it_is_merged_only_on_the_person_s_word(
    signed_in: Client, open_pull: OpenPull, member: User, lead: User
) -> None:
    pull = open_pull(lead, {"a.txt": b"2\n"})
    stop = PullRequestVerdict.objects.create(
        pull_request=pull,
        asked="x",
        head_commit=pull.head_commit,
        decision="stop",
        reasons=[],
        judged_at=timezone.now(),
    )
    assert 'name="despite_stop"' in text_of(signed_in.get(f"/pulls/{pull.pk}"))
    sent = {"head": pull.head_commit, "method": "merge"}
    refused = signed_in.post(f"/pulls/{pull.pk}/merge", sent)
    assert refused.status_code == 409
    assert "The gate says stop of acme/gitops#1." in text_of(refused)
    assert fresh(pull).state == "open"
    stop.refresh_from_db()
    assert (
        signed_in.post(f"/pulls/{pull.pk}/merge", {**sent, "despite_stop": "yes"}).status_code
        == 302
    )
    assert fresh(pull).state == "merged"
    entry = AuditEntry.objects.get(action="gate.stop_overruled")
    assert (entry.actor, entry.data) == ("mia", {"head": pull.head_commit})


def test_who_may_not_merge_overrules_nothing(
    client: Client, open_pull: OpenPull, lead: User, stranger: User
) -> None:
    pull = open_pull(lead, {"a.txt": b"2\n"})
    PullRequestVerdict.objects.create(
        pull_request=pull,
        asked="x",
        head_commit=pull.head_commit,
        decision="stop",
        reasons=[],
        judged_at=timezone.now(),
    )
    client.force_login(stranger)
    sent = {"head": pull.head_commit, "method": "merge", "despite_stop": "yes"}
    assert client.post(f"/pulls/{pull.pk}/merge", sent).status_code == 403
    assert not AuditEntry.objects.filter(action="gate.stop_overruled").exists()
    assert fresh(pull).state == "open"
