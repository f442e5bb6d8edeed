"""Which files belong to a chart."""

from __future__ import annotations

import pytest

from flagstone.policies.manifests.charts import Charts

CHARTS = Charts.among(
    ["a/Chart.yaml", "a/charts/sub/Chart.yaml", "a/values.yaml", "ab/x.yaml", "b/c/Chart.yaml"]
)


def test_a_chart_inside_a_chart_is_part_of_it():
    assert CHARTS.folders == ("a", "b/c")


@pytest.mark.parametrize(
    ("path", "folder", "template", "definition"),
    [
        ("a/templates/x.yaml", "a", True, False),
        ("a/templates/deep/x.yaml", "a", True, False),
        ("a/charts/sub/templates/x.yaml", "a", True, False),
        ("a/crds/x.yaml", "a", False, True),
        ("a/values.yaml", "a", False, False),
        ("a/ci/values.yaml", "a", False, False),
        ("a/templates", "a", False, False),
        ("ab/templates/x.yaml", None, False, False),
        ("b/templates/x.yaml", None, False, False),
    ],
)
def test_parts(path, folder, template, definition):
    assert CHARTS.folder_of(path) == folder
    assert CHARTS.is_template(path) is template
    assert CHARTS.is_definition(path) is definition


def test_a_chart_at_the_root():
    charts = Charts.among(["Chart.yaml", "templates/a.yaml"])
    assert charts.folders == ("",)
    assert charts.is_template("templates/a.yaml")
