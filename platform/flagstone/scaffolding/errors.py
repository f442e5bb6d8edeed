"""What can go wrong between a scaffold and a service, in words for the person who can mend it."""

from __future__ import annotations

from collections.abc import Mapping

from flagstone.core.errors import Conflict, ExternalError, UserError

_LONGEST = 2000


class TemplateError(UserError):
    """A scaffold cannot be read or rendered.

    Args:
        reason: What is wrong, without the place.
        file: The file at fault, as its author knows it: relative to the scaffold's folder.
        line: 1-based, where it is known.
        code: As in `FlagstoneError`.
    """

    default_code = "scaffold.template_invalid"

    def __init__(
        self, reason: str, *, file: str = "", line: int | None = None, code: str | None = None
    ) -> None:
        reason, file = _kept(reason), _kept(file)
        place = f"{file}, line {line}" if file and line else file
        message = f"{place}: {reason}" if place else reason
        super().__init__(message, code=code, file=file, line=line, reason=reason)
        self.file = file
        self.line = line
        self.reason = reason


def _kept(text: str) -> str:
    """Bound words that a template may decide about: they are stored with the run and shown on pages."""
    if len(text) > _LONGEST:
        text = f"{text[: _LONGEST - 1]}…"
    # neither NUL nor half of a character can be stored
    return text.replace("\0", "?").encode(errors="replace").decode()


class UnsafeTemplate(TemplateError):
    """A scaffold tried to leave its run folder, or to reach what no template may reach."""

    default_code = "scaffold.unsafe"


class LimitExceeded(TemplateError):
    """A scaffold took more time, memory or room than a run may take."""

    default_code = "scaffold.limit"


class HookFailed(TemplateError):
    """A hook of a template ended with a failure; nothing that it wrote is kept."""

    default_code = "scaffold.hook_failed"


class JailMissing(TemplateError):
    """This machine cannot lock a template's code in, so the code is not run."""

    default_code = "scaffold.jail_missing"


class RendererKilled(ExternalError):
    """The machine ended a renderer, not one of the limits that a template has."""

    default_code = "scaffold.renderer_killed"

    def __init__(self, templates: str) -> None:
        super().__init__(
            f"Rendering {templates} was ended by the system, probably for want of memory; try again in a moment.",
            retryable=True,
        )


class AnswersInvalid(UserError):
    """The form was not filled in well.

    Args:
        faults: For each field by name, what is wrong with it, without its label.
        labels: How each field is called on the form.
    """

    default_code = "scaffold.answers_invalid"

    def __init__(
        self, faults: Mapping[str, list[str]], labels: Mapping[str, str] | None = None
    ) -> None:
        labels = labels or {}
        sentences = [
            f"{labels.get(name, name)}: {text.rstrip('.')}."
            for name, texts in faults.items()
            for text in texts
        ]
        super().__init__(" ".join(sentences), fields={k: list(v) for k, v in faults.items()})
        self.faults = {name: list(texts) for name, texts in faults.items()}


class NameTaken(Conflict):
    """Another service, run, repository or folder holds the name."""

    default_code = "scaffold.name_taken"


class PolicyDenied(UserError):
    """An enforced policy refuses what the scaffold wrote; nothing was written outside."""

    default_code = "scaffold.policy_denied"


class TemplateTaken(Conflict):
    """A scaffold has that id already."""

    default_code = "scaffold.template_taken"


class TemplateMoved(Conflict):
    """What somebody decided about is not what is there any more."""

    default_code = "scaffold.template_moved"
