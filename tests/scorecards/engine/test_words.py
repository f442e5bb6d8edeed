"""What checks say, word for word, where the words themselves are what a person needs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.scorecards.engine.samples import (
    SAMPLES,
    files_of_change,
    read_sample,
    score,
    scorecard,
    verdict,
)
from tests.scorecards.engine.samples import service as service_of

_RUNBOOK = {
    "RB-01": "there is no runbook: nothing says what to do when an alert of it goes off",
    "RB-02": "no runbook (RB-01)",
    "RB-03": "no runbook (RB-01)",
    "RB-04": "no runbook (RB-01)",
}


def messages(check_id: str, sample: str | dict[str, Any]) -> list[str]:
    path = SAMPLES / check_id / f"{sample}.yaml"
    files = read_sample(path) if isinstance(sample, str) else files_of_change(sample)
    found = verdict(score(files, scorecard(check_id)), check_id)
    return [finding.message for finding in found.findings]


@pytest.mark.parametrize(
    ("check_id", "sample", "said"),
    [
        (
            "SY-01",
            "fail-deprecated",
            "syn-nodejs-puppeteer-3.9 is deprecated since 2024-01-08: use syn-nodejs-puppeteer-12.0 or newer",
        ),
        (
            "PB-03",
            "fail-impatient",
            (
                "app is killed if it is not up after 6 s, and it may take 30 s (start_seconds, a "
                "parameter of this check)"
            ),
        ),
        (
            "FF-08",
            "fail-source-does-not-exist",
            "the FeatureFlagSource checkout does not exist in the namespace payments",
        ),
        (
            "FF-08",
            "fail-flags-do-not-exist",
            "it reads the FeatureFlag checkout, which does not exist in the namespace payments",
        ),
        (
            "PR-11",
            "fail-another-name",
            (
                'CheckoutMetricsMissing asks for service="checkout-api", and expected is checkout (the '
                "service's name) or app (the name of its container)"
            ),
        ),
        (
            "PR-11",
            "fail-another-namespace",
            (
                'CheckoutMetricsMissing asks for namespace="shop", and expected is payments (where its '
                "pods are)"
            ),
        ),
    ],
)
def test_a_finding_says_what_is_wrong_and_what_is_expected(
    check_id: str, sample: str, said: str
) -> None:
    assert messages(check_id, sample) == [said]


def test_a_missing_runbook_is_told_at_length_once() -> None:
    report = score(files_of_change({"use": ["rollout", "service"]}), scorecard(*_RUNBOOK))

    assert {c.id: [f.message for f in c.findings] for c in service_of(report).checks} == {
        check_id: [said] for check_id, said in _RUNBOOK.items()
    }


def test_a_tag_is_told_beside_what_is_worse() -> None:
    workflow = (
        "on: {pull_request: }\npermissions: {contents: read}\njobs:\n  a:\n    runs-on: x\n"
        "    steps: [{uses: actions/checkout@v5}]\n"
    )
    files = {".github/workflows/a.yml": workflow}

    assert messages("CI-04", {"use": ["rollout"], "files": files}) == [
        "the token stays in .git/config for every later step: set persist-credentials: false",
        "actions/checkout@v5 is pinned to a tag, which can be moved: pin it to a commit",
    ]


@pytest.mark.parametrize(
    ("check_id", "sample", "said"),
    [
        (
            "AC-10",
            "warn-typo-without-settings",
            "whether the trigger on-deployd exists is not known: did you mean on-deployed?",
        ),
        (
            "AC-10",
            "fail-typo",
            (
                "argocd-notifications-cm has no trigger on-deployd, so it is never sent: did you mean "
                "on-deployed?"
            ),
        ),
        (
            "AC-10",
            "warn-key-misspelt",
            (
                "the annotation notifications.argoproj.io/subcribe.on-created.slack subscribes to "
                "nothing: it must begin with notifications.argoproj.io/subscribe."
            ),
        ),
        (
            "RB-05",
            "warn-typo-without-settings",
            "whether the trigger on-rollout-abortd exists is not known: did you mean on-rollout-aborted?",
        ),
    ],
)
def test_a_near_miss_of_a_subscription_names_what_was_meant(
    check_id: str, sample: str, said: str
) -> None:
    assert messages(check_id, sample)[0] == said
