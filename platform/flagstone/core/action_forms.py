"""Forms of the admin that add or change a row by an action, which checks, audits and enqueues."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Model
from django.forms import ModelForm
from django.http import HttpRequest

from flagstone.core.errors import FlagstoneError


class ActionForm(ModelForm):  # type: ignore[type-arg]
    """Acts once its fields are valid; what the action refuses is said on the form."""

    actor: Any

    def act(self) -> Model:
        """Call the action with the cleaned data, and return the row that it made."""
        raise NotImplementedError

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]
        if self.errors:
            return
        try:
            self.instance = self.act()
        except FlagstoneError as error:
            self.add_error(None, error.message)


class AddedByAction:
    """Part of a ModelAdmin whose rows are added by `add_form` alone; it must stand first.

    Where there is a `change_form`, they are changed by that one.
    """

    add_form: ClassVar[type[ActionForm]]
    change_form: ClassVar[type[ActionForm] | None] = None

    def get_form(
        self, request: HttpRequest, obj: Model | None = None, change: Any = None, **kwargs: Any
    ) -> Any:
        acting = self.add_form if obj is None else self.change_form
        if acting is None:
            return super().get_form(request, obj, change, **kwargs)  # type: ignore[misc]
        form = super().get_form(request, obj, change, **(kwargs | {"form": acting}))  # type: ignore[misc]
        form.actor = request.user  # the class is made anew for each request
        return form

    def save_model(self, request: HttpRequest, obj: Model, form: Any, change: Any) -> None:
        """Leave the row as the action wrote it."""
