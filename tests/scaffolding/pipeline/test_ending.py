"""What happens after the merge; taking back is proven in test_executing and test_crashes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from flagstone.catalog.models import Location
from flagstone.forge import actions as forge_actions
from flagstone.scaffolding import pipeline
from flagstone.scaffolding.models import ScaffoldRun
from flagstone.scaffolding.pipeline.ending import CATALOGUE_PATIENCE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def merged(request_run, lead):
    run = request_run()
    pipeline.execute(run.pk)
    run.refresh_from_db()
    forge_actions.merge_pull_request(actor=lead, pull_request=run.pull_request)
    return run


def catalogue_step(run):
    run.job.refresh_from_db()
    return run.job.steps.get(key="catalogue").state, run.job.state


@pytest.mark.parametrize(
    ("pattern", "locations"),
    [
        ("services/*/catalog-info.yaml", ["services/*/catalog-info.yaml"]),
        ("services/checkout/catalog-info.yaml", ["services/checkout/catalog-info.yaml"]),
        (
            "other/*/catalog-info.yaml",
            ["other/*/catalog-info.yaml", "services/checkout/catalog-info.yaml"],
        ),
    ],
)
def test_a_location_is_registered_only_when_none_covers_the_file(
    merged, gitops, pattern, locations
):
    Location.objects.create(type="git", repository=gitops, path=pattern)
    pipeline.execute(merged.pk)
    assert list(Location.objects.order_by("pk").values_list("path", flat=True)) == locations


def test_the_catalogue_reads_what_was_merged_and_ends_the_run(merged, sent):
    from flagstone.catalog.pipeline import ingest

    pipeline.execute(merged.pk)
    assert catalogue_step(merged) == ("running", "running")
    location = Location.objects.get()
    assert ("catalog.ingest_location", location.pk) in sent
    ingest(location.pk)
    assert sent[-1] == ("scaffolding.execute_run", str(merged.pk))
    pipeline.execute(merged.pk)
    assert catalogue_step(merged) == ("succeeded", "succeeded")


def test_a_catalogue_that_stays_silent_is_told_to_people(merged):
    pipeline.execute(merged.pk)
    merged.refresh_from_db()
    ScaffoldRun.objects.filter(pk=merged.pk).update(
        finished_at=merged.finished_at - CATALOGUE_PATIENCE - timedelta(seconds=1)
    )
    pipeline.execute(merged.pk)
    assert catalogue_step(merged) == ("failed", "failed")
    assert merged.job.error.startswith(
        "All is made, but the catalogue has no component:default/checkout."
    )
    merged.refresh_from_db()
    assert merged.state == "merged"
