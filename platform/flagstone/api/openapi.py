"""How the API describes itself: every operation says what it is for and how it can fail."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import get_doc
from drf_spectacular.utils import OpenApiResponse
from rest_framework import serializers

from flagstone.api.errors import MEDIA_TYPE

TAGS = {
    "entities": "Catalogue",
    "scaffolds": "Scaffolds",
    "templates": "Templates",
    "runs": "Scaffolds",
    "pull-requests": "Pull requests",
    "rollbacks": "Rollbacks",
    "scorecards": "Scorecards",
    "scores": "Scorecards",
    "results": "Scorecards",
    "leaderboard": "Scorecards",
    "exemptions": "Exemptions",
    "gate": "Gate",
}
_PATH_PARAMETERS = {
    "kind": "Kind of the entity, such as `component`; in any case",
    "namespace": "Namespace of the entity, mostly `default`",
    "name": "Name of the entity, such as `checkout`; in any case",
    "id": "Its number, as `id` in lists",
    "run_id": "Its id, as in lists",
    "rollback_id": "Its id, as in lists",
    "scaffold_id": "Its id, such as `python-api`",
    "template_id": "Its id, as in lists",
}
_FAILURES = {
    400: "The request does not have the right form; `errors` names each field.",
    401: "There is no valid token or session with it.",
    403: "The token lacks the scope, or its owner may not do this.",
    404: "There is no such thing, or it is not for you to see.",
    409: "What is there now does not allow it; `detail` says what to do.",
    422: "The request can be read, but it cannot be done; `detail` says why.",
    502: "The code host did not do its part; it is safe to ask again.",
}
_WITH_CODE_HOST = frozenset({"Pull requests", "Rollbacks"})
_OF_THE_PLATFORM_TEAM = frozenset({"Templates"})


class Problem(serializers.Serializer[Any]):
    """An error in the form of RFC 9457."""

    title = serializers.CharField(help_text="the phrase of the status")
    status = serializers.IntegerField(help_text="the HTTP status")
    code = serializers.CharField(help_text="stable, for programs, such as `not_found`")
    detail = serializers.CharField(help_text="what happened and what to do, for people")
    errors = serializers.DictField(  # type: ignore[assignment]
        required=False, help_text="field → what is wrong with it; only when fields are wrong"
    )


class Schema(AutoSchema):
    """Summaries come from docstrings, failures from what kind of operation it is."""

    def get_tags(self) -> list[str]:
        first = self.path.removeprefix("/api/v1/").partition("/")[0]
        return [TAGS[first]]

    def get_summary(self) -> str:
        method = getattr(self.view, self.method.lower())
        doc = get_doc(method) or get_doc(type(self.view))
        return str(doc).split("\n", 1)[0].rstrip(".")

    def _get_parameters(self) -> list[Any]:
        parameters: list[Any] = super()._get_parameters()
        for parameter in parameters:
            if parameter["in"] == "path":
                parameter["description"] = _PATH_PARAMETERS[parameter["name"]]
        return parameters

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        for status in self._failures():
            answer = OpenApiResponse(Problem, description=_FAILURES[status])
            bodies[str(status)] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                answer, str(status), [MEDIA_TYPE], direction
            )
        return bodies

    def _failures(self) -> list[int]:
        writes = self.method == "POST"
        found = {401}
        if writes:
            found |= {400, 403, 409, 422}
        if self.method == "DELETE" or self.get_tags()[0] in _OF_THE_PLATFORM_TEAM:
            found.add(403)
        if writes and self.get_tags()[0] in _WITH_CODE_HOST:
            found.add(502)
        if "{" in self.path:
            found.add(404)
        if self._get_parameters() and "{" not in self.path:
            found.add(400)
        return sorted(found)
