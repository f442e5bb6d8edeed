"""My API tokens: create one, see it once, revoke it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from flagstone.accounts import actions, selectors
from flagstone.web.forms.tokens import TokenForm
from flagstone.web.htmx import PageRequest


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: PageRequest) -> HttpResponse:
    """List the tokens; a new one is shown in the answer to its form, and never again."""
    form = TokenForm(request.POST if request.method == "POST" else None)
    made, text = None, ""
    if form.is_bound and form.is_valid():
        made, text = actions.create_token(
            actor=request.user, user=request.user, **form.cleaned_data
        )
        form = TokenForm()
    context = {
        "form": form,
        "made": made,
        "text": text,
        "tokens": selectors.tokens_of(request.user),
        "now": timezone.now(),
    }
    return render(request, "web/tokens/page.html", context, status=422 if form.errors else 200)


@require_POST
def revoke(request: PageRequest, pk: int) -> HttpResponse:
    token = selectors.token_of(request.user, pk)
    actions.revoke_token(actor=request.user, token=token)
    messages.success(request, f"{token.name} is revoked: it is refused from now on.")
    return redirect("web:tokens")
