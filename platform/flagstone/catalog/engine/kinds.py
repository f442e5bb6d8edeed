"""The kinds of Backstage's catalogue: what their `spec` must hold, and what it says about other entities.

Types and lifecycles are open vocabularies: any text will do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from flagstone.catalog.engine.shapes import ListOf, Record, RecordOrList, Shape, Text, TextOrBool

_TEXT = Text()
_ANY_TEXT = Text(may_be_empty=True)
_TEXTS = ListOf(_TEXT)
_ENTITY_VERSIONS = ("backstage.io/v1alpha1", "backstage.io/v1beta1")
_TEMPLATE_VERSIONS = ("scaffolder.backstage.io/v1beta3",)


@dataclass(frozen=True, slots=True)
class RelationField:
    """A field of `spec` that names other entities; without a default kind, each name must say its own."""

    name: str
    type: str
    inverse: str
    default_kind: str | None


@dataclass(frozen=True, slots=True)
class Kind:
    """What is known about one kind; `alternatives` maps a `spec.type` to rules of its own."""

    api_versions: tuple[str, ...]
    spec: Shape
    relations: tuple[RelationField, ...] = ()
    alternatives: Mapping[str, Shape] = field(default_factory=dict)


OWNER = RelationField("owner", "ownedBy", "ownerOf", "Group")
SYSTEM = RelationField("system", "partOf", "hasPart", "System")
DEPENDS_ON = RelationField("dependsOn", "dependsOn", "dependencyOf", None)
DEPENDENCY_OF = RelationField("dependencyOf", "dependencyOf", "dependsOn", None)
MEMBER_OF = RelationField("memberOf", "memberOf", "hasMember", "Group")

# of a kind that nobody described, these fields mean what they mean everywhere
UNKNOWN_KIND_RELATIONS = (OWNER, SYSTEM, DEPENDS_ON, DEPENDENCY_OF)

_PROFILE = Record(fields={"displayName": _TEXT, "email": _TEXT, "picture": _TEXT})
_PERMISSIONS = Record(fields={"tags": ListOf(_ANY_TEXT)})
_DECORATORS = ListOf(Record(fields={"id": _ANY_TEXT, "input": Record()}))

_COMPONENT = Record(
    required=("type", "lifecycle", "owner"),
    fields={
        "type": _TEXT,
        "lifecycle": _TEXT,
        "owner": _TEXT,
        "system": _TEXT,
        "subcomponentOf": _TEXT,
        "providesApis": _TEXTS,
        "consumesApis": _TEXTS,
        "dependsOn": _TEXTS,
    },
)

_API_FIELDS = {
    "type": _TEXT,
    "lifecycle": _TEXT,
    "owner": _TEXT,
    "system": _TEXT,
    "definition": _TEXT,
}
_API = Record(required=("type", "lifecycle", "owner", "definition"), fields=_API_FIELDS)
_MCP_SERVER = Record(
    required=("lifecycle", "owner", "remotes"),
    fields={
        **_API_FIELDS,
        "remotes": ListOf(
            Record(required=("type", "url"), fields={"type": _TEXT, "url": _TEXT}), at_least=1
        ),
    },
)

_TEMPLATE = Record(
    required=("type", "steps"),
    fields={
        "type": _TEXT,
        "owner": _TEXT,
        "lifecycle": _TEXT,
        "parameters": RecordOrList(Record(fields={"backstage:permissions": _PERMISSIONS})),
        "secrets": Record(fields={"schema": Record()}),
        "presentation": Record(
            fields={
                "buttonLabels": Record(
                    fields={
                        "backButtonText": _ANY_TEXT,
                        "createButtonText": _ANY_TEXT,
                        "reviewButtonText": _ANY_TEXT,
                    }
                )
            }
        ),
        "EXPERIMENTAL_recovery": Record(fields={"EXPERIMENTAL_strategy": _ANY_TEXT}),
        "formDecorators": _DECORATORS,
        "EXPERIMENTAL_formDecorators": _DECORATORS,
        "steps": ListOf(
            Record(
                required=("action",),
                fields={
                    "id": _ANY_TEXT,
                    "name": _ANY_TEXT,
                    "action": _ANY_TEXT,
                    "input": Record(),
                    "if": TextOrBool(),
                    "backstage:permissions": _PERMISSIONS,
                },
            )
        ),
        "output": Record(
            fields={
                "links": ListOf(
                    Record(
                        fields={
                            "if": TextOrBool(),
                            "url": _TEXT,
                            "entityRef": _TEXT,
                            "title": _TEXT,
                            "icon": _TEXT,
                        }
                    )
                ),
                "text": ListOf(
                    Record(
                        fields={
                            "if": TextOrBool(),
                            "title": _TEXT,
                            "icon": _TEXT,
                            "content": _ANY_TEXT,
                        }
                    )
                ),
            },
            others=_ANY_TEXT,
        ),
    },
)

KINDS: Mapping[str, Kind] = {
    "Component": Kind(
        _ENTITY_VERSIONS,
        _COMPONENT,
        (
            OWNER,
            SYSTEM,
            RelationField("subcomponentOf", "partOf", "hasPart", "Component"),
            RelationField("providesApis", "providesApi", "apiProvidedBy", "API"),
            RelationField("consumesApis", "consumesApi", "apiConsumedBy", "API"),
            DEPENDS_ON,
            DEPENDENCY_OF,
        ),
    ),
    "API": Kind(_ENTITY_VERSIONS, _API, (OWNER, SYSTEM), {"mcp-server": _MCP_SERVER}),
    "Resource": Kind(
        _ENTITY_VERSIONS,
        Record(
            required=("type", "owner"),
            fields={"type": _TEXT, "owner": _TEXT, "dependsOn": _TEXTS, "system": _TEXT},
        ),
        (OWNER, SYSTEM, DEPENDS_ON, DEPENDENCY_OF),
    ),
    "System": Kind(
        _ENTITY_VERSIONS,
        Record(required=("owner",), fields={"owner": _TEXT, "domain": _TEXT, "type": _TEXT}),
        (OWNER, RelationField("domain", "partOf", "hasPart", "Domain")),
    ),
    "Domain": Kind(
        _ENTITY_VERSIONS,
        Record(required=("owner",), fields={"owner": _TEXT, "subdomainOf": _TEXT, "type": _TEXT}),
        (OWNER, RelationField("subdomainOf", "partOf", "hasPart", "Domain")),
    ),
    "Group": Kind(
        _ENTITY_VERSIONS,
        Record(
            required=("type", "children"),
            fields={
                "type": _TEXT,
                "profile": _PROFILE,
                "parent": _TEXT,
                "children": _TEXTS,
                "members": _TEXTS,
            },
        ),
        (
            RelationField("parent", "childOf", "parentOf", "Group"),
            RelationField("children", "parentOf", "childOf", "Group"),
            RelationField("members", "hasMember", "memberOf", "User"),
        ),
    ),
    "User": Kind(
        _ENTITY_VERSIONS,
        Record(required=("memberOf",), fields={"profile": _PROFILE, "memberOf": _TEXTS}),
        (MEMBER_OF,),
    ),
    "Location": Kind(
        _ENTITY_VERSIONS,
        Record(
            fields={
                "type": _TEXT,
                "target": _TEXT,
                "targets": _TEXTS,
                "presence": Text(among=("required", "optional")),
            }
        ),
    ),
    "Template": Kind(_TEMPLATE_VERSIONS, _TEMPLATE, (OWNER,)),
}

# a known kind in another case is a slip, not a kind of its own
SPELLINGS: Mapping[str, str] = {kind.lower(): kind for kind in KINDS}
