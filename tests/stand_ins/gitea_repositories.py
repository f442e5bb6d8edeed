"""How Gitea answers about what is in a repository besides pull requests."""

from __future__ import annotations

from typing import Any

from tests.http_server import Reply
from tests.stand_ins.base import Call, Refused, route
from tests.stand_ins.gitea_pulls import PullRequestRoutes
from tests.stand_ins.gitea_state import commit_json, said, stamp

_REPO = "/repos/{owner}/{repo}"


class RepositoryRoutes(PullRequestRoutes):
    """The part about branches, commits, labels and webhooks."""

    organisation_labels: dict[str, list[dict[str, Any]]]

    def add_label(self, labels: list[dict[str, Any]], name: str) -> dict[str, Any]:
        raise NotImplementedError

    @route(f"GET {_REPO}/branches")
    def list_branches(self, call: Call) -> Reply:
        heads = self.hosted(call).bare.heads()
        return self.listed(call, [_branch_json(name, head) for name, head in heads.items()])

    @route(f"GET {_REPO}/branches/{{branch:path}}")
    def read_branch(self, call: Call) -> Reply:
        head = self.hosted(call).bare.heads().get(call["branch"])
        if head is None:
            raise Refused(404, said("The target couldn't be found."))
        return Reply(200, _branch_json(call["branch"], head))

    @route(f"GET {_REPO}/git/commits/{{sha}}")
    def read_commit(self, call: Call) -> Reply:
        commit = self.hosted(call).bare.commit(call["sha"])
        if commit is None:
            raise Refused(404, said("not found"))
        return Reply(200, commit_json(commit))

    @route(f"GET {_REPO}/commits/{{sha}}/statuses")
    def list_statuses(self, call: Call) -> Reply:
        """List every word, the newest first."""
        words = [each for each in self.hosted(call).statuses if each["url"] == call["sha"]]
        return self.listed(call, words[::-1])

    @route(f"POST {_REPO}/statuses/{{sha}}")
    def write_status(self, call: Call) -> Reply:
        hosted, told, at = self.hosted(call, to_write=True), call.payload, stamp(self.tick())
        if hosted.bare.commit(call["sha"]) is None:
            raise Refused(404, said("not found"))
        word = {
            "id": len(hosted.statuses) + 1,
            "status": told["state"],
            "context": told.get("context", "default"),
            "description": told.get("description", ""),
            "target_url": told.get("target_url", ""),
            "url": call["sha"],
            "creator": self.signed_in(call.request).json(),
            "created_at": at,
            "updated_at": at,
        }
        hosted.statuses.append(word)
        return Reply(201, word)

    @route(f"GET {_REPO}/labels")
    def list_labels(self, call: Call) -> Reply:
        return self.listed(call, self.hosted(call).labels)

    @route(f"POST {_REPO}/labels")
    def make_label(self, call: Call) -> Reply:
        label = self.add_label(self.hosted(call, to_write=True).labels, call.payload["name"])
        return Reply(201, label)

    @route(f"PUT {_REPO}/issues/{{index}}/labels")
    def set_labels(self, call: Call) -> Reply:
        hosted = self.hosted(call, to_write=True)
        pull = self.pull(hosted, call)
        every = [*hosted.labels, *self.organisation_labels.get(hosted.owner.login, [])]
        pull.labels = [label for label in every if label["id"] in call.payload["labels"]]
        self.note(pull, "label", self.signed_in(call.request))
        return Reply(200, pull.labels)

    @route(f"GET {_REPO}/issues")
    def list_issues(self, call: Call) -> Reply:
        return self.listed(call, self.hosted(call).issues)

    @route(f"GET {_REPO}/hooks")
    def list_hooks(self, call: Call) -> Reply:
        if not self.signed_in(call.request).may_write:
            raise Refused(403, said("Must be an owner or admin of the repository."))
        return self.listed(call, self.hosted(call).hooks)


def _branch_json(name: str, head: str) -> dict[str, Any]:
    commit = {"id": head, "message": "", "url": "", "timestamp": "2026-01-01T00:00:00Z"}
    return {"name": name, "commit": commit, "protected": False, "user_can_push": True}
