"""Routes of the stand-in for GitLab: what is said under a merge request, and who approves."""

from __future__ import annotations

import re

from tests.http_server import Reply
from tests.stand_ins.base import Call, route
from tests.stand_ins.gitlab_core import said
from tests.stand_ins.gitlab_merge_requests import ONE, MergeRequestRoutes
from tests.stand_ins.gitlab_projects import Project
from tests.stand_ins.gitlab_state import MergeRequest, NoteRecord, User, stamp

_COMMAND = re.compile(r"^/(?P<name>close|merge|approve|label)\b.*\n?", re.MULTILINE)
_LONGEST = 1_048_576


class TalkRoutes(MergeRequestRoutes):
    def obeyed(self, project: Project, found: MergeRequest, by: User, text: str) -> str:
        if len(text.encode()) > _LONGEST:
            raise said(400, {"description": ["is too long"]})
        for command in _COMMAND.finditer(text):
            name = command["name"]
            if name == "close":
                self.close(found, by)
            elif name == "merge":
                self.merge(project, found, by)
            elif name == "approve":
                self._approve(found, by)
        return _COMMAND.sub("", text)

    @route(f"GET {ONE}/notes")
    def list_notes(self, call: Call) -> Reply:
        project, found = self.merge_request(call)
        notes = sorted(found.notes, key=lambda note: (note.at, note.id))
        if call.query.get("sort") != "asc":
            notes.reverse()
        return self.numbered(call, [note.json(found, project.id) for note in notes])

    @route(f"POST {ONE}/notes")
    def write_note(self, call: Call) -> Reply:
        project, found = self.merge_request(call, to_write=True)
        by, told = self.asker(call.request), call.payload
        body = self.obeyed(project, found, by, told["body"])
        if not body.strip():
            return Reply(202, {"commands_changes": {}, "summary": ["Commands applied"]})
        note = self.note(found, by, body, internal=bool(told.get("internal")))
        return Reply(201, note.json(found, project.id))

    @route(f"PUT {ONE}/notes/{{note}}")
    def edit_note(self, call: Call) -> Reply:
        project, found = self.merge_request(call, to_write=True)
        note = next((each for each in found.notes if each.id == call.number("note")), None)
        if note is None:
            raise said(404, "404 Note Not Found")
        if note.by is not self.asker(call.request):
            raise said(403, "403 Forbidden")
        note.body = self.obeyed(project, found, note.by, call.payload["body"])
        note.updated_at = found.updated_at = self.tick()
        return Reply(200, note.json(found, project.id))

    @route(f"GET {ONE}/discussions")
    def list_discussions(self, call: Call) -> Reply:
        project, found = self.merge_request(call)
        shown = [self._discussion(project, found, note) for note in found.notes]
        return self.numbered(call, shown)

    @route(f"POST {ONE}/discussions")
    def begin_discussion(self, call: Call) -> Reply:
        project, found = self.merge_request(call, to_write=True)
        by = self.asker(call.request)
        note = self.note(found, by, self.obeyed(project, found, by, call.payload["body"]))
        return Reply(201, self._discussion(project, found, note))

    @route(f"GET {ONE}/approvals")
    def read_approvals(self, call: Call) -> Reply:
        _, found = self.merge_request(call)
        if not self.tells_approvals:
            raise said(404, "404 Not found")
        given = [
            {"user": user.json(), "approved_at": stamp(at)} for user, at in found.approvals.values()
        ]
        return Reply(
            200,
            {
                "id": found.id,
                "iid": found.iid,
                "state": found.state,
                "approved": bool(given),
                "approved_by": given,
                "user_has_approved": False,
                "user_can_approve": True,
            },
        )

    @route(f"POST {ONE}/approve")
    def approve(self, call: Call) -> Reply:
        _, found = self.merge_request(call, to_write=True)
        if call.payload.get("sha", found.head) != found.head:
            raise said(409, f"SHA does not match HEAD of source branch: {found.head}")
        self._approve(found, self.asker(call.request))
        return Reply(201, self.read_approvals(call).body)

    @route(f"POST {ONE}/unapprove")
    def unapprove(self, call: Call) -> Reply:
        _, found = self.merge_request(call, to_write=True)
        by = self.asker(call.request)
        if found.approvals.pop(by.username, None) is None:
            raise said(404, "404 Not found")
        self.note(found, by, "unapproved this merge request", system=True)
        return Reply(201, {})

    def _approve(self, found: MergeRequest, by: User) -> None:
        note = self.note(found, by, "approved this merge request", system=True)
        found.approvals[by.username] = (by, note.at)

    def _discussion(
        self, project: Project, found: MergeRequest, note: NoteRecord
    ) -> dict[str, object]:
        return {
            "id": f"{note.id:040x}",
            "individual_note": True,
            "notes": [note.json(found, project.id)],
        }
