"""`flagstone render`: what a scaffold would write, without a server; dry unless it is told where to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.cli.conftest import Run
from tests.git_http import publish, serving
from tests.scaffolding.building import write_layer, write_scaffolds

FLAGSTONE = Path(sys.executable).with_name("flagstone")
Command = Callable[..., Run]
ANSWERS = {
    "name": "refunds",
    "owner": "payments",
    "description": "Pays back {{ 7*7 }} what was charged in error.",
}
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata: {name: x}
spec: {template: {spec: {containers: [{name: app, image: a}]}}}
"""


@pytest.fixture
def render(run: Command) -> Command:
    """Run `flagstone render` in this process: to start one takes longer than most of these tests."""
    return lambda *words: run("render", *words)


def in_a_process_of_its_own(*words: str | Path) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}  # no settings, no database
    return subprocess.run(
        [FLAGSTONE, "render", *words], capture_output=True, text=True, check=False, env=environment
    )


def given(**more: str) -> list[str]:
    return [
        word for name, value in (ANSWERS | more).items() for word in ("--set", f"{name}={value}")
    ]


@pytest.fixture
def gitops(tmp_path: Path) -> Path:
    """A clone of a GitOps repository that has the project of the new service."""
    made = tmp_path / "clone"
    project = {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "AppProject",
        "metadata": {"name": "payments", "namespace": "argocd"},
        "spec": {
            "sourceRepos": ["https://git.example.com/fintech/gitops.git"],
            "destinations": [{"server": "https://kubernetes.default.svc", "namespace": "payments"}],
            "clusterResourceWhitelist": [{"group": "", "kind": "Namespace"}],
        },
    }
    (made / "projects").mkdir(parents=True)
    (made / "projects" / "payments.yaml").write_text(yaml.safe_dump(project))
    return made


def test_it_is_dry_and_tells_files_verdict_and_score(tmp_path: Path, gitops: Path) -> None:
    done = in_a_process_of_its_own("python-api", *given(), "--gitops", gitops)

    assert (done.returncode, done.stderr) == (0, "")
    assert "  + app/flags.py\n" in done.stdout
    assert "  + services/refunds/flags.yaml\n" in done.stdout
    assert "policies     7 hold, in 16 objects\n" in done.stdout
    # its clone holds the project only, not what Argo CD and Rollouts are to tell whom
    assert (
        "starts as    99 of 100, silver\n  no data  AC-10  argocd-notifications-cm" in done.stdout
    )
    assert "\n  no data  RB-05  argo-rollouts-notification-configmap is not" in done.stdout
    assert done.stdout.endswith("Nothing was written; --output FOLDER writes both trees.\n")
    assert not (gitops / "services").exists()


def test_answers_come_from_a_file_and_one_more_wins(render: Command, tmp_path: Path) -> None:
    file = tmp_path / "answers.yaml"
    file.write_text(yaml.safe_dump(ANSWERS | {"flags": True, "latencyMs": 200, "tier": 1}))
    out = tmp_path / "out"

    done = render("python-api", "--answers", file, "--set", "flags=false", "--output", out)

    assert (done.status, done.err) == (0, "")
    assert not (out / "service" / "app" / "flags.py").exists()
    assert "{{ 7*7 }}" in (out / "service" / "README.md").read_text()
    catalogue = out / "gitops" / "services" / "refunds" / "catalog-info.yaml"
    assert 'tier: "1"\n' in catalogue.read_text()
    assert "LATENCY_OBJECTIVE = 0.2\n" in (out / "service" / "app" / "metrics.py").read_text()
    assert os.access(
        out / "gitops" / "services" / "refunds" / "drill" / "outlier-drill.sh", os.X_OK
    )


def test_what_is_there_is_compared_line_by_line_and_is_in_the_way(
    render: Command, tmp_path: Path, gitops: Path
) -> None:
    out = tmp_path / "out"
    assert render("python-api", *given(), "--output", out).status == 0
    (out / "gitops" / "services").rename(gitops / "services")
    service = gitops / "services" / "refunds" / "service.yaml"
    service.write_text(service.read_text().replace("port: 80\n", "port: 8000\n"))

    done = render("python-api", *given(), "--gitops", gitops)

    assert done.status == 1
    assert "  = services/refunds/rollout.yaml\n" in done.out
    assert "  ~ services/refunds/service.yaml\n" in done.out
    assert "      -      port: 8000\n      +      port: 80\n" in done.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ["nothing", *given()],
            "has no scaffold 'nothing'. It has go-api, node-api, python-api, worker.",
        ),
        (
            ["python-api"],
            "name (Name): is needed. description (What it does): is needed. owner (Squad): is needed. --q",
        ),
        (
            ["python-api", *given(rollouts="no", firstWeight="5")],
            "firstWeight (First canary step): is asked only when rollouts (Canary releases) is yes. ",
        ),
        (
            ["python-api", *given(tier="4")],
            "tier (Tier): must be one of 1, 2, 3. ",
        ),
        (["python-api", *given(name="Refunds")], "such as true or null. "),
        (["python-api", *given(tiers="1")], "tiers: is not a question of this scaffold."),
        (["python-api", *given(flags="maybe")], "flags (Feature flags): must be yes or no. "),
        (["python-api", *given(peak="7")], "peak (Peak load): must be one of 4, 6, 10. "),
        (["python-api", "--set", "name"], "write it as QUESTION=ANSWER"),
        (["python-api", "--answers", "/nowhere.yaml"], "/nowhere.yaml cannot be read"),
        (["python-api", *given(), "--gitops", "/nowhere"], "There is no folder /nowhere."),
    ],
)
def test_what_is_wrong_is_one_sentence(render: Command, words: list[str], said: str) -> None:
    done = render(*words)

    assert done.status == 2
    assert said in done.err
    assert done.err.count("\n") == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("a: " + "[" * 20_000 + "]" * 20_000, "line 1: is nested deeper than 40"),
        ("a: &a [x]\na: 2", "line 2: has the key 'a' twice"),
        ("- a", " is no mapping of questions to answers."),
        ("a: [", "is not valid YAML"),
    ],
)
def test_a_file_of_answers_is_read_within_limits(
    render: Command, tmp_path: Path, content: str, said: str
) -> None:
    (tmp_path / "answers.yaml").write_text(content)

    done = render("python-api", "--answers", tmp_path / "answers.yaml")

    assert done.status == 2
    assert said in done.err


def test_the_files_are_there_even_if_nobody_reads_the_report(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as unread:
        subprocess.run(
            [FLAGSTONE, "render", "python-api", *given(), "--output", tmp_path / "out"],
            check=False,
            stdout=unread,
        )

    assert (tmp_path / "out/service/app/flags.py").is_file()
    assert (tmp_path / "out/gitops/services/refunds/catalog-info.yaml").is_file()


def test_a_folder_with_something_in_it_is_left_alone(render: Command, tmp_path: Path) -> None:
    (tmp_path / "gitops").mkdir()
    (tmp_path / "gitops" / "mine").write_text("mine")

    done = render("python-api", *given(), "--output", tmp_path)

    assert done.status == 2
    assert "is not empty, so nothing was written" in done.err
    assert not (tmp_path / "service").exists()


def test_what_is_too_large_to_be_a_manifest_is_in_nobodys_way(
    render: Command, gitops: Path
) -> None:
    (gitops / "logo.png").write_bytes(bytes(7_000_000))

    done = render("python-api", *given(), "--gitops", gitops)

    assert (done.status, done.err) == (0, "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("kind: [Pod\n", "  unreadable: deployment.yaml: line 1: did not find"),
        (
            DEPLOYMENT.replace("[{name: app, image: a}]", "{app: {image: a}}"),
            "  unreadable: deployment.yaml: Deployment/x has no pods",
        ),
    ],
)
def test_what_cannot_be_judged_does_not_hold(
    render: Command, tmp_path: Path, text: str, said: str
) -> None:
    done = render("bare", "--set", "name=quote", "--scaffolds", bare_scaffold(tmp_path, text))

    assert done.status == 1, done.err
    assert said in done.out
    assert "policies     7 do not all hold" in done.out


def test_a_denied_scaffold_exits_1_and_names_the_policy(render: Command, tmp_path: Path) -> None:
    done = render("bare", "--set", "name=quote", "--scaffolds", bare_scaffold(tmp_path, DEPLOYMENT))

    assert done.status == 1, done.err
    assert "  denied: deployment.yaml: Deployment/x: " in done.out
    assert "readinessProbe" in done.out


def bare_scaffold(tmp_path: Path, deployment: str) -> Path:
    """A folder of scaffolds with one, `bare`, that writes one file."""
    folder = tmp_path / "scaffolds"
    layer = folder / "bare" / "gitops" / "{{cookiecutter.name}}"
    layer.mkdir(parents=True)
    (folder / "bare" / "gitops" / "cookiecutter.json").write_text('{"name": "x"}')
    (layer / "deployment.yaml").write_text(deployment)
    (folder / "bare" / "template.yaml").write_text(
        """apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: bare}
spec:
  type: service
  parameters: {properties: {name: {type: string, ui:field: EntityNamePicker}}}
  steps:
    - action: fetch:cookiecutter
      input: {url: ./gitops, targetPath: ./gitops, values: {name: "${{ parameters.name }}"}}
    - action: publish:gitops:pull-request
      input: {title: x}
"""
    )
    return folder


def test_a_change_may_replace_what_is_there(render: Command, tmp_path: Path, gitops: Path) -> None:
    scaffolds = bare_scaffold(tmp_path, "a: 2\n")
    (gitops / "deployment.yaml").write_text("a: 1\n")
    words = ("--scaffolds", scaffolds, "--set", "name=refunds", "--gitops", gitops)
    done = render("bare", *words)
    assert done.status == 0, done.err
    assert "  ~ deployment.yaml\n" in done.out
    assert "      +a: 2\n" in done.out


# --- templates of others

OURS = ["--set", "serviceName=refunds", "--set", "serviceOwner=group:default/payments"]


@pytest.fixture
def template(tmp_path: Path) -> Path:
    folder = write_layer(tmp_path / "My Template", {"README.md": "{{ cookiecutter.name }}"})
    (folder / "hooks").mkdir()
    (folder / "hooks" / "post_gen_project.sh").write_text("#!/bin/sh\necho x > by-hook\n")
    return folder


def test_a_folder_with_a_cookiecutter_template(render: Command, template: Path) -> None:
    done = render(template, *OURS, "--set", "name=shop")
    assert done.status == 0, done.err
    assert done.out.startswith("refunds, from My Template ")
    assert "not run      hooks/post_gen_project.sh: --run-code runs it, locked in" in done.out
    assert "  + README.md\n" in done.out
    assert "by-hook" not in done.out
    assert "  + services/refunds/catalog-info.yaml\n" in done.out
    (many,) = [line for line in done.out.splitlines() if "no workload of refunds" in line]
    assert "checks  no workload of refunds is in services/refunds" in many


def test_its_hooks_run_when_that_is_asked_for(render: Command, template: Path) -> None:
    done = render(template, *OURS, "--run-code")
    assert done.status == 0, done.err
    assert "  + by-hook\n" in done.out
    assert "not run" not in done.out


def test_hooks_of_a_layer_in_a_folder_with_a_template_run_as_well(
    render: Command, tmp_path: Path
) -> None:
    folder = bare_scaffold(tmp_path, "a: b\n") / "bare"
    (folder / "gitops" / "hooks").mkdir()
    (folder / "gitops" / "hooks" / "post_gen_project.sh").write_text(
        "#!/bin/sh\necho made > by-hook\n"
    )
    done = render(folder, "--set", "name=refunds", "--run-code")
    assert "  + by-hook\n" in done.out, done.err
    assert "not run" not in done.out


def test_its_own_extension_is_off_and_that_is_said(render: Command, template: Path) -> None:
    settings = {"name": "x", "_extensions": ["local_extensions.Shout"]}
    (template / "cookiecutter.json").write_text(json.dumps(settings))
    done = render(template, *OURS)
    assert done.status == 2
    assert "asks for the extension 'local_extensions.Shout'" in done.err
    assert done.err.endswith(
        ". Not run: hooks/post_gen_project.sh, the extension local_extensions.Shout; "
        "--run-code runs it, locked in.\n"
    )


def test_a_catalogue_entry_alone_is_one_file_with_nothing_to_judge(
    render: Command, template: Path
) -> None:
    done = render(template, *OURS)
    assert "GitOps repository: 1 file\n" in done.out
    assert "policies     nothing to judge: it writes no Kubernetes object\n" in done.out


def test_a_folder_with_a_template_yaml(render: Command, tmp_path: Path) -> None:
    root = write_scaffolds(tmp_path / "scaffolds")
    done = render(root / "tiny-api", "--set", "name=checkout")
    assert done.out.startswith("checkout, from Tiny API ")


def test_one_of_several_nested_templates(render: Command, tmp_path: Path) -> None:
    write_layer(tmp_path / "many" / "a", {"made-by-a": "x"})
    write_layer(tmp_path / "many" / "b", {"made-by-b": "x"})
    nested = {"templates": {name: {"path": name, "title": name} for name in "ab"}}
    (tmp_path / "many" / "cookiecutter.json").write_text(json.dumps(nested))
    done = render(tmp_path / "many", *OURS)
    assert done.status == 2
    assert "many holds several templates. Choose one with --template: a, b." in done.err
    done = render(tmp_path / "many", *OURS, "--template", "b")
    assert "  + made-by-b\n" in done.out


def test_a_repository_at_a_tag(render: Command, template: Path, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    commit = publish(template, tmp_path / "bare" / "demo.git")
    with serving(tmp_path / "bare") as server:
        done = render(
            f"{server.url}/demo.git", *OURS, "--output", tmp_path / "out", "--ref", commit
        )
    assert done.status == 0, done.err
    record = yaml.safe_load((tmp_path / "out/service/.flagstone/provenance.yaml").read_text())
    assert record["layers"][0]["origin"]["commit"] == commit
    assert (tmp_path / "out/service/README.md").read_text() == "checkout"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["git@github.com:a/b.git"], "git@github.com:a/b.git is an ssh address."),
        (["ext::sh -c id"], "That is no address of a git repository"),
        (["./nowhere"], "has no scaffold './nowhere'"),
        (["http://127.0.0.1:9/a/b"], "could not be read"),
    ],
)
def test_what_is_none_says_so(render: Command, words: list[str], sentence: str) -> None:
    done = render(*words)
    assert done.status == 2
    assert sentence in done.err
    assert "Traceback" not in done.err


def test_a_folder_without_a_template_says_what_it_lacks(render: Command, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = render(tmp_path / "empty")
    assert done.status == 2
    assert "empty: is not a cookiecutter template: it has no cookiecutter.json" in done.err


def test_a_template_of_backstage_that_makes_a_repository(render: Command, tmp_path: Path) -> None:
    folder = tmp_path / "node"
    (folder / "skeleton").mkdir(parents=True)
    (folder / "skeleton" / "catalog-info.yaml").write_text("name: ${{ values.name }}\n")
    (folder / "template.yaml").write_text(
        """\
apiVersion: scaffolder.backstage.io/v1beta3
kind: Template
metadata: {name: node, title: Node}
spec:
  type: service
  parameters:
    - properties: {name: {type: string}, repoUrl: {type: string, ui:field: RepoUrlPicker}}
  steps:
    - {id: f, action: "fetch:template", input: {url: ./skeleton, values: {name: "${{ parameters.name }}"}}}
    - {id: p, action: "publish:github", input: {repoUrl: "${{ parameters.repoUrl }}"}}
    - {id: l, action: "debug:log", input: {message: "for ${{ parameters.name }}"}}
    - {id: n, name: Never, if: false, action: "debug:log", input: {message: x}}
    - id: r
      action: catalog:register
      input: {repoContentsUrl: "${{ steps.p.output.repoContentsUrl }}", catalogInfoPath: /catalog-info.yaml}
"""
    )

    done = render(
        folder, "--set", "name=quotes", "--set", "repoUrl=github.com?owner=a&repo=quotes",
        "--output", tmp_path / "out",
    )  # fmt: skip

    assert done.status == 0, done.err
    assert "left out     Never: its condition is false\n" in done.out
    assert "for quotes\n" in done.out
    assert (tmp_path / "out/service/catalog-info.yaml").read_text() == "name: quotes\n"
    assert "GitOps repository: 0 files" in done.out
