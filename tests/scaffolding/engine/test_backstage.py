"""Templates written for Backstage: loaded, taken step by step, and rendered again from provenance alone."""

from __future__ import annotations

import contextlib
import textwrap
import time
from datetime import UTC, datetime

import pytest
import yaml

from flagstone.scaffolding.engine.again import render_again
from flagstone.scaffolding.engine.catalog_file import component_in
from flagstone.scaffolding.engine.outputs import output
from flagstone.scaffolding.engine.plan import render
from flagstone.scaffolding.engine.plans import PullRequestPlan, RegistrationPlan, RepositoryPlan
from flagstone.scaffolding.engine.provenance import PATH, ProvenanceRecord
from flagstone.scaffolding.engine.scaffold import load_scaffold
from flagstone.scaffolding.errors import TemplateError
from tests.corpora import corpus
from tests.scaffolding.building import write_layer

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


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "scaffolds" / "node"
    files = {
        "skeleton/catalog-info.yaml": CATALOG,
        "skeleton/README.md": "# ${{ values.name }} of ${{ values.repo }} by ${{ values.email }}\n",
        "skeleton/raw/ci.yaml": "x: ${{ secrets.TOKEN }}\n",
        "skeleton/unwanted/a": "a",
        "skeleton/deep/b.tmp": "b",
        "docs/index.md": "# ${{ not.rendered }}\n",
    }
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content)
    for language in ("js", "ts"):
        write_layer(root / "languages" / language, {f"main.{language}": "{{ cookiecutter.name }}"})
    return root


def load(folder, steps=STEPS, head=HEAD):
    (folder / "template.yaml").write_text(textwrap.dedent(head + steps).lstrip())
    return load_scaffold(folder, root=folder.parent)


def foretold(plan):
    place = f"https://{plan.host}/{plan.owner}/{plan.name}"
    return {"remoteUrl": f"{place}.git", "repoContentsUrl": f"{place}/tree/main"}


def rendered(scaffold, **answers):
    return render(scaffold, ANSWERS | answers, **GIVEN, foretell=foretold)


def test_a_template_as_backstages_own_guide_has_it(folder):
    scaffold = load(folder)
    assert (scaffold.id, scaffold.problem, scaffold.name_field) == ("nodejs-template", None, "name")
    made = rendered(scaffold)
    assert list(made.service.files) == [
        ".flagstone/provenance.yaml",
        "README.md",
        "catalog-info.yaml",
        "deploy/values.yaml",
        "docs/index.md",
        "lang/main.ts",
        "ports/0-http.txt",
        "ports/1-grpc.txt",
        "raw/ci.yaml",
    ]
    contents = made.service.contents()
    assert contents["README.md"] == b"# checkout of shop by m@example.com\n"
    assert contents["raw/ci.yaml"] == b"x: ${{ secrets.TOKEN }}\n"
    assert contents["docs/index.md"] == b"# ${{ not.rendered }}\n"
    assert contents["ports/1-grpc.txt"] == b"GRPC"
    assert contents["deploy/values.yaml"] == b"service: checkout\ntags:\n- a\n- b\n"
    assert yaml.safe_load(contents["catalog-info.yaml"])["metadata"]["name"] == "checkout"
    assert made.gitops.files == {}
    assert made.repository == RepositoryPlan(
        "publish", "shop", "This is checkout", "acme", "github.com",
        "https://github.com/acme/shop/tree/main",
    )  # fmt: skip
    assert made.pull_request is None
    assert made.registration == RegistrationPlan(
        "register", "catalog-info.yaml", "service", "component:default/checkout"
    )
    assert made.log[:2] == (
        "Hello checkout ports/1-grpc.txt",
        "The files of the workspace are listed in the preview.",
    )
    assert made.log[2].startswith("Publish: defaultBranch, repoVisibility have no effect here")


def test_answers_decide_steps_layers_and_entries(folder):
    made = rendered(load(folder), docs=False, language="js", ports=["one"])
    assert "lang/main.js" in made.service.files
    assert "ports/0-one.txt" in made.service.files
    assert not any(path.startswith("docs/") for path in made.service.files)
    assert made.skipped == ("Fetch Docs", "Rename the docs")


def test_the_version_follows_every_folder_that_an_answer_may_choose(folder):
    before = load(folder).version
    (folder / "languages" / "js" / "new").write_text("x")
    assert load(folder).version != before


def test_it_is_rendered_again_from_its_provenance_alone(folder):
    made = rendered(load(folder))
    record = ProvenanceRecord.from_json(yaml.safe_load(made.service.files[PATH].content))
    assert record == ProvenanceRecord.from_json(made.provenance.as_json())
    layers = {layer.digest: layer for layer in made.layers}

    @contextlib.contextmanager
    def opened(wanted):
        yield layers[wanted.digest]

    assert render_again(record, opened) == {"service": made.service}


def test_the_output_names_what_was_made(folder):
    scaffold = load(folder)
    links, texts = output(
        scaffold,
        ANSWERS,
        **GIVEN,
        outputs={
            "publish": {"remoteUrl": "https://x/shop.git", "commitHash": "c0ffee"},
            "register": {"entityRef": "component:default/checkout"},
        },
    )
    assert [(link.title, link.url, link.entity_ref, link.icon) for link in links] == [
        ("Repository", "https://x/shop.git", "", ""),
        ("Commit", "c0ffee", "", ""),
        ("Open in catalog", "", "component:default/checkout", "catalog"),
    ]
    assert [text.content for text in texts] == ["**checkout** by `user:default/maria`"]


def test_a_pull_request_into_a_repository_of_the_templates_choice(folder):
    steps = """
  steps:
    - id: fetch
      name: Fetch
      action: fetch:template
      input: {url: ./skeleton, targetPath: apps/new, values: {name: "${{ parameters.name }}"}}
    - id: pr
      name: Open it
      action: publish:github:pull-request
      input:
        repoUrl: ${{ parameters.repoUrl }}
        branchName: add-${{ parameters.name }}
        title: Add ${{ parameters.name }}
        description: It is new
        sourcePath: apps/new
        targetPath: services/${{ parameters.name }}
    - id: register
      name: Register
      action: catalog:register
      input: {catalogInfoPath: "services/${{ parameters.name }}/catalog-info.yaml"}
"""
    made = rendered(load(folder, steps))
    assert made.repository is None
    assert made.pull_request == PullRequestPlan(
        "pr", "Add checkout", "It is new", "acme/shop", "github.com"
    )
    assert "services/checkout/README.md" in made.gitops.files
    assert made.registration.tree == "gitops"
    moved = steps.replace("        targetPath: services/${{ parameters.name }}\n", "")
    assert "apps/new/README.md" in rendered(load(folder, moved)).gitops.files


def with_step(step):
    lines = textwrap.indent(textwrap.dedent(step).strip(), "      ")
    return f"\n  steps:\n    - id: one\n      name: One\n{lines}\n"


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        ("action: fetch:plain\ninput: {url: ./gone}", "url './gone' names a folder that is not"),
        ("action: fetch:plain\ninput: {url: ../../x}", "url '../../x' leads out of the scaffolds'"),
        ("action: fetch:plain\ninput: {url: 'https://github.com/a/b'}", "url must name a folder bes"),
        ("action: fetch:plain\ninput: {url: ./docs, targetPath: /etc}", "targetPath '/etc' is abs"),
        ("action: fetch:plain\ninput: {url: ./docs, targetPath: a/../../b}", "targetPath 'a/../../b'"),
        ("action: publish:github:webhook\ninput: {}", "action 'publish:github:webhook', which Flag"),
        ("action: debug:log\ninput: {message: '${{ secrets.X }}'}", "'secrets.X' is a secret: what"),
        ("action: debug:log\ninput: {message: '${{ steps.one.output.x }}'}", "'steps.one.output.x' do"),
        ("action: debug:log\ninput: {message: '${{ each.value }}'}", "'each.value' does not exist"),
        ("action: debug:log\ninput: {message: '${{ nothing }}'}", "'nothing' does not exist here"),
        ("action: debug:log\ninput: {message: '${{ user.password }}'}", "'user.password' does not"),
    ],
)  # fmt: skip
def test_what_cannot_work_is_found_when_it_is_loaded(folder, step, sentence):
    with pytest.raises(TemplateError) as refused:
        load(folder, with_step(step))
    assert refused.value.file == "node/template.yaml"
    assert refused.value.line > 30
    assert sentence in refused.value.message


WRITE = "action: roadiehq:utils:fs:write\ninput"


@pytest.mark.parametrize(
    ("step", "sentence"),
    [
        (f"{WRITE}: {{path: '../${{{{ parameters.name }}}}', content: x}}", "path '../checkout' has the"),
        (f"{WRITE}: {{path: '${{{{ parameters.language }}}}/.git/x', content: x}}", "path 'ts/.git/x' has"),
        (f"{WRITE}: {{path: './', content: x}}", "path must name a file"),
        ("action: fs:rename\ninput: {files: [{from: a, to: b}]}", "there is no file or folder 'a' to rename"),
        ("action: fs:rename\ninput: {files: [a]}", "files must be a list of 'from' and 'to'"),
        ("action: fs:rename\ninput: {files: [{from: a, to: ../b}]}", "files: '../b' has the part '..'"),
        ("action: fs:delete\ninput: {files: all}", "files must be a list of paths or patterns"),
        ("each: ${{ parameters.name }}\naction: debug:log\ninput: {message: x}",
         "each must give a list or a mapping"),
        ("action: publish:github\ninput: {repoUrl: nowhere}", "'nowhere' names no repository"),
        ("each: [1, 2]\naction: publish:github\ninput: {repoUrl: '${{ parameters.repoUrl }}'}",
         "a second repository would be made"),
        ("each: [1, 2]\naction: publish:gitops:pull-request\ninput: {title: x}",
         "a second pull request would be opened"),
        ("action: catalog:register\ninput: {catalogInfoUrl: 'https://elsewhere/x.yaml'}",
         "only a file that this run makes can be registered"),
        ("action: fetch:cookiecutter\ninput: {url: './${{ parameters.language }}'}",
         "url './ts' names a folder that is not there"),
        ("action: argocd:create-resources\ninput: {appName: '../x', repoUrl: y}",
         "'../x' is no name for an object of Kubernetes"),
    ],
)  # fmt: skip
def test_what_these_answers_cannot_make_names_its_line(folder, step, sentence):
    with pytest.raises(TemplateError) as refused:
        rendered(load(folder, with_step(step)))
    assert refused.value.line > 30
    assert sentence in refused.value.message


def test_an_answer_never_becomes_an_expression(folder):
    steps = with_step(
        "action: roadiehq:utils:fs:write\n"
        "input: {path: a, content: '${{ parameters.owner }} ${{ parameters.ports[0] }}'}\n"
    )
    steps += "    - {id: p, name: P, action: 'publish:repository', input: {sourcePath: .}}\n"
    made = rendered(load(folder, steps), owner="group:default/x", ports=["${{ 7 * 7 }} {% x %}"])
    assert made.service.files["a"].content == b"group:default/x ${{ 7 * 7 }} {% x %}"


def test_steps_without_end_are_stopped(folder):
    steps = with_step("action: debug:log") + "".join(
        f"    - {{id: s{number}, name: S, each: '${{{{ parameters.ports }}}}', action: 'roadiehq:utils:fs:write', "
        f"input: {{path: 'b{number}/${{{{ each.key }}}}', content: x}}}}\n"
        for number in range(10)
    )
    with pytest.raises(TemplateError, match="the steps come to more than 300 deeds"):
        rendered(load(folder, steps), ports=[str(n) for n in range(100)])


def test_steps_that_do_nothing_are_counted_as_well(folder):
    steps = with_step("action: debug:log") + "".join(
        f"    - {{id: s{number}, name: S, each: '${{{{ parameters.ports }}}}', action: 'debug:log'}}\n"
        for number in range(10)
    )
    with pytest.raises(TemplateError, match="the steps come to more than 300 deeds"):
        rendered(load(folder, steps), ports=[str(n) for n in range(100)])


def test_a_log_without_end_is_cut(folder):
    steps = with_step(
        "action: debug:log\ninput: {message: \"${{ 'a' | replace('a', '"
        + "-\\n" * 3000
        + "') }}\"}"
    )
    log = rendered(load(folder, steps)).log
    assert (len(log), log[-1]) == (1000, "What the steps say after this is left out.")


def test_what_no_run_could_keep_is_refused(folder):
    steps = with_step("action: debug:log\ninput: {message: \"${{ 'a\\\\x00b' }}\"}")
    with pytest.raises(TemplateError) as caught:
        rendered(load(folder, steps))
    assert caught.value.message.endswith(
        "what its steps come to holds the character NUL, which no text may have"
    )


BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 8)]
)


@pytest.mark.parametrize(
    ("content", "entity_ref"),
    [
        ("kind: Component\nmetadata: {name: Shop}\nwhen: 2020-13-45\n", "component:default/shop"),
        ("a: " + "[" * 20_000 + "]" * 20_000, ""),
        (f"{BOMB}\nkind: Component\nmetadata: {{name: *a7}}\n", ""),
    ],
)
def test_a_catalogue_file_of_any_kind_is_read_within_limits(content, entity_ref):
    begun = time.monotonic()
    assert component_in(content.encode()) == entity_ref
    assert time.monotonic() - begun < 5


def test_files_that_are_there_stay_unless_replace_says_so(folder):
    def steps(replace):
        return (
            with_step("action: roadiehq:utils:fs:write\ninput: {path: README.md, content: mine}")
            + f"    - {{id: t, name: T, action: 'fetch:template', input: {{url: ./skeleton, replace: {replace}}}}}\n"
            + "    - {id: p, name: P, action: 'publish:repository', input: {sourcePath: .}}\n"
        )

    assert rendered(load(folder, steps("false"))).service.files["README.md"].content == b"mine"
    replaced = rendered(load(folder, steps("true"))).service.files["README.md"].content
    assert replaced == b"#  of  by \n"


def test_secrets_are_asked_for_and_kept_nowhere(folder):
    head = HEAD.replace(
        "        docs:",
        "        password: {type: string, ui:widget: password}\n"
        "        token: {type: string, ui:field: Secret}\n        docs:",
    )
    scaffold = load(folder, head=head)
    made = render(
        scaffold, ANSWERS | {"password": "hunter2", "token": "t0ken"}, **GIVEN, foretell=foretold
    )
    assert "password" not in made.answers
    assert b"hunter2" not in b"".join(made.service.contents().values())
    steps = STEPS.replace(
        "name: ${{ parameters.name }}\n          owner",
        "name: ${{ parameters.password }}\n          owner",
    )
    with pytest.raises(
        TemplateError, match=r"'parameters\.password' is a secret: what is written here"
    ):
        load(folder, steps, head)


def test_no_expression_reaches_a_secret_however_it_is_computed(folder):
    head = HEAD.replace(
        "        docs:",
        "        token: {type: string, ui:field: Secret}\n"
        "        key: {type: string, default: token}\n        docs:",
    )
    steps = with_step(
        "action: debug:log\n"
        "input: {message: '[${{ parameters[parameters.key] }}] ${{ parameters | dump }}'}"
    )
    made = render(
        load(folder, steps, head), ANSWERS | {"token": "hunter2"}, **GIVEN, foretell=foretold
    )
    assert made.log[0].startswith("[] {")
    assert '"token":null' in made.log[0]
    assert "hunter2" not in repr(made)


# --- the templates of others


@pytest.fixture
def others():
    return corpus("catalog") / "RoadieHQ__roadie-backstage-plugins" / "entities" / "templates"


def theirs(folder, path):
    (folder / "template.yaml").write_bytes(path.read_bytes())
    return load_scaffold(folder, root=folder.parent)


@pytest.mark.corpus
def test_the_argo_cd_template_opens_a_pull_request_with_project_and_application(folder, others):
    scaffold = theirs(folder, others / "template-argocd.yaml")
    assert (scaffold.id, scaffold.name_field) == ("argocd-create-demo", "appName")
    made = render(scaffold, {}, **GIVEN)
    assert made.service_name == "demo-app"
    assert list(made.gitops.files) == ["apps/demo-app.yaml", "projects/demo-app-project.yaml"]
    application = yaml.safe_load(made.gitops.files["apps/demo-app.yaml"].content)
    assert application["spec"]["source"] == {
        "repoURL": "https://github.com/example/demo-app",
        "targetRevision": "HEAD",
        "path": "k8s",
    }
    assert made.pull_request.title == "Add the Argo CD application demo-app"
    _, texts = output(scaffold, {"appName": "demo-app"}, **GIVEN, outputs={})
    assert "created ArgoCD application: **demo-app**" in texts[0].content


@pytest.mark.corpus
def test_the_yaml_template_makes_nothing_and_says_so(folder, others):
    scaffold = theirs(folder, others / "template-yaml.yaml")
    assert (scaffold.id, scaffold.name_field) == ("serialize-yaml-demo", "serviceName")
    made = render(scaffold, {"serviceName": "demo"}, **GIVEN)
    assert (made.repository, made.pull_request, made.service.files) == (None, None, {})
    written = {record.edit.path: record.edit.content for record in made.provenance.edits}
    assert yaml.safe_load(written["configmap.yaml"])["metadata"]["name"] == "demo-config"
    assert yaml.safe_load(written["values.yaml"])["service"] == {
        "name": "demo-config",
        "port": "8080",
        "version": "1.0.0",
    }
    assert made.skipped == ("Custom YAML Serialization",)


def test_a_cookiecutter_skeleton_without_settings_asks_for_what_it_is_given(folder):
    top = folder / "cutter" / "{{cookiecutter.name}}"
    top.mkdir(parents=True)
    (top / "a.txt").write_text("{{ cookiecutter.name }} {{ cookiecutter.tags | join('+') }}")
    (top / "raw.txt").write_text("{{ keep }}")
    steps = """
  steps:
    - id: fetch
      action: fetch:cookiecutter
      input:
        url: ./cutter
        copyWithoutRender: [raw.txt]
        values: {name: "${{ parameters.name }}", tags: "${{ parameters.ports }}"}
    - {id: p, action: "publish:repository", input: {sourcePath: .}}
"""
    made = rendered(load(folder, steps))
    assert made.service.files["a.txt"].content == b"checkout http+grpc"
    assert made.service.files["raw.txt"].content == b"{{ keep }}"
    record = ProvenanceRecord.from_json(yaml.safe_load(made.service.files[PATH].content))
    layers = {layer.digest: layer for layer in made.layers}

    @contextlib.contextmanager
    def opened(wanted):
        yield layers[wanted.digest]

    assert render_again(record, opened) == {"service": made.service}


def test_a_value_that_cookiecutter_json_does_not_name_is_merged_into_it_as_data(folder):
    write_layer(
        folder / "cutter",
        {
            "a.txt": "{{ cookiecutter.name }} {{ cookiecutter.tags | join('+') }} {{ cookiecutter.size }}"
        },
        {"size": "{{ cookiecutter.name | length }}"},
    )
    steps = """
  steps:
    - id: fetch
      action: fetch:cookiecutter
      input:
        url: ./cutter
        values: {name: "${{ parameters.name }}", tags: "${{ parameters.ports }}", left: "${{ parameters.owner }}"}
    - {id: p, action: "publish:repository", input: {sourcePath: .}}
"""
    made = rendered(load(folder, steps), ports=["{{ cookiecutter.name }}", "b"])
    assert made.service.files["a.txt"].content == b"checkout {{ cookiecutter.name }}+b 8"
    record = ProvenanceRecord.from_json(yaml.safe_load(made.service.files[PATH].content))
    assert record.layers[0].variables == {
        "name": "checkout",
        "size": "8",
        "tags": ["{{ cookiecutter.name }}", "b"],
        "left": "group:default/payments",
    }
    layers = {layer.digest: layer for layer in made.layers}

    @contextlib.contextmanager
    def opened(wanted):
        yield layers[wanted.digest]

    assert render_again(record, opened) == {"service": made.service}


WRITTEN = """
  steps:
    - {id: one, action: "roadiehq:utils:fs:write", input: {path: out/a, content: x}}
    - {id: p, action: "publish:repository", input: {sourcePath: out}}
    - {id: late, action: "roadiehq:utils:fs:write", input: {path: out/b, content: x}}
"""


def test_files_that_no_step_publishes_are_told(folder):
    more = "".join(
        f"    - {{id: m{n}, action: 'roadiehq:utils:fs:write', input: {{path: m{n}, content: x}}}}\n"
        for n in range(5)
    )
    assert rendered(load(folder, WRITTEN)).log == ("1 file is published by no step: out/b.",)
    assert rendered(load(folder, WRITTEN + more)).log == (
        "6 files are published by no step: m0, m1, m2, m3, m4 and 1 more.",
    )
    assert rendered(load(folder, WRITTEN.partition("    - {id: late")[0])).log == ()


def test_without_a_step_that_publishes_every_file_is_told(folder):
    steps = "\n  steps:\n    - {id: one, action: 'fetch:plain', input: {url: ./docs, targetPath: service}}\n"
    assert rendered(load(folder, steps)).log == (
        "1 file is published by no step: service/index.md.",
    )


def test_the_name_of_a_step_is_rendered_where_the_answers_are_known(folder):
    steps = """
  steps:
    - id: one
      name: ${{ 'Fetch for ' + parameters.name }}
      if: ${{ false }}
      action: debug:log
      input: {message: x}
    - {id: two, name: "Try ${{ parameters.name.nothing() }}", if: false, action: debug:log}
    - {id: three, name: "${{ parameters.nothing }}", if: false, action: debug:log}
    - {id: four, name: "Make {% if parameters.docs %}it{% endif %} ${{ parameters.name }}", action: debug:log}
"""
    scaffold = load(folder, steps)
    assert [step.name_before_answers for step in scaffold.steps] == [
        "…",
        "Try …",
        "…",
        "Make …it… …",
    ]
    assert rendered(scaffold).skipped == ("Fetch for checkout", "Try …", "three")


def test_a_block_may_choose_the_layer_and_write_a_text(folder):
    steps = """
  steps:
    - id: language
      action: fetch:cookiecutter
      input:
        url: "./languages/{% if parameters.docs %}js{% else %}ts{% endif %}"
        values: {name: "{% set n = parameters.name %}${{ n }}-{% for p in parameters.ports %}${{ p }}{% endfor %}"}
    - {id: publish, action: publish:github, input: {repoUrl: "${{ parameters.repoUrl }}"}}
"""
    made = rendered(load(folder, steps))
    assert made.service.files["main.js"].content == b"checkout-httpgrpc"
