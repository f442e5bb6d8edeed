"""Charts, with a stand-in for helm: what matters here is what it is given and what becomes of its output."""

from __future__ import annotations

import sys

import pytest

from flagstone.policies.manifests.reading import read_files
from flagstone.policies.manifests.snapshot import Skipped, Unrendered

CHART = {
    "charts/web/Chart.yaml": b"apiVersion: v2\nname: web\n",
    "charts/web/values.yaml": b"replicas: 2\n",
    "charts/web/templates/deployment.yaml": b"{{ if .Values.replicas }}kind: X{{ end }}\n",
    "charts/web/crds/crd.yaml": b"apiVersion: v1\nkind: Never\nmetadata: {name: x}\n",
    "beside.yaml": b"apiVersion: v1\nkind: Service\nmetadata: {name: beside}\n",
}
FAKE = """#!{python}
import pathlib, sys
command, release, folder = sys.argv[1:]
chart = pathlib.Path(folder)
assert command == "template", command
assert (chart / "templates" / "deployment.yaml").exists()
assert not (chart.parents[1] / "beside.yaml").exists()
print(\"\"\"---
# Source: web/templates/deployment.yaml
apiVersion: apps/v1
kind: Deployment
metadata: {{name: \"\"\" + release + \"\"\"}}
---
# Source: web/charts/sub/templates/service.yaml
apiVersion: v1
kind: Service
metadata: {{name: sub}}
---
# Source: web/templates/empty.yaml
\"\"\")
"""


@pytest.fixture
def helm(tmp_path, monkeypatch):
    def install(text):
        path = tmp_path / "helm"
        path.write_text(text.format(python=sys.executable))
        path.chmod(0o755)
        monkeypatch.setattr("flagstone.policies.manifests.helm.find_tool", lambda _name: str(path))

    return install


def test_a_chart_is_rendered_and_its_objects_name_their_template(helm):
    helm(FAKE)
    snapshot = read_files(CHART)
    assert [(m.ref, m.path, m.origin, m.line("metadata")) for m in snapshot.manifests] == [
        ("Service/beside", "beside.yaml", None, 3),
        ("Deployment/web", "charts/web/templates/deployment.yaml", "charts/web", None),
        ("Service/sub", "charts/web/charts/sub/templates/service.yaml", "charts/web", None),
    ]
    assert snapshot.skipped == ()
    assert snapshot.unrendered == ()


def test_a_chart_that_fails_says_why(helm):
    helm(
        "#!{python}\nimport sys; sys.exit('Error: found in Chart.yaml, but missing in charts/: redis')"
    )
    snapshot = read_files(CHART)
    reason = "found in Chart.yaml, but missing in charts/: redis"
    assert snapshot.unrendered == (Unrendered("charts/web", "helm", reason),)
    assert snapshot.skipped == (
        Skipped(
            "charts/web/templates/deployment.yaml", f"helm could not render charts/web: {reason}"
        ),
    )
    assert [m.ref for m in snapshot.manifests] == ["Service/beside"]


def test_without_helm(monkeypatch):
    monkeypatch.setattr("flagstone.policies.manifests.helm.find_tool", lambda _name: None)
    assert read_files(CHART).unrendered == (
        Unrendered("charts/web", "helm", "helm is not installed"),
    )
