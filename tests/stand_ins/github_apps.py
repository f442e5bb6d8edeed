"""GitHub Apps of the stand-in: who signs with the right key gets short-lived tokens of the app's installations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.http_server import Reply, Request
from tests.stand_ins.base import Call, Refused, route
from tests.stand_ins.github_json import moment
from tests.stand_ins.github_repositories import RepositoryRoutes
from tests.stand_ins.github_state import Account, said
from tests.stand_ins.repositories import BareRepositories

APP_ID, APP_LOGIN = "4711", "flagstone-app[bot]"
# the name that belongs to every token where git signs in
GIT_USER = "x-access-token"
_LONGEST_SIGNATURE = timedelta(minutes=10)


@lru_cache
def app_key() -> str:
    """Return the private key of the app, as GitHub gives it."""
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    ).decode()


class AppRoutes(RepositoryRoutes):
    """Attributes:
    installed: Owner to the number of the app's installation there.
    """

    def __init__(self, repositories: BareRepositories) -> None:
        super().__init__(repositories)
        self.installed: dict[str, int] = {}
        self.add_account(APP_LOGIN, "Bot")

    def install_app(self, owner: str) -> None:
        self.installed[owner.lower()] = next(self.ids)

    def expire_app_tokens(self) -> None:
        """Let no token of the app be good any more."""
        self.tokens = {token: login for token, login in self.tokens.items() if login != APP_LOGIN}

    def is_own_business(self, request: Request) -> bool:
        path = request.path.removeprefix(self.prefix)
        return path.startswith("/app") or path.endswith("/installation")

    @route("GET /app")
    def show_app(self, call: Call) -> Reply:
        self._require_app(call.request)
        return Reply(200, self._app())

    @route("GET /orgs/{owner}/installation")
    def installation_at_organisation(self, call: Call) -> Reply:
        return self._installation(call, "Organization")

    @route("GET /users/{owner}/installation")
    def installation_at_person(self, call: Call) -> Reply:
        return self._installation(call, "User")

    @route("POST /app/installations/{number}/access_tokens")
    def make_token(self, call: Call) -> Reply:
        self._require_app(call.request)
        if call.number("number") not in self.installed.values():
            raise Refused(404, said("Not Found"))
        token = f"ghs_{next(self.ids):036d}"
        self.tokens[token] = APP_LOGIN
        assert self.git.users is not None
        self.git.users[GIT_USER] = token
        ends = datetime.now(UTC) + timedelta(hours=1)
        made = {"token": token, "expires_at": moment(ends), "permissions": {"contents": "write"}}
        return Reply(201, {**made, "repository_selection": "all"})

    @route("GET /installation/repositories")
    def list_of_installation(self, call: Call) -> Reply:
        found = [
            self.write.repository(each, login=APP_LOGIN)
            for each in self.visible(APP_LOGIN)
            if each.owner.login.lower() in self.installed
        ]
        page = self.page(call, found)
        return Reply(200, {"total_count": len(found), "repositories": page.body}, page.headers)

    def _installation(self, call: Call, kind: str) -> Reply:
        self._require_app(call.request)
        owner = self.accounts.get(call["owner"])
        number = self.installed.get(call["owner"].lower())
        if owner is None or owner.kind != kind or number is None:
            raise Refused(404, said("Not Found"))
        return Reply(200, self._installed(owner, number))

    def _require_app(self, request: Request) -> None:
        """Look at a signature as GitHub does: neither from the future, nor good for too long."""
        public = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).prepare_key(
            app_key()
        )
        assert isinstance(public, rsa.RSAPrivateKey)
        try:
            claims = jwt.decode(self.bearer(request), public.public_key(), algorithms=["RS256"])
        except jwt.PyJWTError as error:
            raise Refused(401, said(f"A JSON web token could not be decoded: {error}")) from None
        now = datetime.now(UTC).timestamp()
        if claims["exp"] > now + _LONGEST_SIGNATURE.total_seconds():
            words = "'Expiration time' claim ('exp') is too far in the future"
            raise Refused(401, said(words))
        if claims["iss"] != APP_ID:
            raise Refused(401, said("'Issuer' claim ('iss') must be an Integer"))

    def _app(self) -> dict[str, Any]:
        times = dict.fromkeys(("created_at", "updated_at"), "2025-01-01T00:00:00Z")
        return {
            **times,
            "id": int(APP_ID),
            "slug": APP_LOGIN.removesuffix("[bot]"),
            "node_id": "A_1",
            "owner": self.write.account(Account(1, "acme", "Organization")),
            "name": "Flagstone",
            "description": None,
            "external_url": "https://flagstone.example",
            "html_url": f"{self.web_url}/apps/flagstone-app",
            "permissions": {"contents": "write"},
            "events": ["pull_request"],
        }

    def _installed(self, owner: Account, number: int) -> dict[str, Any]:
        url = f"{self.url}/app/installations/{number}"
        return {
            "id": number,
            "app_id": int(APP_ID),
            "app_slug": APP_LOGIN.removesuffix("[bot]"),
            "account": self.write.account(owner),
            "target_id": owner.number,
            "target_type": owner.kind,
            "single_file_name": None,
            "repository_selection": "all",
            "access_tokens_url": f"{url}/access_tokens",
            "repositories_url": f"{self.url}/installation/repositories",
            "html_url": f"{self.web_url}/settings/installations/{number}",
            "events": ["pull_request"],
            "permissions": {"contents": "write"},
            "created_at": "2025-01-01T00:00:00Z",
            "updated_at": "2025-01-01T00:00:00Z",
            "suspended_by": None,
            "suspended_at": None,
        }
