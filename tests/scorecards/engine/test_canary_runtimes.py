"""The list of runtimes: known ones by range, and what it says of those that it does not know."""

from __future__ import annotations

from datetime import date

import pytest

from flagstone.scorecards.engine.synthetics.canary_runtimes import Standing, runtime

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("name", "standing", "since"),
    [
        ("syn-1.0", Standing.DEPRECATED, date(2024, 3, 8)),
        ("syn-nodejs-2.0-beta", Standing.DEPRECATED, date(2024, 3, 8)),
        ("syn-nodejs-puppeteer-3.9", Standing.DEPRECATED, date(2024, 1, 8)),
        ("syn-nodejs-puppeteer-5.1", Standing.DEPRECATED, date(2024, 3, 8)),
        ("syn-nodejs-puppeteer-5.2", Standing.DEPRECATED, date(2026, 1, 22)),
        ("syn-nodejs-puppeteer-6.1", Standing.DEPRECATED, date(2024, 3, 8)),
        ("syn-nodejs-puppeteer-7.0", Standing.DEPRECATED, date(2026, 1, 22)),
        ("syn-python-selenium-3.0", Standing.DEPRECATED, date(2026, 1, 22)),
        ("syn-python-selenium-5.1", Standing.DEPRECATED, date(2026, 2, 3)),
        ("syn-nodejs-puppeteer-8.0", Standing.NEXT_IN_LINE, None),
        ("syn-nodejs-puppeteer-11.0", Standing.NEXT_IN_LINE, None),
        ("syn-nodejs-playwright-3.0", Standing.NEXT_IN_LINE, None),
        ("syn-nodejs-3.1", Standing.NEXT_IN_LINE, None),
        ("syn-nodejs-puppeteer-12.0", Standing.SUPPORTED, None),
        ("syn-nodejs-puppeteer-15.0", Standing.SUPPORTED, None),
        ("syn-nodejs-4.0", Standing.SUPPORTED, None),
        ("syn-python-selenium-6.0", Standing.SUPPORTED, None),
        ("syn-java-1.0", Standing.SUPPORTED, None),
        ("syn-nodejs-puppeteer-15.1", Standing.NEWER, None),
        ("syn-rust-1.0", Standing.UNKNOWN_FAMILY, None),
        ("syn-nodejs-pupeteer-15.0", Standing.NO_RUNTIME, None),
        ("nodejs20.x", Standing.NO_RUNTIME, None),
        ("syn-nodejs-puppeteer-15", Standing.NO_RUNTIME, None),
        ("", Standing.NO_RUNTIME, None),
        ("syn-nodejs-puppeteer-" + "9" * 5000 + ".0", Standing.NO_RUNTIME, None),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_runtime_stands_where_aws_puts_it(
    name: str, standing: Standing, since: date | None
) -> None:
    found = runtime(name, TODAY)
    assert (found.standing, found.since) == (standing, since)


def test_what_is_deprecated_from_a_day_on_is_not_before() -> None:
    assert runtime("syn-nodejs-puppeteer-7.0", date(2026, 1, 21)).standing is Standing.NEXT_IN_LINE


@pytest.mark.parametrize(
    ("name", "preferred"),
    [
        ("syn-1.0", "syn-nodejs-puppeteer-12.0"),  # of the family that took its place
        ("syn-nodejs-2.0", "syn-nodejs-4.0"),
        ("syn-python-selenium-3.0", "syn-python-selenium-7.0"),
    ],
)
def test_the_runtime_to_move_to_is_the_first_that_stays(name: str, preferred: str) -> None:
    assert runtime(name, TODAY).preferred == preferred
