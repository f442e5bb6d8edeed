"""What a person says or decides about a pull request."""

from __future__ import annotations

from django import forms

from flagstone.forge.actions.pull_requests import LONGEST_COMMENT
from flagstone.forge.hosts.base import MergeMethod, Verdict

VERDICTS = [(verdict.value, verdict.value) for verdict in Verdict]
METHODS = [(MergeMethod.MERGE.value, "Merge commit"), (MergeMethod.SQUASH.value, "One commit")]


class ReviewForm(forms.Form):
    verdict = forms.ChoiceField(choices=VERDICTS)
    body = forms.CharField(required=False, max_length=LONGEST_COMMENT, strip=True)

    def clean(self) -> None:
        """An approval may stand alone; everything else is nothing without words."""
        if self.cleaned_data.get("verdict") == Verdict.APPROVED or self.cleaned_data.get("body"):
            return
        if "body" not in self.errors:
            self.add_error("body", "Write what you found; the text is empty.")


class MergeForm(forms.Form):
    head = forms.RegexField(regex=r"\A[0-9a-f]{40}\Z")
    method = forms.ChoiceField(choices=METHODS)
    despite_stop = forms.BooleanField(required=False)
