"""How Gitea answers about pull requests themselves."""

from __future__ import annotations

from http import HTTPStatus

from tests.http_server import Reply
from tests.stand_ins.base import Call, Refused, route
from tests.stand_ins.gitea_conversations import ConversationRoutes
from tests.stand_ins.gitea_state import Account, Hosted, Pull, commit_json, said
from tests.stand_ins.repositories import Conflict

_REPO = "/repos/{owner}/{repo}"
_PULL = f"{_REPO}/pulls/{{index}}"


class PullRequestRoutes(ConversationRoutes):
    """The part about pull requests."""

    @route(f"GET {_REPO}/pulls")
    def list_pulls(self, call: Call) -> Reply:
        """List them, the newest first; of the filters this server knows the target branch's."""
        hosted = self.hosted(call)
        pulls = [self.current(hosted, pull) for pull in hosted.pulls.values()]
        state, base = call.query.get("state", "open"), call.query.get("base_branch")
        pulls = [pull for pull in pulls if state == "all" or pull.is_open == (state == "open")]
        pulls = [pull for pull in pulls if not base or pull.target == base]
        if call.query.get("sort") == "recentupdate":
            pulls.sort(key=lambda pull: (pull.updated_at, pull.number), reverse=True)
        else:
            pulls.sort(key=lambda pull: pull.number, reverse=True)
        return self.listed(call, [hosted.pull_json(pull, self.web_url) for pull in pulls])

    @route(f"POST {_REPO}/pulls")
    def open_pull(self, call: Call) -> Reply:
        hosted, told = self.hosted(call, to_write=True), call.payload
        heads = hosted.bare.heads()
        source, target = told.get("head", ""), told.get("base", "")
        if source == target:
            raise Refused(422, said("Invalid PullRequest: There are no changes"))
        if source not in heads or target not in heads:
            raise Refused(404, said("The target couldn't be found."))
        for other in hosted.pulls.values():
            if other.is_open and (other.source, other.target) == (source, target):
                raise Refused(409, said(f"pull request already exists [id: {other.number}]"))
        at, number = self.tick(), next(hosted.ids)
        pull = Pull(
            number=number,
            by=self.signed_in(call.request),
            title=told["title"][:255],
            body=told.get("body", ""),
            source=source,
            target=target,
            opened_at=at,
            updated_at=at,
            head=heads[source],
            merge_base=hosted.bare.git("merge-base", target, source, accept=(0, 1)),
        )
        hosted.bare.git("update-ref", f"refs/pull/{number}/head", pull.head)
        hosted.pulls[number] = pull
        return Reply(201, hosted.pull_json(pull, self.web_url))

    @route(f"GET {_PULL}")
    def read_pull(self, call: Call) -> Reply:
        hosted = self.hosted(call)
        return Reply(200, hosted.pull_json(self.pull(hosted, call), self.web_url))

    @route(f"GET {_REPO}/pulls/{{base}}/{{head:path}}")
    def pull_between(self, call: Call) -> Reply:
        """Give any of them: here the oldest."""
        hosted = self.hosted(call)
        for pull in hosted.pulls.values():
            if (pull.source, pull.target) == (call["head"], call["base"]):
                return Reply(200, hosted.pull_json(self.current(hosted, pull), self.web_url))
        raise Refused(404, said("not found"))

    @route(f"PATCH {_PULL}")
    def edit_pull(self, call: Call) -> Reply:
        hosted = self.hosted(call, to_write=True)
        pull, told, by = self.pull(hosted, call), call.payload, self.signed_in(call.request)
        if told.get("title") and told["title"] != pull.title:
            self.note(pull, "change_title", by, old_title=pull.title, new_title=told["title"])
            pull.title = told["title"]
        if told.get("body") is not None:
            pull.body, pull.updated_at = told["body"], self.tick()
        if told.get("state"):
            if pull.merge:
                raise Refused(412, said("cannot change state: it was already merged"))
            self.turn(pull, by, is_open=told["state"] == "open")
        return Reply(201, hosted.pull_json(pull, self.web_url))

    @route(f"POST {_PULL}/merge")
    def merge_pull(self, call: Call) -> Reply:
        hosted = self.hosted(call, to_write=True)
        pull, told, by = self.pull(hosted, call), call.payload, self.signed_in(call.request)
        self._check_mergeable(hosted, pull, by)
        if told.get("head_commit_id") not in (None, "", pull.head):
            raise Refused(409, said("head out of date"))
        base = hosted.bare.heads()[pull.target]
        how = told.get("Do") or told.get("do")
        try:
            merge = hosted.bare.merge(
                pull.target,
                pull.head,
                f"Merge pull request '{pull.title}' (#{pull.number})",
                squash=how == "squash",
            )
        except Conflict:
            raise Refused(
                409, {"Style": how, "StdOut": "CONFLICT", "StdErr": "", "Err": {}}
            ) from None
        pull.merge_base = hosted.bare.git("merge-base", base, pull.head)
        pull.merge, pull.merged_by = merge, by
        self.note(pull, "merge_pull", by)
        pull.is_open, pull.closed_at = False, pull.updated_at
        return Reply(200, b"")

    @route(f"GET {_PULL}/commits")
    def list_commits(self, call: Call) -> Reply:
        """List them, the newest first."""
        hosted = self.hosted(call)
        pull = self.pull(hosted, call)
        base = pull.merge_base if pull.merge else pull.target
        seen = hosted.bare.commits(base, pull.head)[::-1]
        reply = self.listed(call, [commit_json(commit) for commit in seen])
        size = self.page_size(call)
        told = {"X-PerPage": str(size), "X-PageCount": str(-(-len(seen) // size))}
        return Reply(200, reply.body, {**reply.headers, **told})

    @route(f"GET {_PULL}/files")
    def list_files(self, call: Call) -> Reply:
        hosted = self.hosted(call)
        pull = self.pull(hosted, call)
        base = pull.merge_base if pull.merge else pull.target
        files = [
            {
                "filename": file.path,
                "status": "changed",
                "additions": file.additions,
                "deletions": file.deletions,
                "changes": file.additions + file.deletions,
                **({"previous_filename": file.was} if file.was else {}),
            }
            for file in hosted.bare.files(base, pull.head)
        ]
        return self.listed(call, files)

    def _check_mergeable(self, hosted: Hosted, pull: Pull, by: Account) -> None:
        if pull.merge:
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, said(""))
        if not pull.is_open:
            raise Refused(404, said("not found"))
        if not by.may_write:
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, said("User not allowed to merge PR"))
        if pull.is_draft:
            words = "Work in progress PRs cannot be merged"
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, said(words))
        if not hosted.can_merge(pull):
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, said("Please try again later"))
