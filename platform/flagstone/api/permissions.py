"""Who may call: somebody signed in, and with a token only within the token's scopes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from flagstone.accounts.models import ApiToken, Scope

if TYPE_CHECKING:  # the view module asks for this class while it is being imported
    from rest_framework.views import APIView


class SignedInWithScope(BasePermission):
    """A view names the scope that its writing methods need in `write_scope`; reading needs `read`."""

    message = "This token lacks the scope for this call. Create one that has it under API tokens."

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not request.user or not request.user.is_authenticated:
            return False
        if not isinstance(request.auth, ApiToken):
            return True
        needed = (
            Scope.READ
            if request.method in SAFE_METHODS
            else getattr(view, "write_scope", Scope.WRITE)
        )
        held = set(request.auth.scopes)
        return needed in held or Scope.WRITE in held
