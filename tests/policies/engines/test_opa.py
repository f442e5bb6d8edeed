"""OPA by its address: the same answers, and whatever is wrong with the server is no answer."""

from __future__ import annotations

import re

import pytest

from flagstone.core.errors import UserError
from flagstone.policies.engines.in_process import InProcess
from flagstone.policies.engines.opa import Opa
from flagstone.policies.engines.opa_modules import modules_of
from flagstone.policies.engines.sources import RegoSource
from flagstone.policies.gatekeeper.errors import EngineMissing, NotEvaluated
from flagstone.policies.gatekeeper.inventory import Inventory
from flagstone.policies.gatekeeper.policy_set import PolicySet
from tests.http_server import Fault, Reply, serving
from tests.policies.engines.opa_stand_in import StandIn
from tests.policies.gatekeeper.samples import V0, V1, code, constraint, deployment, dump, template
from tests.real_opa import RealOpa, needs_real_opa


@pytest.fixture
def server():
    yield from served(StandIn())


@pytest.fixture(params=["regorus", pytest.param("opa", marks=needs_real_opa)])
def either(request):
    """A server with the engine of this process behind it, or with OPA itself."""
    if request.param == "regorus":
        yield from served(StandIn())
    else:
        yield request.getfixturevalue("real")


@pytest.fixture
def real():
    opa = RealOpa()
    yield from served(StandIn(opa=opa))
    opa.close()


def served(stand_in):
    with serving(stand_in.answer) as running:
        running.stand_in = stand_in
        yield running


def policies(server, *documents, token=""):
    files = {"p.yaml": "---\n".join(map(dump, documents)).encode()}
    return PolicySet.from_files(files, Opa(server.url, InProcess(), token))


def said(found, manifest, **more):
    review = found.review(manifest, **more)
    return [v.message for v in review.violations] + [f"! {f.reason}" for f in review.failures]


@pytest.mark.parametrize("target", [code(V1, version="v1"), {"rego": V0}])
def test_it_says_what_this_process_says(server, target):
    found = policies(server, template(target), constraint())
    assert said(found, deployment()) == ["1 replicas"]
    assert said(found, deployment(replicas=2)) == []


def test_what_is_sent(server):
    policies(server, template(code(V1, version="v1")), constraint()).review(deployment())
    put, post = server.requests
    assert (put.method, put.headers["content-type"]) == ("PUT", "text/plain")
    assert put.path.startswith("/v1/policies/flagstone-p")
    name = put.path.split("-")[1]
    assert put.body.decode() == V1.replace("package demo", f"package flagstone.{name}")
    assert (post.method, post.path) == (
        "POST",
        f"/v1/data/flagstone/{name}/violation?strict-builtin-errors=true",
    )
    assert post.json["input"]["review"]["object"]["spec"] == {"replicas": 1}
    assert post.json["input"]["parameters"] == {"min": 2}


def test_templates_of_one_package_do_not_mix(either):
    never = V1.replace("replicas < input", "replicas > 100 + input")
    documents = [template(code(V1, version="v1")), template(code(never, version="v1"), "Other")]
    found = policies(either, *documents, constraint(), constraint("Other"))
    assert said(found, deployment()) == ["1 replicas"]


def test_libraries(either):
    rego = """package demo
violation contains {"msg": "few"} if { data.lib.h.few(input.review.object); data.lib.h.least == 2 }
"""
    lib = "package lib.h\nleast := 2\nfew(o) if o.spec.replicas < least\n"
    found = policies(either, template(code(rego, version="v1", libs=[lib])), constraint())
    assert said(found, deployment()) == ["few"]


@needs_real_opa
def test_a_library_that_is_imported(real):
    rego = """package demo
import data.lib.h as helper
violation contains {"msg": "few"} if helper.few(input.review.object)
"""
    lib = "package lib.h\nimport data.lib.h.least\nleast := 2\nfew(o) if o.spec.replicas < least\n"
    found = policies(real, template(code(rego, version="v1", libs=[lib])), constraint())
    assert said(found, deployment()) == ["few"]
    assert said(found, deployment(replicas=2)) == []


def test_names_of_modules():
    rego = (
        "package demo\nimport data.lib.h as x\nr { data.inventory.cluster; data.other; x.f(1) }\n"
    )
    source = RegoSource(rego, ("package lib.h\nimport data.lib.g\n",), is_v1=False, keys=())
    (keys, main), (lib_keys, lib) = modules_of(source, "p1")
    assert (keys, lib_keys) == (("rego",), ("libs", 0))
    assert main.splitlines() == [
        "package flagstone.p1",
        "import data.flagstone.p1.lib.h as x",
        "r { data.flagstone.inventory.cluster; data.other; x.f(1) }",
    ]
    assert lib == "package flagstone.p1.lib.h\nimport data.flagstone.p1.lib.g\n"


def test_the_inventory_goes_to_a_place_of_its_own(either):
    rego = """package demo
violation contains {"msg": name} if {
  some name in object.keys(data.inventory.namespace.pay["apps/v1"].Deployment)
}
"""
    found = policies(either, template(code(rego, version="v1")), constraint())
    assert said(found, deployment(), inventory=Inventory([deployment()])) == ["web"]
    assert said(found, deployment(), inventory=Inventory([])) == []
    assert [r.path for r in either.sent("PUT /v1/data")] == ["/v1/data/flagstone/inventory"] * 2
    assert "inventory" not in either.stand_in.data


def test_cel_is_evaluated_beside_it(server):
    cel = {"validations": [{"expression": "object.spec.replicas >= 2", "message": "few"}]}
    target = {"code": [{"engine": "K8sNativeValidation", "source": cel}]}
    found = policies(
        server, template(target), constraint(), template({"rego": V0}, "Old"), constraint("Old")
    )
    assert said(found, deployment()) == ["few", "1 replicas"]


def test_a_module_that_does_not_compile_names_its_line(either):
    broken = template(code("package demo\n\nviolation contains {} if )\n", version="v1"))
    found = policies(either, broken, constraint())
    (error,) = found.errors
    assert error.reason in {"OPA: expecting expression", "OPA: unexpected ) token"}
    assert "if )" in dump(broken).splitlines()[error.line - 1]
    assert found.review(deployment()).failures == (error,)


def test_an_evaluation_that_fails(either):
    rego = 'package demo\nviolation contains {"msg": "x"} if count(input.review.object.spec.replicas) > 0\n'
    found = policies(either, template(code(rego, version="v1")), constraint())
    (failure,) = found.review(deployment()).failures
    assert re.search("^OPA: .*count.* (requires|must be one of)", failure.reason)
    assert not isinstance(failure, NotEvaluated)


def test_no_answer_is_no_pass(either):
    found = policies(
        either,
        template(code("package demo\ndeny contains 1 if true\n", version="v1")),
        constraint(),
    )
    assert said(found, deployment()) == [
        "! OPA has no answer where a set of violations is expected"
    ]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Fault("POST", cuts=True), "does not answer: no connection"),
        (Fault("POST", Reply(200, b"no json")), "answers oddly: "),
        (Fault("POST", Reply(200, b"[]")), "answers oddly: with JSON that is no object"),
        (Fault("POST", Reply(502, {"message": "bad gateway"})), "answers with status 502: bad gateway"),
        (Fault("POST", Reply(302, None, {"Location": "/x"})), "answers with status 302: nothing more"),
        (Fault("POST", Reply(403, {})), "refuses (status 403): set OPA_TOKEN to one that it takes"),
    ],
)  # fmt: skip
def test_what_can_be_wrong_with_the_server(server, fault, reason):
    found = policies(server, template(code(V1, version="v1")), constraint())
    server.faults.append(fault)
    (failure,) = found.review(deployment()).failures
    assert isinstance(failure, NotEvaluated)
    assert failure.reason.startswith(f"OPA at {server.url} {reason}")
    assert said(found, deployment()) == ["1 replicas"]


def test_a_server_that_is_slow(server, monkeypatch):
    monkeypatch.setattr("flagstone.policies.engines.opa._SECONDS", (1.0, 0.2))
    found = policies(server, template(code(V1, version="v1")), constraint())
    server.faults.append(Fault("POST", seconds=0.6))
    (failure,) = found.review(deployment()).failures
    assert failure.reason == f"OPA at {server.url} does not answer: nothing within 0.2 seconds"


def test_a_server_that_is_not_there():
    files = {"p.yaml": dump(template({"rego": V0})).encode()}
    with pytest.raises(EngineMissing, match="does not answer: no connection"):
        PolicySet.from_files(files, Opa("http://127.0.0.1:9", InProcess()))


def test_tokens(server):
    server.stand_in.token = "secret"
    found = policies(server, template({"rego": V0}), constraint(), token="secret")
    assert said(found, deployment()) == ["1 replicas"]
    with pytest.raises(EngineMissing, match="set OPA_TOKEN"):
        policies(server, template({"rego": V0}), constraint())


@pytest.mark.parametrize("url", ["", "opa:8181", "ftp://opa", "http://"])
def test_addresses(url):
    with pytest.raises(UserError, match="must begin with http"):
        Opa(url, InProcess())
