"""`flagstone init-gitops`: the GitOps repository itself, from nothing to its first commit."""

from __future__ import annotations

import re
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit, urlunsplit

import typer
from git import GitCommandError, Repo

from flagstone.core.content import content_dir
from flagstone.core.errors import Conflict, ExternalError, UserError
from flagstone.scaffolding.engine.gitops import gitops_tree
from flagstone.scaffolding.engine.names import name_fault
from flagstone.scaffolding.engine.trees import RenderedTree


class Ci(StrEnum):
    GITHUB = "github"
    GITLAB = "gitlab"


def init_gitops(
    remote: Annotated[
        str, typer.Argument(help="The empty repository to push to: what `git push` takes.")
    ],
    project: Annotated[
        list[str],
        typer.Option(
            metavar="NAME=SQUAD[,SQUAD…]",
            help="An Argo CD project, one for each system, and the squads that run it. Repeat it.",
        ),
    ] = [],  # noqa: B006 - typer's way to say a list
    url: Annotated[
        str, typer.Option(help="The repository's address as Argo CD knows it, if it is not REMOTE.")
    ] = "",
    organisation: Annotated[
        str, typer.Option(help="The organisation at the code host, for CODEOWNERS.")
    ] = "",
    platform_squad: Annotated[
        str, typer.Option(help="The squad that reviews projects, policies and CI.")
    ] = "developer-platform",
    ci: Annotated[Ci, typer.Option(help="Whose workflows it brings.")] = Ci.GITHUB,
    branch: Annotated[str, typer.Option(help="The default branch.")] = "main",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the files, push nothing.")
    ] = False,
) -> None:
    """Make a GitOps repository: root Applications, projects, Gatekeeper policies, alert routes, CODEOWNERS, CI.

    It is one push of one commit into an empty repository, or nothing at all.
    """
    address = _without_credentials(url or remote)
    tree = gitops_tree(
        content_dir("scaffolds"),
        content_dir("scorecards") / "policies",
        answers={
            "name": Path(address.rstrip("/")).name.removesuffix(".git"),
            "organisation": organisation or _organisation(address),
            "platform_squad": platform_squad,
            "gitops_url": address,
            "ci": ci.value,
        },
        projects=[_project(each, address) for each in project],
    )
    if dry_run:
        for path in tree.files:
            typer.echo(f"  {path}")
        typer.echo(f"{len(tree.files)} files; nothing was pushed.")
        return
    commit = _push(tree, remote, branch)
    typer.echo(
        f"{len(tree.files)} files are on {branch} of {address}, commit {commit[:12]}.\n"
        "Next: protect the branch, then let an administrator of Argo CD run\n"
        "  kubectl apply -f projects -f argocd"
    )


def _project(text: str, address: str) -> dict[str, str]:
    name, _, squads = text.partition("=")
    fault = name_fault(name)
    if fault or not squads.strip(", "):
        raise UserError(
            f"--project {text}: {fault or 'name its squads'}. Write it as payments=cards,ledger."
        )
    words = squads.replace(",", " ").split()
    if wrong := [word for word in words if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", word)]:
        raise UserError(f"--project {text}: '{wrong[0]}' is no name of a squad.")
    return {
        "name": name,
        "squads": ", ".join(words),
        "description": f"What {' and '.join(words)} run",
        "gitops_url": address,
    }


def _without_credentials(address: str) -> str:
    """What stands in a manifest is read by everybody."""
    if any(character.isspace() or not character.isprintable() for character in address):
        raise UserError("The address of a repository has no spaces in it.")
    parts = urlsplit(address)
    if not parts.scheme or "@" not in parts.netloc or parts.scheme == "ssh":
        return address
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _organisation(address: str) -> str:
    path = address.rpartition(":")[2] if "://" not in address else urlsplit(address).path
    parts = [part for part in path.strip("/").split("/") if part]
    return parts[-2] if len(parts) > 1 else "organisation"


def _push(tree: RenderedTree, remote: str, branch: str) -> str:
    """Push a first commit; git itself refuses if somebody else was first.

    Raises:
        Conflict: The repository is not empty.
        ExternalError: Git could not reach it, or was not let in.
    """
    with tempfile.TemporaryDirectory(prefix="flagstone-gitops-") as folder:
        try:
            repository = Repo.init(folder, initial_branch=branch)
            # `--` and no transport helper: an address is data, never an option or a program
            with repository.git.custom_environment(
                GIT_ALLOW_PROTOCOL="file:git:http:https:ssh", GIT_TERMINAL_PROMPT="0"
            ):
                if there := str(repository.git.ls_remote("--refs", "--", remote)):
                    raise Conflict(
                        f"{_without_credentials(remote)} is not empty: it has {there.split()[1]}. "
                        "Nothing was pushed. Name an empty repository."
                    )
                _write(tree, Path(folder))
                repository.git.add("--all", "--force")
                _commit(repository)
                # an empty lease: only if the branch is still not there
                repository.git.push(
                    f"--force-with-lease=refs/heads/{branch}:",
                    "--",
                    remote,
                    f"HEAD:refs/heads/{branch}",
                )
                return repository.head.commit.hexsha
        except GitCommandError as error:
            reason = str(error.stderr).strip().removeprefix("stderr:").strip(" '\n")
            raise ExternalError(
                f"git could not push to {_without_credentials(remote)}: "
                f"{reason.replace(remote, _without_credentials(remote))}\n"
                "Nothing was pushed. Check the address and your rights with: git ls-remote"
            ) from error


def _write(tree: RenderedTree, folder: Path) -> None:
    for path, file in tree.files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.content)
        if file.executable:
            target.chmod(0o755)


def _commit(repository: Repo) -> None:
    """Commit as who runs this, or as Flagstone where git knows nobody."""
    reader = repository.config_reader()
    if not reader.get_value("user", "email", ""):
        with repository.config_writer() as config:
            config.set_value("user", "name", "Flagstone")
            config.set_value("user", "email", "flagstone@localhost")
    repository.git.commit("--quiet", "--message", "Begin the GitOps repository", "--no-gpg-sign")
