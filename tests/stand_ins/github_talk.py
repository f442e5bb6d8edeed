"""What is said around a pull request of the stand-in for GitHub: comments, labels, reviews, and its timeline."""

from __future__ import annotations

from typing import Any

from tests.http_server import Reply
from tests.stand_ins.base import Call, Refused, route
from tests.stand_ins.github_json import moment
from tests.stand_ins.github_pulls import PullRoutes
from tests.stand_ins.github_state import Comment, Hosted, said

_REPO = "/repos/{owner}/{repo}"
_ISSUE = f"{_REPO}/issues/{{number}}"
_PULL = f"{_REPO}/pulls/{{number}}"
_STATES = {"APPROVE": "approved", "REQUEST_CHANGES": "changes_requested", "COMMENT": "commented"}


class TalkRoutes(PullRoutes):
    @route(f"GET {_ISSUE}/comments")
    def list_comments(self, call: Call) -> Reply:
        hosted, pull = self.pull(call)
        found = [each for each in hosted.comments if each.pull == pull.number]
        return self.page(call, [self.write.comment(hosted, each) for each in found])

    @route(f"POST {_ISSUE}/comments")
    def comment(self, call: Call) -> Reply:
        hosted, pull = self.pull(call)
        if hosted.is_archived:
            raise Refused(403, said("Repository was archived so is read-only."))
        at = pull.updated_at = self.tick()
        made = Comment(next(self.ids), pull.number, self.asker(call), call.payload["body"], at, at)
        hosted.comments.append(made)
        return Reply(201, self.write.comment(hosted, made))

    @route(f"PATCH {_REPO}/issues/comments/{{comment}}")
    def edit_comment(self, call: Call) -> Reply:
        hosted, comment = self._comment(call)
        by = self.asker(call)
        # whoever may write may also change what others said
        if comment.by != by and not hosted.may(by.login, "write"):
            raise Refused(403, said("Resource not accessible by integration"))
        comment.body, comment.edited_at = call.payload["body"], self.tick()
        hosted.pulls[comment.pull].updated_at = self.clock
        return Reply(200, self.write.comment(hosted, comment))

    @route(f"PUT {_ISSUE}/labels")
    def set_labels(self, call: Call) -> Reply:
        hosted, pull = self.pull(call, "triage")
        wanted = _labels(call)
        if not hosted.may(self.asker(call).login, "write") and not hosted.labels.issuperset(wanted):
            raise Refused(403, said("Resource not accessible by integration"))
        hosted.labels |= set(wanted)
        pull.labels, pull.updated_at = wanted, self.tick()
        return Reply(200, [self.write.label(hosted, name) for name in wanted])

    @route(f"POST {_ISSUE}/labels")
    def add_labels(self, call: Call) -> Reply:
        hosted, pull = self.pull(call, "triage")
        wanted = _labels(call)
        hosted.labels |= set(wanted)
        pull.labels, pull.updated_at = [*dict.fromkeys([*pull.labels, *wanted])], self.tick()
        return Reply(200, [self.write.label(hosted, name) for name in pull.labels])

    @route(f"POST {_PULL}/requested_reviewers")
    def ask_reviewers(self, call: Call) -> Reply:
        hosted, pull = self.pull(call, "write")
        asked = [self.accounts.get(login) for login in call.payload["reviewers"]]
        if any(account == pull.author for account in asked):
            raise Refused(422, said("Review cannot be requested from pull request author."))
        if not all(account and hosted.may(account.login, "read") for account in asked):
            words = (
                "Reviews may only be requested from collaborators. One or more of the users or teams you "
                "specified is not a collaborator of the repository."
            )
            raise Refused(422, said(words))
        pull.reviewers += [
            account for account in asked if account and account not in pull.reviewers
        ]
        pull.updated_at = self.tick()
        return Reply(201, self.write.pull(hosted, pull))

    @route(f"POST {_PULL}/reviews")
    def review(self, call: Call) -> Reply:
        hosted, pull = self.pull(call)
        told, by = call.payload, self.asker(call)
        state = _STATES[told["event"]]
        if by == pull.author and state != "commented":
            raise Refused(
                422, said("Unprocessable Entity", "Can not approve your own pull request")
            )
        at, number = self.tick(), next(self.ids)
        pull.updated_at = at
        html = f"{self.web_url}/{hosted.full_name}/pull/{pull.number}#pullrequestreview-{number}"
        own = f"{self.url}/repos/{hosted.full_name}/pulls/{pull.number}"
        made = {
            "id": number,
            "node_id": f"PRR_{number}",
            "user": self.write.account(by),
            "body": told.get("body", ""),
            "state": state.upper(),
            "commit_id": pull.head,
            "submitted_at": moment(at),
            "html_url": html,
            "pull_request_url": own,
            "author_association": "MEMBER",
            "_links": {"html": {"href": html}, "pull_request": {"href": own}},
        }
        # the same review is written in small letters there
        pull.events.append({**made, "event": "reviewed", "state": state})
        return Reply(200, made)

    @route(f"GET {_ISSUE}/timeline")
    def timeline(self, call: Call) -> Reply:
        hosted, pull = self.pull(call)
        commits = hosted.bare.commits(pull.base, pull.head)
        events = [{**self.write.commit(hosted, seen), "event": "committed"} for seen in commits]
        said_there = [
            {
                **self.write.comment(hosted, each),
                "actor": self.write.account(each.by),
                "event": "commented",
            }
            for each in hosted.comments
            if each.pull == pull.number
        ]
        happened = [*pull.events, *said_there]
        happened.sort(key=lambda event: event.get("created_at") or event["submitted_at"])
        return self.page(call, [*events, *happened])

    def _comment(self, call: Call) -> tuple[Hosted, Comment]:
        hosted = self.repo(call)
        for comment in hosted.comments:
            if comment.number == call.number("comment"):
                return hosted, comment
        raise Refused(404, said("Not Found"))


def _labels(call: Call) -> list[str]:
    """Return the labels of a request: they may come in an object, or alone."""
    told: Any = call.payload
    return list(told["labels"] if isinstance(told, dict) else told)
