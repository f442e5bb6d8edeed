"""What a scaffold would write with these answers; nothing is written, nothing is stored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.forge.errors import ForgeError
from flagstone.forge.git.changes import ChangeSet
from flagstone.forge.models import Repository, RepositoryRole
from flagstone.scaffolding.changes import as_change
from flagstone.scaffolding.collection import find_scaffold
from flagstone.scaffolding.engine.answers import validate
from flagstone.scaffolding.engine.plan import RenderedService, render
from flagstone.scaffolding.engine.scaffold import Scaffold
from flagstone.scaffolding.naming import name_holder
from flagstone.scaffolding.picking import require_known_entities
from flagstone.scaffolding.rendering_places import place_to_render
from flagstone.scaffolding.surroundings import Surroundings, described, surroundings_of


@dataclass(frozen=True, slots=True)
class Preview:
    """Both trees of a service that is to be.

    Attributes:
        scaffold: What it would be made from.
        rendered: Both trees, and what every step would do.
        surroundings: Where they would go.
        holder: Who or what holds the name, '' when it is free: creating it would be refused.
    """

    scaffold: Scaffold
    rendered: RenderedService
    surroundings: Surroundings
    holder: str

    @property
    def service_repository(self) -> str:
        """`owner/name` of the repository that would be made."""
        plan = self.rendered.repository
        return self.surroundings.home_of(plan)[1] if plan else self.surroundings.service_repository

    @property
    def target(self) -> Repository:
        """The repository that the pull request would go to."""
        plan = self.rendered.pull_request
        return self.surroundings.target_of(plan) if plan else self.surroundings.gitops

    def in_the_way(self, there: Iterable[str]) -> list[str]:
        """Return which files stop the run: what makes a service writes over nothing of the GitOps repository."""
        plan = self.rendered.pull_request
        if plan is None or self.scaffold.is_change or self.target.role != RepositoryRole.GITOPS:
            return []
        return sorted(there)

    @property
    def unwritable(self) -> str:
        """Why the code host would not take these files as they are; '' when it would."""
        gitops, service = self.rendered.gitops, self.rendered.service
        try:
            if self.rendered.pull_request:
                ChangeSet(as_change(gitops))
            if self.rendered.repository and service.files:
                ChangeSet(as_change(service), allow_workflows=True)
        except ForgeError as error:
            return error.message
        return ""

    @property
    def can_be_created(self) -> bool:
        return not self.holder and not self.unwritable


def preview(*, actor: User, scaffold_id: str, answers: Mapping[str, Any]) -> Preview:
    """Render both trees for somebody to look at.

    Raises:
        Forbidden: The person may not create services.
        NotFound, TemplateError: There is no such scaffold, or it cannot be rendered.
        AnswersInvalid: With every fault of every question.
        Conflict: There is no GitOps repository.
        Busy: Enough is being rendered as it is.
        ForgeError: The GitOps repository cannot be read.
    """
    require(actor, "scaffolding.create")
    scaffold = find_scaffold(scaffold_id)
    answers = validate(scaffold.form, answers)
    require_known_entities(scaffold.form, answers)
    name = scaffold.form.service_name(answers)
    surroundings = surroundings_of(name, repository=scaffold.repository(answers))
    with place_to_render(actor):
        rendered = render(
            scaffold,
            answers,
            user=described(actor),
            environment=surroundings.environment(),
            now=timezone.now(),
            foretell=surroundings.foretell,
        )
    holder = (
        ""
        if scaffold.is_change
        else name_holder(name, surroundings, makes_repository=scaffold.makes_repository)
    )
    return Preview(scaffold, rendered, surroundings, holder)
