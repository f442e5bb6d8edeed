"""Pull requests of the stand-in for GitHub: opened, found, changed, and really merged."""

from __future__ import annotations

from tests.http_server import Reply
from tests.stand_ins.base import Call, Refused, route
from tests.stand_ins.github_core import GitHubCore
from tests.stand_ins.github_json import node_of
from tests.stand_ins.github_state import Hosted, Pull, invalid, said

_LONGEST_BODY, _LONGEST_TITLE = 65536, 256
_REPO = "/repos/{owner}/{repo}"
_PULL = f"{_REPO}/pulls/{{number}}"


class PullRoutes(GitHubCore):
    @route(f"GET {_REPO}/pulls")
    def list_pulls(self, call: Call) -> Reply:
        hosted, query = self.repo(call), call.query
        found = list(hosted.pulls.values())
        for pull in found:
            self.follow(hosted, pull)
        if (state := query.get("state", "open")) != "all":
            found = [pull for pull in found if pull.is_open == (state == "open")]
        if base := query.get("base"):
            found = [pull for pull in found if pull.target == base]
        # a filter without its owner is passed over
        owner, colon, branch = query.get("head", "").partition(":")
        if colon:
            ours = owner.lower() == hosted.owner.login.lower()
            found = [pull for pull in found if ours and pull.source == branch]
        by_change = query.get("sort") == "updated"
        found.sort(key=lambda pull: (pull.updated_at if by_change else pull.opened_at, pull.number))
        if query.get("direction", "desc") == "desc":
            found.reverse()
        return self.page(call, [self.write.pull(hosted, pull) for pull in found])

    @route(f"POST {_REPO}/pulls")
    def open_pull(self, call: Call) -> Reply:
        hosted, told = self.repo(call, "write"), call.payload
        self._check_new(hosted, call)
        heads, at = hosted.bare.heads(), self.tick()
        pull = Pull(
            number=self.next_number(hosted),
            title=told["title"],
            body=told.get("body"),
            source=_branch(told["head"]),
            target=told["base"],
            author=self.asker(call),
            head=heads[_branch(told["head"])],
            base=heads[told["base"]],
            opened_at=at,
            updated_at=at,
            is_draft=told.get("draft", False),
        )
        hosted.pulls[pull.number] = pull
        return Reply(201, self._whole(hosted, pull))

    def next_number(self, hosted: Hosted) -> int:
        """Return the number of the next issue or pull request."""
        return len(hosted.pulls) + hosted.issues + 1

    @route(f"GET {_PULL}")
    def show_pull(self, call: Call) -> Reply:
        return Reply(200, self._whole(*self.pull(call)))

    @route(f"PATCH {_PULL}")
    def edit_pull(self, call: Call) -> Reply:
        hosted, pull = self.pull(call, "write")
        told = call.payload
        _check_words(told.get("title"), told.get("body"))
        pull.title, pull.body = told.get("title", pull.title), told.get("body", pull.body)
        pull.updated_at = self.tick()
        if told.get("state") == "closed" and pull.is_open:
            self.close(hosted, pull, by=self.asker(call))
        return Reply(200, self._whole(hosted, pull))

    @route(f"PUT {_PULL}/merge")
    def merge_pull(self, call: Call) -> Reply:
        hosted, pull = self.pull(call, "write")
        told, mergeable = call.payload, self._mergeable(hosted, pull)
        if pull.is_open and told.get("sha", pull.head) != pull.head:
            raise Refused(409, said("Head branch was modified. Review and try the merge again."))
        if hosted.merge_refusal:
            raise Refused(405, said(hosted.merge_refusal))
        if pull.is_draft:
            raise Refused(405, said("Pull Request is still a draft"))
        if not pull.is_open or not mergeable:
            raise Refused(405, said("Pull Request is not mergeable"))
        pull.base = hosted.bare.heads()[pull.target]
        message = f"{told.get('commit_title') or f'Merge pull request #{pull.number}'}\n"
        squash = told.get("merge_method") == "squash"
        pull.merge = hosted.bare.merge(pull.target, pull.head, message, squash=squash)
        by = self.asker(call)
        pull.merged_at = pull.closed_at = pull.updated_at = self.tick()
        pull.merged_by = by
        self.happen(hosted, pull, "merged", by, commit_id=pull.merge)
        self.happen(hosted, pull, "closed", by)
        done = {"sha": pull.merge, "merged": True, "message": "Pull Request successfully merged"}
        return Reply(200, done)

    @route(f"GET {_PULL}/files")
    def list_files(self, call: Call) -> Reply:
        hosted, pull = self.pull(call)
        return self.page(call, list(self.write.files(hosted, pull)))

    @route("POST /graphql")
    def graphql(self, call: Call) -> Reply:
        """Do the two mutations that the REST API lacks."""
        query, told = call.payload["query"], call.payload["variables"]
        node = told.get("id") or told["input"]["pullRequestId"]
        for hosted in self.hosted.values():
            pull = next(
                (each for each in hosted.pulls.values() if node_of(hosted, each) == node), None
            )
            if pull is not None:
                return self._draft(
                    call, hosted, pull, is_draft="convertPullRequestToDraft" in query
                )
        error = {
            "type": "NOT_FOUND",
            "message": f"Could not resolve to a node with the global id of '{node}'",
        }
        return Reply(200, {"data": None, "errors": [error]})

    def _draft(self, call: Call, hosted: Hosted, pull: Pull, *, is_draft: bool) -> Reply:
        by = self.asker(call)
        if not hosted.may(by.login, "write"):
            words = f"{by.login} does not have the correct permissions to execute it"
            return Reply(200, {"data": None, "errors": [{"type": "FORBIDDEN", "message": words}]})
        if not hosted.has_drafts:
            words = "Draft pull requests are not supported in this repository."
            return Reply(
                200, {"data": None, "errors": [{"type": "UNPROCESSABLE", "message": words}]}
            )
        pull.is_draft, pull.updated_at = is_draft, self.tick()
        self.happen(hosted, pull, "convert_to_draft" if is_draft else "ready_for_review", by)
        name = "convertPullRequestToDraft" if is_draft else "markPullRequestReadyForReview"
        return Reply(200, {"data": {name: {"pullRequest": {"isDraft": is_draft}}}})

    def _check_new(self, hosted: Hosted, call: Call) -> None:
        told, heads = call.payload, hosted.bare.heads()
        source, target = _branch(told["head"]), told["base"]
        _check_words(told["title"], told.get("body"))
        if told.get("draft") and not hosted.has_drafts:
            raise Refused(422, said("Draft pull requests are not supported in this repository."))
        if source not in heads:
            raise invalid("head")
        if target not in heads:
            raise invalid("base")
        for pull in hosted.pulls.values():
            self.follow(hosted, pull)
            if pull.is_open and (pull.source, pull.target) == (source, target):
                words = f"A pull request already exists for {hosted.owner.login}:{source}."
                raise invalid("", "custom", words)
        if not hosted.bare.commits(heads[target], heads[source]):
            raise invalid("", "custom", f"No commits between {target} and {source}")

    def _mergeable(self, hosted: Hosted, pull: Pull) -> bool | None:
        target = hosted.bare.heads().get(pull.target)
        if not pull.is_open or not hosted.knows_mergeable or target is None:
            return None
        return hosted.bare.can_merge(target, pull.head)

    def _whole(self, hosted: Hosted, pull: Pull) -> dict[str, object]:
        return self.write.whole_pull(hosted, pull, mergeable=self._mergeable(hosted, pull))


def _branch(head: str) -> str:
    return head.rpartition(":")[2]


def _check_words(title: str | None, body: str | None) -> None:
    if len(title or "") > _LONGEST_TITLE:
        raise invalid("title", "custom", "title is too long (maximum is 256 characters)")
    if len(body or "") > _LONGEST_BODY:
        raise invalid("body", "custom", "body is too long (maximum is 65536 characters)")
