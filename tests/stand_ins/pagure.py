"""A stand-in for Pagure: its API over real bare repositories, and git over HTTP beside it.

The same tests run on it and on a real Pagure, see `tests/forge/hosts/pagure/test_contract.py`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests import git_http
from tests.http_server import Reply
from tests.stand_ins.base import Call, route, running
from tests.stand_ins.pagure_core import ADMIN, BOT, TOKENS
from tests.stand_ins.pagure_pulls import PullRoutes
from tests.stand_ins.pagure_state import person, refused
from tests.stand_ins.repositories import BareRepositories

__all__ = ["BOT", "TOKEN", "PagureStandIn", "pagure_stand_in"]

TOKEN = TOKENS[BOT]
_FIRST_FILES = {"README.md": "hello\n"}
_NAME = re.compile(r"[a-zA-Z0-9_][a-zA-Z0-9\-_.+]*")
_URL = re.compile(r"(?:https?|ftp)://\S+", re.IGNORECASE)
_STATUSES = {"pending", "success", "failure", "error", "canceled"}
_ONLY_PULLS = """while read old new ref; do case $ref in refs/heads/*)
echo "Pull request required" >&2; echo "Denied push for ref '$ref' for user 'bot'" >&2
echo "All changes have been rejected" >&2; exit 1;; esac; done; exit 0"""


class PagureStandIn(PullRoutes):
    """Pagure, as far as Flagstone and its tests talk to it; `git` is the git server beside it."""

    git: git_http.GitServer

    @property
    def web_url(self) -> str:
        """Where git is."""
        return self.git.url

    def repository(self, full_name: str, files: Mapping[str, str] = _FIRST_FILES) -> Path:
        """Return a repository's folder; one that is not there yet is made with these files."""
        if full_name not in self.projects:
            bare = self.add(full_name, BOT).bare
            if files:
                bare.write("main", files, message="Begin")
        return self.projects[full_name].bare.folder

    @route("GET /{repo:path}")
    def described(self, call: Call) -> Reply:
        return Reply(200, self.project(call).json())

    @route("GET /{repo:path}/git/branches")
    def branches(self, call: Call) -> Reply:
        bare = self.project(call).bare
        heads, name = bare.heads(), bare.default_branch()
        default = {name: heads[name]} if name in heads else {}
        return Reply(200, {"branches": heads, "default": default, "total_branches": len(heads)})

    @route("GET /{repo:path}/hascommit")
    def may_write(self, call: Call) -> Reply:
        project = self.project(call)
        return Reply(200, {"args": {}, "hascommit": project.may_write(call.query["user"])})

    @route("GET /{repo:path}/c/{commit}/info")
    def commit(self, call: Call) -> Reply:
        seen = self.project(call).bare.commit(call["commit"])
        if seen is None:
            raise refused(404, "ENOCOMMIT")
        at = int(seen.at.timestamp())
        told = {"hash": seen.sha, "parent_ids": seen.parents, "commit_time": at}
        return Reply(200, {**told, "author": seen.author, "message": seen.message})

    @route("GET /{repo:path}/c/{commit}/flag")
    def flags_of(self, call: Call) -> Reply:
        key = (self.project(call).path, call["commit"])
        if not re.fullmatch("[0-9a-f]+", call["commit"]):
            raise refused(404, "ENOCOMMIT")
        found = [flag for known, flag in self.flags.items() if known[:2] == key]
        return Reply(200, {"flags": found, "total_flags": len(found)})

    @route("POST /{repo:path}/c/{commit}/flag")
    def flag(self, call: Call) -> Reply:
        user, project = self.signed_in(call, "commit_flag"), self.project(call)
        form = self.form(call, "username", "comment", "url", "status")
        if form["status"] not in _STATUSES or not _URL.match(form["url"]):
            raise refused(400, "EINVALIDREQ", errors={"status": ["Not a valid choice."]})
        told = self.flagged(project, call["commit"], form["uid"], form, user)
        return Reply(200, {"flag": told, "message": "Flag added", "uid": form["uid"]})

    @route("GET /{repo:path}/options")
    def options(self, call: Call) -> Reply:
        self.signed_in(call, "modify_project")
        return Reply(200, {"settings": self.project(call).settings, "status": "ok"})

    @route("POST /{repo:path}/options/update")
    def set_options(self, call: Call) -> Reply:
        self.signed_in(call, "modify_project")
        project = self.project(call)
        project.settings.update(call.payload)
        script = _ONLY_PULLS if project.settings["pull_request_access_only"] else "exit 0"
        git_http.write_hook(project.bare.folder, script)
        return Reply(200, {"message": "Edited", "status": "ok"})

    @route("POST /{repo:path}/git/modifyacls")
    def grant(self, call: Call) -> Reply:
        self.signed_in(call, "modify_project")
        self.project(call).committers.add(self.form(call, "user_type", "name", "acl")["name"])
        return Reply(200, {"message": "Granted"})

    @route("POST /{repo:path}/delete")
    def deleted(self, call: Call) -> Reply:
        self.signed_in(call, "modify_project")
        raise refused(401, "EINVALIDTOK")

    @route("POST /new")
    def made(self, call: Call) -> Reply:
        user, form = self.signed_in(call, "create_project"), call.payload
        space, name = form.get("namespace", ""), form.get("name", "")
        wrong = {} if _NAME.fullmatch(name) else {"name": ["Invalid input."]}
        if space and space not in self.groups:
            wrong["namespace"] = ["Not a valid choice."]
        if wrong:
            raise refused(400, "EINVALIDREQ", errors=wrong)
        self.form(call, "description")
        path = f"{space}/{name}" if space else name
        if path in self.projects:
            words = f'It is not possible to create the repo "{path}"'
            raise refused(400, "ENOCODE", error=words)
        branch = form.get("default_branch") or "master"
        self.add(path, user, description=form["description"], branch=branch)
        return Reply(200, {"message": f'Project "{path}" created'})

    @route("POST /fork")
    def forked(self, call: Call) -> Reply:
        user, form = self.signed_in(call, "fork_project"), call.payload
        space = form.get("namespace")
        name = f"{space}/{form['repo']}" if space else form["repo"]
        parent = self.projects[name]
        fork = self.add(f"fork/{user}/{name}", user, description=parent.description)
        fork.parent = parent
        fork.bare.git("fetch", "--quiet", str(parent.bare.folder), "refs/heads/*:refs/heads/*")
        return Reply(200, {"message": f'Repo "{name}" cloned to "{user}/{name}"'})

    @route("GET /projects")
    def listed_projects(self, call: Call) -> Reply:
        space, owner = call.query.get("namespace"), call.query.get("owner")
        found = [
            each.json()
            for each in self.projects.values()
            if (space is None or each.namespace == space) and (owner is None or each.owner == owner)
        ]
        return self.paged(call, "projects", found)

    @route("GET /user/{name}")
    def user(self, call: Call) -> Reply:
        if call["name"] not in self.people:
            raise refused(404, "ENOUSER")
        return Reply(200, {"user": person(call["name"]), "repos": [], "forks": []})

    @route("GET /group/{name}")
    def group(self, call: Call) -> Reply:
        if call["name"] not in self.groups:
            raise refused(404, "ENOGROUP")
        return Reply(200, {"name": call["name"], "members": []})


@contextmanager
def pagure_stand_in(root: Path) -> Iterator[PagureStandIn]:
    """Run a Pagure whose repositories lie below a folder."""
    root.mkdir(parents=True, exist_ok=True)
    users = {name: TOKENS[name] for name in (BOT, ADMIN)}
    with (
        git_http.serving(root, users=users) as git,
        running(PagureStandIn(BareRepositories(root))) as stand_in,
    ):
        stand_in.git = git
        yield stand_in
