"""The filter of the audit trail."""

from __future__ import annotations

from django import forms

from flagstone.core.selectors import AuditFilter, audit_actions


class AuditFilterForm(forms.Form):
    actor = forms.CharField(label="Who", required=False, max_length=150)
    action = forms.ChoiceField(label="Did what", required=False)
    subject = forms.CharField(label="To what", required=False, max_length=300)
    since = forms.DateField(
        label="From", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    until = forms.DateField(
        label="Until", required=False, widget=forms.DateInput(attrs={"type": "date"})
    )

    field_order = ("actor", "action", "subject", "since", "until")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        actions = audit_actions()
        apps = sorted({action.partition(".")[0] for action in actions})
        choices = [(app, f"{app}: anything") for app in apps] + [(name, name) for name in actions]
        self.fields["action"] = forms.ChoiceField(
            label="Did what", required=False, choices=[("", "anything"), *choices]
        )

    def wanted(self) -> AuditFilter:
        """Return the filter; a part that cannot be read filters nothing and says so beside its field."""
        self.is_valid()
        return AuditFilter(**{name: value for name, value in self.cleaned_data.items() if value})
