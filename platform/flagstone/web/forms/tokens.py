"""The form for a new API token."""

from __future__ import annotations

from django import forms

from flagstone.accounts.models import Scope

LIFETIMES = ((7, "7 days"), (30, "30 days"), (90, "90 days"), (365, "one year"))


class TokenForm(forms.Form):
    name = forms.CharField(
        label="What uses it",
        max_length=80,
        help_text="A name to recognise it by, such as “CI of checkout”.",
    )
    scopes = forms.MultipleChoiceField(
        label="What it may do",
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        initial=[Scope.READ],
        error_messages={"required": "Choose at least one."},
    )
    days = forms.TypedChoiceField(
        label="How long it lives", choices=LIFETIMES, coerce=int, initial=90
    )
