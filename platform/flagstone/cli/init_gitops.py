"""`flagstone init-gitops`: the GitOps repository itself, from nothing to its first commit."""

from __future__ import annotations

import re
import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit, urlunsplit

import typer
from git import GitCommandError, Repo, UnsafeProtocolError

from flagstone.core.content import content_dir
from flagstone.core.errors import Conflict, ExternalError, UserError
from flagstone.core.redaction import redact
from flagstone.scaffolding.engine.argocd_address import ADDRESS
from flagstone.scaffolding.engine.gitops import gitops_tree
from flagstone.scaffolding.engine.names import name_fault
from flagstone.scaffolding.engine.trees import RenderedTree

BRANCH = "main"  # which the manifests name, too
_WORD = re.compile(r"[A-Za-z0-9][\w.-]*")


class Ci(StrEnum):
    GITHUB = "github"
    GITLAB = "gitlab"


def init_gitops(
    remote: Annotated[
        str, typer.Argument(help="The empty repository to push to: what `git push` takes.")
    ],
    project: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SQUAD[,SQUAD…]",
            help="An Argo CD project, one for each system, and the squads that run it. Repeat it.",
        ),
    ] = None,
    url: Annotated[
        str,
        typer.Option(
            help="The repository's address as Argo CD knows it, if it is not REMOTE; needed if REMOTE is a folder."
        ),
    ] = "",
    organisation: Annotated[
        str, typer.Option(help="The organisation at the code host, for CODEOWNERS.")
    ] = "",
    platform_squad: Annotated[
        str, typer.Option(help="The squad that reviews projects, policies and CI.")
    ] = "developer-platform",
    ci: Annotated[Ci, typer.Option(help="Whose workflows it brings.")] = Ci.GITHUB,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the files, push nothing.")
    ] = False,
) -> None:
    """Make a GitOps repository: root Applications, projects, Gatekeeper policies, alert routes, CODEOWNERS, CI.

    It is one push of one commit into an empty repository, or nothing at all.
    """
    address = _address(url, remote)
    tree = gitops_tree(
        content_dir("scaffolds"),
        content_dir("scorecards") / "policies",
        answers={
            "name": Path(address.rstrip("/")).name.removesuffix(".git"),
            "organisation": _name("--organisation", organisation or _organisation(address)),
            "platform_squad": _name("--platform-squad", platform_squad),
            "gitops_url": address,
            "ci": ci.value,
        },
        projects=[_project(each, address) for each in project or []],
    )
    if dry_run:
        for path in tree.files:
            typer.echo(f"  {path}")
        typer.echo(f"{len(tree.files)} files; nothing was pushed.")
        return
    commit = _push(tree, _from_here(remote))
    typer.echo(
        f"{len(tree.files)} files are on {BRANCH} of {address}, commit {commit[:12]}.\n"
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
    if wrong := [word for word in words if not _WORD.fullmatch(word)]:
        raise UserError(f"--project {text}: '{wrong[0]}' is no name of a squad.")
    return {
        "name": name,
        "squads": ", ".join(words),
        "description": f"What {' and '.join(words)} run",
        "gitops_url": address,
    }


def _name(option: str, text: str) -> str:
    if not _WORD.fullmatch(text):
        raise UserError(f"{option} {text!r}: letters, digits, '.', '_' and '-' make such a name.")
    return text


def _address(url: str, remote: str) -> str:
    """Return what Argo CD reads the repository by: a folder of this machine is nothing that it reaches."""
    address = url or remote
    if _is_path(address) and not url:
        raise UserError(
            f"{remote} is a folder, which Argo CD cannot read. Give the repository's address with --url, "
            "such as --url https://git.example.com/acme/gitops.git."
        )
    address = _for_everybody(address)
    if _is_path(address):
        raise UserError(
            f"--url {address} is a folder, which Argo CD cannot read. Write it as https://git.example.com/acme/gitops.git."
        )
    return address


def _is_path(address: str) -> bool:
    """Tell a path from an address, as git does: a colon before any slash ends the name of a host."""
    return address.startswith("file://") or ":" not in address.partition("/")[0]


def _for_everybody(address: str) -> str:
    """Return an address as it may stand in a manifest: without a password, and without what YAML could misread."""
    parts = urlsplit(address)
    if "@" in parts.netloc:
        user, _, host = parts.netloc.rpartition("@")
        keep = f"{user.partition(':')[0]}@" if parts.scheme == "ssh" else ""
        address = urlunsplit(parts._replace(netloc=f"{keep}{host}"))
    if not ADDRESS.fullmatch(address):
        raise UserError(
            f"{redact(address)!r} is no address of a repository: it has characters that none needs."
        )
    return address


def _from_here(remote: str) -> str:
    """Return what git, in a folder of its own, takes for the same: a relative path would lead elsewhere."""
    return str(Path(remote).absolute()) if _is_path(remote) and "://" not in remote else remote


def _told(remote: str) -> str:
    return remote if _is_path(remote) else _for_everybody(remote)


def _organisation(address: str) -> str:
    path = address.rpartition(":")[2] if "://" not in address else urlsplit(address).path
    parts = [part for part in path.strip("/").split("/") if part]
    return parts[-2] if len(parts) > 1 else "organisation"


def _push(tree: RenderedTree, remote: str) -> str:
    """Push a first commit; git itself refuses if somebody else was first.

    Raises:
        Conflict: The repository is not empty.
        UserError: The address is a program.
        ExternalError: Git could not reach it, or was not let in.
    """
    with tempfile.TemporaryDirectory(prefix="flagstone-gitops-") as folder:
        try:
            repository = Repo.init(folder, initial_branch=BRANCH)
            # `--` and no transport helper: an address is data, never an option or a program
            with repository.git.custom_environment(
                GIT_ALLOW_PROTOCOL="file:git:http:https:ssh", GIT_TERMINAL_PROMPT="0"
            ):
                if there := str(repository.git.ls_remote("--refs", "--", remote)):
                    raise Conflict(
                        f"{_told(remote)} is not empty: it has {there.split()[1]}. "
                        "Nothing was pushed. Name an empty repository."
                    )
                tree.write_into(Path(folder))
                repository.git.add("--all", "--force")
                _commit(repository)
                # an empty lease: only if the branch is still not there
                repository.git.push(
                    f"--force-with-lease=refs/heads/{BRANCH}:",
                    "--",
                    remote,
                    f"HEAD:refs/heads/{BRANCH}",
                )
                return repository.head.commit.hexsha
        except UnsafeProtocolError as error:
            raise UserError(f"{_told(remote)} is no address that git may push to.") from error
        except GitCommandError as error:
            reason = str(error.stderr).strip().removeprefix("stderr:").strip(" '\n")
            raise ExternalError(
                f"git could not push to {_told(remote)}: "
                f"{redact(reason)}\n"
                "Nothing was pushed. Check the address and your rights with: git ls-remote"
            ) from error


def _commit(repository: Repo) -> None:
    """Commit as who runs this, or as Flagstone where git knows nobody."""
    reader = repository.config_reader()
    if not reader.get_value("user", "email", ""):
        with repository.config_writer() as config:
            config.set_value("user", "name", "Flagstone")
            config.set_value("user", "email", "flagstone@localhost")
    repository.git.commit("--quiet", "--message", "Begin the GitOps repository", "--no-gpg-sign")
