from __future__ import annotations

import json

from django.test import Client

from flagstone.accounts.models import User
from flagstone.core import jobs
from flagstone.core.errors import UserError
from flagstone.core.models import Job


def make_job(user: User, title: str) -> Job:
    job = jobs.create(kind="test.job", title=title, steps=[("a", "A")], requested_by=user)
    jobs.start(job)
    return job


def poll(client: Client, state: str = "") -> object:
    return client.get("/bell/mark", {"state": state}, headers={"HX-Request": "true"})


def test_the_list_holds_my_jobs_only(client: Client, member: User, lead: User) -> None:
    make_job(member, "New service refunds")
    make_job(lead, "New service payouts")
    client.force_login(member)
    text = client.get("/bell").text
    assert "New service refunds" in text
    assert "New service payouts" not in text


def test_a_poll_is_empty_while_nothing_changes(client: Client, member: User) -> None:
    make_job(member, "New service refunds")
    client.force_login(member)
    assert "1 running" in poll(client).text
    assert poll(client, "1.0").status_code == 204


def test_the_end_of_a_job_is_told_once(client: Client, member: User) -> None:
    job = make_job(member, "New service refunds")
    client.force_login(member)
    poll(client)
    jobs.fail(job, UserError("The name is taken."))

    response = poll(client, "1.0")

    assert json.loads(response.headers["HX-Trigger"])["toast"] == {
        "text": "New service refunds: failed",
        "tone": "fail",
        "url": "",
    }
    assert "1 ended since you looked" in response.text
    assert poll(client, "0.1").status_code == 204


def test_opening_the_list_clears_the_mark(client: Client, member: User) -> None:
    jobs.succeed(make_job(member, "New service refunds"))
    client.force_login(member)
    assert "1 ended since you looked" in poll(client).text
    client.get("/bell")
    assert "ended since you looked" not in poll(client).text
