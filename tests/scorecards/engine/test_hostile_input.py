"""Whatever stands where a value should be: no check breaks, and no evaluation."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.snapshot import Snapshot
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.prometheus import promtool
from flagstone.scorecards.engine.states import State
from tests.scorecards.engine.samples import NOW, objects, policies, production_readiness

pytestmark = pytest.mark.slow

NAMES = ("rollout", "service", "vs", "dr", "hpa", "pdb", "at", "rules", "monitor", "app", "project")
RUNBOOK = b"---\nservice: [1]\nlast_drilled: {}\n---\n# Roll back\n"
JUNK: list[Any] = [
    *(None, True, False, 0, -1, 3.5, 10**30, 1e300),
    *("", "x", "{{ x }}", "0%", "a/b", "é\x00", "2026-11-23"),
    *([], {}, [None], ["a"], [[1]], {"a": None}, {"a": [{}]}),
]


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside another."""
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.items()
    elif isinstance(value, list):
        inner = enumerate(value)
    for key, item in inner:
        yield (*way, key)
        yield from places(item, (*way, key))


CANARY = ("rollout", "spec", "strategy", "canary")
BASE = objects(*NAMES)
PLACES = [way for way in places(BASE) if len(way) > 1]


@pytest.fixture(autouse=True)
def no_promtool(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promtool, "find", lambda: None)


@settings(
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@example([((*CANARY, "analysis", "args", 1, "valueFrom", "podTemplateHashValue"), [1])])
@example([((*CANARY, "canaryService"), [1])])
@given(st.lists(st.tuples(st.sampled_from(PLACES), st.sampled_from(JUNK)), min_size=1, max_size=4))
def test_junk_in_any_place(changes: list[tuple[tuple[Any, ...], Any]]) -> None:
    found = copy.deepcopy(BASE)
    for way, junk in changes:
        holder: Any = found
        try:
            for key in way[:-1]:
                holder = holder[key]
            holder[way[-1]] = copy.deepcopy(junk)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change took the place away
    manifests = tuple(
        Manifest(raw, "services/checkout/all.yaml", number)
        for number, raw in enumerate(found.values())
        if isinstance(raw, dict)
    )
    snapshot = Snapshot({"services/checkout/runbook.md": RUNBOOK}, manifests, len(manifests))

    report = evaluate(snapshot, production_readiness(), policies(), now=NOW)

    broken = [
        (service.ref, check.id, check.summary)
        for service in report.services
        for check in service.checks
        if check.state is State.ERROR
    ]
    assert broken == []
