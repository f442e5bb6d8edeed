"""Small scaffolds and layers, written from a mapping of files."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

TOP = "{{cookiecutter.name}}"


def write_layer(
    folder: Path, files: Mapping[str, str | bytes], variables: Mapping[str, Any] | None = None
) -> Path:
    """Write a cookiecutter template; the files go below its top folder, those of `../` beside it."""
    top = folder / TOP
    top.mkdir(parents=True)
    declared = {"name": "checkout", **(variables or {})}
    (folder / "cookiecutter.json").write_text(json.dumps(declared))
    for path, content in files.items():
        place = (top / path).resolve() if path.startswith("../") else top / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


SERVICE_TEMPLATE = """
    apiVersion: scaffolder.backstage.io/v1beta3
    kind: Template
    metadata:
      name: tiny-api
      title: Tiny API
      description: The least that can be shipped
      tags: [tiny]
    spec:
      owner: group:default/platform
      type: service
      parameters:
        - title: The service
          required: [name]
          properties:
            name:
              title: Name
              type: string
              ui:field: EntityNamePicker
            description:
              title: Description
              type: string
              default: It says hello
            replicas:
              title: Replicas
              type: integer
              default: 2
              minimum: 1
      steps:
        - id: service
          name: Render the service
          action: fetch:cookiecutter
          input:
            url: ./service
            targetPath: ./service
            values:
              name: ${{ parameters.name }}
              description: ${{ parameters.description }}
        - id: gitops
          name: Render the manifests
          action: fetch:cookiecutter
          input:
            url: ../paved
            targetPath: ./gitops
            values:
              name: ${{ parameters.name }}
              replicas: ${{ parameters.replicas }}
        - id: publish
          name: Make the repository
          action: publish:repository
          input:
            description: ${{ parameters.description }}
        - id: pull-request
          name: Open the pull request
          action: publish:gitops:pull-request
          input:
            title: Add ${{ parameters.name }}
            description: ${{ parameters.description }}
        - id: register
          name: Register
          action: catalog:register
          input: {}
      output:
        links:
          - title: The pull request
            url: ${{ steps['pull-request'].output.remoteUrl }}
          - title: In the catalogue
            entityRef: component:default/${{ parameters.name }}
"""

DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ cookiecutter.name }}
  namespace: shop
spec:
  replicas: {{ cookiecutter.replicas }}
  selector:
    matchLabels: {app: {{ cookiecutter.name }}}
  template:
    metadata:
      labels: {app: {{ cookiecutter.name }}}
    spec:
      containers:
        - name: app
          image: registry.example.com/{{ cookiecutter.name }}@sha256:0000
"""

CATALOG_INFO = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: {{ cookiecutter.name }}
spec:
  type: service
  lifecycle: production
  owner: group:default/payments
"""


def write_scaffolds(root: Path, template: str = SERVICE_TEMPLATE) -> Path:
    """Write a folder of scaffolds with one, `tiny-api`, in it; return the folder."""
    (root / "tiny-api").mkdir(parents=True)
    (root / "tiny-api" / "template.yaml").write_text(textwrap.dedent(template))
    write_layer(
        root / "tiny-api" / "service",
        {
            "README.md": "# {{ cookiecutter.name }}\n\n{{ cookiecutter.description }}\n",
            "run.sh": "#!/bin/sh\necho {{ cookiecutter.name }}\n",
        },
        {"description": "x"},
    )
    (root / "tiny-api" / "service" / TOP / "run.sh").chmod(0o755)
    write_layer(
        root / "paved",
        {
            f"services/{TOP}/deployment.yaml": DEPLOYMENT,
            f"services/{TOP}/catalog-info.yaml": CATALOG_INFO,
            f"apps/{TOP}.yaml": "name: {{ cookiecutter.name }}\n",
        },
        {"replicas": "1"},
    )
    return root
