"""A stand-in for GitLab: its API over real bare repositories, and git over HTTP beside it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gitlab

from tests import git_http
from tests.http_server import Reply
from tests.stand_ins.base import Call, route, running
from tests.stand_ins.gitlab_core import BOT, TOKEN, said
from tests.stand_ins.gitlab_projects import MAINTAINER, Project, commit_json, status_json
from tests.stand_ins.gitlab_talk import TalkRoutes
from tests.stand_ins.repositories import BareRepositories, BareRepository

__all__ = ["BOT", "TOKEN", "GitLabStandIn", "gitlab_stand_in"]

_FIRST_FILES = {"README.md": "hello\n"}
_ONE = "/projects/{id}"


class GitLabStandIn(TalkRoutes):
    """GitLab, as far as Flagstone and its tests talk to it; `git` is the git server beside it."""

    git: git_http.GitServer

    @property
    def web_url(self) -> str:
        return self.git.url

    def repository(self, full_name: str, files: Mapping[str, str] = _FIRST_FILES) -> Path:
        """Return a project's repository; one that is not there yet is made with these files."""
        return self.bare(full_name, files).folder

    def bare(self, full_name: str, files: Mapping[str, str] = _FIRST_FILES) -> BareRepository:
        if full_name.lower() not in self.projects:
            bare = self.add_project(full_name).bare
            if files:
                bare.write("main", files, message="Begin")
        return self.known(full_name).bare

    def known(self, full_name: str) -> Project:
        """Return what the host knows of a project."""
        return self.projects[full_name.lower()]

    def person(self, username: str) -> gitlab.Gitlab:
        """Return the client of somebody: nothing of it is Flagstone's."""
        if username not in self.users:
            self.add_person(username)
        return gitlab.Gitlab(self.server.url, private_token=f"token-of-{username}")

    @route("GET /user")
    def read_self(self, call: Call) -> Reply:
        told = self.asker(call.request).json()
        # clients compare it with where they were sent to
        return Reply(200, {**told, "web_url": f"{self.server.url}/{told['username']}"})

    @route("GET /users")
    def find_users(self, call: Call) -> Reply:
        wanted = call.query.get("username", "").lower()
        found = [user.json() for name, user in self.users.items() if name.lower() == wanted]
        return self.numbered(call, found)

    @route("GET /users/{id}/projects")
    def list_of_user(self, call: Call) -> Reply:
        user = next((u for u in self.users.values() if str(u.id) == call["id"]), None)
        if user is None:
            raise said(404, "404 User Not Found")
        return self._listed(
            call, [p for p in self._all() if p.namespace.full_path == user.username]
        )

    @route("GET /namespaces/{path}")
    def read_namespace(self, call: Call) -> Reply:
        if call["path"] not in self.namespaces:
            raise said(404, "404 Namespace Not Found")
        return Reply(200, self.namespaces[call["path"]].json())

    @route("GET /groups/{path}")
    def read_group(self, call: Call) -> Reply:
        wanted = {call["path"]}
        group = next(
            (n for n in self.namespaces.values() if {n.full_path, str(n.id)} & wanted), None
        )
        if group is None or group.kind != "group":
            raise said(404, "404 Group Not Found")
        return Reply(200, {**group.json(), "visibility": "private"})

    @route("GET /groups/{path}/projects")
    def list_of_group(self, call: Call) -> Reply:
        path = self.read_group(call).body["full_path"]
        is_deep = call.query.get("include_subgroups") in {"true", "True"}
        found = [
            project
            for project in self._all()
            if project.namespace.full_path == path
            or (is_deep and project.path.startswith(f"{path}/"))
        ]
        return self._listed(call, found)

    @route("POST /projects")
    def create_project(self, call: Call) -> Reply:
        told = call.payload
        own = self.namespaces[self.asker(call.request).username]
        wanted = told.get("namespace_id", own.id)
        namespace = next((n for n in self.namespaces.values() if n.id == wanted), None)
        if namespace is None:
            raise said(400, {"namespace": ["is not valid"]})
        path = f"{namespace.full_path}/{told.get('path') or told['name']}"
        if path.lower() in self.projects:
            taken = ["has already been taken"]
            raise said(400, {"project_namespace.name": taken, "name": taken, "path": taken})
        project = self.add_project(
            path,
            branch=told.get("default_branch", "main"),
            description=told.get("description", ""),
        )
        return Reply(201, project.json(self.web_url))

    @route(f"GET {_ONE}")
    def read_project(self, call: Call) -> Reply:
        return Reply(200, self.project(call).json(self.web_url))

    @route(f"DELETE {_ONE}")
    def delete_project(self, call: Call) -> Reply:
        project = self.project(call, to_write=True)
        del self.projects[project.path.lower()]
        folder = project.bare.folder
        folder.rename(folder.with_suffix(f".deleted-{project.id}"))
        return Reply(202, {"message": "202 Accepted"})

    @route(f"GET {_ONE}/repository/branches")
    def list_branches(self, call: Call) -> Reply:
        project = self.project(call)
        return self.numbered(call, [self._branch(project, name) for name in project.bare.heads()])

    @route(f"GET {_ONE}/repository/branches/{{branch}}")
    def read_branch(self, call: Call) -> Reply:
        project = self.project(call)
        if call["branch"] not in project.bare.heads():
            raise said(404, "404 Branch Not Found")
        return Reply(200, self._branch(project, call["branch"]))

    @route(f"GET {_ONE}/repository/commits/{{sha}}")
    def read_commit(self, call: Call) -> Reply:
        seen = self.project(call).bare.commit(call["sha"])
        if seen is None:
            raise said(404, "404 Commit Not Found")
        return Reply(200, commit_json(seen))

    @route(f"GET {_ONE}/repository/commits/{{sha}}/statuses")
    def list_statuses(self, call: Call) -> Reply:
        self.read_commit(call)
        latest = {
            status["name"]: status
            for status in self.project(call).statuses
            if status["sha"] == call["sha"]
            and call.query.get("name", status["name"]) == status["name"]
        }
        return self.numbered(call, list(latest.values()))

    @route(f"POST {_ONE}/statuses/{{sha}}")
    def set_status(self, call: Call) -> Reply:
        project, told = self.project(call, to_write=True), call.payload
        sha = call["sha"]
        if not project.bare.git("for-each-ref", "--contains", sha, "refs/heads", accept=(0, 129)):
            raise said(404, "404 References for commit Not Found")
        if told["state"] not in {"pending", "running", "success", "failed", "canceled"}:
            raise said(400, "state does not have a valid value")
        made = status_json(next(self.ids), self.asker(call.request), sha, told, self.tick())
        last = next((s for s in reversed(project.statuses)
                     if (s["sha"], s["name"]) == (sha, made["name"])), None)  # fmt: skip
        # one that is over is followed by another; one that is not goes on, and never to where it is
        if last and last["status"] in {"pending", "running"}:
            if last["status"] == told["state"]:
                how = "enqueue" if told["state"] == "pending" else "run"
                raise said(400, f"Cannot transition status via :{how} from :{told['state']}")
            last.update({**made, "id": last["id"], "created_at": last["created_at"]})
            return Reply(201, last)
        project.statuses.append(made)
        return Reply(201, made)

    @route(f"GET {_ONE}/labels")
    def list_labels(self, call: Call) -> Reply:
        labels = sorted(self.project(call).labels)
        return self.numbered(call, [{"id": n, "name": name} for n, name in enumerate(labels, 1)])

    @route(f"POST {_ONE}/labels")
    def make_label(self, call: Call) -> Reply:
        project, told = self.project(call, to_write=True), call.payload
        project.labels.add(told["name"])
        return Reply(201, {"id": next(self.ids), **told})

    @route(f"GET {_ONE}/issues")
    def list_issues(self, call: Call) -> Reply:
        project = self.project(call)
        if not project.issues_enabled:
            raise said(403, "403 Forbidden")
        return self.numbered(call, project.issues)

    @route(f"POST {_ONE}/issues")
    def open_issue(self, call: Call) -> Reply:
        project = self.project(call, to_write=True)
        project.issues.append(
            {"id": next(self.ids), "iid": len(project.issues) + 1, **call.payload}
        )
        return Reply(201, project.issues[-1])

    @route(f"GET {_ONE}/hooks")
    def list_hooks(self, call: Call) -> Reply:
        project = self.project(call)
        if project.access_level < MAINTAINER:
            raise said(403, "403 Forbidden")
        return self.numbered(call, project.hooks)

    @route(f"POST {_ONE}/hooks")
    def add_hook(self, call: Call) -> Reply:
        project = self.project(call, to_write=True)
        told: dict[str, Any] = {"push_events": True, "alert_status": "executable", **call.payload}
        project.hooks.append({"id": next(self.ids), "project_id": project.id, **told})
        return Reply(201, project.hooks[-1])

    def _all(self) -> list[Project]:
        return sorted(self.projects.values(), key=lambda project: project.id)

    def _listed(self, call: Call, projects: list[Project]) -> Reply:
        return self.numbered(call, [project.json(self.web_url) for project in projects])

    def _branch(self, project: Project, name: str) -> dict[str, Any]:
        seen = project.bare.commit(project.bare.heads()[name])
        assert seen is not None
        return {
            "name": name,
            "merged": False,
            "protected": False,
            "default": name == project.bare.default_branch(),
            "can_push": True,
            "commit": commit_json(seen),
        }


@contextmanager
def gitlab_stand_in(root: Path) -> Iterator[GitLabStandIn]:
    """Run one over the bare repositories below a folder for the length of the block."""
    stand_in = GitLabStandIn(BareRepositories(root))
    with git_http.serving(root, users={"oauth2": TOKEN}) as git, running(stand_in):
        stand_in.git = git
        yield stand_in
