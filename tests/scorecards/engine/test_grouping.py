"""Which services a repository has, and which objects are whose."""

from __future__ import annotations

from typing import Any

import yaml

from flagstone.policies.manifests.objects import Manifest
from flagstone.policies.manifests.reading import read_files
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.subjects.grouping import find_services
from flagstone.scorecards.engine.surroundings import Surroundings
from flagstone.scorecards.engine.workload_view import ServiceKind
from tests.scorecards.engine.samples import NOW, as_yaml, files_of, objects, policies

ALL = ("rollout", "service", "vs", "dr", "hpa", "pdb", "at", "rules", "monitor")


def find(files: dict[str, bytes]) -> dict[str, ServiceView]:
    snapshot = read_files(files, render=False)
    return {found.ref: found for found in find_services(Surroundings(snapshot, policies(), NOW))}


def refs(manifests: tuple[Manifest, ...]) -> set[str]:
    return {f"{m.kind}/{m.name}" for m in manifests}


def component(name: str, kind: str = "service", **metadata: Any) -> bytes:
    entity = {
        "apiVersion": "backstage.io/v1alpha1",
        "kind": "Component",
        "metadata": {"name": name, **metadata},
        "spec": {"type": kind, "owner": "payments", "lifecycle": "production"},
    }
    return as_yaml([entity]).encode()


def renamed(name: str, *ids: str, namespace: str = "payments") -> dict[str, Any]:
    """Objects of the good service under another name."""
    text = as_yaml(list(objects(*ids).values())).replace("checkout", name)
    documents = list(yaml.safe_load_all(text.replace("payments", namespace)))
    return dict(zip(ids, documents, strict=True))


def test_a_component_has_what_lies_in_its_folder() -> None:
    files = files_of(objects(*ALL)) | {
        "services/checkout/catalog-info.yaml": component("checkout"),
        "services/checkout/extra/config.yaml": b"apiVersion: v1\nkind: ConfigMap\n"
        b"metadata: {name: settings}\n",
    }

    found = find(files)

    assert list(found) == ["component:default/checkout"]
    view = found["component:default/checkout"]
    assert (view.name, view.folder, view.kind) == (
        "checkout",
        "services/checkout",
        ServiceKind.HTTP,
    )
    assert "ConfigMap/settings" in refs(view.manifests)
    assert len(view.manifests) == len(ALL) + 1


def test_the_ref_of_an_entity_is_in_small_letters() -> None:
    files = {"a/catalog-info.yaml": component("Checkout", namespace="Payments")}

    assert list(find(files)) == ["component:payments/checkout"]


def test_an_inner_component_takes_its_own_folder() -> None:
    files = {
        "catalog-info.yaml": component("shop"),
        "services/quote/catalog-info.yaml": component("quote"),
        **files_of(objects("deployment", "service"), "deploy"),
        **files_of(renamed("quote", "deployment", "service"), "services/quote"),
    }

    found = find(files)

    assert refs(found["component:default/quote"].manifests) == {"Deployment/quote", "Service/quote"}
    assert refs(found["component:default/shop"].manifests) == {
        "Deployment/checkout",
        "Service/checkout",
    }


def test_components_of_one_folder_share_by_name() -> None:
    entities = component("checkout") + b"---\n" + component("quote")
    files = {
        "catalog-info.yaml": entities,
        **files_of(objects("deployment", "service"), "k8s"),
        **files_of(renamed("quote", "deployment", "service"), "k8s/quote"),
        **files_of(renamed("ledger", "deployment", "service"), "k8s/ledger"),
    }

    found = find(files)

    assert {ref: refs(view.manifests) for ref, view in found.items()} == {
        "component:default/checkout": {"Deployment/checkout", "Service/checkout"},
        "component:default/quote": {"Deployment/quote", "Service/quote"},
        "Deployment/payments/ledger": {"Deployment/ledger", "Service/ledger"},
    }


def test_a_workload_elsewhere_can_name_its_component() -> None:
    workload = renamed("checkout-v2", "deployment", "service")
    workload["deployment"]["metadata"]["labels"] = {"backstage.io/kubernetes-id": "checkout"}
    files = {"catalog/checkout/catalog-info.yaml": component("checkout")}

    found = find(files | files_of(workload, "clusters/prod"))

    assert list(found) == ["component:default/checkout"]
    assert refs(found["component:default/checkout"].manifests) == {
        "Deployment/checkout-v2",
        "Service/checkout-v2",
    }


def test_libraries_are_no_services() -> None:
    files = {
        "catalog-info.yaml": component("money", kind="library"),
        "site/catalog-info.yaml": component("shop", kind="website"),
    }

    found = find(files)

    assert list(found) == ["component:default/shop"]
    assert found["component:default/shop"].kind is ServiceKind.STATIC


def test_other_entities_and_templates_are_no_services() -> None:
    files = {
        "catalog-info.yaml": as_yaml(
            [{"apiVersion": "backstage.io/v1alpha1", "kind": "System", "metadata": {"name": "pay"}}]
        ).encode(),
        "skeleton/catalog-info.yaml": component("${{ values.name }}"),
        "all.yaml": component("not-a-catalogue-file"),
    }

    assert find(files) == {}


def test_without_a_catalogue_each_workload_is_a_service_with_what_concerns_it() -> None:
    files = {
        **files_of(objects("rollout", "service", "hpa"), "apps/checkout"),
        **files_of(objects("vs", "dr"), "mesh"),
        **files_of(objects("rules", "monitor"), "observability"),
        **files_of(objects("pdb"), "policies"),
        **files_of(renamed("quote", "deployment", "service"), "apps/quote"),
    }

    found = find(files)

    assert set(found) == {"Rollout/payments/checkout", "Deployment/payments/quote"}
    assert refs(found["Rollout/payments/checkout"].manifests) == {
        "Rollout/checkout",
        "Service/checkout",
        "HorizontalPodAutoscaler/checkout",
        "VirtualService/checkout",
        "DestinationRule/checkout",
        "PrometheusRule/checkout-slo",
        "ServiceMonitor/checkout",
        "PodDisruptionBudget/checkout",
    }
    assert refs(found["Deployment/payments/quote"].manifests) == {
        "Deployment/quote",
        "Service/quote",
    }


def test_one_name_in_two_namespaces_is_two_services() -> None:
    files = {
        **files_of(objects("rollout", "service", "vs"), "payments"),
        **files_of(renamed("checkout", "rollout", "service", "vs", namespace="eu"), "eu"),
    }

    found = find(files)

    assert set(found) == {"Rollout/payments/checkout", "Rollout/eu/checkout"}
    for view in found.values():
        assert {manifest.namespace for manifest in view.manifests} == {view.ref.split("/")[1]}


def test_one_name_without_a_namespace_in_two_folders_is_two_services() -> None:
    bare = objects("rollout", "service", "hpa")
    for document in bare.values():
        del document["metadata"]["namespace"]

    found = find(files_of(bare, "dev") | files_of(bare, "prod"))

    assert set(found) == {"Rollout/checkout@dev", "Rollout/checkout@prod"}
    for view in found.values():
        assert len(view.manifests) == 3
        assert {manifest.path for manifest in view.manifests} == {f"{view.folder}/manifests.yaml"}


def test_one_object_written_twice_is_one_service() -> None:
    found = objects("deployment")
    files = files_of(found) | {
        "services/checkout/again.yaml": as_yaml([found["deployment"]]).encode()
    }

    assert list(find(files)) == ["Deployment/payments/checkout"]


def test_a_borrowed_template_is_no_service_of_its_own() -> None:
    found = objects("rollout", "deployment", "service")
    del found["rollout"]["spec"]["template"]
    found["rollout"]["spec"]["workloadRef"] = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "name": "checkout",
    }

    (view,) = find(files_of(found)).values()

    assert view.ref == "Rollout/payments/checkout"
    assert refs(view.manifests) == {"Rollout/checkout", "Deployment/checkout", "Service/checkout"}
    assert view.kind is ServiceKind.HTTP


def test_applications_belong_to_the_folder_that_they_deploy() -> None:
    quote = renamed("quote", "deployment", "app")
    files = {
        **files_of(objects("rollout"), "services/checkout"),
        **files_of({"d": quote["deployment"]}, "services/quote"),
        "argocd/checkout.yaml": as_yaml([objects("app")["app"]]).encode(),
        "argocd/quote.yaml": as_yaml([quote["app"]]).encode(),
    }

    found = find(files)

    assert [a.name for a in found["Rollout/payments/checkout"].applications] == ["checkout"]
    assert [a.name for a in found["Deployment/payments/quote"].applications] == ["quote"]


def test_an_application_of_an_overlay_belongs_to_the_component_around_it() -> None:
    app = objects("app")["app"]
    app["spec"]["source"]["path"] = "services/checkout/overlays/prod"
    files = {
        **files_of(objects("rollout")),
        "services/checkout/catalog-info.yaml": component("checkout"),
        "argocd/checkout.yaml": as_yaml([app]).encode(),
    }

    assert len(find(files)["component:default/checkout"].applications) == 1


def test_an_application_of_a_path_elsewhere_is_found_by_its_name() -> None:
    files = files_of(objects("rollout"), "deploy") | {
        "app.yaml": as_yaml([objects("app")["app"]]).encode(),
        **files_of(renamed("quote", "rollout"), "quote"),
    }

    found = find(files)

    assert len(found["Rollout/payments/checkout"].applications) == 1
    assert found["Rollout/payments/quote"].applications == ()


def application_set(*directories: dict[str, Any]) -> bytes:
    spec = objects("app")["app"]["spec"]
    spec["source"]["path"] = "{{ .path.path }}"
    generator = {"git": {"repoURL": "x", "revision": "main", "directories": list(directories)}}
    app_set = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "ApplicationSet",
        "metadata": {"name": "all", "namespace": "argocd"},
        "spec": {"generators": [generator], "template": {"metadata": {}, "spec": spec}},
    }
    return as_yaml([app_set]).encode()


def test_an_application_set_of_other_folders_is_not_the_only_services() -> None:
    files = {
        **files_of(objects("rollout"), "services/checkout"),
        "argocd/set.yaml": application_set({"path": "platform/*"}),
        "platform/policies/README.md": b"",
    }

    assert find(files)["Rollout/payments/checkout"].applications == ()


def test_an_application_set_deploys_what_its_generator_finds() -> None:
    files = {
        **files_of(objects("rollout"), "services/checkout"),
        **files_of(renamed("quote", "rollout"), "services/quote"),
        "argocd/set.yaml": application_set(
            {"path": "services/*"}, {"path": "services/quote", "exclude": True}
        ),
    }

    found = find(files)

    assert [a.name for a in found["Rollout/payments/checkout"].applications] == ["all"]
    assert found["Rollout/payments/quote"].applications == ()


def root(name: str, path: str) -> bytes:
    """An Application that deploys that folder of the repository."""
    document = objects("app")["app"]
    document["metadata"]["name"] = name
    document["spec"]["source"]["path"] = path
    return as_yaml([document]).encode()


def test_applications_of_applications_are_no_services() -> None:
    project = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "payments", "namespace": "argocd"},
    }
    files = {
        **files_of(objects("rollout"), "services/checkout"),
        **files_of(renamed("quote", "rollout"), "services/quote"),
        "apps/checkout.yaml": as_yaml([objects("app")["app"]]).encode(),
        "projects/payments.yaml": as_yaml([project]).encode(),
        "later/.gitkeep": b"",
        "argocd/apps.yaml": root("root-apps", "apps"),
        "argocd/projects.yaml": root("root-projects", "projects"),
        "argocd/later.yaml": root("root-later", "./later/"),
    }

    found = find(files)

    assert {ref: refs(view.manifests) for ref, view in found.items()} == {
        "Rollout/payments/checkout": {"Rollout/checkout", "Application/checkout"},
        "Rollout/payments/quote": {"Rollout/quote"},
    }


def test_an_application_that_deploys_more_than_applications_is_judged() -> None:
    settings = b"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n"
    files = {
        "apps/inner.yaml": root("inner", "elsewhere"),
        "apps/more/settings.yaml": settings,
        "code/main.jsonnet": b"{}",
        "argocd/mixed.yaml": root("mixed", "apps"),
        "argocd/plugin.yaml": root("plugin", "code"),
        "argocd/gone.yaml": root("gone", "elsewhere"),
    }

    assert {view.name for view in find(files).values()} == {"inner", "mixed", "plugin", "gone"}


def test_an_application_of_a_workload_belongs_to_it_beside_other_applications() -> None:
    files = {
        **files_of(objects("rollout"), "apps/checkout"),
        "apps/inner.yaml": root("inner", "apps/checkout"),
        "argocd/root.yaml": root("root", "apps"),
    }

    found = find(files)

    assert {ref: refs(view.manifests) for ref, view in found.items()} == {
        "Rollout/payments/checkout": {"Rollout/checkout", "Application/inner", "Application/root"},
    }


def test_what_nobody_claims_goes_to_the_only_service_nearby() -> None:
    partner = objects("dr")["dr"]
    partner["metadata"]["name"] = "partner"
    partner["spec"]["host"] = "partner.prod.svc.cluster.local"

    (view,) = find(files_of({**objects("rollout"), "partner": partner})).values()

    assert refs(view.manifests) == {"Rollout/checkout", "DestinationRule/partner"}


def test_what_nobody_claims_is_judged_under_its_own_name() -> None:
    partner = objects("vs", "dr")
    for document in partner.values():
        document["metadata"]["name"] = "to-partner"
    partner["dr"]["spec"]["host"] = partner["vs"]["spec"]["hosts"][0] = "partner.prod.svc"
    partner["vs"]["spec"]["http"][0]["route"] = [{"destination": {"host": "partner.prod.svc"}}]
    files = {
        **files_of(objects("rollout"), "a"),
        **files_of(renamed("quote", "rollout"), "b"),
        **files_of(partner, "mesh"),
    }

    view = find(files)["VirtualService/payments/to-partner"]

    assert view.name == "partner"
    assert refs(view.manifests) == {"VirtualService/to-partner", "DestinationRule/to-partner"}
    assert view.kind is ServiceKind.UNKNOWN


def test_a_chart_that_is_not_rendered_is_shown() -> None:
    files = {
        "charts/shop/Chart.yaml": b"apiVersion: v2\nname: shop\nversion: 1.0.0\n",
        "charts/shop/templates/all.yaml": b"kind: {{ .Values.kind }}\n",
    }

    (view,) = find(files).values()

    assert (view.name, view.ref) == ("shop", "helm:charts/shop")
    assert view.incomplete.startswith("helm did not render charts/shop: ")


def test_workloads_of_a_kustomization_that_is_not_rendered_are_shown() -> None:
    files = files_of(objects("deployment"), "base") | {
        "base/kustomization.yaml": b"resources: [manifests.yaml]\n",
    }

    (view,) = find(files).values()

    assert view.ref == "Deployment/payments/checkout"
    assert view.manifests == ()
    assert "kustomize" in view.incomplete


def test_a_file_that_cannot_be_read_is_shown_where_no_service_is_near() -> None:
    files = {"broken/app.yaml": b"apiVersion: v1\nkind: Service\nmetadata: {name: [\n"}

    (view,) = find(files).values()

    assert (view.name, view.ref) == ("app.yaml", "file:broken/app.yaml")
    assert [problem.kind for problem in view.problems] == ["parse"]


def test_a_broken_document_is_the_problem_of_the_services_in_its_file() -> None:
    files = files_of(objects("deployment"), "a") | files_of(renamed("quote", "deployment"), "b")
    files["a/manifests.yaml"] += b"---\napiVersion: v1\nkind: [\n"

    found = find(files)

    assert len(found["Deployment/payments/checkout"].problems) == 1
    assert found["Deployment/payments/quote"].problems == ()
