"""`flagstone score` on 1,000 generated services, over bare regorus on the very same inputs."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from operator import truediv
from pathlib import Path
from statistics import median

import regorus

from benchmarks.report import Result
from flagstone.core.content import content_dir
from flagstone.policies.engines.asking import Engine
from flagstone.policies.engines.confined import confined
from flagstone.policies.engines.in_process import InProcess
from flagstone.policies.gatekeeper.cluster_view import ClusterView
from flagstone.policies.gatekeeper.policy_set import PolicySet
from flagstone.policies.gatekeeper.review import review_json
from flagstone.policies.manifests.reading import read_folder
from flagstone.scaffolding.engine.jobs import LayerJob
from flagstone.scaffolding.engine.rendering import render_layers

SERVICES = 1000
RUNS = 3
ANSWERS = {
    "name": "aaaaaaaa",
    "description": "Takes a basket and a card and turns them into a paid order.",
    "owner": "group:default/payments-platform",
    "system": "system:default/payments",
    "tier": "1",
    "created": "2026-11-23",
}


def measure() -> Iterator[Result]:
    with tempfile.TemporaryDirectory(prefix="flagstone-bench-") as folder:
        root = Path(folder)
        generate(root, SERVICES)
        inputs = _inputs(root)
        _bare(inputs)  # the engine's memory is asked for once
        whole, policies, confined_ones, bare, checks = [], [], [], [], 0
        for _ in range(RUNS):
            seconds, checks = _score(root)
            whole.append(seconds)
            policies.append(_policies(root, InProcess()))
            confined_ones.append(_policies(root, confined()))
            bare.append(_bare(inputs))
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        score, judged, apart, alone = map(median, (whole, policies, confined_ones, bare))
        count = len(inputs)
        yield Result(
            name=f"`flagstone score`, {SERVICES:,} services: checks a second over bare policies a second",
            value=(checks / score) / (count / alone),
            target=0.5,
            at_most=False,
            detail=f"{checks:,} checks in {score:.1f} s, all of it: start, reading, {count:,} policy "
            f"evaluations, promtool, report; bare regorus {count / alone:,.0f}/s",
        )
        yield Result(
            name=f"Policies of {SERVICES:,} services: time over bare regorus",
            value=median(map(truediv, policies, bare)),
            target=1.5,
            at_most=True,
            detail=f"{count:,} evaluations of objects that were read, with matching and violations, in {judged:.1f} s; "
            f"bare regorus {alone:.1f} s",
        )
        yield Result(
            name=f"Policies of others, in the child with limits, {SERVICES:,} services: time over bare regorus",
            value=median(map(truediv, confined_ones, bare)),
            target=2.0,
            at_most=True,
            detail=f"the same {count:,} evaluations asked in batches, in {apart:.1f} s",
        )
        yield Result(
            name=f"`flagstone score`, {SERVICES:,} services: policy evaluations a second over bare regorus",
            value=median(map(truediv, bare, whole)),
            target=0.5,
            at_most=False,
            detail=f"the whole command {score:.1f} s, bare regorus on the same {count:,} inputs "
            f"{alone:.1f} s; the rest is reading YAML and the other checks, which bare regorus does not do",
        )
        yield Result(
            name=f"`flagstone score`, {SERVICES:,} services: peak memory of its largest process",
            value=peak,
            unit=" MB",
            target=400,
            at_most=True,
            detail=f"{peak:.0f} MB",
        )


def generate(root: Path, count: int) -> None:
    """Write that many services, each rendered from the paved path under a name of its own."""
    (layer,) = render_layers([LayerJob(content_dir("scaffolds") / "paved-path", ANSWERS)])
    template = layer.tree.contents()
    for number in range(count):
        name = f"svc{number:05d}"
        for path, content in template.items():
            file = root / path.replace(ANSWERS["name"], name)
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content.replace(ANSWERS["name"].encode(), name.encode()))


def _score(root: Path) -> tuple[float, int]:
    """Run the whole command; return its seconds and how many checks it evaluated."""
    begun = time.perf_counter()
    done = subprocess.run(
        [Path(sys.executable).with_name("flagstone"), "score", str(root), "--format", "json"],
        capture_output=True,
        check=False,
    )
    seconds = time.perf_counter() - begun
    services = json.loads(done.stdout)["services"]
    if len(services) < SERVICES:
        raise RuntimeError(f"only {len(services)} services were scored")
    return seconds, sum(len(service["checks"]) for service in services)


def _inputs(root: Path) -> list[tuple[str, str, str]]:
    """Every (rule, Rego, input) that the command evaluates, ready to be fed."""
    policies = PolicySet.load(content_dir("scorecards") / "policies")
    found = []
    view = ClusterView()
    for manifest in read_folder(root).manifests:
        for policy in policies.policies:
            if policy.match.applies(manifest, view):
                parameters = json.dumps(policy.constraint.parameters)
                text = f'{{"review": {review_json(manifest, view)}, "parameters": {parameters}}}'
                found.append((policy.name, policy.rego, text))
    return found


def _policies(root: Path, engine: Engine) -> float:
    """Judge every object as the command does, once everything is read."""
    policies = PolicySet.load(content_dir("scorecards") / "policies", engine)
    manifests = read_folder(root).manifests
    begun = time.perf_counter()
    policies.review_all(manifests)
    return time.perf_counter() - begun


def _bare(inputs: list[tuple[str, str, str]]) -> float:
    engines = {}
    for name, rego, _ in inputs:
        if name not in engines:
            engine = regorus.Engine()
            engine.add_policy(name, rego)
            engines[name] = (engine, f"{engine.get_packages()[0]}.violation")
    begun = time.perf_counter()
    for name, _, text in inputs:
        engine, rule = engines[name]
        engine.set_input_json(text)
        engine.eval_rule_as_json(rule)
    return time.perf_counter() - begun
