"""The page that follows a run: what it shows, what a poll brings, who may stop it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.core import jobs
from flagstone.core.errors import Conflict
from flagstone.core.models import JobLine
from flagstone.scaffolding import pipeline
from flagstone.scaffolding.models import RunState, ScaffoldRun
from flagstone.web.notifications import page_of as page_of_job

pytestmark = pytest.mark.django_db(transaction=True)
HTMX = {"HX-Request": "true"}


def text_of(response: Any) -> str:
    return response.content.decode()


def worked(run: ScaffoldRun) -> ScaffoldRun:
    """Do what a worker would do with the run."""
    pipeline.execute(run.pk)
    run.refresh_from_db()
    return run


def merged(run: ScaffoldRun, by: User) -> ScaffoldRun:
    """Merge the pull request of a run that waits for it."""
    from flagstone.forge import actions

    pull_request = worked(run).pull_request
    assert pull_request is not None
    actions.merge_pull_request(actor=by, pull_request=pull_request)
    return worked(run)


# --- the list


def test_my_runs_and_everybodys_are_two_lists(
    signed_in: Client, asked_run: ScaffoldRun, admin_user: User
) -> None:
    assert f'href="/runs/{asked_run.pk}"' in text_of(signed_in.get("/runs"))
    signed_in.force_login(admin_user)
    assert "No run yet" in text_of(signed_in.get("/runs"))
    assert "checkout" in text_of(signed_in.get("/runs?of=all"))


# --- the page


def test_a_run_that_nobody_has_taken_up_is_followed(
    signed_in: Client, asked_run: ScaffoldRun
) -> None:
    page = text_of(signed_in.get(f"/runs/{asked_run.pk}"))
    assert "A worker takes it up in a moment." in page
    assert f'hx-get="/runs/{asked_run.pk}/live?' in page
    assert '<noscript><meta http-equiv="refresh" content="3"></noscript>' in page
    assert 'id="cancel-run"' in page


def test_a_run_that_is_not_there_is_not_found(signed_in: Client) -> None:
    assert signed_in.get("/runs/00000000-0000-0000-0000-000000000001").status_code == 404


def test_a_run_that_waits_leads_to_its_pull_request(
    signed_in: Client, asked_run: ScaffoldRun
) -> None:
    run = worked(asked_run)
    page = text_of(signed_in.get(f"/runs/{run.pk}"))
    assert run.state == RunState.WAITING
    assert f'id="open-pull" href="/pulls/{run.pull_request.pk}"' in page
    assert "Service repository · {}".format(run.outputs["publish"]["remoteUrl"]) in page
    assert "Opened pull request #1 of acme/gitops" in page


def test_after_the_merge_the_service_its_score_and_its_squad_are_shown(
    signed_in: Client, asked_run: ScaffoldRun, lead: User, known_service: Any, scored: Any
) -> None:
    run = merged(asked_run, lead)
    assert run.state == RunState.MERGED
    page = signed_in.get(f"/runs/{run.pk}")
    assert "the catalogue reads it" in text_of(page)
    assert page.context["page"].follows

    squad = known_service("payments", kind="Group", type="team", type_key="team")
    service = known_service("checkout", owner=squad.ref)
    worked(run)
    page = signed_in.get(f"/runs/{run.pk}")
    assert "is in the catalogue" in text_of(page)
    assert page.context["page"].follows

    scored(service, 91, level="gold", at=timezone.now())
    page = signed_in.get(f"/runs/{run.pk}")
    assert 'aria-label="score 91 of 100"' in text_of(page)
    assert "payments" in text_of(page)
    assert not page.context["page"].follows


def test_a_score_from_before_the_merge_is_not_shown_as_its_outcome(
    signed_in: Client, asked_run: ScaffoldRun, lead: User, known_service: Any, scored: Any
) -> None:
    service = known_service("checkout")
    asked_run.refresh_from_db()
    scored(service, 40, level="", at=timezone.now() - timedelta(hours=1))
    run = merged(asked_run, lead)
    assert 'aria-label="score 40 of 100"' not in text_of(signed_in.get(f"/runs/{run.pk}"))


def test_a_failure_says_why_and_what_was_taken_back(
    signed_in: Client, asked_run: ScaffoldRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any) -> None:
        raise Conflict("Somebody <b>else</b> has the branch.", code="forge.branch_occupied")

    monkeypatch.setattr("flagstone.scaffolding.pipeline.executing.open_pull_request", refuse)
    run = worked(asked_run)
    response = signed_in.get(f"/runs/{run.pk}")
    page = text_of(response)
    assert "Somebody &lt;b&gt;else&lt;/b&gt; has the branch." in page
    assert "removed the repository acme/checkout, which was as it was made" in page
    assert 'id="resume-run"' in page
    assert not response.context["page"].follows
    assert 'hx-get="/runs/' not in page


def test_log_lines_are_text(signed_in: Client, asked_run: ScaffoldRun) -> None:
    jobs.JobLog(asked_run.job).info("<img src=x onerror=alert(1)> {{ 7*7 }}")
    page = text_of(signed_in.get(f"/runs/{asked_run.pk}"))
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt; {{ 7*7 }}" in page


# --- the poll


def test_a_poll_brings_only_the_lines_after_the_last_one(
    signed_in: Client, asked_run: ScaffoldRun
) -> None:
    log = jobs.JobLog(asked_run.job)
    log.info("first")
    last = JobLine.objects.get(text="first").pk
    log.info("second")
    part = text_of(signed_in.get(f"/runs/{asked_run.pk}/live?after={last}", headers=HTMX))
    assert "second" in part
    assert "first" not in part
    assert f"after={JobLine.objects.get(text='second').pk}" in part
    assert 'hx-swap-oob="beforeend:#run-log"' in part


def test_a_poll_without_news_is_answered_with_nothing(
    signed_in: Client, asked_run: ScaffoldRun
) -> None:
    address = signed_in.get(f"/runs/{asked_run.pk}").context["page"].address
    assert signed_in.get(address, headers=HTMX).status_code == 204
    jobs.JobLog(asked_run.job).info("news")
    assert signed_in.get(address, headers=HTMX).status_code == 200


@pytest.mark.parametrize("after", ["", "x", "-1", "9" * 30])
def test_a_poll_with_an_odd_number_is_no_error(
    signed_in: Client, asked_run: ScaffoldRun, after: str
) -> None:
    response = signed_in.get(f"/runs/{asked_run.pk}/live?after={after}", headers=HTMX)
    assert response.status_code == 200


def test_the_poll_ends_when_nothing_more_will_happen(
    signed_in: Client, asked_run: ScaffoldRun, member: User
) -> None:
    from flagstone.scaffolding import actions

    actions.cancel_run(actor=member, run=asked_run)
    worked(asked_run)
    response = signed_in.get(f"/runs/{asked_run.pk}/live?after=0", headers=HTMX)
    assert response.status_code == 286
    assert "hx-get" not in text_of(response)


def test_the_address_of_the_poll_leads_a_person_to_the_page(
    signed_in: Client, asked_run: ScaffoldRun
) -> None:
    response = signed_in.get(f"/runs/{asked_run.pk}/live")
    assert response.headers["Location"] == f"/runs/{asked_run.pk}"


# --- stop, and go on


def test_it_is_asked_first_without_a_script(signed_in: Client, asked_run: ScaffoldRun) -> None:
    page = text_of(signed_in.get(f"/runs/{asked_run.pk}"))
    assert page.count(f'action="/runs/{asked_run.pk}/cancel"') == 1
    asked = page.partition('<div popover class="dialog max-w-md" id="ask-cancel"')[2]
    assert asked.partition("</form>")[0].count(f'action="/runs/{asked_run.pk}/cancel"') == 1
    assert 'id="cancel-run" popovertarget="ask-cancel"' in page


def test_its_owner_cancels_and_resumes_it(signed_in: Client, asked_run: ScaffoldRun) -> None:
    worked(asked_run)
    signed_in.post(f"/runs/{asked_run.pk}/cancel")
    run = worked(asked_run)
    assert run.state == RunState.CANCELLED
    page = text_of(signed_in.get(f"/runs/{run.pk}"))
    assert "The run was cancelled." in page
    assert "closed pull request #1 of acme/gitops" in page

    response = signed_in.post(f"/runs/{run.pk}/resume")
    assert response.headers["Location"] == f"/runs/{run.pk}"
    assert worked(run).state == RunState.WAITING


def test_what_cannot_be_cancelled_any_more_says_so(
    signed_in: Client, asked_run: ScaffoldRun, lead: User
) -> None:
    run = merged(asked_run, lead)
    response = signed_in.post(f"/runs/{run.pk}/cancel")
    assert response.status_code == 409
    assert "there is nothing to cancel" in text_of(response)


def test_others_see_it_but_may_not_stop_it(
    client: Client, asked_run: ScaffoldRun, lead: User, stranger: User
) -> None:
    for person in (lead, stranger):
        client.force_login(person)
        assert 'id="cancel-run"' not in text_of(client.get(f"/runs/{asked_run.pk}"))
        assert client.post(f"/runs/{asked_run.pk}/cancel").status_code == 403
    asked_run.refresh_from_db()
    assert asked_run.ending == ""


def test_the_bell_leads_to_the_run(asked_run: ScaffoldRun) -> None:
    assert page_of_job(asked_run.job) == f"/runs/{asked_run.pk}"
