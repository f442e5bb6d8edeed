from __future__ import annotations

import pytest

from flagstone.scaffolding import pipeline
from flagstone.scaffolding.models import ScaffoldRun

pytestmark = pytest.mark.django_db(transaction=True)

RUNS = "/admin/scaffolding/scaffoldrun/"


@pytest.fixture
def run(request_run) -> ScaffoldRun:
    made = request_run()
    pipeline.execute(made.pk)
    return made


def test_runs_can_be_read_and_not_changed(client, admin_user, run):
    client.force_login(admin_user)
    assert b"checkout" in client.get(RUNS).content
    assert client.get(f"{RUNS}{run.pk}/change/").status_code == 200
    assert client.get(f"{RUNS}add/").status_code == 403
    assert client.post(f"{RUNS}{run.pk}/delete/").status_code == 403
    assert client.get("/admin/scaffolding/provenance/").status_code == 200


def test_a_run_is_cancelled_and_one_that_is_over_is_said_to_be(client, admin_user, run):
    client.force_login(admin_user)
    posted = {"action": "cancel", "_selected_action": [str(run.pk)]}
    answer = client.post(RUNS, posted, follow=True)
    assert "The run for checkout is being cancelled." in answer.content.decode()
    run.refresh_from_db()
    assert run.ending == "cancelled"
    pipeline.execute(run.pk)
    answer = client.post(RUNS, posted, follow=True)
    assert "there is nothing to cancel" in answer.content.decode()
    answer = client.post(RUNS, {**posted, "action": "resume"}, follow=True)
    assert "The run for checkout is tried again." in answer.content.decode()
