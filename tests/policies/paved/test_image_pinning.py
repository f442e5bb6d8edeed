"""IM-01."""

from __future__ import annotations

import pytest

from flagstone.core.content import content_dir
from flagstone.policies.gatekeeper.policy_set import PolicySet
from tests.policies.paved.cases import GONE, checks, violations, where
from tests.policies.paved.workload import APP, IMAGE, JOBS, POD, as_kind, pod_path, workload

DIGEST = f"sha256:{'0123456789abcdef' * 4}"


@pytest.mark.parametrize(
    "image",
    [IMAGE, f"nginx@{DIGEST}", f"nginx:1.2@{DIGEST}", f"localhost:5000/a/b@{DIGEST}", f" {IMAGE} "],
)
def test_pass(image):
    assert checks(workload({f"{APP}.image": image}), "IM") == []


@pytest.mark.parametrize(
    ("image", "severity", "words"),
    [
        ("nginx:1.27", "M", "runs nginx:1.27, a tag that can be moved; name it by digest"),
        ("nginx", "H", "runs nginx, which has no tag and so is always the latest"),
        ("nginx:latest", "H", "runs nginx:latest, whose tag moves with every push"),
        (
            "host:5000/nginx",
            "H",
            "runs host:5000/nginx, which has no tag and so is always the latest",
        ),
        ("host:5000/a:1", "M", "runs host:5000/a:1, a tag that can be moved; name it by digest"),
        (
            "nginx@sha256:abc",
            "M",
            "runs nginx@sha256:abc, whose digest is not sha256 with 64 hexadecimal digits",
        ),
        (
            f"nginx@{DIGEST.upper()}",
            "M",
            f"runs nginx@{DIGEST.upper()}, whose digest is not sha256 with 64 hexadecimal digits",
        ),
        (GONE, "H", "names no image"),
        ("", "H", "names no image"),
        (7, "H", "names no image"),
    ],
)
def test_fail(image, severity, words):
    (violation,) = violations(workload({f"{APP}.image": image}), "IM")
    assert violation.message == f"Rollout/web: container app {words}"
    assert violation.details == {
        "check": "IM-01",
        "severity": severity,
        "path": [*(int(k) if k.isdigit() else k for k in APP.split(".")), "image"],
        "container": "app",
    }


def test_every_container_but_those_that_others_inject():
    changes = {
        f"{POD}.containers.1": {"name": "side", "image": "a:1"},
        f"{POD}.containers.2": {"name": "istio-proxy", "image": "auto"},
        f"{POD}.initContainers": [{"name": "init", "image": "b:1"}],
    }
    assert where(workload(changes), "IM") == {
        ("IM-01", f"{POD}.containers.1.image"),
        ("IM-01", f"{POD}.initContainers.0.image"),
    }


@pytest.mark.parametrize(("api_version", "kind"), JOBS)
def test_jobs_too(api_version, kind):
    spoiled = as_kind(api_version, kind, {f"{APP}.image": "a:1"})
    assert where(spoiled, "IM") == {("IM-01", f"{pod_path(kind)}.containers.0.image")}


class TestRegistries:
    """The shipped constraint names none; an organisation names its own."""

    @staticmethod
    def messages(image, *registries):
        text = (content_dir("scorecards") / "policies" / "image-pinning.yaml").read_text()
        text = f"{text}    registries: [{', '.join(registries)}]\n"
        found = PolicySet.from_files({"p.yaml": text.encode()})
        return [
            v.message.partition(", ")[2] for v in found.evaluate(workload({f"{APP}.image": image}))
        ]

    @pytest.mark.parametrize(
        ("image", "registry"),
        [
            (f"registry.example.com/web@{DIGEST}", "registry.example.com"),
            (f"registry.example.com/web@{DIGEST}", "registry.example.com/"),
            (f"ghcr.io/our/web@{DIGEST}", "ghcr.io/our"),
            (f"nginx@{DIGEST}", "docker.io/library"),
            (f"our/web@{DIGEST}", "docker.io/our"),
            (f"localhost/web@{DIGEST}", "localhost"),
            (f"host:5000/web@{DIGEST}", "'host:5000'"),
        ],
    )
    def test_allowed(self, image, registry):
        assert self.messages(image, "other.example.com", registry) == []

    @pytest.mark.parametrize(
        ("image", "registry"),
        [
            (f"registry.example.com.evil.io/web@{DIGEST}", "registry.example.com"),
            (f"ghcr.io/ourselves/web@{DIGEST}", "ghcr.io/our"),
            (f"nginx@{DIGEST}", "registry.example.com"),
            (f"our/web@{DIGEST}", "our"),
        ],
    )
    def test_refused(self, image, registry):
        assert self.messages(image, registry) == ["which is not from an allowed registry"]

    def test_a_tag_and_a_wrong_registry_are_two_faults(self):
        assert len(self.messages("nginx", "ghcr.io")) == 2
