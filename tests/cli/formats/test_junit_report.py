"""JUnit: one suite per service, one case per check."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from flagstone.cli.formats.junit_report import render
from flagstone.scorecards.engine.reporting.baseline import compare, entries_of
from tests.scorecards.engine.samples import files_of, objects, score, scorecard

CHECKS = ("PB-01", "PB-02", "PR-14", "RS-02", "HP-01")


def suites(found: dict[str, Any], **more: dict[str, bytes]) -> ElementTree.Element:
    report = score(files_of(found) | more.get("files", {}), scorecard(*CHECKS))
    return ElementTree.fromstring(render(report))


def sample() -> dict[str, Any]:
    found = objects("deployment", "service", "rules")
    del found["deployment"]["spec"]["template"]["spec"]["containers"][0]["resources"]
    found["rules"]["spec"]["groups"][0]["rules"] = [{"record": "checkout:up", "expr": "up"}]
    return found


def test_each_state_has_its_element() -> None:
    root = suites(sample())

    (suite,) = root
    assert suite.attrib == {
        "name": "Deployment/payments/checkout",
        "tests": "5",
        "failures": "1",
        "errors": "0",
        "skipped": "1",
    }
    cases = {case.attrib["name"].split()[0]: case for case in suite}
    assert {name: [child.tag for child in case] for name, case in cases.items()} == {
        "PB-01": [],
        "PB-02": [],
        "PR-14": ["system-out"],
        "RS-02": ["skipped"],
        "HP-01": ["failure"],
    }
    assert cases["PB-01"].attrib["classname"] == "checkout"
    assert cases["RS-02"][0].attrib["message"] == (
        "not_applicable: no container sets requests or limits"
    )


def test_a_failure_tells_where_why_and_how_to_mend() -> None:
    failure = suites(sample()).find(".//failure")

    assert failure is not None
    assert failure.attrib["type"] == "high"
    text = (failure.text or "").splitlines()
    assert text[0].startswith("services/checkout/manifests.yaml:1 Deployment/payments/checkout: no")
    assert [line.partition(":")[0] for line in text[1:]] == ["Why", "Mend"]


def test_the_totals_are_those_of_all_services() -> None:
    root = suites(objects("rollout"), files=files_of(sample(), "quote"))

    assert (root.attrib["tests"], root.attrib["errors"]) == ("10", "0")
    assert int(root.attrib["failures"]) == sum(int(suite.attrib["failures"]) for suite in root)


def test_what_is_no_xml_is_written_out() -> None:
    found = sample()
    found["deployment"]["metadata"]["name"] = 'a"<&>\u0001b'

    (suite,) = suites(found)

    assert suite.attrib["name"] == 'Deployment/payments/a"<&>⟨U+0001⟩b'


def test_what_the_baseline_knows_is_skipped_and_told() -> None:
    report = score(files_of(sample()), scorecard(*CHECKS))

    root = ElementTree.fromstring(render(compare(report, entries_of(report), exists=bool)))

    assert root.attrib["failures"] == "0"
    assert root.find("testsuite").attrib["skipped"] == "2"  # type: ignore[union-attr]
    (skipped,) = root.findall(
        "testsuite/testcase[@name='HP-01 An autoscaler scales the workload']/*"
    )
    assert skipped.tag == "skipped"
    assert skipped.attrib["message"].startswith("known: no autoscaler")


def test_waivers_are_told_with_why_and_until_when() -> None:
    found = sample()
    found["deployment"]["metadata"]["annotations"] = {
        "paved.example.com/waive.HP-01": "one only; until 2027-01-31",
        "paved.example.com/waive.PB-01": "old; until 2026-01-31",
    }

    told = suites(found).findtext("testsuite/system-out")

    assert told is not None
    place = "Deployment/payments/checkout (services/checkout/manifests.yaml"
    assert told.splitlines() == [
        f"waiver of HP-01 on {place}:7): one only (until 2027-01-31, 1 waived)",
        (
            f"waiver of PB-01 on {place}:8): the waiver expired on 2026-01-31: mend it or renew the "
            "waiver; nothing needs it now, so take it out"
        ),
    ]
