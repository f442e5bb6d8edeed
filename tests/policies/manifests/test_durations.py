"""Durations in three dialects."""

from __future__ import annotations

import pytest

from flagstone.policies.manifests.durations import (
    go_duration,
    pause_duration,
    prometheus_duration,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("800ms", 0.8),
        ("1m30s", 90),
        ("1.5h", 5400),
        (".5s", 0.5),
        ("0", 0),
        ("0s", 0),
        ("-3s", -3),
        ("10us", 1e-5),
        ("10µs", 1e-5),
        ("10", None),
        ("2d", None),
        ("s", None),
        ("1s ", None),
        ("", None),
        (3, None),
        (None, None),
    ],
)
def test_go(text, seconds):
    assert go_duration(text) == (None if seconds is None else pytest.approx(seconds))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        (10, 10),
        ("10", 10),
        ("2m", 120),
        (0, 0),
        ("1h", 3600),
        (True, None),
        ({}, None),
        ("2d", None),
    ],
)
def test_pause(value, seconds):
    assert pause_duration(value) == seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("5m", 300),
        ("1h30m", 5400),
        ("3d", 259200),
        ("1w", 604800),
        ("100ms", 0.1),
        ("30m1h", None),
        ("1.5h", None),
        ("", None),
        (5, None),
    ],
)
def test_prometheus(text, seconds):
    assert prometheus_duration(text) == (None if seconds is None else pytest.approx(seconds))
