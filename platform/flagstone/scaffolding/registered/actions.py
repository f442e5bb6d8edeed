"""What the platform team can do with templates of others."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.accounts.permissions import require
from flagstone.core import audit
from flagstone.core.errors import UserError
from flagstone.core.hidden_characters import on_one_line
from flagstone.scaffolding import tasks
from flagstone.scaffolding.collection import all_scaffolds
from flagstone.scaffolding.engine.names import control_fault, name_fault, slug
from flagstone.scaffolding.errors import TemplateMoved, TemplateTaken
from flagstone.scaffolding.models import TemplateSource, TemplateState
from flagstone.scaffolding.registered.addresses import checked_address

RIGHT = "scaffolding.manage"
LONGEST_ID = 40
# what the addresses of pages and of the API end in
_RESERVED_IDS = ("new", "runs")


def register_template(
    *,
    actor: User,
    url: str,
    ref: str = "",
    directory: str = "",
    scaffold_id: str = "",
    title: str = "",
) -> TemplateSource:
    """Register a cookiecutter repository and have it fetched.

    Args:
        actor: Who does it.
        url: `https://host/owner/name`, `gh:owner/name`, or `code-host:owner/name`.
        ref: Branch, tag or commit; the default branch without one.
        directory: Of the template in the repository.
        scaffold_id: What it is called in addresses; the repository's name without one.
        title: How people call it.

    Raises:
        Forbidden: The person may not.
        AddressRefused: Nothing is fetched from there.
        UserError: The id, the title or the directory is none.
        TemplateTaken: A scaffold has that id.
    """
    require(actor, RIGHT)
    address = checked_address(url)
    scaffold_id = scaffold_id.strip() or slug(address.name)[:LONGEST_ID].strip("-")
    if fault := name_fault(scaffold_id):
        raise UserError(f"The id {scaffold_id!r} is none: {fault}.", code="scaffold.template_id")
    if len(scaffold_id) > LONGEST_ID:
        raise UserError(
            f"The id has {len(scaffold_id)} characters; {LONGEST_ID} are the most.",
            code="scaffold.template_id",
        )
    if scaffold_id in _RESERVED_IDS:
        raise UserError(
            f"The id {scaffold_id!r} is kept for Flagstone's own pages; choose another.",
            code="scaffold.template_id",
        )
    if any(scaffold.id == scaffold_id for scaffold in all_scaffolds()):
        raise _taken(scaffold_id)
    source = TemplateSource(
        scaffold_id=scaffold_id,
        title=_title(title.strip() or address.name),
        url=address.url,
        ref=ref.strip(),
        directory=_directory(directory),
        registered_by=actor,
    )
    try:
        with transaction.atomic():
            source.save(force_insert=True)
            _audit(actor, "template_registered", source, ref=source.ref, directory=source.directory)
            tasks.fetch_template.delay_on_commit(source.pk)
    except IntegrityError as error:
        raise _taken(scaffold_id) from error
    return source


@transaction.atomic
def fetch_again(*, actor: User, source: TemplateSource, ref: str | None = None) -> TemplateSource:
    """Have a template fetched again, from another branch, tag or commit if one is given.

    What is kept stays in use until the new files are there. Code that was let run does not run at another commit.

    Raises:
        Forbidden: The person may not.
        AddressRefused: The settings do not allow its host any more.
    """
    require(actor, RIGHT)
    checked_address(source.url)
    row = TemplateSource.objects.select_for_update().defer("content").get(pk=source.pk)
    if ref is not None:
        row.ref = ref.strip()
    row.state, row.tries, row.error, row.error_code = TemplateState.WAITING, 0, "", ""
    row.not_before = row.touched_at = timezone.now()
    row.save(
        update_fields=["ref", "state", "tries", "error", "error_code", "not_before", "touched_at"]
    )
    _audit(actor, "template_fetch_asked", row, ref=row.ref)
    tasks.fetch_template.delay_on_commit(row.pk)
    return row


@transaction.atomic
def let_code_run(*, actor: User, source: TemplateSource, commit: str) -> None:
    """Let the hooks and extensions of one commit of a template run, in a jail.

    Args:
        actor: Who answers for it.
        source: The template.
        commit: The one whose code the person has read.

    Raises:
        Forbidden: The person may not.
        TemplateMoved: The template is at another commit by now.
    """
    require(actor, RIGHT)
    row = TemplateSource.objects.select_for_update().defer("content").get(pk=source.pk)
    if not row.commit or row.commit != commit:
        raise TemplateMoved(
            f"{row.title} is at commit {row.commit[:12] or 'none'} by now, not at {commit[:12]}. "
            "Look at its code again, then decide."
        )
    if not row.runs_code:
        row.code_commit = commit
        row.save(update_fields=["code_commit"])
        _audit(actor, "template_code_let", row, commit=commit, digest=row.digest)


@transaction.atomic
def keep_code_off(*, actor: User, source: TemplateSource) -> None:
    """Let no code of a template run any more."""
    require(actor, RIGHT)
    row = TemplateSource.objects.select_for_update().defer("content").get(pk=source.pk)
    if row.code_commit:
        commit, row.code_commit = row.code_commit, ""
        row.save(update_fields=["code_commit"])
        _audit(actor, "template_code_stopped", row, commit=commit)


@transaction.atomic
def remove_template(*, actor: User, source: TemplateSource) -> None:
    """Offer a template no more; what services were made from stays kept."""
    require(actor, RIGHT)
    _audit(actor, "template_removed", source, commit=source.commit)
    TemplateSource.objects.filter(pk=source.pk).delete()


def _title(title: str) -> str:
    if fault := control_fault(title):
        raise UserError(f"The title {fault}.", code="scaffold.template_title")
    if on_one_line(title) != title:
        raise UserError(
            f"The title holds a character that hides or turns what is read: {on_one_line(title)}.",
            code="scaffold.template_title",
        )
    if len(title) > 100:
        raise UserError(
            f"The title has {len(title)} characters; 100 are the most.",
            code="scaffold.template_title",
        )
    return title


def _directory(text: str) -> str:
    parts = [part for part in text.strip().strip("/").split("/") if part not in ("", ".")]
    directory = "/".join(parts)
    if ".." in parts or "\\" in directory or control_fault(directory) or len(directory) > 200:
        raise UserError(
            f"{text!r} is no folder of a repository: write it like templates/python.",
            code="scaffold.template_directory",
        )
    return directory


def _taken(scaffold_id: str) -> TemplateTaken:
    return TemplateTaken(
        f"There is a scaffold '{scaffold_id}' already. Give this one another id.",
        scaffold=scaffold_id,
    )


def _audit(actor: User, action: str, source: TemplateSource, **data: str) -> None:
    audit.record(
        actor=actor,
        action=f"scaffolding.{action}",
        subject=f"template:{source.scaffold_id}",
        data={"url": source.url, **data},
    )
