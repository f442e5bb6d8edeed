"""Repositories of the stand-in for GitHub: described, made, renamed, deleted, listed, and their webhooks."""

from __future__ import annotations

import shutil
from typing import Any

from tests.http_server import Reply
from tests.stand_ins.base import Call, Refused, route
from tests.stand_ins.github_commits import CommitRoutes
from tests.stand_ins.github_json import moment
from tests.stand_ins.github_state import Account, Hosted, said
from tests.stand_ins.repositories import BareRepository

_REPO = "/repos/{owner}/{repo}"


class RepositoryRoutes(CommitRoutes):
    def add(
        self, full_name: str, *, branch: str = "main", description: str | None = None
    ) -> Hosted:
        """Make an empty repository."""
        owner = self.accounts[full_name.partition("/")[0]]
        bare = self.repositories.create(full_name, branch=branch)
        made = Hosted(next(self.ids), full_name, owner, bare, self.tick(), description)
        self.hosted[full_name.lower()] = made
        return made

    def rename(self, full_name: str, new_name: str) -> None:
        """Give a repository another name; the old one leads to it."""
        hosted = self.hosted.pop(full_name.lower())
        hosted.full_name = new_name
        place = self.repositories.folder(new_name)
        hosted.bare.folder.rename(place)
        hosted.bare = BareRepository(place)
        self.hosted[new_name.lower()] = self.renamed[full_name.lower()] = hosted

    @route(f"GET {_REPO}")
    def show_repository(self, call: Call) -> Reply:
        return Reply(200, self.write.repository(self.repo(call), login=self.asker(call).login))

    @route("GET /repositories/{number}")
    def show_by_number(self, call: Call) -> Reply:
        """Show where a redirect leads to."""
        for hosted in self.visible(self.asker(call).login):
            if hosted.number == call.number("number"):
                return Reply(200, self.write.repository(hosted))
        raise Refused(404, said("Not Found"))

    @route(f"DELETE {_REPO}")
    def delete_repository(self, call: Call) -> Reply:
        hosted = self.repo(call, "admin")
        del self.hosted[hosted.full_name.lower()]
        shutil.rmtree(hosted.bare.folder)
        return Reply(204)

    @route("POST /orgs/{org}/repos")
    def create_in_organisation(self, call: Call) -> Reply:
        owner = self.accounts.get(call["org"])
        if owner is None or owner.kind != "Organization":
            raise Refused(404, said("Not Found"))
        return self._create(call, owner)

    @route("POST /user/repos")
    def create_own(self, call: Call) -> Reply:
        return self._create(call, self.asker(call))

    @route("GET /orgs/{org}/repos")
    def list_of_organisation(self, call: Call) -> Reply:
        if call["org"] not in self.accounts:
            raise Refused(404, said("Not Found"))
        return self._list(call, self.accounts[call["org"]])

    @route("GET /users/{login}/repos")
    def list_of_person(self, call: Call) -> Reply:
        return self._list(call, self.accounts[call["login"]], public_only=True)

    @route("GET /user/repos")
    def list_own(self, call: Call) -> Reply:
        return self._list(call, self.asker(call))

    @route("GET /users/{login}")
    def show_account(self, call: Call) -> Reply:
        found = next(
            (
                each
                for each in self.accounts.values()
                if each.login.lower() == call["login"].lower()
            ),
            None,
        )
        if found is None:
            raise Refused(404, said("Not Found"))
        return Reply(200, self.write.whole_account(found))

    @route("GET /user")
    def show_asker(self, call: Call) -> Reply:
        asker = self.asker(call)
        if asker.kind == "Bot":
            raise Refused(403, said("Resource not accessible by integration"))
        return Reply(200, self.write.whole_account(asker))

    @route(f"GET {_REPO}/issues")
    def list_issues(self, call: Call) -> Reply:
        hosted = self.repo(call)
        if not hosted.has_issues:
            raise Refused(410, said("Issues are disabled for this repo"))
        return self.page(call, [self._issue(hosted, number) for number in range(hosted.issues)])

    @route(f"GET {_REPO}/issues/{{number}}")
    def show_issue(self, call: Call) -> Reply:
        """Show a pull request as the issue that it is too."""
        hosted, pull = self.pull(call)
        return Reply(200, {**self._issue(hosted, pull.number), "title": pull.title})

    @route(f"GET {_REPO}/hooks")
    def list_hooks(self, call: Call) -> Reply:
        hosted = self.repo(call)
        if not hosted.may(self.asker(call).login, "admin"):
            raise Refused(404, said("Not Found"))
        return self.page(call, hosted.hooks)

    def _create(self, call: Call, owner: Account) -> Reply:
        told = call.payload
        full_name = f"{owner.login}/{told['name']}"
        if full_name.lower() in self.hosted:
            words = {"resource": "Repository", "code": "custom", "field": "name",
                     "message": "name already exists on this account"}  # fmt: skip
            raise Refused(422, said("Repository creation failed.", words))
        made = self.add(full_name, description=told.get("description"))
        made.is_private = told.get("private", False)
        made.rights[self.asker(call).login] = "admin"
        return Reply(201, self.write.repository(made, login=self.asker(call).login))

    def _list(self, call: Call, owner: Account, *, public_only: bool = False) -> Reply:
        login = self.asker(call).login
        found = [
            self.write.repository(each, login=login)
            for each in self.visible(login)
            if each.owner == owner and not (public_only and each.is_private)
        ]
        return self.page(call, found)

    def _issue(self, hosted: Hosted, number: int) -> dict[str, Any]:
        url = f"{self.url}/repos/{hosted.full_name}/issues/{number}"
        links = ("comments_url", "events_url", "labels_url", "repository_url")
        times = dict.fromkeys(("created_at", "updated_at"), moment(hosted.created_at))
        return {
            **{name: f"{url}/{name}" for name in links},
            **times,
            **dict.fromkeys(("assignee", "body", "closed_at", "milestone")),
            "id": 90_000 + number,
            "node_id": f"I_{number}",
            "url": url,
            "html_url": f"{self.web_url}/{hosted.full_name}/issues/{number}",
            "number": number,
            "title": "Something is wrong",
            "state": "open",
            "locked": False,
            "comments": 0,
            "user": self.write.account(hosted.owner),
            "labels": [],
            "assignees": [],
            "author_association": "MEMBER",
        }
