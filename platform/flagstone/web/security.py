"""What a page may load and run: only what comes from this very origin, and no script inside the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.http import HttpRequest, HttpResponse

Policy = Mapping[str, str]

STRICT: Policy = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
# pages of others, which carry scripts and styles of their own: Alpine in the admin, Swagger UI in the docs
ADMIN: Policy = {
    **STRICT,
    "script-src": "'self' 'unsafe-inline' 'unsafe-eval'",
    "style-src": "'self' 'unsafe-inline'",
}
API_DOCS: Policy = {
    **STRICT,
    "script-src": "'self' 'unsafe-inline'",
    "style-src": "'self' 'unsafe-inline'",
}


class ContentSecurityPolicyMiddleware:
    """Adds the `Content-Security-Policy` header that fits the page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        header = "; ".join(f"{name} {value}" for name, value in policy_for(request).items())
        response.headers.setdefault("Content-Security-Policy", header)
        return response


def policy_for(request: HttpRequest) -> Policy:
    match = request.resolver_match
    if match is None:
        return STRICT
    if match.app_name == "admin":
        return ADMIN
    return API_DOCS if match.view_name == "api:docs" else STRICT
