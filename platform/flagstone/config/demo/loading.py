"""Loads the demo organisation through the doors that everybody uses: repositories, catalogue files, pull requests.

Safe to run again: a start that was stopped in the middle goes on where it was.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from flagstone.accounts.actions import create_user
from flagstone.accounts.models import User
from flagstone.catalog.actions import register_location
from flagstone.catalog.errors import LocationTaken
from flagstone.catalog.models import Location
from flagstone.catalog.pipeline import ingest
from flagstone.config.demo.gitops import Layer, gitops_files, later_commits
from flagstone.config.demo.organisation import organisation_files
from flagstone.config.demo.people import PASSWORD, PEOPLE, SIGN_INS, SQUADS
from flagstone.config.demo.pull_requests import DemoPullRequest, pull_requests
from flagstone.config.demo.repositories import changes, local_forge, push, take_on
from flagstone.config.demo.rewinding import first_commit, past_commits
from flagstone.core import audit
from flagstone.core.models import AuditEntry
from flagstone.forge.actions import register_code_host
from flagstone.forge.errors import AlreadyExists
from flagstone.forge.git.commits import CommitMeta
from flagstone.forge.git.workspace import GitWorkspace
from flagstone.forge.hosts.base import PullRequestSpec, Verdict
from flagstone.forge.models import CodeHost, PullRequest, Repository, RepositoryRole
from flagstone.forge.people import account_of, person_of
from flagstone.forge.pipeline import sync_repository
from flagstone.gate.pull_requests.telling import tell_verdict
from flagstone.scaffolding.engine.jobs import LayerJob
from flagstone.scaffolding.engine.rendering import render_layers
from flagstone.scorecards.actions import look_at_repository
from flagstone.scorecards.pipeline import evaluate_repository

BEGUN, LOADED = "demo.begun", "demo.loaded"


def load(today: date | None = None) -> bool:
    """Load the demo into an empty database; tell whether anything was done."""
    if not _wanted():
        return False
    day = today or timezone.now().date()
    people = _people()
    admin = people[_user_name(SIGN_INS["platform_admin"])]
    host = CodeHost.objects.first() or register_code_host(actor=admin, name="local")
    organisation = organisation_files()
    gitops = gitops_files(_render, today=day)
    repositories = {
        "organisation": take_on(
            admin,
            host,
            "organisation",
            "Who we are and what we run",
            [first_commit("Begin organisation", organisation, today=day)],
            RepositoryRole.CATALOG,
            people,
        ),
        "gitops": take_on(
            admin,
            host,
            "gitops",
            "What runs in production, and how",
            past_commits(gitops, _render, today=day),
            RepositoryRole.GITOPS,
            people,
        ),
    }
    locations = [
        _location(admin, repositories["organisation"], "catalog-info.yaml"),
        _location(admin, repositories["gitops"], "services/*/catalog-info.yaml"),
    ]
    for location in locations:
        ingest(location.pk)
    for commit in later_commits(gitops):
        author = people[_user_name(commit.author)]
        pushed = _at(timedelta(hours=5))
        push(repositories["gitops"], author, commit.message, commit.files, pushed)
    for request in pull_requests(gitops, organisation, _render, today=day):
        _open(repositories[request.repository], request, people)
    for repository in repositories.values():
        sync_repository(repository.pk)
    for location in locations:
        ingest(location.pk)
    main = repositories["gitops"]
    look_at_repository(repository_id=main.pk, branch=main.default_branch, reason="the demo begins")
    evaluate_repository(main.pk)
    # they are older than the repository is here, so nobody else would judge them
    for pull_request_id in PullRequest.objects.open().values_list("pk", flat=True):
        tell_verdict(pull_request_id)
    audit.record(actor=None, action=LOADED, subject="demo")
    return True


def is_loaded() -> bool:
    """Tell whether this database holds the demo organisation."""
    return AuditEntry.objects.filter(action=LOADED).exists()


@transaction.atomic
def _wanted() -> bool:
    """The demo goes into an empty database only; one that was begun is finished."""
    if is_loaded():
        return False
    if AuditEntry.objects.filter(action=BEGUN).exists():
        return True
    if User.objects.exists() or CodeHost.objects.exists() or Location.objects.exists():
        return False
    audit.record(actor=None, action=BEGUN, subject="demo")
    return True


def _people() -> dict[str, User]:
    """Give everybody an account; those who lead a squad may approve, one of each role can sign in."""
    leads = {squad.lead for squad in SQUADS}
    roles = {ref: role for role, ref in SIGN_INS.items()}
    for person in PEOPLE:
        if not User.objects.filter(username=person.user_name).exists():
            default = "squad_lead" if person in leads else "member"
            create_user(
                actor=None,
                username=person.user_name,
                password=PASSWORD if person.ref in roles else None,
                role=roles.get(person.ref, default),
                entity_ref=person.ref,
                name=person.full_name,
                email=person.email,
            )
    return {user.username: user for user in User.objects.all()}


def _user_name(ref: str) -> str:
    return ref.rpartition("/")[2]


def _render(layers: Sequence[Layer]) -> Sequence[Mapping[str, bytes]]:
    root = Path(settings.FLAGSTONE_SCAFFOLDS_DIR)
    jobs = [LayerJob(root / layer.name, layer.answers, label=layer.name) for layer in layers]
    return [rendered.tree.contents() for rendered in render_layers(jobs)]


def _location(actor: User, repository: Repository, path: str) -> Location:
    try:
        return register_location(actor=actor, repository=repository, path=path)
    except LocationTaken:
        return Location.objects.get(repository=repository, path=path)


def _open(repository: Repository, request: DemoPullRequest, people: Mapping[str, User]) -> None:
    author = people[_user_name(request.author)]
    opened = _at(timedelta(hours=request.age_hours))
    forge = local_forge(now=opened)
    meta = CommitMeta(subject=request.title, body=request.body, author=person_of(author), at=opened)
    with GitWorkspace(forge.git_remote(repository.full_name)) as workspace:
        refs = workspace.observe(request.branch)
        if request.branch not in refs.branches:
            workspace.fetch(refs.head())
            commit = workspace.build_commit(refs.head(), changes(request.files), meta)
            workspace.push(commit, request.branch, expected="")
    spec = PullRequestSpec(
        title=request.title,
        body=request.body,
        source=request.branch,
        target=repository.default_branch,
        author=account_of(author),
    )
    try:
        pull = forge.create_pull_request(repository.full_name, spec)
    except AlreadyExists:
        return
    if request.labels:
        forge.set_labels(repository.full_name, pull.number, request.labels)
    if request.approved_by:
        reviewer = people[_user_name(request.approved_by)]
        later = local_forge(now=opened + timedelta(hours=request.age_hours) / 3)
        later.submit_review(
            repository.full_name,
            pull.number,
            by=account_of(reviewer),
            verdict=Verdict.APPROVED,
            body="",
        )


def _at(ago: timedelta) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) - ago
