"""Asking for leave to fail a check for a while, and deciding on it."""

from __future__ import annotations

from datetime import timedelta

from django import forms
from django.utils import timezone

from flagstone.scorecards.actions import LONGEST_EXEMPTION, LONGEST_REASON, SHORTEST_REASON


class ExemptionForm(forms.Form):
    reason = forms.CharField(
        label="Why it has to fail for now",
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text="What stands in the way, what protects you meanwhile, and what will end it.",
        error_messages={
            "required": "Give a reason that the approver can judge.",
            "min_length": "Give a reason that the approver can judge: one sentence at least.",
        },
    )
    expires_on = forms.DateField(
        label="Until",
        help_text=f"The last day it holds; {LONGEST_EXEMPTION.days} days at the most.",
    )

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        today = timezone.now().date()
        self.fields["expires_on"].initial = today + timedelta(days=30)
        self.fields["expires_on"].widget = forms.DateInput(
            attrs={
                "type": "date",
                "min": (today + timedelta(days=1)).isoformat(),
                "max": (today + LONGEST_EXEMPTION).isoformat(),
            },
            format="%Y-%m-%d",
        )


class DecisionForm(forms.Form):
    verdict = forms.ChoiceField(choices=(("approve", "Approve"), ("reject", "Refuse")))
