"""How services were made before the paved path: hand-written manifests of their year."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template

from flagstone.config.demo.service_folder import APPLICATION, ServiceFolder
from flagstone.config.demo.services import DemoService
from flagstone.config.demo.stories import ownership

_MANIFESTS = files(__package__).joinpath("manifests")


@dataclass(frozen=True, slots=True)
class Vintage:
    """A folder of `manifests/` and what the Argo CD Application of that time looked like."""

    folder: str
    application: str
    type: str = "service"


BARE_2022 = Vintage("deployment_2022", "set_up_by_hand")
DEPLOYMENT_2023 = Vintage("deployment_2023", "plain")
CANARY_PILOT_2024 = Vintage("pilot_2024", "plain")
WORKER = Vintage("worker", "guarded")
SCHEDULE = Vintage("schedule", "guarded")
WEBSITE = Vintage("website", "plain", type="website")
MODEL_STORE = Vintage("model_store", "plain")
CHART = Vintage("chart", "chart")


def digest(service: DemoService) -> str:
    """The digest of a service's image; made up, and the same each time."""
    return "sha256:" + hashlib.sha256(service.image.encode()).hexdigest()


def days_since_drill(service: DemoService) -> int:
    """Between three and sixty-five days, spread over the services."""
    return 3 + hashlib.sha256(service.name.encode()).digest()[0] % 63


def made_by_hand(service: DemoService, vintage: Vintage, today: date) -> ServiceFolder:
    values = {
        "name": service.name,
        "title": service.title,
        "description": service.description.replace("'", "''"),
        "tier": service.tier,
        "type": vintage.type,
        "squad": service.squad,
        "namespace": service.system,
        "image": service.image,
        "digest": digest(service),
        "drilled": (today - timedelta(days=days_since_drill(service))).isoformat(),
        "last_year": str(today.year - 1),
    }
    folder = ServiceFolder(service.name)
    for path, text in _texts(_MANIFESTS / vintage.folder):
        folder.write(path, Template(text).substitute(values))
    for file, source in (
        ("catalog-info.yaml", "entity/catalog-info.yaml"),
        (APPLICATION, f"applications/{vintage.application}.yaml"),
    ):
        text = _MANIFESTS.joinpath(source).read_text("utf-8")
        folder.write(file, Template(text).substitute(values))
    ownership.name_dependencies(folder, service.calls)
    return folder


def _texts(folder: Traversable, below: str = "") -> Iterator[tuple[str, str]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.is_dir():
            yield from _texts(entry, f"{below}{entry.name}/")
        else:
            yield below + entry.name, entry.read_text("utf-8")
