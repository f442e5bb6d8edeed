from __future__ import annotations

from collections import Counter

import yaml

from flagstone.catalog.engine.reading import read_file
from flagstone.catalog.engine.relations import relations_of
from flagstone.config.demo.organisation import organisation_files
from flagstone.config.demo.people import PEOPLE, SIGN_INS, SQUADS
from flagstone.config.demo.titles import title_of


def _entities(files: dict[str, bytes]) -> dict[str, dict[str, object]]:
    found = {}
    for path, data in files.items():
        if path.endswith(".yaml"):
            for document in read_file(path, data):
                assert document.accepted, document.errors
                assert document.errors == ()
                assert document.ref is not None
                assert document.raw is not None
                found[document.ref.canonical] = dict(document.raw)
    return found


def test_eighteen_squads_and_sixty_people(organisation: dict[str, bytes]) -> None:
    kinds = Counter(ref.partition(":")[0] for ref in _entities(organisation))

    assert kinds == {"user": 60, "group": 24, "domain": 5, "system": 14, "location": 1}
    assert len(SQUADS) == 18
    assert len({person.user_name for person in PEOPLE}) == 60
    assert {len(squad.people) for squad in SQUADS} == {3, 4}


def test_every_reference_leads_somewhere(organisation: dict[str, bytes]) -> None:
    entities = _entities(organisation)

    missing = {
        edge.target
        for entity in entities.values()
        for edge in relations_of(entity)
        if edge.target not in entities
    }
    assert missing == set()
    assert set(SIGN_INS.values()) <= set(entities)


def test_the_location_names_every_file(organisation: dict[str, bytes]) -> None:
    targets = yaml.safe_load(organisation["catalog-info.yaml"])["spec"]["targets"]

    named = {target.removeprefix("./") for target in targets}
    assert named == {path for path in organisation if path.endswith(".yaml")} - {
        "catalog-info.yaml"
    }


def test_is_the_same_each_time(organisation: dict[str, bytes]) -> None:
    assert organisation_files() == organisation


def test_titles_read_as_people_write_them() -> None:
    assert [title_of(name) for name in ("checkout", "mobile-bff", "kyb-checks", "fx-rates")] == [
        "Checkout",
        "Mobile BFF",
        "KYB checks",
        "FX rates",
    ]
