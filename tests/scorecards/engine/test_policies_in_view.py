"""Gatekeeper policies of a repository: where they are judged, and which template is whose."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.scorecards.engine.states import State
from tests.corpora import design_example
from tests.scaffolds.rendering import render
from tests.scorecards.engine.samples import SCORECARDS, as_yaml, files_of, objects, score, service
from tests.scorecards.engine.test_grouping import component, find, refs, renamed

PASSED = {f"GK-0{number}" for number in range(1, 9)}
BOTH = {"ConstraintTemplate/acmeprobes", "AcmeProbes/probes"}


def policies(*names: str) -> dict[str, Any]:
    return objects(*(names or ("probes-template", "probes-constraint")))


def test_a_folder_of_policies_is_one_subject_of_its_name() -> None:
    files = {
        **files_of(objects("rollout"), "services/checkout"),
        **files_of(policies(), "platform/guardrails"),
    }

    found = find(files)

    assert set(found) == {"Rollout/payments/checkout", "policies:platform/guardrails"}
    view = found["policies:platform/guardrails"]
    assert (view.name, view.folder, refs(view.manifests)) == (
        "guardrails",
        "platform/guardrails",
        BOTH,
    )


def test_templates_and_constraints_in_folders_of_their_own_are_one_subject() -> None:
    files = {
        **files_of(policies("probes-template"), "policies/templates"),
        **files_of(policies("probes-constraint"), "policies/constraints/prod"),
        "policies/constraints/dev/other.yaml": b"apiVersion: constraints.gatekeeper.sh/v1beta1\n"
        b"kind: AcmeProbes\nmetadata: {name: probes-dev}\n",
    }

    (view,) = find(files).values()

    assert (view.name, view.ref) == ("policies", "policies:policies")
    assert refs(view.manifests) == BOTH | {"AcmeProbes/probes-dev"}


def test_policies_at_the_root_have_a_name() -> None:
    (view,) = find(files_of(policies(), "")).values()

    assert (view.name, view.ref) == ("policies", "policies:.")


def test_policies_in_the_folder_of_a_service_are_judged_with_it() -> None:
    files = files_of(objects("rollout") | policies(), "case")

    (view,) = find(files).values()

    assert view.ref == "Rollout/payments/checkout"
    assert refs(view.manifests) == BOTH | {"Rollout/checkout"}


def test_policies_in_the_folder_of_a_component_are_judged_with_it() -> None:
    files = files_of(policies(), "gate/policies") | {
        "gate/catalog-info.yaml": component("gate"),
    }

    (view,) = find(files).values()

    assert (view.ref, refs(view.manifests)) == ("component:default/gate", BOTH)


def test_policies_of_a_library_are_judged_although_the_library_is_not() -> None:
    files = files_of(policies(), "lib") | {"lib/catalog-info.yaml": component("lib", "library")}

    assert list(find(files)) == ["policies:lib"]


def test_the_one_service_of_a_repository_does_not_own_its_platforms_policies() -> None:
    files = {
        **files_of(renamed("quote", "deployment"), "services/quote"),
        **files_of(policies(), "platform/policies"),
    }

    assert set(find(files)) == {"Deployment/payments/quote", "policies:platform/policies"}


@pytest.mark.parametrize("near", ["eu", "us"])
def test_a_constraint_belongs_to_the_nearest_template(near: str) -> None:
    files = {
        **files_of(policies("probes-template"), "eu"),
        **files_of(policies("probes-template"), "us"),
        f"{near}/used.yaml": as_yaml(list(policies("probes-constraint").values())).encode(),
    }

    found = find(files)

    assert refs(found[f"policies:{near}"].manifests) == BOTH
    view = found[f"policies:{near}"]
    (constraint,) = (m for m in view.manifests if m.kind == "AcmeProbes")
    template = view.surroundings.policies_in_view.template_of(constraint)
    assert template is not None
    assert template.path == f"{near}/manifests.yaml"


def test_the_policies_of_the_design_pass_everything() -> None:
    files = {
        f"platform/policies/{path.name}": path.read_bytes()
        for path in design_example("policy").glob("*.yaml")
    }
    files["argocd/checkout.yaml"] = design_example("argocd/application.yaml").read_bytes()

    found = service(score(files), "policies")

    assert (found.name, found.ref) == ("policies", "policies:platform/policies")
    assert {check.id: check.summary for check in found.checks if not _good(check.state)} == {}
    assert {check.id for check in found.checks if check.state is State.PASS} == PASSED


@pytest.mark.parametrize("whole", [False, True])
def test_our_own_policies_pass_everything_in_a_new_gitops_repository(*, whole: bool) -> None:
    files = {
        f"platform/policies/{path.name}": path.read_bytes()
        for path in (SCORECARDS / "policies").glob("*.yaml")
    }
    if whole:
        files |= {path: text.encode() for path, text in render("gitops-repo").items()}

    found = service(score(files), "policies")

    assert {check.id: check.summary for check in found.checks if not _good(check.state)} == {}
    assert {check.id for check in found.checks if check.state is State.PASS} == PASSED


def _good(state: State) -> bool:
    return state in {State.PASS, State.NOT_APPLICABLE}
