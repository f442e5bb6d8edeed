"""What a run will make: decided before anything is made."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.scaffolding.engine.targets import GITOPS


@dataclass(frozen=True, slots=True)
class RepositoryPlan:
    """The service's own repository.

    Args:
        step_id: Of the step that asks for it.
        name: Without its owner.
        description: One sentence.
        owner: Whose it is; '' for whose the GitOps repository is.
        host: As a RepoUrlPicker calls it; '' for where the GitOps repository is.
        contents_url: What `repoContentsUrl` will be.
    """

    step_id: str
    name: str
    description: str
    owner: str = ""
    host: str = ""
    contents_url: str = ""


@dataclass(frozen=True, slots=True)
class PullRequestPlan:
    """The pull request; without a repository, in the GitOps repository."""

    step_id: str
    title: str
    body: str
    repository: str = ""
    host: str = ""


@dataclass(frozen=True, slots=True)
class RegistrationPlan:
    """The catalogue file, the tree that it is in, and what it calls the service."""

    step_id: str
    path: str
    tree: str = GITOPS
    entity_ref: str = ""
