"""How GitHub writes what it keeps: all that its description demands, and hardly more."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from tests.stand_ins.github_state import Account, Comment, Hosted, Pull
from tests.stand_ins.repositories import CommitSeen

_ACCOUNT_URLS = ("events", "followers", "following", "gists", "organizations", "received_events", "repos",
                 "starred", "subscriptions")  # fmt: skip
_REPOSITORY_URLS = (
    "archive", "assignees", "blobs", "branches", "collaborators", "comments", "commits", "compare", "contents",
    "contributors", "deployments", "downloads", "events", "forks", "git_commits", "git_refs", "git_tags", "hooks",
    "issue_comment", "issue_events", "issues", "keys", "labels", "languages", "merges", "milestones",
    "notifications", "pulls", "releases", "stargazers", "statuses", "subscribers", "subscription", "tags", "teams",
    "trees",
)  # fmt: skip
_COUNTS = ("forks", "forks_count", "open_issues", "open_issues_count", "stargazers_count", "watchers",
           "watchers_count", "size", "network_count", "subscribers_count")  # fmt: skip


def moment(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None


class Writer:
    """Writes JSON whose addresses lead back to this stand-in.

    Args:
        api: Address of the API.
        web: Of the pages.
    """

    def __init__(self, api: str, web: str) -> None:
        self.api = api
        self.web = web

    def account(self, account: Account) -> dict[str, Any]:
        url = f"{self.api}/users/{account.login}"
        return {
            **{f"{name}_url": f"{url}/{name}" for name in _ACCOUNT_URLS},
            "login": account.login,
            "id": account.number,
            "node_id": f"U_{account.number}",
            "avatar_url": f"{self.web}/{account.login}.png",
            "gravatar_id": "",
            "url": url,
            "html_url": f"{self.web}/{account.login}",
            "type": account.kind,
            "site_admin": False,
        }

    def whole_account(self, account: Account) -> dict[str, Any]:
        nothing = dict.fromkeys(("bio", "blog", "company", "email", "hireable", "location", "name"))
        counts = dict.fromkeys(("followers", "following", "public_gists", "public_repos"), 0)
        times = dict.fromkeys(("created_at", "updated_at"), "2020-01-01T00:00:00Z")
        shown = {"blog": "", "user_view_type": "public"}
        return {**self.account(account), **nothing, **counts, **times, **shown}

    def repository(self, hosted: Hosted, *, login: str = "") -> dict[str, Any]:
        url = f"{self.api}/repos/{hosted.full_name}"
        html = f"{self.web}/{hosted.full_name}"
        levels = ("admin", "maintain", "push", "triage", "pull")
        needed = ("admin", "admin", "write", "triage", "read")
        rights = dict(zip(levels, (hosted.may(login, need) for need in needed), strict=True))
        return {
            **{f"{name}_url": f"{url}/{name}" for name in _REPOSITORY_URLS},
            **dict.fromkeys(_COUNTS, 0),
            **dict.fromkeys(
                ("has_projects", "has_wiki", "has_pages", "has_discussions", "has_downloads"), False
            ),
            **dict.fromkeys(("homepage", "language", "mirror_url", "license")),
            **dict.fromkeys(("created_at", "updated_at", "pushed_at"), moment(hosted.created_at)),
            "id": hosted.number,
            "node_id": f"R_{hosted.number}",
            "name": hosted.name,
            "full_name": hosted.full_name,
            "owner": self.account(hosted.owner),
            "private": hosted.is_private,
            "description": hosted.description,
            "fork": hosted.is_fork,
            "archived": hosted.is_archived,
            "disabled": False,
            "has_issues": hosted.has_issues,
            "default_branch": hosted.bare.default_branch(),
            "url": url,
            "html_url": html,
            "clone_url": f"{html}.git",
            "git_url": f"git://forge.example/{hosted.full_name}.git",
            "ssh_url": f"git@forge.example:{hosted.full_name}.git",
            "svn_url": html,
            "permissions": rights,
        }

    def pull(self, hosted: Hosted, pull: Pull) -> dict[str, Any]:
        """Write a pull request as lists show it."""
        url = f"{self.api}/repos/{hosted.full_name}"
        own, issue = f"{url}/pulls/{pull.number}", f"{url}/issues/{pull.number}"
        html = f"{self.web}/{hosted.full_name}/pull/{pull.number}"
        links = {
            "comments_url": f"{issue}/comments",
            "commits_url": f"{own}/commits",
            "issue_url": issue,
            "review_comment_url": f"{url}/pulls/comments{{/number}}",
            "review_comments_url": f"{own}/comments",
            "statuses_url": f"{url}/statuses/{pull.head}",
        }
        names = {"comments": "comments_url", "commits": "commits_url", "issue": "issue_url",
                 "review_comment": "review_comment_url", "review_comments": "review_comments_url",
                 "statuses": "statuses_url"}  # fmt: skip
        return {
            **links,
            **dict.fromkeys(("assignee", "milestone", "auto_merge", "active_lock_reason")),
            "_links": {
                "self": {"href": own},
                "html": {"href": html},
                **{name: {"href": links[key]} for name, key in names.items()},
            },
            "url": own,
            "id": 10_000 + pull.number,
            "node_id": node_of(hosted, pull),
            "number": pull.number,
            "html_url": html,
            "diff_url": f"{html}.diff",
            "patch_url": f"{html}.patch",
            "state": "open" if pull.is_open else "closed",
            "locked": False,
            "title": pull.title,
            "body": pull.body,
            "user": self.account(pull.author),
            "author_association": "MEMBER",
            "draft": pull.is_draft,
            "labels": [self.label(hosted, name) for name in pull.labels],
            "assignees": [],
            "requested_teams": [],
            "requested_reviewers": [self.account(each) for each in pull.reviewers],
            "head": self._side(hosted, pull.source, pull.head),
            "base": self._side(hosted, pull.target, pull.base),
            "created_at": moment(pull.opened_at),
            "updated_at": moment(pull.updated_at),
            "closed_at": moment(pull.closed_at),
            "merged_at": moment(pull.merged_at),
            # of an open one a merge on trial
            "merge_commit_sha": pull.merge or "7" * 40,
        }

    def whole_pull(self, hosted: Hosted, pull: Pull, *, mergeable: bool | None) -> dict[str, Any]:
        """Write a pull request as it is shown alone."""
        files = hosted.bare.files(pull.base, pull.head)
        return {
            **self.pull(hosted, pull),
            "merged": pull.merged_at is not None,
            "merged_by": self.account(pull.merged_by) if pull.merged_by else None,
            "mergeable": mergeable,
            "rebaseable": mergeable,
            "mergeable_state": {None: "unknown", True: "clean", False: "dirty"}[mergeable],
            "comments": sum(comment.pull == pull.number for comment in hosted.comments),
            "review_comments": 0,
            "maintainer_can_modify": False,
            "commits": len(hosted.bare.commits(pull.base, pull.head)),
            "additions": sum(file.additions for file in files),
            "deletions": sum(file.deletions for file in files),
            "changed_files": len(files),
        }

    def label(self, hosted: Hosted, name: str) -> dict[str, Any]:
        number = 500 + sum(map(ord, name))
        return {
            "id": number,
            "node_id": f"L_{number}",
            "url": f"{self.api}/repos/{hosted.full_name}/labels/{name}",
            "name": name,
            "color": "ededed",
            "default": False,
            "description": None,
        }

    def comment(self, hosted: Hosted, comment: Comment) -> dict[str, Any]:
        url = f"{self.api}/repos/{hosted.full_name}/issues"
        html = f"{self.web}/{hosted.full_name}/pull/{comment.pull}"
        return {
            "id": comment.number,
            "node_id": f"IC_{comment.number}",
            "url": f"{url}/comments/{comment.number}",
            "html_url": f"{html}#issuecomment-{comment.number}",
            "issue_url": f"{url}/{comment.pull}",
            "user": self.account(comment.by),
            "author_association": "MEMBER",
            "body": comment.body,
            "created_at": moment(comment.at),
            "updated_at": moment(comment.edited_at),
            "performed_via_github_app": None,
        }

    def commit(self, hosted: Hosted, seen: CommitSeen) -> dict[str, Any]:
        """Write a commit as git has it."""
        url = f"{self.api}/repos/{hosted.full_name}/git/commits"
        html = f"{self.web}/{hosted.full_name}/commit"
        person = {"name": seen.author, "email": seen.email, "date": moment(seen.at)}
        unsigned = dict.fromkeys(("signature", "payload", "verified_at"))
        return {
            "sha": seen.sha,
            "node_id": f"C_{seen.sha}",
            "url": f"{url}/{seen.sha}",
            "html_url": f"{html}/{seen.sha}",
            "author": person,
            "committer": person,
            "message": seen.message,
            "tree": {
                "sha": seen.sha,
                "url": f"{self.api}/repos/{hosted.full_name}/git/trees/{seen.sha}",
            },
            "parents": [
                {"sha": sha, "url": f"{url}/{sha}", "html_url": f"{html}/{sha}"}
                for sha in seen.parents
            ],
            "verification": {"verified": False, "reason": "unsigned", **unsigned},
        }

    def status(self, hosted: Hosted, commit: str, status: dict[str, Any]) -> dict[str, Any]:
        return {
            "url": f"{self.api}/repos/{hosted.full_name}/statuses/{commit}",
            "avatar_url": f"{self.web}/avatar.png",
            "node_id": f"SC_{status['id']}",
            **status,
        }

    def files(self, hosted: Hosted, pull: Pull) -> Iterable[dict[str, Any]]:
        url = f"{self.web}/{hosted.full_name}"
        for file in hosted.bare.files(pull.base, pull.head):
            was = {"previous_filename": file.was} if file.was else {}
            yield {
                "sha": pull.head,
                "filename": file.path,
                "status": "renamed" if file.was else "modified",
                "additions": file.additions,
                "deletions": file.deletions,
                "changes": file.additions + file.deletions,
                "blob_url": f"{url}/blob/{pull.head}/{file.path}",
                "raw_url": f"{url}/raw/{pull.head}/{file.path}",
                "contents_url": f"{url}/contents/{file.path}",
                **was,
            }

    def _side(self, hosted: Hosted, branch: str, commit: str) -> dict[str, Any]:
        return {
            "label": f"{hosted.owner.login}:{branch}",
            "ref": branch,
            "sha": commit,
            "user": self.account(hosted.owner),
            "repo": self.repository(hosted),
        }


def node_of(hosted: Hosted, pull: Pull) -> str:
    """Return the id of a pull request in GraphQL."""
    return f"PR_{hosted.number}_{pull.number}"
