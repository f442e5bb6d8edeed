"""Which code host and which owner to look through."""

from __future__ import annotations

from typing import Any

from django import forms

from flagstone.forge.models import CodeHost


class DiscoveryForm(forms.Form):
    host = forms.ModelChoiceField(
        CodeHost.objects.all(), label="Code host", empty_label=None, to_field_name="name"
    )
    owner = forms.CharField(
        label="Organisation, group or person",
        max_length=255,
        required=False,
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    names = forms.CharField(
        label="Or only these repositories",
        max_length=60_000,
        required=False,
        help_text="One owner/name a line.",
        widget=forms.Textarea(attrs={"rows": 3, "autocapitalize": "none", "spellcheck": "false"}),
    )

    def clean_names(self) -> list[str]:
        return str(self.cleaned_data["names"]).split()

    def clean(self) -> dict[str, Any]:
        cleaned = dict(super().clean() or {})
        if not cleaned.get("owner") and not cleaned.get("names"):
            raise forms.ValidationError("Name an organisation, or repositories.")
        return cleaned
