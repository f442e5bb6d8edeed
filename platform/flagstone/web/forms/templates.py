"""Registering a cookiecutter repository, and deciding on it."""

from __future__ import annotations

from django import forms

from flagstone.scaffolding.registered.actions import LONGEST_ID


class TemplateForm(forms.Form):
    url = forms.CharField(
        label="Repository",
        max_length=300,
        help_text="https://host/owner/name, gh:owner/name, or of a code host of ours: local:owner/name.",
        error_messages={"required": "Give the address of the git repository."},
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    ref = forms.CharField(
        label="Branch, tag or commit",
        max_length=200,
        required=False,
        help_text="Empty for the default branch.",
    )
    directory = forms.CharField(
        label="Folder in it",
        max_length=200,
        required=False,
        help_text="Where cookiecutter.json lies, if not at the top.",
    )
    title = forms.CharField(
        label="Title",
        max_length=100,
        required=False,
        help_text="What people read under New service; the repository's name without one.",
    )
    scaffold_id = forms.CharField(
        label="Id",
        max_length=LONGEST_ID,
        required=False,
        help_text="For addresses and the API, such as python-library.",
    )


class RefForm(forms.Form):
    ref = forms.CharField(max_length=200, required=False)


class CommitForm(forms.Form):
    commit = forms.CharField(max_length=64)
