"""The actions of steps: what each may be given, and what later expressions may read of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Deed(StrEnum):
    """What an action comes to, whatever its name."""

    FETCH_COOKIECUTTER = "render a cookiecutter template"
    FETCH_SKELETON = "render a skeleton"
    FETCH_PLAIN = "copy files"
    WRITE = "write a file"
    WRITE_ENTITY = "write a catalogue file"
    DELETE = "delete files"
    RENAME = "rename files"
    SERIALIZE_YAML = "write YAML"
    SERIALIZE_JSON = "write JSON"
    LOG = "write into the log"
    REPOSITORY = "make a repository"
    PULL_REQUEST = "open a pull request"
    ARGO_RESOURCES = "write an Argo CD application"
    REGISTER = "register with the catalogue"


@dataclass(frozen=True, slots=True)
class Action:
    """What a step may do.

    Args:
        deed: What it comes to.
        required: Inputs that it needs.
        optional: Inputs that it may have.
        left_out: Inputs that are accepted and have no effect here: the code host's own rules hold.
        outputs: What expressions after it may read.
        later: What only `output` may read: known once the run has done it.
        is_gitops: It goes to the GitOps repository of this Flagstone, by itself.
    """

    deed: Deed
    required: frozenset[str] = frozenset()
    optional: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()
    later: frozenset[str] = frozenset()
    is_gitops: bool = False

    @property
    def inputs(self) -> frozenset[str]:
        return self.required | self.optional | self.left_out


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


FETCH_COOKIECUTTER = "fetch:cookiecutter"
PUBLISH_REPOSITORY = "publish:repository"
PUBLISH_PULL_REQUEST = "publish:gitops:pull-request"
REGISTER = "catalog:register"

_HOSTS = (
    "azure", "bitbucket", "bitbucketCloud", "bitbucketServer", "forgejo", "gitea", "github", "gitlab", "local",
    "pagure",
)  # fmt: skip
_REPOSITORY_LEFT_OUT = _set(
    "access allowedHosts allowAutoMerge allowMergeCommit allowRebaseMerge allowSquashMerge allowUpdateBranch autoInit "
    "blockCreations branches bypassPullRequestAllowances collaborators customProperties defaultBranch "
    "deleteBranchOnMerge dismissStaleReviews enableLFS environments gitAuthorEmail gitAuthorName "
    "gitCommitMessage hasIssues hasProjects hasWiki homepage oidcCustomization oauthToken ownership "
    "projectVariables protectDefaultBranch protectEnforceAdmins repoVisibility requireBranchesToBeUpToDate "
    "requireCodeOwnerReviews requireCommitSigning requireLastPushApproval requiredApprovingReviewCount "
    "requiredConversationResolution requiredLinearHistory requiredStatusCheckContexts restrictions "
    "repoVariables secrets setUserAsOwner settings signCommit signCommits skipExisting squashMergeCommitMessage "
    "squashMergeCommitTitle subscribe token topics workspace"
)
_PULL_REQUEST_LEFT_OUT = _set(
    "additions allowedHosts assignee assignReviewersFromApprovalRules branchName commitAction commitMessage "
    "createWhenEmpty draft "
    "filesToDelete forceEmptyGitAuthor forceFork gitAuthorEmail gitAuthorName gitCommitMessage labels "
    "milestone projectid removeSourceBranch reviewers reviewersFromApprovalRules sourceBranch squash "
    "targetBranch targetBranchName teamReviewers token update"
)

_REPOSITORY = Action(
    Deed.REPOSITORY,
    required=_set("repoUrl"),
    optional=_set("description sourcePath"),
    left_out=_REPOSITORY_LEFT_OUT,
    outputs=_set("remoteUrl repoContentsUrl repository"),
    later=_set("commitHash projectId"),
)
_PULL_REQUEST = Action(
    Deed.PULL_REQUEST,
    required=_set("repoUrl title"),
    optional=_set("description sourcePath targetPath"),
    left_out=_PULL_REQUEST_LEFT_OUT,
    later=_set("mergeRequestUrl pullRequestNumber pullRequestUrl remoteUrl targetBranchName"),
)

ACTIONS: Mapping[str, Action] = {
    FETCH_COOKIECUTTER: Action(
        Deed.FETCH_COOKIECUTTER,
        required=_set("url"),
        optional=_set("targetPath values copyWithoutRender extensions"),
        left_out=_set("imageName token"),
    ),
    "fetch:template": Action(
        Deed.FETCH_SKELETON,
        required=_set("url"),
        optional=_set(
            "targetPath values replace copyWithoutRender copyWithoutTemplating cookiecutterCompat "
            "templateFileExtension trimBlocks lstripBlocks"
        ),
        left_out=_set("token"),
    ),
    "fetch:plain": Action(
        Deed.FETCH_PLAIN,
        required=_set("url"),
        optional=_set("targetPath"),
        left_out=_set("token"),
    ),
    "fs:delete": Action(Deed.DELETE, required=_set("files")),
    "fs:rename": Action(Deed.RENAME, required=_set("files")),
    "roadiehq:utils:fs:write": Action(
        Deed.WRITE,
        required=_set("path content"),
        left_out=_set("preserveFormatting"),
        outputs=_set("path"),
    ),
    "roadiehq:utils:serialize:yaml": Action(
        Deed.SERIALIZE_YAML,
        required=_set("data"),
        optional=_set("options"),
        outputs=_set("serialized"),
    ),
    "roadiehq:utils:serialize:json": Action(
        Deed.SERIALIZE_JSON,
        required=_set("data"),
        optional=_set("space"),
        left_out=_set("replacer"),
        outputs=_set("serialized"),
    ),
    "debug:log": Action(Deed.LOG, optional=_set("message listWorkspace extra")),
    "catalog:write": Action(Deed.WRITE_ENTITY, required=_set("entity"), optional=_set("filePath")),
    PUBLISH_REPOSITORY: Action(
        Deed.REPOSITORY,
        optional=_set("sourcePath name description"),
        outputs=_set("remoteUrl repoContentsUrl repository"),
        later=_set("commitHash"),
        is_gitops=True,
    ),
    PUBLISH_PULL_REQUEST: Action(
        Deed.PULL_REQUEST,
        required=_set("title"),
        optional=_set("sourcePath targetPath description"),
        later=_set("remoteUrl pullRequestNumber"),
        is_gitops=True,
    ),
    **{f"publish:{host}": _REPOSITORY for host in _HOSTS},
    **{f"publish:{host}:pull-request": _PULL_REQUEST for host in _HOSTS if host != "gitlab"},
    "publish:gitlab:merge-request": _PULL_REQUEST,
    "argocd:create-resources": Action(
        Deed.ARGO_RESOURCES,
        required=_set("appName repoUrl"),
        optional=_set("argoInstance namespace projectName path labelValue"),
    ),
    REGISTER: Action(
        Deed.REGISTER,
        optional=_set("catalogInfoPath catalogInfoUrl repoContentsUrl"),
        left_out=_set("optional"),
        outputs=_set("entityRef"),
        later=_set("catalogInfoUrl"),
    ),
}
