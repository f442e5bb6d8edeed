"""Every verdict here was asked of Backstage's own validators once; the samples are ours."""

from __future__ import annotations

from typing import Any

import pytest

from flagstone.catalog.engine.shapes import spell
from flagstone.catalog.engine.validation import validate
from tests.catalog.engine.samples import DELETE, SPECS, entity

LONG = "a" * 63
_LINK = {"url": "https://example.com"}

VALID: list[tuple[str, dict[str, Any]]] = [
    *[(f"a bare {kind}", entity(kind)) for kind in SPECS],
    *[
        (f"{kind} in v1beta1", entity(kind, apiVersion="backstage.io/v1beta1"))
        for kind in SPECS
        if kind != "Template"
    ],
    ("name of 63 characters", entity(metadata__name=LONG)),
    ("name with runs of separators", entity(metadata__name="a--b..c__d")),
    ("namespace", entity(metadata__namespace="team-a")),
    ("description may be empty", entity(metadata__description="")),
    ("unknown metadata", entity(metadata__whatever={"a": [1]})),
    ("label value may be empty", entity(metadata__labels={"a": ""})),
    ("label with a domain", entity(metadata__labels={"example.com/tier": "1"})),
    ("the reserved prefix", entity(metadata__annotations={"backstage.io/techdocs-ref": "dir:."})),
    ("annotation of any text", entity(metadata__annotations={"a": "x\n y: {}", "b": ""})),
    ("tags", entity(metadata__tags=["java", "c++", "lang:go"])),
    ("no tags", entity(metadata__tags=[])),
    ("tag twice", entity(metadata__tags=["a", "a"])),
    (
        "link",
        entity(metadata__links=[{**_LINK, "title": "Docs", "icon": "any thing", "type": "x"}]),
    ),
    ("link that mails", entity(metadata__links=[{"url": "mailto:a@example.com"}])),
    ("link with an unknown field", entity(metadata__links=[{**_LINK, "more": 1}])),
    (
        "uid and etag as texts",
        entity(metadata__uid="1", metadata__etag="2", metadata__generation=1),
    ),
    ("owner of any text", entity(spec__owner="john@example.com")),
    ("owner nobody can parse", entity(spec__owner="group:")),
    ("type and lifecycle of any text", entity(spec__type="-", spec__lifecycle="what ever")),
    ("unknown spec field", entity(spec__tier=1, spec__x=None)),
    ("dependsOn without a kind", entity(spec__dependsOn=["ledger"])),
    ("dependencyOf of any shape", entity(spec__dependencyOf=1)),
    (
        "lists of references",
        entity(spec__providesApis=["a"], spec__consumesApis=[], spec__dependsOn=["b"]),
    ),
    ("definition by $text", entity("API", spec__definition={"$text": "./openapi.yaml"})),
    ("definition by $json", entity("API", spec__definition={"$json": "./openapi.json"})),
    ("description by $text", entity(metadata__description={"$text": "./README.md"})),
    ("MCP server", entity("API", spec__type="mcp-server", spec__definition="x")),
    ("Group with a profile", entity("Group", spec__profile={"displayName": "P", "more": 1})),
    ("Group with members", entity("Group", spec__members=["maria"], spec__parent="org")),
    ("User with an empty profile", entity("User", spec__profile={})),
    ("Location, optional", entity("Location", spec__target="./a", spec__presence="optional")),
    ("Location with an owner", entity("Location", spec__owner="x", spec__targets=["./a"])),
    ("Template with pages", entity("Template", spec__parameters=[{"title": "a"}, {}])),
    ("Template with one page", entity("Template", spec__parameters={"title": "a"})),
    ("Template without steps", entity("Template", spec__steps=[])),
    (
        "step with a condition",
        entity("Template", spec__steps=[{"action": "", "if": True, "each": 1}]),
    ),
    ("output of texts", entity("Template", spec__output={"links": [{}], "text": [{}], "x": ""})),
    (
        "unknown kind",
        {"apiVersion": "backstage.io/v1alpha1", "kind": "AiResource", "metadata": {"name": "a"}},
    ),
    ("unknown kind of another group", entity("Database", apiVersion="acme.io/v1", spec={"a": 1})),
]

INVALID: list[tuple[str, dict[str, Any], list[str]]] = [
    ("nothing at all", {}, ["apiVersion", "kind", "metadata"]),
    ("no apiVersion", entity(apiVersion=DELETE), ["apiVersion"]),
    ("empty apiVersion", entity(apiVersion=""), ["apiVersion", "apiVersion"]),
    ("apiVersion of another group", entity(apiVersion="acme.io/v1"), ["apiVersion"]),
    (
        "apiVersion of a Template for a Component",
        entity(apiVersion="scaffolder.backstage.io/v1beta3"),
        ["apiVersion"],
    ),
    (
        "old apiVersion of a Template",
        entity("Template", apiVersion="backstage.io/v1beta2"),
        ["apiVersion"],
    ),
    (
        "apiVersion with a dot in the version",
        entity(apiVersion="backstage.io/v1.2"),
        ["apiVersion", "apiVersion"],
    ),
    ("no kind", entity(kind=DELETE), ["kind"]),
    ("kind is a number", entity(kind=1), ["kind"]),
    ("kind in lower case", entity(kind="component"), ["kind"]),
    ("kind in upper case", entity(kind="COMPONENT"), ["kind"]),
    ("kind with a dash", entity(kind="Data-Base"), ["kind"]),
    ("kind of 64 letters", entity(kind=LONG + "a"), ["kind"]),
    ("metadata empty", entity(metadata=None), ["metadata"]),
    ("metadata a list", entity(metadata=[]), ["metadata"]),
    ("no name", entity(metadata={}), ["metadata.name"]),
    ("name empty", entity(metadata__name=""), ["metadata.name"]),
    ("name a number", entity(metadata__name=12), ["metadata.name"]),
    ("name with blanks", entity(metadata__name="my service"), ["metadata.name"]),
    ("name with a line break", entity(metadata__name="checkout\n"), ["metadata.name"]),
    ("name with a slash", entity(metadata__name="a/b"), ["metadata.name"]),
    ("name begins with a dash", entity(metadata__name="-a"), ["metadata.name"]),
    ("name ends with a dot", entity(metadata__name="a."), ["metadata.name"]),
    ("name of 64 characters", entity(metadata__name=LONG + "a"), ["metadata.name"]),
    ("name not ASCII", entity(metadata__name="bücher"), ["metadata.name"]),
    ("name by $text", entity(metadata__name={"$text": "./name"}), ["metadata.name"]),
    ("namespace upper case", entity(metadata__namespace="Default"), ["metadata.namespace"]),
    ("namespace with an underscore", entity(metadata__namespace="a_b"), ["metadata.namespace"]),
    ("namespace empty", entity(metadata__namespace=None), ["metadata.namespace"]),
    ("title empty", entity(metadata__title=""), ["metadata.title"]),
    ("title a number", entity(metadata__title=2024), ["metadata.title"]),
    ("description empty", entity(metadata__description=None), ["metadata.description"]),
    ("labels empty", entity(metadata__labels=None), ["metadata.labels"]),
    ("labels a list", entity(metadata__labels=["a"]), ["metadata.labels"]),
    ("label value a number", entity(metadata__labels={"a": 1}), ["metadata.labels.a"]),
    ("label value with blanks", entity(metadata__labels={"a": "b c"}), ["metadata.labels.a"]),
    ("label value too long", entity(metadata__labels={"a": LONG + "a"}), ["metadata.labels.a"]),
    (
        "label key with two slashes",
        entity(metadata__labels={"a/b/c": "d"}),
        ["metadata.labels.a/b/c"],
    ),
    (
        "label domain in upper case",
        entity(metadata__labels={"A.b/c": "d"}),
        ["metadata.labels.A.b/c"],
    ),
    ("label key empty", entity(metadata__labels={"": "d"}), ["metadata.labels."]),
    ("annotations empty", entity(metadata__annotations=None), ["metadata.annotations"]),
    ("annotation true", entity(metadata__annotations={"a": True}), ["metadata.annotations.a"]),
    ("annotation 8", entity(metadata__annotations={"a": 8}), ["metadata.annotations.a"]),
    ("annotation empty", entity(metadata__annotations={"a": None}), ["metadata.annotations.a"]),
    ("annotation a mapping", entity(metadata__annotations={"a": {}}), ["metadata.annotations.a"]),
    (
        "annotation key with a blank",
        entity(metadata__annotations={"a b": "c"}),
        ["metadata.annotations.a b"],
    ),
    ("tags empty", entity(metadata__tags=None), ["metadata.tags"]),
    ("tags a text", entity(metadata__tags="java"), ["metadata.tags"]),
    ("tag a number", entity(metadata__tags=["a", 1]), ["metadata.tags[1]"]),
    ("tag empty", entity(metadata__tags=[""]), ["metadata.tags[0]"]),
    ("tag in upper case", entity(metadata__tags=["Java"]), ["metadata.tags[0]"]),
    ("tag with two dashes", entity(metadata__tags=["a--b"]), ["metadata.tags[0]"]),
    ("tag of 64 characters", entity(metadata__tags=[LONG + "a"]), ["metadata.tags[0]"]),
    ("links a mapping", entity(metadata__links=_LINK), ["metadata.links"]),
    ("link a text", entity(metadata__links=["https://example.com"]), ["metadata.links[0]"]),
    ("link without url", entity(metadata__links=[{"title": "a"}]), ["metadata.links[0].url"]),
    ("link with url empty", entity(metadata__links=[{"url": ""}]), ["metadata.links[0].url"]),
    (
        "link without a scheme",
        entity(metadata__links=[{"url": "example.com"}]),
        ["metadata.links[0].url"],
    ),
    (
        "link relative",
        entity(metadata__links=[_LINK, {"url": "./docs"}]),
        ["metadata.links[1].url"],
    ),
    (
        "link title blank",
        entity(metadata__links=[{**_LINK, "title": " "}]),
        ["metadata.links[0].title"],
    ),
    (
        "link icon empty",
        entity(metadata__links=[{**_LINK, "icon": ""}]),
        ["metadata.links[0].icon"],
    ),
    (
        "link type empty",
        entity(metadata__links=[{**_LINK, "type": ""}]),
        ["metadata.links[0].type"],
    ),
    ("uid a number", entity(metadata__uid=1), ["metadata.uid"]),
    ("unknown field at the top", entity(owner="payments"), ["owner"]),
    ("relations are read-only", entity(relations=[]), ["relations"]),
    ("status is read-only", entity(status={}), ["status"]),
    ("no spec", entity(spec=DELETE), ["spec"]),
    ("spec empty", entity(spec=None), ["spec"]),
    ("spec a list", entity(spec=[]), ["spec"]),
    *[
        (f"{kind} without {field}", entity(kind, **{f"spec__{field}": DELETE}), [f"spec.{field}"])
        for kind, spec in SPECS.items()
        for field in spec
    ],
    *[
        (f"{kind} with {field} empty", entity(kind, **{f"spec__{field}": None}), [f"spec.{field}"])
        for kind, spec in SPECS.items()
        for field in spec
    ],
    ("nothing in the spec", entity(spec={}), ["spec.type", "spec.lifecycle", "spec.owner"]),
    ("owner compound", entity(spec__owner={"kind": "Group", "name": "a"}), ["spec.owner"]),
    ("owner a list", entity(spec__owner=["a"]), ["spec.owner"]),
    ("lifecycle a number", entity(spec__lifecycle=1), ["spec.lifecycle"]),
    ("system empty", entity(spec__system=""), ["spec.system"]),
    ("dependsOn a text", entity(spec__dependsOn="a:b"), ["spec.dependsOn"]),
    ("dependsOn holds an empty text", entity(spec__dependsOn=[""]), ["spec.dependsOn[0]"]),
    ("providesApis compound", entity(spec__providesApis=[{"name": "a"}]), ["spec.providesApis[0]"]),
    (
        "definition by an unknown placeholder",
        entity("API", spec__definition={"$openapi": "x"}),
        ["spec.definition"],
    ),
    (
        "definition by two",
        entity("API", spec__definition={"$text": "x", "a": 1}),
        ["spec.definition"],
    ),
    ("children a text", entity("Group", spec__children="a"), ["spec.children"]),
    (
        "profile with an empty e-mail",
        entity("Group", spec__profile={"email": ""}),
        ["spec.profile.email"],
    ),
    ("profile a text", entity("User", spec__profile="Maria"), ["spec.profile"]),
    ("memberOf a text", entity("User", spec__memberOf="payments"), ["spec.memberOf"]),
    ("presence of another word", entity("Location", spec__presence="maybe"), ["spec.presence"]),
    ("targets a text", entity("Location", spec__targets="./a"), ["spec.targets"]),
    ("steps a mapping", entity("Template", spec__steps={"action": "a"}), ["spec.steps"]),
    ("step a text", entity("Template", spec__steps=["a"]), ["spec.steps[0]"]),
    (
        "step without action",
        entity("Template", spec__steps=[{"id": "a"}]),
        ["spec.steps[0].action"],
    ),
    (
        "step with input empty",
        entity("Template", spec__steps=[{"action": "a", "input": None}]),
        ["spec.steps[0].input"],
    ),
    (
        "step with if 1",
        entity("Template", spec__steps=[{"action": "a", "if": 1}]),
        ["spec.steps[0].if"],
    ),
    ("parameters a text", entity("Template", spec__parameters="a"), ["spec.parameters"]),
    ("page a text", entity("Template", spec__parameters=["a"]), ["spec.parameters[0]"]),
    (
        "output link with an empty url",
        entity("Template", spec__output={"links": [{"url": ""}]}),
        ["spec.output.links[0].url"],
    ),
    ("other output not a text", entity("Template", spec__output={"x": 1}), ["spec.output.x"]),
]


@pytest.mark.parametrize(("_case", "raw"), VALID, ids=[case for case, _ in VALID])
def test_what_backstage_takes(_case: str, raw: dict[str, Any]) -> None:
    assert validate(raw) == []


@pytest.mark.parametrize(("_case", "raw", "fields"), INVALID, ids=[case for case, _, _ in INVALID])
def test_what_backstage_refuses(_case: str, raw: dict[str, Any], fields: list[str]) -> None:
    assert [spell(fault.keys) for fault in validate(raw)] == fields


def test_an_mcp_server_may_name_remotes_instead_of_a_definition() -> None:
    remotes = [{"type": "sse", "url": "https://example.com"}]
    server = entity("API", spec__type="mcp-server", spec__definition=DELETE, spec__remotes=remotes)

    assert validate(server) == []
    server["spec"]["remotes"] = []
    assert [f.message for f in validate(server)] == ["spec.remotes needs at least 1 entry."]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (
            entity(metadata__name="my service"),
            (
                'metadata.name is "my service"; it must be letters and digits, with single or repeated - _ . '
                "between them, 63 characters at most."
            ),
        ),
        (entity(spec__owner=DELETE), "spec.owner is missing."),
        (
            entity(metadata__annotations={"a": True}),
            "metadata.annotations.a must be a text, not true (quote it to make it a text).",
        ),
        (
            entity(metadata__title=""),
            "metadata.title is empty; write a text or leave the field out.",
        ),
        (entity(kind="component"), 'kind is "component"; it is written Component.'),
        (
            entity("Location", spec__presence="maybe"),
            'spec.presence is "maybe"; it can be required or optional.',
        ),
        (
            entity("Template", apiVersion="backstage.io/v1beta2"),
            'apiVersion is "backstage.io/v1beta2"; for a Template it is scaffolder.backstage.io/v1beta3.',
        ),
        (
            entity(metadata__labels={"a/b/c": "d"}),
            (
                'The key of metadata.labels.a/b/c is "a/b/c"; it must be letters and digits, with single or repeated '
                "- _ . between them, 63 characters at most, with at most one lower-case domain and / before it."
            ),
        ),
        (
            entity(owner="x"),
            'The field "owner" is unknown at the top; it may be meant for metadata or spec.',
        ),
    ],
)
def test_a_fault_says_what_and_how_to_mend_it(raw: dict[str, Any], words: str) -> None:
    assert [fault.message for fault in validate(raw)] == [words]
