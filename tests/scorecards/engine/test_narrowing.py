"""Which services a change touches."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import pytest

from flagstone.policies.manifests.reading import read_files
from flagstone.scorecards.engine.evaluation import evaluate
from flagstone.scorecards.engine.reporting.narrowing import Change, narrow
from flagstone.scorecards.engine.reporting.report import Report, Scope
from tests.scorecards.engine.samples import NOW, as_yaml, objects, policies, scorecard

KUSTOMIZATION = b"resources: [all.yaml]\nnamespace: %s\n"


def text(name: str, *kinds: str) -> bytes:
    found = objects(*(kinds or ("deployment",)))
    return as_yaml(list(found.values())).replace("checkout", name).encode()


def entity(name: str) -> bytes:
    document: dict[str, Any] = {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": name},
        "spec": {"type": "service"},
    }
    return as_yaml([document]).encode()


def namespace(name: str) -> bytes:
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    return as_yaml([document]).encode()


FILES = {
    "plain/alpha.yaml": text("alpha"),
    "plain/alpha-service.yaml": text("alpha", "service"),
    "plain/beta.yaml": text("beta"),
    "owned/gamma/catalog-info.yaml": entity("gamma"),
    "owned/gamma/k8s/all.yaml": text("gamma"),
    "owned/gamma/README.md": b"# gamma\n",
    "README.md": b"# all\n",
    "cluster/payments.yaml": namespace("payments"),
    "delta/one.yaml": text("delta"),
}


def touched(
    *changed: str,
    files: dict[str, bytes] | None = None,
    before: Mapping[str, bytes | None] | None = None,
    render: bool = False,
    yardstick: str = "",
    checks: Collection[str] = ("PB-02",),
) -> Report:
    """What a change touches; `before` are the files that were others then."""
    now = FILES if files is None else files
    snapshot = read_files(now, render=render)
    card = scorecard(*checks)
    report = evaluate(snapshot, card, policies(), now=NOW, with_sources=True)
    change = Change("main", changed, yardstick=yardstick)
    if before is not None:
        held = {path: text for path, text in {**now, **before}.items() if text is not None}
        then = read_files(held, render=render)
        past = evaluate(then, card, policies(), now=NOW, with_sources=True)
        change = replace(change, before=then, services=past.services)
    return narrow(report, snapshot, change)


def names(report: Report) -> list[str]:
    return [service.name for service in report.services]


@pytest.mark.parametrize(
    ("changed", "services"),
    [
        ([], []),
        (["README.md"], []),
        (["plain/alpha.yaml"], ["alpha"]),
        (["plain/alpha-service.yaml"], ["alpha"]),  # its Service stands in another file
        (["owned/gamma/README.md"], ["gamma"]),
        (["owned/gamma/k8s/gone.yaml"], ["gamma"]),
        (["plain/gone.yaml"], []),
        (["delta/gone.log"], []),
        (["delta"], ["delta"]),  # a submodule
        (["cluster/payments.yaml"], ["alpha", "beta", "delta", "gamma"]),
    ],
)
def test_services_by_their_files_and_what_they_live_by(
    changed: list[str], services: list[str]
) -> None:
    assert names(touched(*changed)) == services


def test_what_is_left_out_is_counted() -> None:
    found = touched("plain/alpha.yaml")

    assert found.scope == Scope("main", 1, 3)


def reasons(report: Report) -> dict[str, str]:
    return {service.name: service.shown_because for service in report.services}


def test_one_shown_because_of_a_neighbours_file_says_so() -> None:
    found = touched("cluster/payments.yaml", "plain/alpha.yaml")

    assert reasons(found) == {
        "alpha": "",
        "beta": "cluster/payments.yaml",
        "delta": "cluster/payments.yaml",
        "gamma": "cluster/payments.yaml",
    }


def test_a_deleted_file_touches_the_service_that_it_belonged_to() -> None:
    gone = {"plain/alpha-pdb.yaml": text("alpha", "pdb")}

    assert reasons(touched("plain/alpha-pdb.yaml", before=gone)) == {"alpha": ""}


def test_a_deleted_namespace_touches_the_services_in_it() -> None:
    files = {path: text for path, text in FILES.items() if path != "cluster/payments.yaml"}
    found = touched("cluster/payments.yaml", files=files, before=FILES)

    assert set(reasons(found).values()) == {"cluster/payments.yaml"}
    assert len(found.services) == 4


def test_deleted_services_are_named_and_moved_ones_are_not() -> None:
    gone = {
        "old/catalog-info.yaml": entity("epsilon"),
        "old/k8s.yaml": text("epsilon"),
        "plain/zeta.yaml": text("zeta"),
    }
    files = {path: text for path, text in FILES.items() if path != "delta/one.yaml"}
    files["moved/one.yaml"] = FILES["delta/one.yaml"]
    before = gone | {"delta/one.yaml": FILES["delta/one.yaml"], "moved/one.yaml": None}
    found = touched(
        "old/catalog-info.yaml", "old/k8s.yaml", "plain/zeta.yaml", "delta/one.yaml", "moved/one.yaml",
        files=files, before=before,
    )  # fmt: skip

    assert names(found) == ["delta"]
    assert found.scope == Scope(
        "main", 5, 3, ("Deployment/payments/zeta", "component:default/epsilon")
    )


def test_a_change_of_the_yardstick_touches_all() -> None:
    assert set(reasons(touched("x", yardstick="policies/one.yaml")).values()) == {
        "policies/one.yaml"
    }


PROMETHEUS = {
    "apiVersion": "monitoring.coreos.com/v1",
    "kind": "Prometheus",
    "metadata": {"name": "main", "namespace": "monitoring"},
    "spec": {
        "serviceMonitorSelector": {"matchLabels": {"release": "main"}},
        "serviceMonitorNamespaceSelector": {},
    },
}


def prometheus(release: str) -> bytes:
    spec = PROMETHEUS["spec"] | {"serviceMonitorSelector": {"matchLabels": {"release": release}}}
    return as_yaml([PROMETHEUS | {"spec": spec}]).encode()


@pytest.mark.parametrize(
    ("release", "before", "differ"),
    [
        ("other", prometheus("main"), {"alpha": ("SM-04",)}),
        ("main", prometheus("other"), {"alpha": ("SM-04",)}),
        ("other", None, {"alpha": ("SM-04",)}),
        ("main", prometheus("main") + b"# why\n", {}),
    ],
)
def test_verdicts_that_differ_show_a_service_whatever_changed_them(
    release: str, before: bytes | None, differ: dict[str, tuple[str, ...]]
) -> None:
    found = objects("deployment", "service", "monitor")
    found["monitor"]["metadata"]["labels"] = {"release": "main"}
    files = {
        "alpha.yaml": as_yaml(list(found.values())).replace("checkout", "alpha").encode(),
        "beta.yaml": text("beta").replace(b"payments", b"elsewhere"),
        "prometheus.yaml": prometheus(release),
    }
    report = touched(
        "prometheus.yaml",
        files=files,
        before={"prometheus.yaml": before},
        checks=["SM-04", "PB-02"],
    )

    assert {service.name: service.verdicts_differ for service in report.services} == differ
    assert set(reasons(report).values()) <= {""}


def test_a_service_that_is_shown_by_a_file_names_no_verdicts() -> None:
    before = {"plain/alpha.yaml": text("alpha").replace(b"livenessProbe", b"startupProbe")}
    report = touched("plain/alpha.yaml", before=before, checks=["PB-01"])

    assert [(s.name, s.shown_because, s.verdicts_differ) for s in report.services] == [
        ("alpha", "", ())
    ]


CANARY = b"""
resource "aws_synthetics_canary" "shop" { name = "shop" }
module "alarms" { source = "../alarms" }
data "archive_file" "code" { source_dir = "${path.module}/../../code/shop" }
"""
TERRAFORM = {
    "infra/shop/canary.tf": CANARY,
    "infra/shop/main.tf": b'variable "x" {}\n',
    "infra/shop/prod.tfvars": b"x = 1\n",
    "infra/alarms/main.tf": b'variable "y" { default = file("../../shared/y.txt") }\n',
    "infra/other/main.tf": b'variable "z" {}\n',
    "code/shop/nodejs/index.js": b"",
    "code/cart/nodejs/index.js": b"",
    "shared/y.txt": b"",
}


@pytest.mark.parametrize(
    ("changed", "services"),
    [
        ("infra/shop/main.tf", ["shop"]),
        ("infra/shop/prod.tfvars", ["shop"]),
        ("infra/alarms/main.tf", ["shop"]),
        ("infra/shop/new.tf", ["shop"]),
        ("code/shop/nodejs/index.js", ["shop"]),
        ("shared/y.txt", ["shop"]),
        ("infra/other/main.tf", []),
        ("code/cart/nodejs/index.js", []),
    ],
)
def test_code_of_terraform_touches_what_it_makes(changed: str, services: list[str]) -> None:
    assert names(touched(changed, files=TERRAFORM)) == services


def test_canary_code_that_moved_away_touches_what_ran_it() -> None:
    files = {path: text for path, text in TERRAFORM.items() if not path.startswith("code/shop")}
    gone = {"code/shop/nodejs/index.js": b""}

    assert names(touched(*gone, files=files, before=gone)) == ["shop"]


WORKFLOW = b"""
on: pull_request
jobs: {test: {runs-on: x, steps: [{run: ./hack/check.sh}]}}
"""


@pytest.mark.parametrize("changed", [".github/workflows/ci.yaml", "CODEOWNERS", "hack/check.sh"])
def test_a_pipeline_touches_all_whose_changes_it_tests(changed: str) -> None:
    files = {
        ".github/workflows/ci.yaml": WORKFLOW,
        "CODEOWNERS": b"* @platform\n",
        "hack/check.sh": b"make test\n",
        "a/catalog-info.yaml": entity("alpha"),
        "b/catalog-info.yaml": entity("beta"),
    }

    assert reasons(touched(changed, files=files)) == {"alpha": changed, "beta": changed}


def test_a_base_touches_every_overlay() -> None:
    files = {
        "base/kustomization.yaml": b"resources: [all.yaml]\n",
        "base/all.yaml": text("alpha"),
        "eu/kustomization.yaml": b"resources: [../base]\nnamePrefix: eu-\n",
        "us/kustomization.yaml": b"resources: [../base]\nnamePrefix: us-\n",
        "plain/beta.yaml": text("beta"),
    }

    assert set(reasons(touched("base/all.yaml", files=files, render=True))) == {
        "eu-alpha",
        "us-alpha",
    }
    assert "beta" not in names(touched("base/all.yaml", files=files))


def test_values_that_an_application_gives_its_chart() -> None:
    application = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Application",
        "metadata": {"name": "shop", "namespace": "argocd"},
        "spec": {
            "sources": [
                {"path": "charts/shop", "helm": {"valueFiles": ["../../envs/prod.yaml"]}},
                {"chart": "shop", "helm": {"valueFiles": ["$values/envs/more.yaml"]}},
            ]
        },
    }
    files = {"apps/shop.yaml": as_yaml([application]).encode(), "envs/prod.yaml": b"a: 1\n"}

    assert names(touched("envs/prod.yaml", files=files)) == ["shop"]
    assert names(touched("envs/more.yaml", files=files)) == ["shop"]
    assert names(touched("envs/dev.yaml", files=files)) == []


def test_a_patch_touches_what_is_rendered_with_it() -> None:
    files = {
        "one/kustomization.yaml": b"resources: [all.yaml]\npatches: [{path: patch.yaml}]\n",
        "one/all.yaml": text("alpha"),
        "one/patch.yaml": b"apiVersion: apps/v1\nkind: Deployment\n"
        b"metadata: {name: alpha, namespace: payments}\nspec: {replicas: 4}\n",
        "two/kustomization.yaml": b"resources: [all.yaml]\n",
        "two/all.yaml": text("beta"),
    }

    for render in (True, False):
        assert set(names(touched("one/patch.yaml", files=files, render=render))) == {"alpha"}
