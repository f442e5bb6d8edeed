"""The organisation's catalogue repository: groups, people, domains and systems."""

from __future__ import annotations

import json
from collections.abc import Iterator

from flagstone.config.demo.people import (
    DEPARTMENTS,
    PEOPLE,
    SQUADS,
    Person,
    Squad,
)
from flagstone.config.demo.systems import DOMAINS, SYSTEMS, System

_README = """\
# Organisation

Who we are and what we run, as the catalogue reads it. A change of squad is a pull request here.

`groups/` departments, squads and their people · `systems/` domains and their systems
"""


def organisation_files() -> dict[str, bytes]:
    """Return the repository's files; `catalog-info.yaml` is the Location to register."""
    files = {"README.md": _README, "groups/engineering.yaml": _documents(_engineering())}
    files |= {f"groups/{squad.name}.yaml": _documents(_squad(squad)) for squad in SQUADS}
    files |= {f"systems/{domain}.yaml": _documents(_domain(domain)) for domain in DOMAINS}
    files["catalog-info.yaml"] = _location(sorted(path for path in files if path.endswith(".yaml")))
    return {path: text.encode() for path, text in sorted(files.items())}


def _engineering() -> Iterator[str]:
    yield _group(
        "engineering", "Engineering", "organisation", "Everybody who builds and runs it", ""
    )
    for name, title in DEPARTMENTS.items():
        squads = ", ".join(squad.name for squad in SQUADS if squad.department == name)
        yield _group(name, title, "department", f"The squads {squads}", "engineering")
    yield _user(PEOPLE[0], "engineering", "VP Engineering")


def _squad(squad: Squad) -> Iterator[str]:
    yield _group(squad.name, squad.title, "squad", squad.purpose, squad.department)
    for person in squad.people:
        yield _user(person, squad.name, "Squad lead" if person == squad.lead else "Engineer")


def _group(name: str, title: str, kind: str, description: str, parent: str) -> str:
    above = f"  parent: {parent}\n" if parent else ""
    return f"""\
apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: {name}
  title: {title}
  description: {json.dumps(description)}
spec:
  type: {kind}
  profile:
    displayName: {title}
    email: {name}@example.com
{above}  children: []
"""


def _user(person: Person, group: str, role: str) -> str:
    return f"""\
apiVersion: backstage.io/v1alpha1
kind: User
metadata:
  name: {person.user_name}
  title: {person.full_name}
  description: {role}
spec:
  profile:
    displayName: {person.full_name}
    email: {person.email}
  memberOf:
    - {group}
"""


def _domain(name: str) -> Iterator[str]:
    yield f"""\
apiVersion: backstage.io/v1alpha1
kind: Domain
metadata:
  name: {name}
  title: {DOMAINS[name]}
spec:
  owner: group:default/{name}
"""
    for system in SYSTEMS.values():
        if system.domain == name:
            yield _system(system)


def _system(system: System) -> str:
    return f"""\
apiVersion: backstage.io/v1alpha1
kind: System
metadata:
  name: {system.name}
  title: {system.title}
  description: {json.dumps(system.purpose)}
spec:
  owner: group:default/{system.squad}
  domain: {system.domain}
"""


def _location(paths: list[str]) -> str:
    targets = "".join(f"    - ./{path}\n" for path in paths)
    return f"""\
apiVersion: backstage.io/v1alpha1
kind: Location
metadata:
  name: organisation
  description: The organisation itself
spec:
  targets:
{targets}"""


def _documents(documents: Iterator[str]) -> str:
    return "---\n".join(documents)
