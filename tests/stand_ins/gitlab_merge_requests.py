"""Routes of the stand-in for GitLab: merge requests, and how they are merged."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.http_server import Reply
from tests.stand_ins.base import Call, route
from tests.stand_ins.gitlab_core import GitLabCore, said
from tests.stand_ins.gitlab_projects import DEVELOPER, Project, commit_json
from tests.stand_ins.gitlab_state import MergeRequest, User
from tests.stand_ins.repositories import Conflict

PLACE = "/projects/{id}/merge_requests"
ONE = PLACE + "/{iid}"


class MergeRequestRoutes(GitLabCore):
    def obeyed(self, project: Project, found: MergeRequest, by: User, text: str) -> str:
        """Do what the lines of a text order, as GitLab does, and return the rest."""
        raise NotImplementedError

    @route(f"GET {PLACE}")
    def list_merge_requests(self, call: Call) -> Reply:
        project, query = self.project(call), call.query
        for each in project.merge_requests.values():
            self.refresh(project, each)
        after = query.get("updated_after")
        found = [
            each
            for each in project.merge_requests.values()
            if query.get("state", "all") in {"all", each.state}
            and query.get("source_branch", each.source) == each.source
            and query.get("target_branch", each.target) == each.target
            and (after is None or each.updated_at >= datetime.fromisoformat(after))
        ]
        key = "updated_at" if query.get("order_by") == "updated_at" else "at"
        found.sort(
            key=lambda each: (getattr(each, key), each.iid), reverse=query.get("sort") != "asc"
        )
        shown = [
            each.basic_json(project, can_merge=self.can_merge(project, each)) for each in found
        ]
        return self.numbered(call, shown)

    @route(f"POST {PLACE}")
    def open_merge_request(self, call: Call) -> Reply:
        project, told = self.project(call, to_write=True), call.payload
        source, target = told["source_branch"], told["target_branch"]
        heads = project.bare.heads()
        if source == target:
            raise said(422, ["You can't use same project/branch for source and target"])
        if source not in heads or target not in heads:
            key = "source_branch" if source not in heads else "target_branch"
            raise said(400, {key: ["does not exist"]})
        for other in project.merge_requests.values():
            if (other.source, other.target, other.state) == (source, target, "opened"):
                words = f"Another open merge request already exists for this source branch: !{other.iid}"
                raise said(409, [words])
        if not told.get("title") or len(told["title"]) > 255:
            raise said(400, {"title": ["is too long (maximum is 255 characters)"]})
        at, by = self.tick(), self.asker(call.request)
        found = MergeRequest(
            next(self.ids), next(project.ids), by, told["title"], "", source, target, at, at,
            heads[source], "", project.id, removes_source=bool(told.get("remove_source_branch")),
        )  # fmt: skip
        project.merge_requests[found.iid] = found
        self.refresh(project, found)
        found.description = self.obeyed(project, found, by, told.get("description") or "")
        return Reply(201, self.shown(project, found))

    @route(f"GET {ONE}")
    def read_merge_request(self, call: Call) -> Reply:
        return Reply(200, self.shown(*self.merge_request(call)))

    @route(f"PUT {ONE}")
    def change_merge_request(self, call: Call) -> Reply:
        project, found = self.merge_request(call, to_write=True)
        told, by = call.payload, self.asker(call.request)
        was_draft = found.is_draft
        found.title = told.get("title", found.title)
        if found.is_draft != was_draft:
            word = "draft" if found.is_draft else "ready"
            self.note(found, by, f"marked this merge request as **{word}**", system=True)
        if "description" in told:
            found.description = self.obeyed(project, found, by, told["description"] or "")
        if "labels" in told:
            self._label(project, found, told["labels"])
        if "reviewer_ids" in told:
            asked = [user for user in self.users.values() if user.id in told["reviewer_ids"]]
            found.reviewers = [user for user in asked if user.may_read][: project.most_reviewers]
        if told.get("state_event") == "close" and found.state == "opened":
            self.close(found, by)
        found.updated_at = self.tick()
        return Reply(200, self.shown(project, found))

    def close(self, found: MergeRequest, by: User) -> None:
        found.state, found.ended_by = "closed", by
        found.closed_at = found.updated_at = self.tick()

    def _label(self, project: Project, found: MergeRequest, told: Any) -> None:
        names = told if isinstance(told, list) else told.split(",")
        wanted = {name.strip() for name in names} - {""}
        if project.may_label:
            project.labels |= wanted
        found.labels = sorted(wanted & project.labels)

    @route(f"PUT {ONE}/merge")
    def merge_merge_request(self, call: Call) -> Reply:
        project, found = self.merge_request(call, to_write=True)
        told, by = {**call.query, **call.payload}, self.asker(call.request)
        if project.access_level < DEVELOPER:
            raise said(401, "401 Unauthorized")
        status = found.detailed_status(can_merge=self.can_merge(project, found))
        if status not in {"mergeable", "conflict"}:
            raise said(405, "405 Method Not Allowed")
        if status == "conflict":
            raise said(422, "Branch cannot be merged")
        if told.get("sha", found.head) != found.head:
            raise said(409, f"SHA does not match HEAD of source branch: {found.head}")
        self.merge(project, found, by, squash=bool(told.get("squash")))
        return Reply(200, self.shown(project, found))

    def merge(
        self, project: Project, found: MergeRequest, by: User, *, squash: bool = False
    ) -> None:
        words = f"Merge branch '{found.source}' into '{found.target}'"
        try:
            commit = project.bare.merge(found.target, found.head, words, squash=squash)
        except Conflict:
            raise said(422, "Branch cannot be merged") from None
        found.squash_commit, found.merge_commit = (commit, "") if squash else ("", commit)
        found.state, found.ended_by = "merged", by
        found.merged_at = found.updated_at = self.tick()
        if found.removes_source:
            project.bare.git("update-ref", "-d", f"refs/heads/{found.source}", found.head)

    @route(f"GET {ONE}/commits")
    def list_commits(self, call: Call) -> Reply:
        project, found = self.merge_request(call)
        newest_first = reversed(project.bare.commits(found.base, found.head))
        return self.numbered(call, [commit_json(seen) for seen in newest_first])

    @route(f"GET {ONE}/diffs")
    def list_diffs(self, call: Call) -> Reply:
        project, found = self.merge_request(call)
        shown = []
        for file in project.bare.files(found.base, found.head):
            paths = [path for path in (file.was, file.path) if path]
            words = ("diff", "-M", f"{found.base}...{found.head}", "--", *paths)
            text = project.bare.git(*words)
            start = text.find("\n@@ ")
            is_folded = file.path in found.folded
            diff = "" if start < 0 or is_folded else text[start + 1 :] + "\n"
            shown.append(
                {
                    "diff": diff,
                    "collapsed": is_folded,
                    "too_large": False,
                    "new_path": file.path,
                    "old_path": file.was or file.path,
                    "a_mode": "100644",
                    "b_mode": "100644",
                    "new_file": "\nnew file mode" in text,
                    "renamed_file": bool(file.was),
                    "deleted_file": "\ndeleted file mode" in text,
                    "generated_file": False,
                }
            )
        return self.numbered(call, shown)
