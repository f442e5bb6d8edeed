"""`flagstone init-gitops`: one push into an empty repository, or a sentence that says why not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from flagstone.core.content import content_dir
from tests.cli.conftest import Run
from tests.forge.repositories import files_at, git

FLAGSTONE = Path(sys.executable).with_name("flagstone")
Command = Callable[..., Run]
URL = "https://git.example.com/acme/gitops.git"


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    bare = tmp_path / "gitops.git"
    bare.mkdir()
    git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
    return bare


@pytest.fixture
def init(run: Command) -> Command:
    return lambda *words: run("init-gitops", *words)


def in_a_process_of_its_own(*words: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [FLAGSTONE, "init-gitops", *words],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"HOME": str(home)},
        stdin=subprocess.DEVNULL,
    )


def test_an_empty_repository_gets_everything_in_one_commit(remote: Path, tmp_path: Path) -> None:
    done = in_a_process_of_its_own(
        remote, "--url", URL, "--project", "payments=cards,ledger", home=tmp_path
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert f"27 files are on main of {URL}" in done.stdout
    assert git(remote, "rev-list", "--count", "main").strip() == "1"
    files = files_at(remote, "main")
    for path in (content_dir("scorecards") / "policies").glob("*.yaml"):
        assert files[f"platform/policies/{path.name}"] == path.read_text("utf-8")
    assert files["ci/gate.sh"].startswith("100755 ")
    project = yaml.safe_load(files["projects/payments.yaml"])
    assert project["spec"]["sourceRepos"] == [URL]
    assert project["spec"]["roles"][0]["groups"] == ["cards-oncall", "ledger-oncall"]
    assert "@acme/developer-platform" in files["CODEOWNERS"]


def test_a_repository_with_something_in_it_is_left_alone(init: Command, remote: Path) -> None:
    assert init(remote, "--url", URL).status == 0
    before = git(remote, "for-each-ref")

    done = init(remote, "--url", URL)

    assert done.status == 2
    assert "is not empty: it has refs/heads/main. Nothing was pushed." in done.err
    assert git(remote, "for-each-ref") == before


def test_a_dry_run_lists_the_files_and_pushes_nothing(init: Command, remote: Path) -> None:
    done = init(remote, "--url", URL, "--dry-run", "--ci", "gitlab")

    assert done.status == 0
    assert "  .gitlab-ci.yml\n" in done.out
    assert done.out.endswith("25 files; nothing was pushed.\n")
    assert git(remote, "for-each-ref") == ""


def test_credentials_of_the_address_are_in_no_file_and_no_error(
    init: Command, remote: Path
) -> None:
    secret = "https://robot:s3cret@127.0.0.1:1/acme/gitops.git"

    unreachable = init(secret)
    assert unreachable.status == 2
    assert "git could not push to https://127.0.0.1:1/acme/gitops.git" in unreachable.err
    assert "s3cret" not in unreachable.out + unreachable.err

    assert init(remote, "--url", "ssh://git:s3cret@git.example.com/acme/gitops.git").status == 0
    files = files_at(remote, "main")
    assert "s3cret" not in str(files)
    assert "repoURL: ssh://git@git.example.com/acme/gitops.git\n" in files["argocd/root.yaml"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--url", URL, "--project", "payments"], "name its squads"),
        (["--url", URL, "--project", "../up=cards"], "--project ../up=cards"),
        (["--url", URL, "--project", "payments=ca rds;"], "no name of a squad"),
        (["--url", "https://git.example.com/a b.git"], "is no address of a repository"),
        (["--url", "https://git.example.com/a\nb.git"], "is no address of a repository"),
        (["--url", "*alias"], "is no address of a repository"),
        (["--url", "https://git.example.com/a.git#: {x"], "is no address of a repository"),
        (["--url", URL, "--organisation", "acme\n/ @me"], "--organisation"),
        (["--url", URL, "--platform-squad", "a b"], "--platform-squad"),
        (
            [],
            "gitops.git is a folder, which Argo CD cannot read. Give the repository's address with --url",
        ),
        (["--url", "acme/gitops.git"], "--url acme/gitops.git is a folder"),
        (["--url", "file:///srv/gitops.git"], "--url file:///srv/gitops.git is a folder"),
        (
            ["--url", URL, "--project", "argocd=cards"],
            "The project argocd cannot be made: argo-rollouts, argocd, default, observability, platform and kube-… ",
        ),
        (["--url", URL, "--project", "default=cards"], "The project default cannot be made"),
        (
            ["--url", URL, "--project", "kube-system=cards"],
            "The project kube-system cannot be made",
        ),
        (
            ["--url", URL, "--project", "pay=cards", "--project", "pay=ledger"],
            "The project pay is named twice. Name it once, with all of its squads.",
        ),
    ],
)
def test_what_cannot_be_right_is_told_and_nothing_pushed(
    init: Command, remote: Path, words: list[str], said: str
) -> None:
    done = init(remote, *words)

    assert done.status == 2
    assert said in done.err
    assert git(remote, "for-each-ref") == ""


def test_a_relative_path_is_one_from_where_the_command_was_given(
    init: Command, remote: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = init("gitops.git", "--url", URL)

    assert (done.status, done.err) == (0, "")
    assert f"repoURL: {URL}\n" in files_at(remote, "main")["argocd/root.yaml"]


def test_a_folder_with_a_blank_in_its_name_is_told_as_it_is(init: Command, tmp_path: Path) -> None:
    done = init(tmp_path / "no such", "--url", URL)

    assert done.status == 2
    assert f"git could not push to {tmp_path / 'no such'}: " in done.err


@pytest.mark.parametrize("address", ["ext::touch pwned", "ext::touch%20pwned", "-o", "nowhere"])
def test_an_address_is_never_a_program_or_an_option(
    init: Command, address: str, tmp_path: Path
) -> None:
    done = init("--url", URL, "--", address)

    assert done.status == 2
    assert "Traceback" not in done.err
    assert not Path("pwned").exists()


def test_a_service_rendered_beside_it_starts_as_gold(
    run: Command, remote: Path, tmp_path: Path
) -> None:
    assert run("init-gitops", remote, "--url", URL, "--project", "payments=cards").status == 0
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(remote), str(clone))
    answers = ["name=refunds", "owner=cards", "system=payments", "description=Pays money back."]

    given = [word for answer in answers for word in ("--set", answer)]
    done = run("render", "python-api", "--gitops", clone, "--output", tmp_path / "out", *given)

    assert (done.status, done.err) == (0, "")
    assert "starts as    100 of 100, gold\n" in done.out
    application = yaml.safe_load((tmp_path / "out/gitops/apps/refunds.yaml").read_text())
    assert application["spec"]["source"]["repoURL"] == URL
