"""Commits of the stand-in for GitHub: refs, what git has, and what checks say of them."""

from __future__ import annotations

from tests.http_server import Reply
from tests.stand_ins.base import Call, Refused, route
from tests.stand_ins.github_json import moment
from tests.stand_ins.github_state import said
from tests.stand_ins.github_talk import TalkRoutes

_REPO = "/repos/{owner}/{repo}"


class CommitRoutes(TalkRoutes):
    @route(f"GET {_REPO}/git/ref/{{ref:path}}")
    def show_ref(self, call: Call) -> Reply:
        hosted, ref = self.repo(call), call["ref"]
        heads = hosted.bare.heads()
        if not heads:
            raise Refused(409, said("Git Repository is empty."))
        commit = heads.get(ref.removeprefix("heads/"))
        if commit is None:
            raise Refused(404, said("Not Found"))
        url = f"{self.url}{_REPO.format(owner=call['owner'], repo=call['repo'])}/git"
        found = {"type": "commit", "sha": commit, "url": f"{url}/commits/{commit}"}
        made = {
            "ref": f"refs/{ref}",
            "node_id": f"REF_{ref}",
            "url": f"{url}/refs/{ref}",
            "object": found,
        }
        return Reply(200, made)

    @route(f"GET {_REPO}/git/commits/{{sha}}")
    def show_commit(self, call: Call) -> Reply:
        hosted = self.repo(call)
        seen = hosted.bare.commit(call["sha"])
        if seen is None:
            raise Refused(404, said("Not Found"))
        return Reply(200, self.write.commit(hosted, seen))

    @route(f"GET {_REPO}/commits/{{ref}}")
    def show_commit_with_people(self, call: Call) -> Reply:
        hosted = self.repo(call)
        seen = hosted.bare.commit(call["ref"])
        if seen is None:
            raise Refused(422, said(f"No commit found for SHA: {call['ref']}"))
        git, user = self.write.commit(hosted, seen), self.write.account(self.asker(call))
        url = git["url"].replace("/git/commits/", "/commits/")
        return Reply(200, {
            **{key: git[key] for key in ("sha", "node_id", "html_url", "parents")},
            "url": url, "comments_url": f"{url}/comments", "author": user, "committer": user,
            "commit": {**git, "comment_count": 0},
        })  # fmt: skip

    @route(f"GET {_REPO}/branches")
    def list_branches(self, call: Call) -> Reply:
        url = f"{self.url}/repos/{call['owner']}/{call['repo']}"
        found = [
            {
                "name": name,
                "commit": {"sha": sha, "url": f"{url}/commits/{sha}"},
                "protected": False,
            }
            for name, sha in self.repo(call).bare.heads().items()
        ]
        return self.page(call, found)

    @route(f"POST {_REPO}/statuses/{{sha}}")
    def set_status(self, call: Call) -> Reply:
        hosted, told = self.repo(call, "write"), call.payload
        if hosted.bare.commit(call["sha"]) is None:
            raise Refused(422, said(f"No commit found for SHA: {call['sha']}"))
        at = moment(self.tick())
        status = {
            "id": next(self.ids),
            "state": told["state"],
            "context": told.get("context", "default"),
            "description": told.get("description"),
            "target_url": told.get("target_url"),
            "created_at": at,
            "updated_at": at,
        }
        hosted.statuses.setdefault(call["sha"], []).insert(0, status)
        made = self.write.status(hosted, call["sha"], status)
        return Reply(201, {**made, "creator": self.write.account(self.asker(call))})

    @route(f"GET {_REPO}/commits/{{ref}}/status")
    def show_status(self, call: Call) -> Reply:
        hosted, commit = self.repo(call), call["ref"]
        last = {each["context"]: each for each in reversed(hosted.statuses.get(commit, []))}
        page = self.page(call, [self.write.status(hosted, commit, each) for each in last.values()])
        url = f"{self.url}/repos/{hosted.full_name}/commits/{commit}"
        made = {
            "state": "pending",
            "sha": commit,
            "total_count": len(last),
            "statuses": page.body,
            "repository": self.write.repository(hosted),
            "commit_url": url,
            "url": f"{url}/status",
        }
        return Reply(200, made, page.headers)

    @route(f"GET {_REPO}/commits/{{ref}}/check-runs")
    def list_checks(self, call: Call) -> Reply:
        runs = self.repo(call).checks.get(call["ref"], [])
        page = self.page(call, runs)
        return Reply(200, {"total_count": len(runs), "check_runs": page.body}, page.headers)
