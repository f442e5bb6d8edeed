"""Two clicks: the page that shows what is taken back, the button that does it, and the page that follows it."""

# ruff: noqa: F811 - the fixtures of another folder
from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.catalog.models import Entity
from flagstone.delivery import pipeline
from flagstone.delivery.models import Rollback
from flagstone.forge import actions as forge_actions
from flagstone.forge.hosts.base import CommitStatus, StatusState
from flagstone.forge.hosts.local import LocalForge
from flagstone.forge.models import PullRequest
from tests.delivery.conftest import (  # noqa: F401 - fixtures
    BAD,
    FOLDER,
    REASON,
    ROLLOUT,
    ask,
    bad,
    bare,
    enqueued,
    gitops,
    root,
    service,
)
from tests.forge.repositories import git, push_by_hand

pytestmark = pytest.mark.django_db(transaction=True)
SERVICE = "/catalog/component/default/quote"
PLAN = f"{SERVICE}/roll-back"


@pytest.fixture
def as_lead(client: Client, lead: User, service: Entity) -> Client:
    client.force_login(lead)
    return client


@pytest.fixture
def as_member(client: Client, member: User, service: Entity) -> Client:
    client.force_login(member)
    return client


def form_of(response: Any, **fields: Any) -> dict[str, Any]:
    """Fill in the form of a plan as a browser does."""
    plan = response.context["page"].plan
    values = {
        "commit": plan.change.commit,
        "seen": plan.tree,
        "key": str(response.context["key"]),
        "reason": REASON,
        "merge": "on",
    }
    return {key: value for key, value in (values | fields).items() if value}


def test_the_service_s_page_leads_to_the_plan(as_member: Client) -> None:
    text = as_member.get(SERVICE).text
    assert f'href="{PLAN}"' in text
    assert "Never rolled back" in as_member.get(f"{SERVICE}/history").text


def test_the_plan_shows_what_is_taken_back(as_member: Client, bad: str) -> None:
    response = as_member.get(PLAN)
    page = response.context["page"]
    assert (page.landed.title, page.landed.author) == ("Release 2", "Hand")
    assert [(file.diff.path, file.diff.additions, file.diff.deletions) for file in page.files] == [
        (ROLLOUT, 1, 1)
    ]
    text = response.text
    assert bad[:12] in text
    assert "broken" in text
    assert "Merge it by itself once it is approved" in text
    assert "Newer changes" not in text


def test_a_lead_may_merge_it_at_once(as_lead: Client) -> None:
    assert "Merge it at once" in as_lead.get(PLAN).text


def test_a_viewer_has_no_button_and_no_plan(
    client: Client,
    stranger: User,
    service: Entity,
) -> None:
    client.force_login(stranger)
    assert PLAN not in client.get(SERVICE).text
    assert client.get(PLAN).status_code == 403
    assert client.post(PLAN).status_code == 403


def test_two_clicks_roll_it_back(as_lead: Client, bare: Path) -> None:
    plan = as_lead.get(PLAN)
    answer = as_lead.post(PLAN, form_of(plan))
    rollback = Rollback.objects.get()
    assert answer.url == f"/rollbacks/{rollback.pk}"
    assert (rollback.reason, rollback.merge_by) == (REASON, rollback.asked_by)
    pipeline.carry_out(rollback.pk)
    text = as_lead.get(answer.url).text
    assert "It is healthy when Argo CD says so." in text
    assert "without a second pair of eyes, as an emergency" in text
    assert "; nobody has reported yet that it is healthy." in as_lead.get(SERVICE).text
    assert "line2: broken" not in git(bare, "show", f"main:{ROLLOUT}")


def test_pressing_twice_gives_the_one_rollback(as_lead: Client) -> None:
    form = form_of(as_lead.get(PLAN))
    first = as_lead.post(PLAN, form)
    pipeline.carry_out(Rollback.objects.get().pk)
    assert as_lead.post(PLAN, form).url == first.url
    assert Rollback.objects.count() == 1


def test_without_the_tick_people_merge_it(as_lead: Client) -> None:
    as_lead.post(PLAN, form_of(as_lead.get(PLAN), merge=""))
    assert Rollback.objects.get().merge_by is None


@pytest.mark.parametrize("reason", ["", "no"], ids=len)
def test_without_a_reason_it_is_asked_for_and_nothing_happens(as_lead: Client, reason: str) -> None:
    plan = as_lead.get(PLAN)
    answer = as_lead.post(PLAN, form_of(plan, reason=reason, merge=""))
    assert answer.status_code == 422
    assert "Say why, in a few words: whoever reads the history needs it." in answer.text
    assert answer.context["key"] == str(plan.context["key"])
    assert 'name="merge" value="on" checked' not in answer.text
    assert not Rollback.objects.exists()


def test_a_folder_that_moved_is_shown_again_with_the_words_kept(
    as_lead: Client,
    bare: Path,
    tmp_path: Path,
) -> None:
    form = form_of(as_lead.get(PLAN))
    push_by_hand(bare, tmp_path, {f"{FOLDER}/new.yaml": "n: 1\n"}, message="Fix it forward")
    answer = as_lead.post(PLAN, form)
    assert answer.status_code == 409
    assert "services/quote has changed since you looked at it" in answer.text
    assert answer.context["page"].landed.title == "Fix it forward"
    assert REASON in answer.text
    assert not Rollback.objects.exists()
    assert as_lead.post(PLAN, form_of(answer)).status_code == 302


def test_an_earlier_change_can_be_picked_and_a_conflict_is_told(
    as_lead: Client,
    bad: str,
    bare: Path,
    tmp_path: Path,
) -> None:
    push_by_hand(bare, tmp_path, {f"{FOLDER}/new.yaml": "n: 1\n"}, message="Fix it forward")
    text = as_lead.get(PLAN).text
    assert f"{PLAN}?commit={bad}" in text
    earlier = as_lead.get(f"{PLAN}?commit={bad}").text
    assert "Newer changes to this service stay as they are." in earlier
    push_by_hand(bare, tmp_path, {ROLLOUT: BAD.replace("broken", "mended")})
    conflict = as_lead.get(f"{PLAN}?commit={bad}").text
    assert "It cannot be taken back by itself" in conflict
    assert f"git revert {bad[:12]}" in conflict
    assert "roll-back-form" not in conflict
    assert as_lead.get(f"{PLAN}?commit=nonsense").status_code == 404


def test_a_rollback_is_rolled_back_only_after_a_warning(as_lead: Client) -> None:
    as_lead.post(PLAN, form_of(as_lead.get(PLAN)))
    pipeline.carry_out(Rollback.objects.get().pk)
    plan = as_lead.get(PLAN)
    assert "This is a rollback itself: taking it back brings “Release 2” back." in plan.text
    assert [bool(each.taken_back_by) for each in plan.context["page"].recent] == [
        False, True, False,
    ]  # fmt: skip
    assert as_lead.post(PLAN, form_of(plan)).status_code == 302


def test_one_that_is_under_way_is_shown_instead_of_the_plan(
    as_member: Client,
    ask: Callable[..., Rollback],
    lead: User,
) -> None:
    rollback = ask(lead)
    assert as_member.get(PLAN).url == f"/rollbacks/{rollback.pk}"
    assert "leo is rolling “Release 2” back." in as_member.get(SERVICE).text


def test_words_of_people_are_data(
    as_lead: Client,
    bare: Path,
    tmp_path: Path,
) -> None:
    evil = "<script>alert(1)</script> {{ 7*7 }}"
    push_by_hand(bare, tmp_path, {f"{FOLDER}/new.yaml": "n: 1\n"}, message=evil)
    plan = as_lead.get(PLAN)
    assert "<script>alert(1)" not in plan.text
    answer = as_lead.post(PLAN, form_of(plan, reason=evil))
    text = as_lead.get(answer.url).text
    assert "<script>alert(1)" not in text
    assert "{{ 7*7 }}" in text


# --- the page of a rollback


def steps(client: Client, rollback: Rollback) -> list[tuple[str, str]]:
    page = client.get(f"/rollbacks/{rollback.pk}").context["page"]
    return [(step.title, step.state) for step in page.steps]


def test_the_rail_follows_it_to_health(
    as_member: Client,
    ask: Callable[..., Rollback],
    lead: User,
    root: Path,
) -> None:
    rollback = ask(lead)
    assert steps(as_member, rollback) == [
        ("Asked for", "succeeded"),
        ("Pull request open", "running"),
        ("Merged", "waiting"),
        ("Healthy", "waiting"),
    ]
    pipeline.carry_out(rollback.pk)
    assert [state for _, state in steps(as_member, rollback)] == [
        "succeeded", "succeeded", "succeeded", "running",
    ]  # fmt: skip
    rollback.refresh_from_db()
    status = CommitStatus(
        "argocd/quote", StatusState.SUCCESS, "", rollback.clicked_at + timedelta(seconds=245)
    )
    LocalForge(root).set_commit_status("acme/gitops", rollback.merge_commit, status)
    pipeline.carry_out(rollback.pk)
    page = as_member.get(f"/rollbacks/{rollback.pk}")
    assert page.context["page"].steps[3].state == "succeeded"
    assert page.context["page"].promise.words == (
        "Healthy 4 min 05 s after the click. The promise of 10 min is kept."
    )
    assert "<code>argocd/quote</code> said so" in page.text


def test_the_page_polls_while_something_may_change(
    as_member: Client,
    ask: Callable[..., Rollback],
    lead: User,
) -> None:
    rollback = ask(lead)
    address = f"/rollbacks/{rollback.pk}"
    part = as_member.get(address, headers={"HX-Request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text
    assert 'hx-trigger="every 2s"' in part.text
    pipeline.carry_out(rollback.pk)
    as_member.post(f"{address}/healthy")
    ended = as_member.get(address, headers={"HX-Request": "true"})
    assert ended.status_code == 286
    assert "hx-trigger" not in ended.text
    assert "mia said so" in ended.text


def test_what_waits_for_an_approval_says_so_and_a_second_person_merges_it(
    client: Client,
    ask: Callable[..., Rollback],
    member: User,
    lead: User,
) -> None:
    rollback = ask(member)
    pipeline.carry_out(rollback.pk)
    address = f"/rollbacks/{rollback.pk}"
    client.force_login(member)
    own = client.get(address).text
    assert "Waits for an approval here by somebody other than mia" in own
    assert "merge-rollback" not in own
    assert client.post(f"{address}/merge").status_code == 400
    client.force_login(lead)
    assert 'id="merge-rollback"' in client.get(address).text
    client.post(f"{address}/merge")
    pipeline.carry_out(rollback.pk)
    assert Rollback.objects.get().state == "merged"


def test_the_pull_request_leads_back_to_its_rollback(
    as_member: Client,
    ask: Callable[..., Rollback],
    member: User,
) -> None:
    rollback = ask(member)
    pipeline.carry_out(rollback.pk)
    pull = PullRequest.objects.get()
    shown = as_member.get(f"/pulls/{pull.pk}")
    assert f'href="/rollbacks/{rollback.pk}"' in shown.text
    assert (shown.context["size"].tone, shown.context["size"].note) == (
        "none", "a rollback, which goes back to what was reviewed before",
    )  # fmt: skip
    forge_actions.close_pull_request(actor=member, pull_request=pull)
    pipeline.carry_out(rollback.pk)
    text = as_member.get(f"/rollbacks/{rollback.pk}").text
    assert "It was closed without being merged: the change is still in production." in text
    assert steps(as_member, rollback)[2] == ("Merged", "failed")


def test_silence_is_told_as_silence(
    as_member: Client,
    ask: Callable[..., Rollback],
    lead: User,
) -> None:
    rollback = ask(lead)
    pipeline.carry_out(rollback.pk)
    with time_machine.travel(timezone.now() + timedelta(minutes=61)):
        pipeline.carry_out(rollback.pk)
        page = as_member.get(f"/rollbacks/{rollback.pk}")
    assert "Nobody reported health within 1 h 00 min, and silence is no health." in page.text
    assert page.context["page"].promise is None
    assert steps(as_member, rollback)[3] == ("Healthy", "skipped")


def test_a_failed_one_can_be_tried_again(
    as_member: Client,
    ask: Callable[..., Rollback],
    lead: User,
    bare: Path,
) -> None:
    rollback = ask(lead)
    branch = rollback.change_request.branch
    git(bare, "branch", branch, "main")
    pipeline.carry_out(rollback.pk)
    assert (
        "Its pull request could not be opened." in as_member.get(f"/rollbacks/{rollback.pk}").text
    )
    git(bare, "branch", "-D", branch)
    as_member.post(f"/rollbacks/{rollback.pk}/retry")
    assert Rollback.objects.get().state == "asked"


def test_an_id_of_nowhere(as_member: Client) -> None:
    assert as_member.get(f"/rollbacks/{uuid4()}").status_code == 404


# --- the list


def test_the_list_counts_against_the_promise(
    as_member: Client,
    ask: Callable[..., Rollback],
    lead: User,
) -> None:
    assert "No rollback yet" in as_member.get("/rollbacks").text
    rollback = ask(lead)
    pipeline.carry_out(rollback.pk)
    as_member.post(f"/rollbacks/{rollback.pk}/healthy")
    response = as_member.get("/rollbacks")
    assert [(stat.label, stat.value) for stat in response.context["stats"]][:2] == [
        ("Rollbacks", "1"),
        ("Healthy within 10 min of the click", "1 of 1"),
    ]
    assert "Quotes: Release 2" in response.text
    assert "healthy after" in as_member.get(f"{SERVICE}/history").text
    assert "Quotes" not in as_member.get("/rollbacks?service=other").text.split("<main")[1]


def test_the_bell_leads_to_it(
    client: Client,
    ask: Callable[..., Rollback],
    lead: User,
) -> None:
    rollback = ask(lead)
    client.force_login(lead)
    text = client.get("/bell", headers={"HX-Request": "true"}).text
    assert f'href="/rollbacks/{rollback.pk}"' in text
    assert "Roll back Quotes" in text
