"""A template as Backstage's own guide has it."""

from __future__ import annotations

import textwrap
from datetime import UTC, datetime

from flagstone.scaffolding.engine.plan import render
from flagstone.scaffolding.engine.scaffold import load_scaffold

GIVEN = {
    "user": {
        "ref": "user:default/maria",
        "entity": {"metadata": {"name": "maria"}, "spec": {"profile": {"email": "m@example.com"}}},
    },
    "environment": {},
    "now": datetime(2026, 11, 23, 12, tzinfo=UTC),
}


HEAD = """
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata:
  name: nodejs-template
  title: A Node.js service
  annotations: {backstage.io/techdocs-ref: dir:.}
spec:
  owner: user:guest
  type: service
  presentation: {buttonLabels: {createButtonText: Make it}}
  parameters:
    - title: Fill in some steps
      required: [name]
      backstage:featureFlag: some-flag
      properties:
        name: {title: Name, type: string, ui:autofocus: true, ui:options: {rows: 5}}
        owner: {title: Owner, type: string, ui:field: OwnerPicker, ui:options: {catalogFilter: {kind: Group}}}
        ports: {type: array, items: {type: string}, default: [http, grpc]}
        docs: {type: boolean, default: true}
        language: {type: string, enum: [js, ts], default: ts}
    - title: Choose a location
      required: [repoUrl]
      properties:
        repoUrl:
          title: Repository Location
          type: string
          ui:field: RepoUrlPicker
          ui:options:
            allowedHosts: [github.com]
            requestUserCredentials: {secretsKey: USER_OAUTH_TOKEN}
"""


STEPS = """
  steps:
    - id: fetch-base
      name: Fetch Base
      action: fetch:template
      input:
        url: ./skeleton
        copyWithoutTemplating: [raw]
        values:
          name: ${{ parameters.name }}
          owner: ${{ parameters.owner }}
          repo: ${{ (parameters.repoUrl | parseRepoUrl).repo }}
          email: ${{ user.entity.spec.profile.email }}
    - id: fetch-docs
      name: Fetch Docs
      if: ${{ parameters.docs }}
      action: fetch:plain
      input: {url: ./docs, targetPath: ./documentation}
    - id: language
      name: Fetch the language
      action: fetch:cookiecutter
      input:
        url: ./languages/${{ parameters.language }}
        targetPath: lang
        values: {name: "${{ parameters.name }}"}
    - id: ports
      name: A file for each port
      each: ${{ parameters.ports }}
      action: roadiehq:utils:fs:write
      input:
        path: ports/${{ each.key }}-${{ each.value }}.txt
        content: ${{ each.value | upper }}
    - id: yaml
      name: Serialize
      action: roadiehq:utils:serialize:yaml
      input: {data: {service: "${{ parameters.name }}", tags: [a, b]}}
    - id: write
      name: Write it
      action: roadiehq:utils:fs:write
      input: {path: values.yaml, content: "${{ steps.yaml.output.serialized }}"}
    - id: rename
      name: Rename
      action: fs:rename
      input: {files: [{from: values.yaml, to: deploy/values.yaml}]}
    - id: rename-docs
      name: Rename the docs
      if: ${{ parameters.docs and steps.rename }}
      action: fs:rename
      input: {files: [{from: documentation, to: docs}]}
    - id: delete
      name: Delete
      action: fs:delete
      input: {files: ["**/*.tmp", unwanted]}
    - id: log
      name: Say it
      action: debug:log
      input: {message: "Hello ${{ parameters.name }} ${{ steps.ports.output.path[1] }}", listWorkspace: true}
    - id: publish
      name: Publish
      action: publish:github
      input:
        description: This is ${{ parameters.name }}
        repoUrl: ${{ parameters.repoUrl }}
        repoVisibility: internal
        defaultBranch: main
        token: ${{ secrets.USER_OAUTH_TOKEN }}
    - id: register
      name: Register
      action: catalog:register
      input:
        repoContentsUrl: ${{ steps.publish.output.repoContentsUrl }}
        catalogInfoPath: /catalog-info.yaml
  output:
    links:
      - {title: Repository, url: "${{ steps.publish.output.remoteUrl }}"}
      - {title: Commit, url: "${{ steps.publish.output.commitHash }}"}
      - {title: Open in catalog, icon: catalog, entityRef: "${{ steps.register.output.entityRef }}"}
    text:
      - {title: More, content: "**${{ parameters.name }}** by `${{ user.ref }}`"}
"""


CATALOG = """\
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: ${{ values.name | dump }}
spec:
  type: service
  lifecycle: experimental
  owner: ${{ values.owner | dump }}
"""


ANSWERS = {
    "name": "checkout",
    "owner": "group:default/payments",
    "repoUrl": "github.com?owner=acme&repo=shop",
}


def load(folder, steps=STEPS, head=HEAD):
    (folder / "template.yaml").write_text(textwrap.dedent(head + steps).lstrip())
    return load_scaffold(folder, root=folder.parent)


def foretold(plan):
    place = f"https://{plan.host}/{plan.owner}/{plan.name}"
    return {"remoteUrl": f"{place}.git", "repoContentsUrl": f"{place}/tree/main"}


def rendered(scaffold, **answers):
    return render(scaffold, ANSWERS | answers, **GIVEN, foretell=foretold)


def with_step(step):
    lines = textwrap.indent(textwrap.dedent(step).strip(), "      ")
    return f"\n  steps:\n    - id: one\n      name: One\n{lines}\n"
