"""Quantities, exact and as strict as kubectl (each of these was put to `kubectl create quota`)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from flagstone.policies.manifests.quantities import parse_quantity


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", "1"),
        (1, "1"),
        (0.5, "0.5"),
        ("1000m", "1"),
        ("250m", "0.25"),
        ("512Mi", "536870912"),
        ("5e8", "500000000"),
        (5e8, "500000000"),
        ("1E3", "1000"),
        ("1e+3", "1000"),
        ("5e-1", "0.5"),
        ("1E", "1000000000000000000"),
        ("1Ei", "1152921504606846976"),
        ("128974848", "128974848"),
        (".5", "0.5"),
        ("5.", "5"),
        ("+1", "1"),
        ("-1", "-1"),
        ("1u", "0.000001"),
        ("1n", "0.000000001"),
        ("1k", "1000"),
        ("0", "0"),
        ("0m", "0"),
    ],
)
def test_quantities(text, value):
    assert parse_quantity(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1e3m",
        "1e",
        "1K",
        "1Mib",
        "1 Gi",
        "0x1",
        "1.5.1",
        "1ki",
        "1e3Ki",
        "lots",
        None,
        True,
        [],
        {},
    ],
)
def test_what_kubernetes_refuses(text):
    assert parse_quantity(text) is None


def test_huge_exponents_cost_nothing():
    assert parse_quantity("1e9999") == Decimal("1e9999")
    assert parse_quantity("1e99999") is None
