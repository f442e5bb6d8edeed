"""Junk in any field ends in a verdict: a policy that breaks on it would say nothing of the rest."""

from __future__ import annotations

import random
from copy import deepcopy
from typing import Any

import pytest

from flagstone.policies.manifests.objects import Manifest
from tests.policies.paved import test_canary_strategy, test_circuit_breaker, test_finite_retries
from tests.policies.paved.cases import changed, shipped
from tests.policies.paved.workload import GOOD, JOBS, LONG_RUNNING, as_kind

pytestmark = pytest.mark.slow

JUNK = [
    None, "", {}, [], 0, "x", True, False, -1, 1.5, [None], ["ALL"], {"a": 1}, "0s", "5m", "latest",
    100, 20, [{}], "0", "10", "8s", "a@b:c", "500m", "é", "\n",
]  # fmt: skip
BASES = [
    changed(GOOD, {}),
    *(as_kind(api_version, kind) for api_version, kind in LONG_RUNNING + JOBS),
    changed(test_canary_strategy.GOOD, {}),
    changed(test_finite_retries.GOOD, {}),
    changed(test_circuit_breaker.GOOD, {}),
]


def places(value: Any) -> list[tuple[Any, Any]]:
    """Every container and key below a value."""
    items = list(value.items() if isinstance(value, dict) else enumerate(value))
    found = [(value, key) for key, _ in items]
    for _, item in items:
        if isinstance(item, dict | list):
            found.extend(places(item))
    return found


def body(raw):
    """What an object says besides its name: its spec, or its template."""
    return {key: raw[key] for key in ("spec", "template") if key in raw}


@pytest.mark.parametrize("base", BASES, ids=lambda m: f"{m.group}/{m.kind}")
def test_every_field_can_hold_anything(base):
    count = len(places(body(base.raw)))
    for position in range(count):
        for junk in JUNK:
            raw = deepcopy(base.raw)
            holder, key = places(body(raw))[position]
            holder[key] = junk
            if key == "spec":
                raw["spec"] = junk
            assert shipped().review(Manifest(raw, "junk.yaml")).failures == ()


@pytest.mark.parametrize("seed", range(20))
def test_several_fields_at_once(seed):
    chance = random.Random(seed)
    for _ in range(25):
        raw = deepcopy(chance.choice(BASES).raw)
        for _ in range(3):
            found = places(raw)
            holder, key = chance.choice(found)
            if key not in {"apiVersion", "kind"}:
                holder[key] = deepcopy(chance.choice(JUNK))
        assert shipped().review(Manifest(raw, "junk.yaml")).failures == ()
