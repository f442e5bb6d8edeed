"""CEL: Kubernetes' ValidatingAdmissionPolicy, and Gatekeeper's K8sNativeValidation."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flagstone.policies.cel.compiling import Declared, Expression, compile_expression
from flagstone.policies.cel.errors import CelError, CelSyntaxError, NotHere
from flagstone.policies.cel.operators import ClusterOnly, PartlyKnown, truth
from flagstone.policies.cel.result_types import unfit_type
from flagstone.policies.cel.scope import Scope, TooLong
from flagstone.policies.cel.values import type_of
from flagstone.policies.engines.sources import REFUSES, CelSource, Keys, SourceFault
from flagstone.policies.manifests.resources import resource_of

_GIVEN = ("object", "oldObject", "request", "params", "namespaceObject", "authorizer", "variables")
_GATEKEEPER = (
    (
        "params",
        "!has(params.spec) || !has(params.spec.parameters) ? null : params.spec.parameters",
    ),
    (
        "anyObject",
        'has(request.operation) && request.operation == "DELETE" && object == null ? oldObject : object',
    ),
)
_LONGEST_MESSAGE = 5 * 1024
_ANY: frozenset[str] = frozenset()
_TRUTH, _TEXT, _TEXT_OR_NONE = map(frozenset, ({"bool"}, {"string"}, {"string", "null_type"}))
_AUTHORIZER = ClusterOnly("who may do what (authorizer)")
_SENDER = ClusterOnly("who sends the request (request.userInfo)")
_NAMESPACE = ClusterOnly("the labels or annotations of the object's namespace (namespaceObject)")
_ANY_NAMESPACE = ClusterOnly("the namespace that the object is applied to (namespaceObject)")
_ONE_NAMESPACE = ClusterOnly("what the API server gives each namespace (namespaceObject.metadata)")
_FROM_THE_SERVER = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
_APPLIED_TO = ClusterOnly("the namespace that it is applied to (request.namespace)")
_ONE_REQUEST = ClusterOnly("one request of many (request.uid, request.options)")


def _request(review: dict[str, Any], *, is_cluster_wide: bool) -> PartlyKnown:
    """The AdmissionRequest: what the API server always sets is there, or said to be in the cluster only."""
    kind = review.get("kind") or {}
    name = str(kind.get("kind") or "")
    resource = {
        "group": kind.get("group", ""),
        "version": kind.get("version", ""),
        "resource": resource_of(name) if name else "",
    }
    request = {
        "resource": resource,
        "requestKind": kind,
        "requestResource": resource,
        "dryRun": False,
        "uid": _ONE_REQUEST,
        "options": _ONE_REQUEST,
        **{key: value for key, value in review.items() if key not in _OBJECTS},
    }
    if not request.get("userInfo"):
        request["userInfo"] = _SENDER
    if not is_cluster_wide:
        request.setdefault("namespace", _APPLIED_TO)
    return PartlyKnown(request)


def _namespace_of(review: dict[str, Any]) -> dict[str, Any] | ClusterOnly:
    """The Namespace of an object that is in one: what is known of it, and what only a cluster has."""
    known = review.get("namespaceObject")
    if isinstance(known, dict):
        rest = dict.fromkeys(_FROM_THE_SERVER, _ONE_NAMESPACE)
        return {**known, "metadata": PartlyKnown({**rest, **known["metadata"]})}
    if name := review.get("namespace"):
        metadata = PartlyKnown(name=name, labels=_NAMESPACE, annotations=_NAMESPACE)
        return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
    return _ANY_NAMESPACE


class CelRunner:
    """One policy in CEL, compiled."""

    def __init__(self, source: CelSource) -> None:
        """Compile every expression.

        Raises:
            SourceFault: one of them is none, or asks for what is not known here.
        """
        self._fails = source.fails
        self._variables: dict[str, Expression] = {}
        self._in_gatekeeper = source.in_gatekeeper
        self._names = frozenset(_GIVEN) - (set() if source.has_parameters else {"params"})
        for name, text in _GATEKEEPER if source.in_gatekeeper else ():
            self._variables[name] = self._compiled(text, ())
        for place, (name, text) in enumerate(source.variables):
            self._variables[name] = self._compiled(text, ("variables", place, "expression"))
        self._conditions = [
            self._compiled(text, ("matchConditions", place, "expression"), _TRUTH)
            for place, (_, text) in enumerate(source.conditions)
        ]
        self._validations = [
            self._validation(place, *texts) for place, texts in enumerate(source.validations)
        ]
        self._annotations = [
            self._compiled(text, ("auditAnnotations", place, "valueExpression"), _TEXT_OR_NONE)
            for place, (_, text) in enumerate(source.annotations)
        ]

    def know(self, inventory_json: str) -> None:
        """Nothing: CEL sees no other objects."""

    def run(self, input_json: str) -> str:
        given = json.loads(input_json)
        is_wide = given.get("is_cluster_wide") is True
        scope = Scope(self._given(given["review"], given.get("parameters"), is_wide))
        try:
            return json.dumps(list(self._results(scope)))
        except NotHere as missing:
            raise SourceFault(str(missing), keys=("validations",), only_here=True) from None
        except TooLong as error:
            raise SourceFault(str(error), keys=("validations",), only_here=True) from None

    def _compiled(self, text: str, keys: Keys, wanted: frozenset[str] = _ANY) -> Expression:
        declared = Declared(self._names, frozenset(self._variables))
        try:
            expression = compile_expression(text, declared)
        except CelSyntaxError as error:
            raise SourceFault(
                error.quoted, keys=keys, line=error.line, only_here=error.unknown
            ) from None
        if wanted and (found := unfit_type(text, wanted)):
            kinds = " or ".join(sorted(wanted, reverse=True)).replace("null_type", "null")
            reason = f"{keys[-1]} must yield {kinds}, and `{text.strip()}` is of the type {found}"
            raise SourceFault(reason, keys=keys)
        return expression

    def _validation(
        self, place: int, text: str, message: str, message_expression: str
    ) -> _Validation:
        keys: Keys = ("validations", place)
        words = None
        if message_expression:
            words = self._compiled(message_expression, (*keys, "messageExpression"), _TEXT)
        return _Validation(self._compiled(text, (*keys, "expression"), _TRUTH), message, words)

    def _given(
        self,
        review: dict[str, Any],
        parameters: Any,
        is_cluster_wide: bool,  # noqa: FBT001
    ) -> dict[str, Any]:
        values = {
            "object": review.get("object"),
            "oldObject": review.get("oldObject"),
            "request": _request(review, is_cluster_wide=is_cluster_wide),
            "params": {"spec": {"parameters": parameters}} if self._in_gatekeeper else parameters,
            "namespaceObject": None if is_cluster_wide else _namespace_of(review),
            "authorizer": _AUTHORIZER,
        }
        if self._in_gatekeeper and parameters is None:
            values["params"] = {"spec": {}}
        return values

    def _results(self, scope: Scope) -> Iterator[dict[str, Any]]:
        composed = _Composed(self._variables, scope)
        scope.variables = PartlyKnown({**scope.variables, "variables": composed})
        problem = self._problem_of_conditions(scope)
        if problem is None or (problem and not self._fails):
            return
        if problem:
            yield {"msg": problem}
            return
        for validation in self._validations:
            if message := self._message(validation, scope):
                yield {"msg": message}
        for annotation in self._annotations:
            if (problem := _problem_of_annotation(annotation, scope)) and self._fails:
                yield {"msg": problem, REFUSES: True}

    def _problem_of_conditions(self, scope: Scope) -> str | None:
        """Nothing said if the policy is to be evaluated, None if not, else what was wrong in asking."""
        problem = ""
        for condition in self._conditions:
            try:
                if not truth(condition.value(scope)):
                    return None
            except (NotHere, TooLong):
                raise
            except CelError as error:
                problem = problem or f"the match condition {condition.text!r} failed: {error}"
        return problem

    def _message(self, validation: _Validation, scope: Scope) -> str:
        expression = validation.expression
        try:
            if truth(expression.value(scope)):
                return ""
        except (NotHere, TooLong):
            raise
        except CelError as error:
            text = f"expression '{expression.text.strip()}' resulted in error: {error}"
            return text if self._fails else ""
        return validation.words_in(scope) or f"failed expression: {expression.text.strip()}"


def _problem_of_annotation(expression: Expression, scope: Scope) -> str:
    """Why the value of an audit annotation cannot be made, "" if it can."""
    try:
        value = expression.value(scope)
    except (NotHere, TooLong):
        raise
    except CelError as error:
        problem = f"resulted in error: {error}"
    else:
        if value is None or isinstance(value, str):
            return ""
        problem = f"yields {type_of(value)}, where string or null is wanted"
    return f"valueExpression '{expression.text.strip()}' {problem}"


_OBJECTS = {"object", "oldObject", "namespaceObject", "_unstable"}


class _Validation:
    def __init__(self, expression: Expression, message: str, words: Expression | None) -> None:
        self.expression = expression
        self._message = message.strip()
        self._words = words

    def words_in(self, scope: Scope) -> str:
        """Its message: made by an expression where that works, else the fixed one."""
        if self._words is not None:
            try:
                made = self._words.value(scope)
            except CelError:
                made = ""
            if isinstance(made, str) and _is_good(made.strip()):
                return made.strip()
        return self._message


def _is_good(message: str) -> bool:
    return bool(message) and "\n" not in message and len(message) <= _LONGEST_MESSAGE


class _Composed(dict[str, Any]):
    """`variables`: each is evaluated when it is first asked for, and once."""

    def __init__(self, expressions: Mapping[str, Expression], scope: Scope) -> None:
        super().__init__()
        self._expressions = expressions
        self._scope = scope
        self._failed: dict[str, CelError] = {}

    def __contains__(self, name: object) -> bool:
        return name in self._expressions

    def __getitem__(self, name: str) -> Any:
        if dict.__contains__(self, name):
            return dict.__getitem__(self, name)
        if name in self._failed:
            raise self._failed[name]
        try:
            value = self[name] = self._expressions[name].value(self._scope)
        except CelError as error:
            self._failed[name] = error
            raise
        return value
