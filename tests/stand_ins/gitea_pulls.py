"""How Gitea answers about pull requests and what is said under them."""

from __future__ import annotations

from http import HTTPStatus

from tests.http_server import Reply, Request
from tests.stand_ins.base import Call, Refused, StandIn, route
from tests.stand_ins.gitea_state import (
    Account,
    Entry,
    Hosted,
    Pull,
    Review,
    commit_json,
    said,
)
from tests.stand_ins.repositories import Conflict

_REPO = "/repos/{owner}/{repo}"
_PULL = f"{_REPO}/pulls/{{index}}"
_ISSUE = f"{_REPO}/issues/{{index}}"
_REVIEW_STATES = ("APPROVED", "REQUEST_CHANGES", "COMMENT")


class PullRequestRoutes(StandIn):
    """The part that is about pull requests; what it calls of accounts and repositories is in `gitea`."""

    def signed_in(self, request: Request) -> Account:
        raise NotImplementedError

    def account(self, login: str) -> Account | None:
        raise NotImplementedError

    def hosted(self, call: Call, *, to_write: bool = False) -> Hosted:
        raise NotImplementedError

    def page_size(self, call: Call) -> int:
        raise NotImplementedError

    def listed(self, call: Call, entries: list[object]) -> Reply:
        raise NotImplementedError

    @property
    def web_url(self) -> str:
        raise NotImplementedError

    @route(f"GET {_REPO}/pulls")
    def list_pulls(self, call: Call) -> Reply:
        """List them, the newest first; of the filters this server knows the target branch's."""
        hosted = self.hosted(call)
        pulls = [self._current(hosted, pull) for pull in hosted.pulls.values()]
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
                return Reply(200, hosted.pull_json(self._current(hosted, pull), self.web_url))
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

    @route(f"GET {_PULL}/reviews")
    def list_reviews(self, call: Call) -> Reply:
        pull = self.pull(self.hosted(call), call)
        return self.listed(call, [review.json() for review in pull.reviews])

    @route(f"POST {_PULL}/reviews")
    def review_pull(self, call: Call) -> Reply:
        pull = self.pull(self.hosted(call), call)
        by, told = self.signed_in(call.request), call.payload
        state = told.get("event", "COMMENT")
        if state not in _REVIEW_STATES or (by is pull.by and state != "COMMENT"):
            raise Refused(422, said("approve your own pull is not allowed"))
        entry = self.note(pull, "review", by, body=told.get("body", ""))
        lines = told.get("comments") or []
        for line in lines:
            self.note(pull, "code", by, body=line["body"]).hidden = True
        commit = told.get("commit_id") or pull.head
        review = Review(entry.id, by, state, entry.body, commit, entry.at, len(lines))
        pull.reviews.append(review)
        pull.asked = [each for each in pull.asked if each is not by]
        return Reply(200, review.json())

    @route(f"POST {_PULL}/requested_reviewers")
    def ask_reviewers(self, call: Call) -> Reply:
        """Ask all of them or nobody."""
        pull = self.pull(self.hosted(call, to_write=True), call)
        found = []
        for login in call.payload.get("reviewers", []):
            account = self.account(login)
            if account is None:
                raise Refused(404, said(f"user does not exist [name: {login}]"))
            if account is pull.by or not account.may_write:
                raise Refused(422, said("poster of pr can't be reviewer"))
            found.append(account)
        for account in found:
            if account not in pull.asked:
                pull.asked.append(account)
                self.note(pull, "review_request", self.signed_in(call.request))
        return Reply(201, [])

    @route(f"GET {_ISSUE}/timeline")
    def read_timeline(self, call: Call) -> Reply:
        """Give a page without the comments on lines, which are counted in it; null if nothing is left."""
        pull = self.pull(self.hosted(call), call)
        size, page = self.page_size(call), int(call.query.get("page", 1))
        rows = pull.entries[(page - 1) * size : page * size]
        shown = [entry.json() for entry in rows if not entry.hidden]
        return Reply(200, shown or b"null", {"X-Total-Count": str(len(shown)), **_IS_JSON})

    @route(f"GET {_ISSUE}/comments")
    def list_comments(self, call: Call) -> Reply:
        """Give all of them: this list has no pages."""
        pull = self.pull(self.hosted(call), call)
        found = [entry.comment_json() for entry in pull.entries if entry.kind == "comment"]
        return Reply(200, found, {"X-Total-Count": str(len(found))})

    @route(f"POST {_ISSUE}/comments")
    def write_comment(self, call: Call) -> Reply:
        pull = self.pull(self.hosted(call, to_write=True), call)
        entry = self.note(pull, "comment", self.signed_in(call.request), body=call.payload["body"])
        return Reply(201, entry.comment_json())

    @route(f"PATCH {_REPO}/issues/comments/{{id}}")
    def edit_comment(self, call: Call) -> Reply:
        hosted = self.hosted(call, to_write=True)
        for pull in hosted.pulls.values():
            for entry in pull.entries:
                if entry.id == call.number("id") and entry.kind == "comment":
                    entry.body, entry.updated_at = call.payload["body"], self.tick()
                    pull.updated_at = entry.updated_at
                    return Reply(200, entry.comment_json())
        raise Refused(404, said("not found"))

    def note(self, pull: Pull, kind: str, by: Account, **more: str) -> Entry:
        """Write an event down."""
        at = self.tick()
        entry = Entry(1000 * pull.number + len(pull.entries) + 1, kind, by, at, **more)
        pull.entries.append(entry)
        pull.updated_at = at
        return entry

    def turn(self, pull: Pull, by: Account, *, is_open: bool) -> None:
        """Close or reopen it."""
        if pull.is_open != is_open:
            self.note(pull, "reopen" if is_open else "close", by)
            pull.is_open, pull.closed_at = is_open, None if is_open else pull.updated_at

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

    def pull(self, hosted: Hosted, call: Call) -> Pull:
        number = call["index"]
        pull = hosted.pulls.get(int(number)) if number.isdigit() else None
        if pull is None:
            raise Refused(404, said("not found"))
        return self._current(hosted, pull)

    def _current(self, hosted: Hosted, pull: Pull) -> Pull:
        """Bring an open one up to its source branch."""
        head = hosted.bare.heads().get(pull.source)
        if pull.is_open and head and head != pull.head:
            pull.head = head
            hosted.bare.git("update-ref", f"refs/pull/{pull.number}/head", head)
            self.note(pull, "pull_push", pull.by)
        return pull


_IS_JSON = {"Content-Type": "application/json"}
