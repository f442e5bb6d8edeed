from __future__ import annotations

import difflib

import pytest

from flagstone.config.demo.people import PEOPLE
from flagstone.config.demo.pull_requests import DemoPullRequest, pull_requests
from tests.config.demo.rendering import TODAY, render


@pytest.fixture(scope="module")
def found(gitops: dict[str, bytes], organisation: dict[str, bytes]) -> list[DemoPullRequest]:
    return pull_requests(gitops, organisation, render, today=TODAY)


def _changed_lines(request: DemoPullRequest, before: dict[str, bytes]) -> int:
    count = 0
    for path, data in request.files.items():
        old, new = before.get(path, b"").decode(), (data or b"").decode()
        difference = difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm="")
        count += sum(line[0] in "+-" and line[:3] not in ("+++", "---") for line in difference)
    return count


def test_sizes_ages_and_what_nobody_looked_at(
    found: list[DemoPullRequest], gitops: dict[str, bytes], organisation: dict[str, bytes]
) -> None:
    repositories = {"gitops": gitops, "organisation": organisation}
    sizes = {
        request.branch: (
            request.age_hours,
            _changed_lines(request, repositories[request.repository]),
        )
        for request in found
    }

    assert sizes.pop("swift-bridge-paved") > (76, 800)
    assert sizes.pop("fx-settlement-runbook") > (22, 50)
    assert sizes == {
        "checkout-finite-retries": (31, 4),
        "diego-to-payouts": (12, 2),
        "savings-pots-export": (8, 1),
        "sessions-drain": (5, 2),
        "release/quote": (2, 2),
    }
    assert {request.branch for request in found if request.approved_by} == {
        "diego-to-payouts",
        "sessions-drain",
    }


def test_people_of_the_organisation_wrote_and_approved_them(found: list[DemoPullRequest]) -> None:
    refs = {person.ref for person in PEOPLE}

    assert {request.author for request in found} <= refs
    for request in found:
        assert request.approved_by in refs | {""}
        assert request.approved_by != request.author


def test_every_file_changes_something(
    found: list[DemoPullRequest], gitops: dict[str, bytes], organisation: dict[str, bytes]
) -> None:
    for request in found:
        before = gitops if request.repository == "gitops" else organisation
        for path, data in request.files.items():
            assert before.get(path) != data, (request.branch, path)
