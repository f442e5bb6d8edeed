"""References to entities: `[<kind>:][<namespace>/]<name>`, the same whatever their case."""

from __future__ import annotations

from dataclasses import dataclass

from flagstone.core.errors import UserError

DEFAULT_NAMESPACE = "default"
# three names of 63 characters and two separators make 191; what is longer names nothing that can exist
MAX_LENGTH = 255


class InvalidRef(UserError):
    """A text that is no reference."""

    default_code = "catalog.ref_invalid"


@dataclass(frozen=True, slots=True, eq=False)
class EntityRef:
    """Names one entity. Two references that differ only by case are equal.

    Attributes:
        kind: as it was written, such as `Component`.
        namespace: as it was written, `default` if it was left out.
        name: as it was written.
    """

    kind: str
    namespace: str
    name: str

    @classmethod
    def parse(
        cls,
        text: object,
        *,
        default_kind: str | None = None,
        default_namespace: str = DEFAULT_NAMESPACE,
    ) -> EntityRef:
        """Read a reference as Backstage does.

        Only a text is a reference: the compound form `{kind, namespace, name}` stands in Backstage's
        documents, but its validators refuse it too.

        Raises:
            InvalidRef: if it is no text, too long, lacks a part, or lacks a kind that has no default.
        """
        if not isinstance(text, str):
            raise InvalidRef(
                f"A reference is one text such as group:default/payments, not {_shape(text)}."
            )
        if not text:
            raise InvalidRef("The reference is empty; write one such as group:default/payments.")
        if len(text) > MAX_LENGTH:
            raise InvalidRef(
                f'The reference "{text[:40]}…" has {len(text)} characters; {MAX_LENGTH} is the most.'
            )
        kind, namespace, name = _split(text)
        if kind is None:
            kind = default_kind
        if not kind:
            raise InvalidRef(
                f'The reference "{text}" does not say of what kind it is; '
                f"write it first, for example component:{text}.",
                ref=text,
            )
        return cls(kind, default_namespace if namespace is None else namespace, name)

    @property
    def canonical(self) -> str:
        """The one spelling of this identity: `component:default/checkout`, all lower case."""
        return f"{self.kind}:{self.namespace}/{self.name}".lower()

    def short(self, *, default_kind: str = "") -> str:
        """The reference for people: without the kind and the namespace that go without saying."""
        kind = "" if self.kind.lower() == default_kind.lower() else f"{self.kind.lower()}:"
        namespace = "" if self.namespace.lower() == DEFAULT_NAMESPACE else f"{self.namespace}/"
        return f"{kind}{namespace}{self.name}"

    def __str__(self) -> str:
        return self.canonical

    def __eq__(self, other: object) -> bool:
        return isinstance(other, EntityRef) and self.canonical == other.canonical

    def __hash__(self) -> int:
        return hash(self.canonical)


def _split(text: str) -> tuple[str | None, str | None, str]:
    colon, slash = text.find(":"), text.find("/")
    if -1 < slash < colon:  # a colon behind the slash belongs to the name
        colon = -1
    kind = text[:colon] if colon != -1 else None
    namespace = text[colon + 1 : slash] if slash != -1 else None
    name = text[max(colon, slash) + 1 :]
    if "" in (kind, namespace, name):
        raise InvalidRef(
            f'"{text}" is no reference: write [<kind>:][<namespace>/]<name>, '
            "for example group:default/payments.",
            ref=text,
        )
    return kind, namespace, name


def _shape(value: object) -> str:
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else f"the {type(value).__name__} {value}"
