"""The stand-in's pull requests."""

from __future__ import annotations

from typing import Any

from tests.http_server import Reply
from tests.stand_ins.base import Call, route
from tests.stand_ins.pagure_core import PagureCore
from tests.stand_ins.pagure_state import Project, Pull, Remark, refused
from tests.stand_ins.repositories import Conflict

_PULL = "/{repo:path}/pull-request/{number}"


class PullRoutes(PagureCore):
    @route("GET /{repo:path}/pull-requests")
    def listed(self, call: Call) -> Reply:
        pulls = self.project(call).pulls
        wanted = call.query.get("status", "true").lower()
        states = {"true": {"Open"}, "false": {"Merged", "Closed"}}.get(
            wanted, {wanted.capitalize()}
        )
        found = [each for each in pulls if wanted == "all" or each.status in states]
        newest = sorted(found, key=lambda pull: pull.created_at, reverse=True)
        return self.paged(call, "requests", [each.json() for each in newest])

    @route(f"GET {_PULL}")
    def shown(self, call: Call) -> Reply:
        return Reply(200, self._pull(call).json())

    @route("POST /{repo:path}/pull-request/new")
    def opened(self, call: Call) -> Reply:
        user, project = self.signed_in(call, "pull_request_create"), self.project(call)
        form = self.form(call, "title", "branch_to", "branch_from")
        origin = project
        if name := form.get("repo_from"):
            space = form.get("repo_from_namespace")
            parts = ["fork", form["repo_from_username"], *([space] if space else []), name]
            origin = self.projects["/".join(parts)]
        if not origin.may_write(user):
            raise refused(401, "ENOTHIGHENOUGH")
        if form["branch_from"] not in origin.bare.heads():
            words = f"Branch {form['branch_from']} does not exist"
            raise refused(400, "EINVALIDREQ", errors=words)
        if form["branch_to"] not in project.bare.heads():
            words = f"Branch {form['branch_to']} could not be found in the target repo"
            raise refused(400, "EINVALIDREQ", errors=words)
        at = self.tick()
        pull = Pull(
            number=len(project.pulls) + 1,
            project=project,
            origin=origin,
            title=form["title"],
            body=(form.get("initial_comment") or "").strip() or None,
            source=form["branch_from"],
            target=form["branch_to"],
            by=user,
            created_at=at,
            updated_on=at,
            last_updated=at,
        )
        self._look(pull)
        project.pulls.append(pull)
        return Reply(200, pull.json())

    @route(f"POST {_PULL}")
    def changed(self, call: Call) -> Reply:
        self.signed_in(call, "pull_request_update")
        pull, form = self._pull(call), self.form(call, "title")
        pull.title, pull.body = form["title"].strip(), (form.get("initial_comment") or "").strip()
        pull.last_updated = self.tick()
        return Reply(200, pull.json())

    @route(f"POST {_PULL}/comment")
    def commented(self, call: Call) -> Reply:
        user, pull = self.signed_in(call, "pull_request_comment"), self._pull(call)
        self._remark(pull, user, self.form(call, "comment")["comment"])
        return Reply(200, {"message": "Comment added"})

    @route(f"POST {_PULL}/close")
    def closed(self, call: Call) -> Reply:
        user, pull = self.signed_in(call, "pull_request_close"), self._pull(call)
        if not pull.project.may_manage(user) and user != pull.by:
            raise refused(403, "ENOPRCLOSE")
        self._settle(pull, user, "Closed")
        return Reply(200, {"message": "Pull-request closed!"})

    @route(f"POST {_PULL}/merge")
    def merged(self, call: Call) -> Reply:
        user, pull = self.signed_in(call, "pull_request_merge"), self._pull(call)
        if not pull.project.may_manage(user):
            raise refused(403, "ENOPRCLOSE")
        head = pull.origin.bare.heads().get(pull.source)
        base = pull.project.bare.heads().get(pull.target)
        may_push = pull.project.may_write(user)
        if pull.status != "Open" or head is None or base is None or not may_push:
            raise refused(409, "EPRCONFLICTS")
        self._look(pull)
        bare = pull.project.bare
        common = bare.git("merge-base", base, head, accept=(0, 1))
        if common == base:
            bare.git("update-ref", f"refs/heads/{pull.target}", head, base)
        elif pull.project.settings["disable_non_fast-forward_merges"]:
            return Reply(200, {"message": "Changes merged!"})
        else:
            try:
                bare.merge(pull.target, head, f"Merge #{pull.number} `{pull.title}`")
            except Conflict as error:
                raise refused(409, "EPRCONFLICTS") from error
        self._settle(pull, user, "Merged")
        return Reply(200, {"message": "Changes merged!"})

    @route(f"GET {_PULL}/diffstats")
    def stats(self, call: Call) -> Reply:
        pull = self._pull(call)
        if pull.status == "Open":
            self._look(pull)
        if pull.commit_start is None or pull.commit_stop is None:
            raise refused(400, "ENOPRSTATS")
        files = pull.project.bare.files(f"{pull.commit_start}^", pull.commit_stop)
        return Reply(200, {each.path: _stats(each) for each in files})

    def _pull(self, call: Call) -> Pull:
        for pull in self.project(call).pulls:
            if pull.number == call.number("number"):
                return pull
        raise refused(404, "ENOREQ")

    def _look(self, pull: Pull) -> None:
        """Find the commits of a pull request; Pagure does it when it is opened, shown and merged."""
        head, bare = pull.origin.bare.heads().get(pull.source), pull.project.bare
        if head is None:
            return
        if pull.origin is not pull.project:
            bare.git("fetch", "--quiet", str(pull.origin.bare.folder), head)
        own = bare.commits(bare.heads()[pull.target], head)
        if own:
            pull.commit_start, pull.commit_stop = own[0].sha, own[-1].sha
        bare.git("update-ref", f"refs/pull/{pull.number}/head", head)

    def _remark(self, pull: Pull, by: str, text: str, *, is_notification: bool = False) -> None:
        at = self.tick()
        pull.comments.append(Remark(next(self.ids), by, text, at, is_notification))
        pull.updated_on = pull.last_updated = at

    def _settle(self, pull: Pull, by: str, status: str) -> None:
        pull.status, pull.closed_by, pull.closed_at = status, by, self.tick()
        words = f"Pull-Request has been {status.lower()} by {by}"
        self._remark(pull, by, words, is_notification=True)

    def pull(self, project: Project, number: int) -> Pull:
        return project.pulls[number - 1]


def _stats(seen: Any) -> dict[str, Any]:
    return {
        "lines_added": seen.additions,
        "lines_removed": seen.deletions,
        "old_path": seen.was or seen.path,
        "status": "R" if seen.was else "M",
    }
