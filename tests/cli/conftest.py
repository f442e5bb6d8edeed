"""Running the command as a person does, and a small repository to run it on."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from flagstone.cli.main import main

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: checkout, namespace: payments}
spec:
  replicas: 2
  selector: {matchLabels: {app: checkout}}
  template:
    metadata: {labels: {app: checkout}}
    spec:
      containers:
        - name: app
          image: registry.example.com/checkout:1
          ports: [{name: http, containerPort: 8080}]
          readinessProbe: {httpGet: {path: /ready, port: http}}
---
apiVersion: v1
kind: Service
metadata: {name: checkout, namespace: payments}
spec:
  selector: {app: checkout}
  ports: [{name: http, port: 80, targetPort: http}]
"""
# a policy of somebody else: every Deployment has an owner
OWNED = """\
apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: mustbeowned}
spec:
  crd: {spec: {names: {kind: MustBeOwned}}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package mustbeowned
        violation[{"msg": "it has no owner"}] { not input.review.object.metadata.labels.owner }
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: MustBeOwned
metadata: {name: everything-is-owned}
spec: {match: {kinds: [{apiGroups: [apps], kinds: [Deployment]}]}}
"""


@dataclass(frozen=True)
class Run:
    """What a run of the command left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Run]:
    """Run `flagstone` with arguments, in this process."""

    def go(*arguments: object) -> Run:
        monkeypatch.setattr(sys, "argv", ["flagstone", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        captured = capsys.readouterr()
        return Run(ended.value.code or 0, captured.out, captured.err)

    return go


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one service, one template that cannot be read, and no catalogue."""
    folder = tmp_path / "gitops"
    (folder / "services").mkdir(parents=True)
    (folder / "services" / "checkout.yaml").write_text(DEPLOYMENT)
    (folder / "services" / "values.yaml").write_text("kind: {{ .Values.kind }}\n")
    return folder
