"""ConstraintTemplates, accepted and refused as by the cluster."""

from __future__ import annotations

import pytest

from flagstone.policies.gatekeeper.errors import NotEvaluated, PolicyError
from flagstone.policies.gatekeeper.templates import read_template
from flagstone.policies.manifests.objects import Manifest
from tests.policies.gatekeeper.samples import V0, V1, code, template


def read(raw):
    return read_template(Manifest(raw, "t.yaml"))


def test_code_with_its_version_libraries_and_schema():
    target = code(V1, version="v1", libs=["package lib.a\n", 3])
    found = read(template(target, type="object", properties={"min": {"type": "integer"}}))
    assert (found.name, found.kind) == ("demo", "Demo")
    assert found.source.is_v1 is True
    assert found.source.libs == ("package lib.a\n",)
    assert found.source.first == ("spec", "targets", 0, "code", 0, "source", "rego")
    assert found.schema["properties"]["min"] == {"type": "integer"}
    assert found.needs_inventory is False


@pytest.mark.parametrize("target", [{"rego": V0}, code(V0), code(V0, version="v0")])
def test_without_version_v1_it_is_v0(target):
    assert read(template(target)).source.is_v1 is False


def test_the_old_field_wins_over_code():
    found = read(template({"rego": V0, **code(V1, version="v1")}))
    assert found.source.rego == V0
    assert found.source.first == ("spec", "targets", 0, "rego")


def test_cel_beside_rego_is_taken():
    target = {"rego": V0, **code(V1, version="v1")}
    cel = {"validations": [{"expression": "true"}], "failurePolicy": "Ignore"}
    target["code"].append({"engine": "K8sNativeValidation", "source": cel})
    source = read(template(target)).source
    assert source.first == ("spec", "targets", 0, "code", 1, "source", "validations")
    assert source.validations == (("true", "", ""),)
    assert (source.fails, source.in_gatekeeper) == (False, True)


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha1"])
def test_every_served_version(version):
    raw = template({"rego": V0})
    raw["apiVersion"] = f"templates.gatekeeper.sh/{version}"
    assert read(raw).kind == "Demo"


def change(**changes):
    raw = template({"rego": V0})
    for path, value in changes.items():
        holder = raw
        *way, last = path.split("__")
        for key in way:
            holder = holder[key]
        holder[last] = value
    return raw


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (
            change(apiVersion="templates.gatekeeper.sh/v2"),
            "a ConstraintTemplate has no version v2; use v1",
        ),
        (change(metadata__name="other"), "its name must be its kind in lower case, demo"),
        (change(spec__crd={}), "spec.crd.spec.names.kind is missing"),
        (change(spec__targets=[]), "it needs exactly one target, admission.k8s.gatekeeper.sh"),
        (
            change(spec__targets=[{"target": "x"}]),
            "it needs exactly one target, admission.k8s.gatekeeper.sh",
        ),
        (
            template({}),
            "it has no Rego or CEL: neither `rego` nor a `code` with an engine that exists",
        ),
        (
            template({"code": [{"engine": "Rego", "source": {}}]}),
            "it has no Rego or CEL: neither `rego` nor a `code` with an engine that exists",
        ),
        (
            template({"code": "text"}),
            "it has no Rego or CEL: neither `rego` nor a `code` with an engine that exists",
        ),
    ],
)
def test_what_is_refused(raw, reason):
    with pytest.raises(PolicyError) as caught:
        read(raw)
    assert type(caught.value) is PolicyError
    assert caught.value.reason == reason
    assert caught.value.path == "t.yaml"


def test_cel_without_validations_is_refused():
    target = {"code": [{"engine": "K8sNativeValidation", "source": {"validations": []}}]}
    with pytest.raises(PolicyError) as caught:
        read(template(target))
    assert caught.value.reason == "it has no validations"


def test_external_data_is_plainly_not_evaluated():
    rego = V0 + "x := external_data({})\n"
    with pytest.raises(NotEvaluated, match="external data provider"):
        read(template({"rego": rego}))


def test_inventory_is_noticed():
    assert read(template({"rego": V0 + "y { data.inventory.cluster }\n"})).needs_inventory is True
