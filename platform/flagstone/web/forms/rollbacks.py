"""What a person says to take a change back."""

from __future__ import annotations

from django import forms

from flagstone.delivery.actions import LONGEST_REASON, SHORTEST_REASON

_TOO_SHORT = "Say why, in a few words: whoever reads the history needs it."


class RollbackForm(forms.Form):
    """The hidden fields name what the person looked at, and the form itself, so that sending it twice is once."""

    reason = forms.CharField(
        label="Why it is rolled back",
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "Checkout answers 500 since 14:05"}),
        error_messages={"required": _TOO_SHORT, "min_length": _TOO_SHORT},
    )
    merge = forms.BooleanField(required=False, initial=True)
    commit = forms.RegexField(regex=r"\A[0-9a-f]{40}\Z", widget=forms.HiddenInput)
    seen = forms.RegexField(regex=r"\A[0-9a-f]{40}\Z", required=False, widget=forms.HiddenInput)
    key = forms.UUIDField(widget=forms.HiddenInput)
