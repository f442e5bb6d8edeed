"""How Gitea answers about what is said under pull requests, and what it writes down of them."""

from __future__ import annotations

from tests.http_server import Reply, Request
from tests.stand_ins.base import Call, Refused, StandIn, route
from tests.stand_ins.gitea_state import Account, Entry, Hosted, Pull, Review, said

_REPO = "/repos/{owner}/{repo}"
_PULL = f"{_REPO}/pulls/{{index}}"
_ISSUE = f"{_REPO}/issues/{{index}}"
_REVIEW_STATES = ("APPROVED", "REQUEST_CHANGES", "COMMENT")
_IS_JSON = {"Content-Type": "application/json"}


class ConversationRoutes(StandIn):
    """The part about words; what it calls of accounts and repositories is in `gitea`."""

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

    def pull(self, hosted: Hosted, call: Call) -> Pull:
        number = call["index"]
        pull = hosted.pulls.get(int(number)) if number.isdigit() else None
        if pull is None:
            raise Refused(404, said("not found"))
        return self.current(hosted, pull)

    def current(self, hosted: Hosted, pull: Pull) -> Pull:
        """Bring an open one up to its source branch."""
        head = hosted.bare.heads().get(pull.source)
        if pull.is_open and head and head != pull.head:
            pull.head = head
            hosted.bare.git("update-ref", f"refs/pull/{pull.number}/head", head)
            self.note(pull, "pull_push", pull.by)
        return pull
