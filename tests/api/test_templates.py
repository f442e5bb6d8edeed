"""Registered templates for the platform team's programs."""

from __future__ import annotations

import pytest

from flagstone.core.models import AuditEntry
from flagstone.scaffolding.models import TemplateSource
from flagstone.scaffolding.registered import fetching
from tests.git_http import publish, serving
from tests.scaffolding.building import write_layer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def platform(client_of, admin_user, settings, tmp_path):
    settings.FLAGSTONE_HOME = tmp_path / "home"
    return client_of(admin_user, "write")


@pytest.fixture
def server(tmp_path, settings):
    (tmp_path / "bare").mkdir()
    work = write_layer(tmp_path / "work", {"a": "x"})
    (work / "hooks").mkdir()
    (work / "hooks" / "pre_gen_project.sh").write_text("#!/bin/sh\n")
    publish(work, tmp_path / "bare" / "demo.git")
    with serving(tmp_path / "bare") as running:
        settings.FLAGSTONE_TEMPLATE_HOSTS = [running.url]
        yield running


def test_from_registering_to_removing(platform, server):
    made = platform.post("/api/v1/templates", {"url": f"{server.url}/demo.git"}, format="json")
    assert made.status_code == 202
    body = made.json()
    assert {key: body[key] for key in ("id", "title", "state", "commit", "runs_code")} == {
        "id": "demo",
        "title": "demo",
        "state": "waiting",
        "commit": "",
        "runs_code": False,
    }
    fetching.fetch(TemplateSource.objects.get().pk)
    listed = platform.get("/api/v1/templates").json()["results"]
    commit = listed[0]["commit"]
    assert (listed[0]["state"], len(commit)) == ("ready", 40)
    detail = platform.get("/api/v1/templates/demo").json()
    assert detail["code"] == [{"path": "hooks/pre_gen_project.sh", "text": "#!/bin/sh\n"}]
    assert [(each["id"], each["problem"]) for each in detail["scaffolds"]] == [("demo", "")]
    let = platform.post("/api/v1/templates/demo/code", {"commit": commit}, format="json")
    assert let.json()["runs_code"] is True
    stopped = platform.post("/api/v1/templates/demo/code", {"commit": ""}, format="json")
    assert stopped.json()["runs_code"] is False
    again = platform.post("/api/v1/templates/demo/fetch", {"ref": "v2"}, format="json")
    assert (again.status_code, again.json()["ref"], again.json()["state"]) == (202, "v2", "waiting")
    again = platform.post("/api/v1/templates/demo/fetch", {}, format="json")
    assert again.json()["ref"] == "v2"
    assert platform.delete("/api/v1/templates/demo").status_code == 204
    assert platform.get("/api/v1/templates/demo").status_code == 404
    assert AuditEntry.objects.order_by("-sequence")[0].action == "scaffolding.template_removed"


def test_a_wrong_commit_is_a_conflict(platform, server):
    platform.post("/api/v1/templates", {"url": f"{server.url}/demo.git"}, format="json")
    answer = platform.post("/api/v1/templates/demo/code", {"commit": "f" * 40}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "scaffold.template_moved")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "invalid"),
        ({"url": "https://evil.example/a/b"}, 422, "scaffold.address_refused"),
        ({"url": "gh:a/b", "id": "NO"}, 422, "scaffold.template_id"),
        ({"url": "gh:a/b", "id": "python-api"}, 409, "scaffold.template_taken"),
    ],
)
def test_what_cannot_be_registered_says_why(platform, settings, body, status, code):
    settings.FLAGSTONE_TEMPLATE_HOSTS = ["github.com"]
    answer = platform.post("/api/v1/templates", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.parametrize(
    ("method", "address"),
    [
        ("get", "/api/v1/templates"),
        ("post", "/api/v1/templates"),
        ("get", "/api/v1/templates/demo"),
        ("delete", "/api/v1/templates/demo"),
        ("post", "/api/v1/templates/demo/fetch"),
        ("post", "/api/v1/templates/demo/code"),
    ],
)
def test_only_the_platform_team_may(client_of, lead, platform, server, method, address):
    platform.post("/api/v1/templates", {"url": f"{server.url}/demo.git"}, format="json")
    body = {"url": f"{server.url}/demo.git", "commit": "", "id": "other"}
    answer = getattr(client_of(lead, "write"), method)(address, body, format="json")
    assert (answer.status_code, TemplateSource.objects.count()) == (403, 1)
