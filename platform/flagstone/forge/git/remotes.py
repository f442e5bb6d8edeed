"""Where a repository is, and what a look at it found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from flagstone.forge.errors import BranchOccupied, EmptyRepository, NoDefaultBranch

HEADS, TAGS = "refs/heads/", "refs/tags/"


@dataclass(frozen=True, slots=True)
class GitRemote:
    """How git reaches a repository.

    Attributes:
        name: What people call it, such as `acme/gitops on local`.
        url: What git is given. Never with a credential in it.
        protocols: The transports that this URL needs.
        objects: The repository's object folder when it lies on this machine: it is read in place then.
        config: git settings for it, such as a header with a credential.
    """

    name: str
    url: str
    protocols: tuple[str, ...] = ("file",)
    objects: Path | None = None
    config: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def credentials(self) -> tuple[str, ...]:
        """The headers that sign in, which go with every request."""
        return tuple(
            value for key, value in self.config.items() if key.lower().endswith(".extraheader")
        )

    @property
    def signs_in(self) -> bool:
        """Whether a credential goes with every request."""
        return bool(self.credentials)


@dataclass(frozen=True, slots=True)
class RemoteRefs:
    """What a look at the remote found."""

    name: str
    default_branch: str
    branches: Mapping[str, str]

    def head(self) -> str:
        """Return the commit of the default branch.

        Raises:
            EmptyRepository: There is no branch at all.
            NoDefaultBranch: HEAD names a branch that is not there.
        """
        if self.default_branch:
            return self.branches[self.default_branch]
        if not self.branches:
            raise EmptyRepository(
                f"The repository {self.name} has no commit yet. Push a first one, then try again."
            )
        raise NoDefaultBranch(
            f"The repository {self.name} has no default branch: its HEAD names a branch that is "
            "not there. Set the default branch at the code host."
        )

    def blocker(self, branch: str) -> str:
        """Return the branch whose name stands in the way of another (`a` against `a/b`), or ''."""
        return next(
            (
                other
                for other in self.branches
                if branch.startswith(other + "/") or other.startswith(branch + "/")
            ),
            "",
        )


def check_unblocked(refs: RemoteRefs, branch: str) -> None:
    """Refuse a branch name that another branch's name stands in the way of.

    Raises:
        BranchOccupied: With the other branch.
    """
    if blocker := refs.blocker(branch):
        raise BranchOccupied(
            f"The branch {branch!r} cannot be made in {refs.name}: the branch {blocker!r} stands "
            "in its way. Rename or delete that one, then try again.",
            branch=branch,
            blocker=blocker,
        )
