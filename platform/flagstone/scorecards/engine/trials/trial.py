"""What a policy is about, found out by making good objects worse and asking it again."""

from __future__ import annotations

import re
from functools import cached_property
from typing import Any, Literal

from flagstone.policies.gatekeeper import rego_text
from flagstone.policies.gatekeeper.defaults import with_defaults
from flagstone.policies.gatekeeper.errors import NoMessage, PolicyError
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.scorecards.engine.subjects.policies_in_view import constrained_kind
from flagstone.scorecards.engine.trials import objects, pods
from flagstone.scorecards.engine.trials.asking import Answer, Asked, Key
from flagstone.scorecards.engine.trials.places import Place, place_for

Subject = Literal["probes", "resources", "canary", "retries"]

GOOD = "good"
_NO_PROBES = "no probes"
_NO_RESOURCES, _NO_LIMITS, _NO_REQUESTS = "no resources", "no limits", "no requests"
_KINDS: dict[Subject, tuple[str, ...]] = {
    "probes": (*objects.POD_KINDS, *objects.JOBS),
    "resources": (*objects.POD_KINDS, *objects.JOBS),
    "canary": ("Rollout",),
    "retries": ("VirtualService",),
}
_WORSE: dict[Subject, tuple[str, ...]] = {
    "probes": (_NO_PROBES,),
    "resources": (_NO_RESOURCES, _NO_LIMITS, _NO_REQUESTS),
    "canary": ("steps", "analysis", "trafficRouting"),
    "retries": ("timeout", "retries", "attempts"),
}
_DEMANDS: dict[Subject, re.Pattern[str]] = {
    "probes": re.compile(
        r"(?i)require\w*probe|\bnot\s+[\w.]+(\[\s*probe\w*\s*\]|[.\[\"]+(readiness|liveness)probe)"
    ),
    "resources": re.compile(r"(?i)require\w*(resource|limit|request)|\bnot\s+[\w.]+\.resources\b"),
}
_WORDS: dict[Subject, re.Pattern[str]] = {
    "probes": re.compile(r"(readiness|liveness)probe|requiredprobes", re.IGNORECASE),
    "resources": re.compile(r"\bresources\b.*\b(limits|requests)\b|requiredresources", re.DOTALL),
    "canary": re.compile(r"\bcanary\b|canarystrategy", re.IGNORECASE),
    "retries": re.compile(r"\bretries\b|finiteretries", re.IGNORECASE),
}


class Trial:
    """A template with one of its constraints, or with none.

    Attributes:
        template: the template that is tried.
        constraint: how it is used; None where nothing uses it.
        parameters: what the policy is given, the schema's defaults filled in.
        place: where its match looks.
    """

    def __init__(self, template: Manifest, constraint: Manifest | None) -> None:
        self.template = template
        self.constraint = constraint
        spec = constraint.spec if constraint else {}
        schema = template.at("spec", "crd", "spec", "validation", "openAPIV3Schema")
        given = mapping(spec.get("parameters"))
        self.parameters: dict[str, Any] = with_defaults(given, mapping(schema))
        match = mapping(spec.get("match"))
        # What is generated is made of what lies in Git: it is tried as if it lay there itself.
        self.match = {key: value for key, value in match.items() if key != "source"}
        self.place: Place = place_for(self.match)

    @property
    def name(self) -> str:
        """What people call it: the constraint's name, else the template's."""
        return (self.constraint or self.template).ref

    @cached_property
    def handler(self) -> str:
        """The kind of probe to use: one that its parameters allow."""
        allowed = set(texts(self.parameters))
        return next((handler for handler in pods.HANDLERS if handler in allowed), "httpGet")

    @cached_property
    def good(self) -> dict[str, Any]:
        """The pod to make worse: one without a limit on CPU where the policy has none of that."""
        full = pods.pod(self.handler)
        lean = pods.changed(full, pods.with_resource("limits", "cpu", None))
        answers = self.answers(
            {
                (kind, name): spec
                for kind in ("Deployment", "Pod")
                for name, spec in (("full", full), ("lean", lean))
            }
        )
        refused = {
            name: sum(answers[kind, name].anywhere for kind in ("Deployment", "Pod"))
            for name in ("full", "lean")
        }
        return lean if refused["lean"] < refused["full"] else full

    @cached_property
    def _asked(self) -> Asked:
        return Asked(self.template, self.match, self.parameters, self.place)

    def answers(self, specs: dict[Key, dict[str, Any]]) -> dict[Key, Answer]:
        """What the policy says of objects that run these pods, by kind and name."""
        return self._asked.answers(
            {key: objects.with_pod(key[0], spec, self.place) for key, spec in specs.items()}
        )

    def answer(self, raw: dict[str, Any]) -> Answer:
        return self._asked.answers({("", ""): raw})["", ""]

    @cached_property
    def _first(self) -> dict[Key, Answer]:
        good = self.good
        worse = {
            GOOD: good,
            _NO_PROBES: pods.changed(good, pods.without(*pods.PROBES)),
            _NO_RESOURCES: pods.changed(good, pods.without("resources")),
            _NO_LIMITS: pods.changed(good, pods.without_section("limits")),
            _NO_REQUESTS: pods.changed(good, pods.without_section("requests")),
        }
        asked: dict[Key, dict[str, Any]] = {
            (kind, name): objects.with_pod(kind, spec, self.place)
            for kind in (*objects.POD_KINDS, *objects.JOBS)
            for name, spec in worse.items()
        }
        rollouts = objects.worse_rollouts(good, self.place)
        asked |= {("Rollout", name): raw for name, raw in rollouts.items()}
        asked["VirtualService", GOOD] = objects.virtual_service(self.place)
        services = objects.worse_virtual_services(self.place)
        asked |= {("VirtualService", name): raw for name, raw in services.items()}
        return self._asked.answers(asked)

    @property
    def failure(self) -> PolicyError | None:
        """Why the policy answers nothing at all; None if it can be asked."""
        failures = [answer.failure for answer in self._first.values()]
        return None if None in failures else failures[0]

    def sensitive(self, subject: Subject) -> list[str]:
        """The kinds of which it refuses what is worse, whatever its match says."""
        kinds = {kind for kind, name in self._worse(subject) if self._notices(kind, name)}
        return [kind for kind in _KINDS[subject] if kind in kinds]

    def _worse(self, subject: Subject) -> list[Key]:
        kinds, names = _KINDS[subject], _WORSE[subject]
        return [(kind, name) for kind, name in self._first if kind in kinds and name in names]

    def _notices(self, kind: str, name: str) -> bool:
        good, bad = self._first[kind, GOOD], self._first[kind, name]
        return not (good.failure or bad.failure) and bad.anywhere > good.anywhere

    def usual(self, kind: str) -> int:
        """How many violations a good object of that kind has, as far as the match looks at it."""
        return self._first[kind, GOOD].matched

    def unknown(self, subject: Subject) -> str:
        """Why it is not known whether it is about something that its text names; "" if it is known."""
        failures = [self._first[key].failure for key in self._worse(subject)]
        failure = next((one for one in failures if one is not None), None)
        if self.sensitive(subject) or not self._names(subject):
            return ""
        if failure is not None:
            return failure.reason
        refused = [k for k in objects.POD_KINDS if self._first[k, GOOD].anywhere]
        if subject == "probes" and ("Pod" in refused or len(refused) == len(objects.LONG_RUNNING)):
            return "it refuses whatever it is shown, with probes and without"
        return ""

    @property
    def is_mute(self) -> bool:
        """Whether it refuses something without a message."""
        return any(isinstance(answer.failure, NoMessage) for answer in self._first.values())

    def is_about(self, subject: Subject) -> bool:
        """Whether it is about that; where it does not answer, what its text names decides."""
        if self.failure is not None:
            return self._names(subject)
        return bool(self.sensitive(subject) or self.unknown(subject))

    def demands_in_vain(self, subject: Subject) -> bool:
        """Whether its text demands what its answers never do, of whatever its match looks at."""
        return (
            self.constraint is not None
            and any(map(self.looks_at, objects.POD_KINDS))
            and any(map(_DEMANDS[subject].search, self.source_texts))
            and self._names(subject)
            and not self.is_about(subject)
        )

    def _names(self, subject: Subject) -> bool:
        return bool(
            _WORDS[subject].search("\n".join((*self.source_texts, *texts(self.parameters))))
        )

    def looks_at(self, kind: str) -> bool:
        """Whether the constraint's match covers an object of that kind."""
        return objects.looked_at(self.match, kind, self.place)

    @cached_property
    def source_texts(self) -> list[str]:
        """The template's programs, and the name of its kind."""
        targets = map(mapping, sequence(self.template.spec.get("targets")))
        programs = [text for target in targets for text in texts(target)]
        return [constrained_kind(self.template), *programs]

    @cached_property
    def words(self) -> list[rego_text.Word]:
        return [word for text in self.source_texts for word in rego_text.words(text)]


def texts(value: Any) -> list[str]:
    """Every text in a value, at any depth."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            found.append(part)
        elif isinstance(part, dict):
            waiting += part.values()
        elif isinstance(part, list):
            waiting += part
    return found
