"""What each endpoint answers, on a repository that was read and scored for real."""

from __future__ import annotations

import base64
import gzip
import io
import tarfile

import pytest

from tests.scorecards.conftest import gitops, service_files  # noqa: F401 - a fixture

pytestmark = pytest.mark.django_db(transaction=True)
BAD = service_files("checkout", probes=False)["services/checkout/deployment.yaml"].decode()
MAP = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout, namespace: payments}
spec: {template: {spec: {containers: {app: {image: a}}}}}
"""


def _archive(*members: tuple[tarfile.TarInfo, bytes]) -> str:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return base64.b64encode(buffer.getvalue()).decode()


def _link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    link = tarfile.TarInfo(name)
    link.type, link.linkname = tarfile.SYMTYPE, target
    return link, b""


LINKS = _archive(_link("d.yaml", "/etc/passwd"))


@pytest.fixture
def reader(client_of, member, gitops):  # noqa: F811
    return client_of(member, "read", "gate", "scaffold")


def test_entities_are_listed_searched_and_filtered(reader):
    refs = lambda url: [row["ref"] for row in reader.get(url).json()["results"]]  # noqa: E731
    assert refs("/api/v1/entities?kind=component") == [
        "component:default/checkout",
        "component:default/quote",
    ]
    assert refs("/api/v1/entities?q=quo") == ["component:default/quote"]
    assert refs("/api/v1/entities?owner=squad-a&q=check") == ["component:default/checkout"]
    assert refs("/api/v1/entities?owner=group:default/squad-b") == []
    assert reader.get("/api/v1/entities?page_size=1").json()["count"] == 2


def test_one_entity_comes_with_its_document_whatever_the_case_of_its_name(reader):
    answer = reader.get("/api/v1/entities/Component/default/QUOTE").json()
    assert answer["ref"] == "component:default/quote"
    assert answer["document"]["spec"]["owner"] == "squad-a"
    assert answer["source_path"] == "services/quote/catalog-info.yaml"
    missing = reader.get("/api/v1/entities/component/default/nope")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


def test_an_owner_that_is_no_reference_is_told(reader):
    answer = reader.get("/api/v1/entities?owner=group:")
    assert answer.status_code == 422
    assert answer.json()["code"] == "catalog.ref_invalid"


def test_scores_and_results_say_what_was_found_and_where(reader):
    scores = {row["ref"]: row for row in reader.get("/api/v1/scores").json()["results"]}
    assert scores["component:default/quote"]["level"] == "bronze"
    answer = reader.get("/api/v1/results?service=checkout&check=PB-01").json()
    (result,) = answer["results"]
    assert (result["state"], result["level"], result["scorecard"]) == (
        "fail",
        "bronze",
        "production-readiness",
    )
    assert result["findings"][0]["path"] == "services/checkout/deployment.yaml"


def test_the_scorecard_and_the_leaderboard_are_there(reader):
    (card,) = reader.get("/api/v1/scorecards").json()["results"]
    assert [level["name"] for level in card["levels"]] == ["bronze", "silver", "gold"]
    board = reader.get("/api/v1/leaderboard").json()
    assert board["ranked"] == []  # squad-a is no group of this catalogue
    assert board["rule"].startswith("Order: the squad's level")


def test_the_gate_stops_a_service_whose_required_check_fails(reader):
    answer = reader.post("/api/v1/gate", {"service": "checkout"}, format="json")
    assert answer.status_code == 200
    verdict = answer.json()
    assert verdict["decision"] == "stop"
    stopped = {
        reason["title"]: reason for reason in verdict["reasons"] if reason["state"] == "stop"
    }
    probe = stopped["PB-01 Containers have a readiness probe: fail"]
    assert probe["remedy_url"].endswith("/catalog/component/default/checkout#PB-01")
    assert verdict["score"]["level"] == ""
    assert (
        reader.post("/api/v1/gate", {"service": "component:default/quote"}, format="json").json()[
            "decision"
        ]
        == "go"
    )


@pytest.mark.parametrize(
    ("_case", "body", "decision", "code"),
    [
        (
            "small",
            {"pull_request": {"additions": 120, "deletions": 79}},
            "go",
            "pull_request.small",
        ),
        (
            "at the line",
            {"pull_request": {"additions": 150, "deletions": 50}},
            "slow",
            "pull_request.large",
        ),
        (
            "at the end",
            {"pull_request": {"additions": 400, "deletions": 0}},
            "slow",
            "pull_request.large",
        ),
        (
            "too large",
            {"pull_request": {"additions": 401, "deletions": 0}},
            "stop",
            "pull_request.too_large",
        ),
        (
            "labelled only",
            {"pull_request": {"additions": 401, "deletions": 0, "labels": ["size-approved"]}},
            "stop",
            "pull_request.too_large",
        ),
        (
            "labelled and approved",
            {
                "pull_request": {
                    "additions": 401,
                    "deletions": 0,
                    "labels": ["size-approved"],
                    "approved": True,
                }
            },
            "slow",
            "pull_request.size_waived",
        ),
        ("a bad manifest", {"manifests": BAD}, "stop", "policy.violated"),
        ("no YAML", {"manifests": "a: [1"}, "stop", "policy.unreadable"),
        (
            "broken manifest",
            {"manifests": "apiVersion: v1\nkind: [Pod"},
            "stop",
            "policy.unreadable",
        ),
        (
            "containers as a map",
            {"manifests": MAP},
            "stop",
            "policy.unreadable",
        ),
    ],
)
def test_the_gate_by_rule(reader, _case, body, decision, code):
    verdict = reader.post("/api/v1/gate", {"service": "quote", **body}, format="json").json()
    assert verdict["decision"] == decision
    assert code in {reason["code"] for reason in verdict["reasons"]}


def test_the_gate_reads_an_archive_and_leaves_links_out(reader):
    link = _link("passwd.yaml", "/etc/passwd")
    body = {
        "service": "quote",
        "archive": _archive((tarfile.TarInfo("d.yaml"), BAD.encode()), link),
    }
    verdict = reader.post("/api/v1/gate", body, format="json").json()
    assert verdict["decision"] == "stop"
    assert all("passwd" not in reason["detail"] for reason in verdict["reasons"])


@pytest.mark.parametrize(
    ("_case", "body", "status", "code"),
    [
        ("no service", {}, 400, "invalid"),
        ("unknown service", {"service": "nope"}, 404, "not_found"),
        ("both forms", {"service": "quote", "manifests": "a", "files": {"a": "b"}}, 400, "invalid"),
        ("no base64", {"service": "quote", "archive": "###"}, 422, "gate.archive_unreadable"),
        ("no tar", {"service": "quote", "archive": "aGVsbG8="}, 422, "gate.archive_unreadable"),
        (
            "negative size",
            {"service": "quote", "pull_request": {"additions": -1, "deletions": 0}},
            400,
            "invalid",
        ),
        ("unknown change", {"service": "quote", "change": "party"}, 400, "invalid"),
    ],
)
def test_a_wrong_question_is_told_and_decides_nothing(reader, _case, body, status, code):
    from flagstone.gate.models import GateDecision

    answer = reader.post("/api/v1/gate", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not GateDecision.objects.exists()


def test_an_archive_that_unpacks_to_more_than_it_may_is_refused_early(reader):
    bomb = base64.b64encode(gzip.compress(b"\0" * 60_000_000)).decode()
    answer = reader.post("/api/v1/gate", {"service": "quote", "archive": bomb}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "gate.too_much")


def test_json_without_end_is_refused(reader):
    answer = reader.post("/api/v1/gate", "[" * 100_000, content_type="application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_an_address_with_nul_is_refused(reader):
    assert reader.get("/api/v1/entities?q=%00").status_code == 400
    assert reader.get("/api/v1/entities/component/default/%00").status_code == 400


def test_each_verdict_is_in_the_audit_chain(reader):
    from flagstone.core.models import AuditEntry

    verdict = reader.post("/api/v1/gate", {"service": "quote"}, format="json").json()
    entry = AuditEntry.objects.get(action="gate.decided")
    assert (entry.subject, entry.actor) == ("component:default/quote", "mia")
    assert entry.data == {"decision": "go", "id": verdict["decision_id"], "ref": ""}


def test_scaffolds_are_listed_with_the_schema_of_their_answers(reader):
    rows = reader.get("/api/v1/scaffolds").json()
    assert "python-api" in [row["id"] for row in rows]
    schema = reader.get("/api/v1/scaffolds/python-api").json()["answers"]
    assert {"name", "description", "owner"} <= set(schema["required"])
    assert reader.get("/api/v1/scaffolds/nope").status_code == 404


def test_a_run_with_wrong_answers_is_refused_field_by_field(reader):
    body = {"scaffold": "python-api", "answers": {"name": "../etc", "owner": "x"}}
    answer = reader.post("/api/v1/runs", body, format="json")
    assert answer.status_code == 422
    assert answer.json()["code"] == "scaffold.answers_invalid"
    assert set(answer.json()["errors"]) == {"name", "description"}


def test_a_viewer_may_look_but_not_create(client_of, stranger, gitops):  # noqa: F811
    reader = client_of(stranger, "write")
    assert reader.get("/api/v1/entities").status_code == 200
    body = {"scaffold": "python-api", "answers": {}}
    answer = reader.post("/api/v1/runs", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


def test_the_description_of_the_api_is_the_one_in_the_reference(admin_user, client):
    from pathlib import Path

    client.force_login(admin_user)
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "openapi.yaml"
    assert client.get("/api/schema").content.decode() == page.read_text(encoding="utf-8"), (
        "run `make docs`"
    )
