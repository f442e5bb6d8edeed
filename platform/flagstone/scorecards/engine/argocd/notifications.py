"""Notifications of Argo CD and Argo Rollouts: which triggers and templates there are, and who is subscribed.

Both use one engine: subscriptions stand on the object, on its AppProject or in the ConfigMap for all; a
trigger that the ConfigMap does not have is never sent, and nothing says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cached_property
from typing import Any

from flagstone.policies.manifests.documents import Document, read_documents
from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.objects import Manifest, mapping, sequence, text_map

ARGO_CD = "argocd-notifications-cm"
ROLLOUTS = "argo-rollouts-notification-configmap"
_PREFIX = "notifications.argoproj.io/"
_SUBSCRIBE = f"{_PREFIX}subscribe."
_NEARLY = 0.93  # two letters of so long a word
_TERM = re.compile(r"[^,(]+(?:\([^)]*\))?")
_SET = re.compile(r"(?P<key>\S+)\s+(?P<how>in|notin)\s*\((?P<values>[^)]*)\)")
_NEED_A_RECIPIENT = frozenset({"slack", "email", "telegram", "mattermost", "rocketchat"})


@dataclass(frozen=True, slots=True)
class Subscription:
    """One trigger sent by one service; `trigger` is "" where the default triggers are meant."""

    trigger: str
    service: str
    recipients: tuple[str, ...]
    manifest: Manifest
    keys: tuple[str | int, ...]

    @property
    def reaches_nobody(self) -> bool:
        """Whether a service that sends to somebody was told to send to nobody."""
        return self.service in _NEED_A_RECIPIENT and not any(self.recipients)


@dataclass(frozen=True, slots=True)
class Trigger:
    """When something is sent (`conditions`), and by which templates."""

    manifest: Manifest
    keys: tuple[str | int, ...]
    templates: tuple[str, ...]
    conditions: tuple[str, ...]


class NotificationSettings:
    """What the ConfigMaps (or the operator's NotificationsConfigurations) say, all of them together.

    Attributes:
        name: what people call the ConfigMap.
        is_known: whether any of them is in view; else nothing can be said about what exists.
    """

    def __init__(self, name: str, holders: Iterable[Manifest]) -> None:
        self.name = name
        self._texts = {
            key: (text, holder, (*place, key))
            for holder in holders
            for place in _places(holder)
            for key, text in text_map(holder.at(*place)).items()
        }
        self.is_known = bool(self._texts)

    @cached_property
    def triggers(self) -> dict[str, Trigger]:
        found = {}
        for key, (text, holder, keys) in self._texts.items():
            if key.startswith("trigger."):
                entries = [mapping(entry) for entry in _entries(text)]
                sent = [str(name) for e in entries for name in sequence(e.get("send"))]
                conditions = tuple(str(e["when"]) for e in entries if e.get("when"))
                name = key.removeprefix("trigger.")
                found[name] = Trigger(holder, keys, tuple(sent), conditions)
        return found

    @cached_property
    def templates(self) -> frozenset[str]:
        keys = (key for key in self._texts if key.startswith("template."))
        return frozenset(key.removeprefix("template.") for key in keys)

    @cached_property
    def services(self) -> frozenset[str]:
        """`service.slack` is called slack, `service.webhook.metrics` is called metrics."""
        keys = (key for key in self._texts if key.startswith("service."))
        return frozenset(key.rpartition(".")[2] for key in keys)

    def default_triggers(self, service: str) -> list[str]:
        for key in (f"defaultTriggers.{service}", "defaultTriggers"):
            if key in self._texts:
                return [str(name) for name in _entries(self._texts[key][0])]
        return []

    def for_all(self, labels: Mapping[str, str]) -> Iterator[Subscription]:
        """The subscriptions that the settings themselves have for an object with those labels."""
        for selector, subscription in self._general:
            if not selector or _selects(selector, labels):
                yield subscription

    @cached_property
    def _general(self) -> list[tuple[str, Subscription]]:
        text, holder, keys = self._texts.get("subscriptions", ("", None, ()))
        return [
            (str(entry.get("selector") or ""), Subscription(name, service, (whom,), holder, keys))
            for entry in map(mapping, _entries(text))
            for service, _, whom in (
                str(r).partition(":") for r in sequence(entry.get("recipients"))
            )
            for name in [str(name) for name in sequence(entry.get("triggers"))] or [""]
            if holder
        ]


def _places(holder: Manifest) -> list[tuple[str, ...]]:
    if holder.kind == "ConfigMap":
        return [("data",)]
    return [("spec", part) for part in ("triggers", "templates", "services", "subscriptions")]


def subscriptions(manifest: Manifest, *metadata: str | int) -> Iterator[Subscription]:
    """The subscriptions of an object's annotations, in either way of writing them."""
    keys = (*(metadata or ("metadata",)), "annotations")
    for key, value in text_map(manifest.at(*keys)).items():
        place = (*keys, key)
        if key.startswith(_SUBSCRIBE):
            trigger, dot, service = key.removeprefix(_SUBSCRIBE).partition(".")
            recipients = tuple(part.strip() for part in value.split(";"))
            if not dot:
                trigger, service = "", trigger
            yield Subscription(trigger, service.partition(".")[0], recipients, manifest, place)
        elif key == f"{_PREFIX}subscriptions":
            for entry in map(mapping, _entries(value)):
                for destination in map(mapping, sequence(entry.get("destinations"))):
                    recipients = tuple(map(str, sequence(destination.get("recipients"))))
                    for name in sequence(entry.get("trigger")) or [""]:
                        service = str(destination.get("service") or "")
                        yield Subscription(str(name), service, recipients, manifest, place)


def misspelt(
    manifest: Manifest, *metadata: str | int
) -> Iterator[tuple[str, tuple[str | int, ...]]]:
    """The annotations that are nearly a subscription, and are read by nobody; each with its place."""
    keys = (*(metadata or ("metadata",)), "annotations")
    for key in text_map(manifest.at(*keys)):
        before, slash, after = key.partition("/")
        word, dot, _ = after.partition(".")
        head = f"{before}{slash}{word}{dot}"
        if head != _SUBSCRIBE and dot and get_close_matches(head, [_SUBSCRIBE], 1, _NEARLY):
            yield key, (*keys, key)


def meant(name: str, known: Iterable[str]) -> str:
    """`: did you mean X?` where a name is close to a known one."""
    close = get_close_matches(name, sorted(known), n=1, cutoff=0.75)
    return f": did you mean {close[0]}?" if close else ""


def _entries(text: str) -> list[Any]:
    """The list that a text holds as YAML; a mapping alone is a list of one."""
    found = next((d.value for d in read_documents(text, Limits()) if isinstance(d, Document)), None)
    return [found] if isinstance(found, dict) else sequence(found)


def _selects(selector: str, labels: Mapping[str, str]) -> bool:
    """Whether a selector as kubectl takes it (`app=web,tier in (a, b),!legacy`) matches."""
    return all(_term(term.strip(), labels) for term in _TERM.findall(selector))


def _term(term: str, labels: Mapping[str, str]) -> bool:
    if found := _SET.fullmatch(term):
        values = {value.strip() for value in found["values"].split(",")}
        return (labels.get(found["key"]) in values) == (found["how"] == "in")
    if "!=" in term:
        key, _, value = term.partition("!=")
        return labels.get(key.strip()) != value.strip()
    if "=" in term:
        key, _, value = term.partition("=")
        return labels.get(key.strip()) == value.lstrip("=").strip()
    return (term[1:].strip() not in labels) if term.startswith("!") else term in labels
