"""GK: ConstraintTemplates that the cluster takes, whose parameters arrive and whose Rego can be used."""

from __future__ import annotations

from collections.abc import Iterator

from flagstone.policies.gatekeeper import rego_text, templates
from flagstone.policies.gatekeeper.structural_schema import breaches
from flagstone.policies.manifests.objects import Manifest, mapping, sequence
from flagstone.policies.manifests.source_lines import Keys
from flagstone.scorecards.engine.outcome import Findings, Outcome
from flagstone.scorecards.engine.registry import NoParams, check, unrendered
from flagstone.scorecards.engine.services import ServiceView
from flagstone.scorecards.engine.states import Severity
from flagstone.scorecards.engine.subjects.policies_in_view import (
    constrained_kind,
    constraints_of,
    templates_of,
    trials_of,
)

_NONE = "no Gatekeeper policy is among its files"
_NOT_APPLICABLE = "No Gatekeeper policy is among the files."
_OLD_VERSIONS = ("v1beta1", "v1alpha1")
_SCHEMA: Keys = ("spec", "crd", "spec", "validation", "openAPIV3Schema")
_LEGACY: Keys = ("spec", "crd", "spec", "validation", "legacySchema")
_ANYTHING = "x-kubernetes-preserve-unknown-fields"


@check(
    id="GK-01",
    name="Every constraint has its template",
    severity=Severity.H,
    rule="Each constraint's kind has a ConstraintTemplate in the input, in the same capital and small letters. Each "
    "template has a kind in spec.crd.spec.names, is called by that kind in small letters, and is "
    f"templates.gatekeeper.sh/v1; {' and '.join(_OLD_VERSIONS)} are findings of low severity. A constraint "
    "without template is not decided where the input holds no template at all or something could not be "
    "rendered.",
    why="A constraint without its template is no known kind: it is refused, and guards nothing. A "
    "template whose name is not its kind in small letters is refused too.",
    remedy="Bring the ConstraintTemplate, name it after its kind in small letters, and write "
    "templates.gatekeeper.sh/v1.",
    not_applicable=_NOT_APPLICABLE,
    no_data="No template is in the input: it may lie in the platform's repository. Score a folder that holds it "
    "too.",
)
def exists(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for template in templates_of(service):
        findings.judged += 1
        _check_template(template, findings)
    for constraint in constraints_of(service):
        findings.judged += 1
        if service.surroundings.policies_in_view.template_of(constraint) is None:
            _note_dangling(service, constraint, findings)
    return findings.verdict(
        "every constraint has its template, named after its kind", nothing=_NONE
    )


def _check_template(template: Manifest, findings: Findings) -> None:
    kind = constrained_kind(template)
    if template.version in _OLD_VERSIONS:
        message = (
            f"{template.ref} is {template.version}, an old version that is still served; use v1"
        )
        findings.fault(message, template, "apiVersion", severity=Severity.L)
    elif template.version != "v1":
        message = f"a ConstraintTemplate has no version {template.version}; use v1"
        findings.fault(message, template, "apiVersion")
    if not kind:
        message = f"{template.ref} names no kind: spec.crd.spec.names.kind is missing"
        findings.fault(message, template, "spec", "crd")
    elif template.name != kind.lower():
        message = (
            f"{template.ref} is refused: its name must be {kind.lower()}, its kind in small letters"
        )
        findings.fault(message, template, "metadata", "name")


def _note_dangling(service: ServiceView, constraint: Manifest, findings: Findings) -> None:
    policies = service.surroundings.policies_in_view
    message = f"there is no ConstraintTemplate for the kind {constraint.kind}"
    kinds = {constrained_kind(template) for template in policies.templates}
    close = next((kind for kind in kinds if kind.lower() == constraint.kind.lower()), "")
    if close:
        findings.fault(f"{message}, but one for {close}", constraint, "kind")
    elif policies.templates and not service.surroundings.snapshot.unrendered:
        findings.missing(f"{message} among the templates of the input", constraint, "kind")
    else:
        findings.cannot_tell(f"{message} in the input; it may lie elsewhere", constraint, "kind")


@check(
    id="GK-02",
    name="The parameters of a policy arrive",
    severity=Severity.H,
    rule="A template's openAPIV3Schema is structural (a `type` at every level, `items` for every array), and each "
    "parameter that a constraint sets is in it. A template whose Rego reads input.parameters must have a "
    "schema. `legacySchema: true`, also as the default of the old versions, lets every parameter in; it is a "
    "warning of low severity, and breaches of the schema are warnings then.",
    why="The API server drops a parameter that the template's schema does not name, and refuses a "
    "schema that is not structural: the policy runs without what its constraint sets.",
    remedy="Describe every parameter in spec.crd.spec.validation.openAPIV3Schema, with a `type` at "
    "every level and `items` for every array.",
    not_applicable="No policy among the files has parameters.",
    no_data="The template is not in the input: score a folder that holds it too.",
)
def schema(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for template in templates_of(service):
        _check_schema(service, template, findings)
    for constraint in constraints_of(service):
        _check_parameters(service, constraint, findings)
    return findings.verdict(
        "every parameter is in a structural schema",
        nothing="no policy here has parameters" if templates_of(service) else _NONE,
    )


def _check_schema(service: ServiceView, template: Manifest, findings: Findings) -> None:
    found = template.at(*_SCHEMA)
    if template.at(*_LEGACY) is True:
        findings.judged += 1
        message = (
            f"{template.ref} has a legacySchema: nothing holds its parameters against a schema"
        )
        findings.warn(message, template, *_LEGACY, severity=Severity.L)
    if found is None:
        if _lets_all_in(template):
            return
        used = service.surroundings.policies_in_view.constraints_of(template)
        asks = any("parameters" in _inputs(rego) for _, rego in _rego(template))
        if asks and not any(mapping(c.spec.get("parameters")) for c in used):
            findings.judged += 1
            message = f"{template.ref} reads parameters, and has no schema that lets any in"
            findings.fault(message, template, "spec", "crd", "spec")
        return
    findings.judged += 1
    tolerated = _lets_all_in(template)
    for keys, reason in breaches(found):
        place = ".".join(map(str, keys)) or "the schema itself"
        message = f"{template.ref}: {place}: {reason}"
        if tolerated:
            findings.warn(f"{message}, which v1 refuses", template, *_SCHEMA, *keys)
        else:
            findings.fault(message, template, *_SCHEMA, *keys)


def _lets_all_in(template: Manifest) -> bool:
    """Whether parameters that no schema names arrive: so says legacySchema, which old versions default to.

    Source: the conversions of ConstraintTemplates in Open Policy Agent's constraint framework.
    """
    legacy = template.at(*_LEGACY)
    by_default = legacy is None and template.version in _OLD_VERSIONS
    return legacy is True or (by_default and isinstance(template.at(*_LEGACY[:-1]), dict))


def _check_parameters(service: ServiceView, constraint: Manifest, findings: Findings) -> None:
    given = mapping(constraint.spec.get("parameters"))
    if not given:
        return
    template = service.surroundings.policies_in_view.template_of(constraint)
    if template is None:
        message = f"the schema of {constraint.kind} is not in the input"
        findings.cannot_tell(message, constraint, "spec", "parameters")
        return
    findings.judged += 1
    if _lets_all_in(template):
        return
    found = template.at(*_SCHEMA)
    if found is None:
        message = (
            f"{constraint.ref} has parameters, and its template has no schema: they are dropped"
        )
        findings.fault(message, constraint, "spec", "parameters")
        return
    for keys in _dropped(given, mapping(found)):
        message = (
            f"{constraint.ref}: the parameter {'.'.join(map(str, keys))} is not in the template's "
            "schema, so it is dropped"
        )
        findings.fault(message, constraint, "spec", "parameters", *keys)


def _dropped(value: object, found: dict[str, object], keys: Keys = ()) -> Iterator[Keys]:
    """The ways to the fields that the API server prunes."""
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _dropped(item, mapping(found.get("items")), (*keys, position))
    if not isinstance(value, dict) or found.get(_ANYTHING) is True:
        return
    fields, more = mapping(found.get("properties")), found.get("additionalProperties")
    for name, item in value.items():
        if name in fields:
            yield from _dropped(item, mapping(fields[name]), (*keys, name))
        elif isinstance(more, dict):
            yield from _dropped(item, more, (*keys, name))
        elif more is not True and (fields or found.get("type") == "object"):
            yield (*keys, name)


def _inputs(rego: str) -> set[str]:
    """The fields of `input` that a Rego text names."""
    found = rego_text.words(rego)
    triples = zip(found, found[1:], found[2:], strict=False)
    return {field.text for name, mark, field in triples if (name.text, mark.text) == ("input", ".")}


def _rego(template: Manifest) -> Iterator[tuple[Keys, str]]:
    """Every Rego text of a template with the way to it, whether it is used or not."""
    for i, target in enumerate(map(mapping, sequence(template.spec.get("targets")))):
        if isinstance(target.get("rego"), str):
            yield ("spec", "targets", i, "rego"), target["rego"]
        for j, code in enumerate(map(mapping, sequence(target.get("code")))):
            rego = mapping(code.get("source")).get("rego")
            if code.get("engine") == "Rego" and isinstance(rego, str):
                yield ("spec", "targets", i, "code", j, "source", "rego"), rego


@check(
    id="GK-08",
    name="A policy has one program, and it reports",
    severity=Severity.M,
    rule=f"A template has exactly one target, {templates.TARGET}, and in it one program: `rego` or `code`, and no "
    "engine twice. Two engines are a warning. Its Rego has a rule violation, and what that yields, by its text "
    "and when it is tried, is an object with a msg.",
    why="Beside `code`, an old `rego` wins silently: what is reviewed is not what runs. A rule that "
    "yields no object with a msg is an error at admission, and stops nobody.",
    remedy="Keep one program for each template, under `code`; let its rule `violation` yield objects "
    "with a msg.",
    not_applicable=_NOT_APPLICABLE,
    no_data=unrendered("The template is"),
)
def program(service: ServiceView, _params: NoParams) -> Outcome:
    findings = Findings()
    for template in templates_of(service):
        findings.judged += 1
        _check_targets(template, findings)
        for keys, rego in _rego(template):
            names = [word.text for word in rego_text.words(rego) if word.kind == "name"]
            if "violation" not in names:
                message = f"{template.ref}: its Rego has no rule called violation"
                findings.fault(message, template, *keys)
            for line, reason in rego_text.violation_faults(rego):
                message = f"{template.ref}: the rule violation in line {line} of its Rego: {reason}"
                findings.fault(message, template, *keys)
    for trial in trials_of(service):
        if trial.is_mute:
            message = f"{trial.name}: what its rule violation yields is no object with a msg"
            findings.fault(message, trial.template, "spec", "targets", 0)
    return findings.verdict("each policy has one program that reports violations", nothing=_NONE)


def _check_targets(template: Manifest, findings: Findings) -> None:
    targets = [mapping(target) for target in sequence(template.spec.get("targets"))]
    if [target.get("target") for target in targets] != [templates.TARGET]:
        message = f"{template.ref} needs exactly one target, {templates.TARGET}"
        findings.fault(message, template, "spec", "targets")
    for i, target in enumerate(targets):
        place: Keys = ("spec", "targets", i)
        engines = [str(mapping(code).get("engine")) for code in sequence(target.get("code"))]
        old = isinstance(target.get("rego"), str)
        if old and engines:
            message = f"{template.ref} has both rego and code: rego wins, and code never runs"
            findings.fault(message, template, *place, "rego")
        elif not old and not engines:
            findings.fault(f"{template.ref} has no program: no code", template, *place)
        for engine in dict.fromkeys(engines):
            if engines.count(engine) > 1:
                message = f"{template.ref} has the engine {engine} twice, which is refused"
                findings.fault(message, template, *place, "code")
        if len(set(engines)) > 1:
            message = (
                f"{template.ref} is written twice, for {' and '.join(dict.fromkeys(engines))}: the "
                "cluster's settings decide which one runs"
            )
            findings.warn(message, template, *place, "code")
