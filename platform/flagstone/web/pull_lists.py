"""The list of pull requests: what it can be narrowed to, and how each row stands against the promises."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.db.models import F, QuerySet

from flagstone.accounts.models import User
from flagstone.catalog import selectors as catalog
from flagstone.forge.hosts.base import PullRequestState
from flagstone.forge.models import PullRequest
from flagstone.forge.selectors import list_pull_requests
from flagstone.web.pull_requests import Size, Waiting, size_of_pull, waiting_of

STATES = tuple(state.value for state in PullRequestState)


@dataclass(frozen=True, slots=True)
class Narrowing:
    """What the address asks for; an empty part leaves everything in."""

    state: str = PullRequestState.OPEN.value
    repository: str = ""
    author: str = ""
    squad: str = ""

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Narrowing:
        state = query.get("state", "")
        return cls(
            state=state if state in STATES else PullRequestState.OPEN.value,
            repository=query.get("repository", ""),
            author=query.get("author", ""),
            squad=query.get("squad", ""),
        )

    @property
    def is_narrow(self) -> bool:
        return bool(self.repository or self.author or self.squad)


@dataclass(frozen=True, slots=True)
class Selectable:
    """One filter with what can be chosen from it, as pairs of value and label."""

    name: str
    title: str
    chosen: str
    options: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Tab:
    title: str
    url: str
    count: int
    current: bool


@dataclass(frozen=True, slots=True)
class Row:
    """A pull request in the list."""

    pull: PullRequest
    state: str
    author: str
    size: Size | None
    waiting: Waiting | None


def listed(wanted: Narrowing) -> QuerySet[PullRequest]:
    """Return the pull requests asked for: the open ones that wait longest first, the others newest first."""
    found = _narrowed(wanted).filter(state=wanted.state).select_related("change_request")
    if wanted.state == PullRequestState.OPEN:
        return found.order_by(F("first_review_at").desc(nulls_first=True), "opened_at", "pk")
    return found.order_by("-updated_at", "-pk")


def row_of(pull: PullRequest, now: datetime) -> Row:
    state = "draft" if pull.is_open and pull.is_draft else pull.state
    author = pull.author_name or pull.author_login
    return Row(pull, state, author, size_of_pull(pull), waiting_of(pull, now))


def tabs(wanted: Narrowing) -> list[Tab]:
    """Return the states with how many there are of each, the other filters applied."""
    every = list(_narrowed(wanted).order_by().values_list("state", flat=True))
    return [
        Tab(
            state.capitalize(),
            f"?{urlencode(asdict(wanted) | {'state': state})}",
            every.count(state),
            state == wanted.state,
        )
        for state in STATES
    ]


def selectable(user: User, wanted: Narrowing) -> list[Selectable]:
    """Return the filters; only what occurs among pull requests is offered, and every squad."""
    pulls = list_pull_requests().order_by()
    repositories = sorted(set(pulls.values_list("repository__full_name", flat=True)))
    authors = dict(pulls.values_list("author_login", "author_name").distinct())
    people = sorted(
        ((login, name or login) for login, name in authors.items()), key=lambda a: a[1].casefold()
    )
    squads = [(squad.ref, squad.name) for squad in catalog.squads(user)]
    return [
        Selectable("repository", "Repository", wanted.repository, [(n, n) for n in repositories]),
        Selectable("author", "Author", wanted.author, people),
        Selectable("squad", "Squad of the author", wanted.squad, squads),
    ]


def _narrowed(wanted: Narrowing) -> QuerySet[PullRequest]:
    found = list_pull_requests()
    if wanted.repository:
        found = found.filter(repository__full_name=wanted.repository)
    if wanted.author:
        found = found.filter(author_login=wanted.author)
    if wanted.squad:
        people = [person.ref for person in catalog.members_of(wanted.squad)]
        found = found.filter(author__entity_ref__in=people)
    return found
