from __future__ import annotations

import pytest

from flagstone.core.content import content_dir
from flagstone.scaffolding.engine.derived import derived_defaults
from flagstone.scaffolding.engine.sources import Source, scaffolds_of
from flagstone.scaffolding.errors import TemplateError
from tests.scaffolding.building import write_layer

VARIABLES = {
    "project_name": "My Shop",
    "project_slug": "{{ cookiecutter.project_name | lower | replace(' ', '_') }}",
    "module": "{{ cookiecutter.project_slug }}_module",
    "db": {"host": "{{ cookiecutter.project_slug }}-db", "port": 5432},
    "license": ["MIT", "{{ cookiecutter.project_slug }}-own"],
}


def scaffold(folder, **source):
    entry = content_dir("scaffolds") / "catalog-entry"
    (found,) = scaffolds_of(Source("demo", "A demo", folder, **source), entry=entry)
    assert found.problem is None
    return found


@pytest.fixture
def demo(tmp_path):
    return scaffold(write_layer(tmp_path / "demo", {"a": "x"}, VARIABLES))


def test_before_anything_is_answered_they_follow_from_the_defaults(demo):
    assert derived_defaults(demo, {}) == {
        "project_slug": "my_shop",
        "module": "my_shop_module",
        "db": {"host": "my_shop-db", "port": "5432"},
        "license": "MIT",
    }


def test_they_follow_from_what_was_answered(demo):
    found = derived_defaults(demo, {"project_name": "Funds Transfer", "license": "MIT"})
    assert found["module"] == "funds_transfer_module"
    found = derived_defaults(demo, {"project_slug": "other"})
    assert (found["project_slug"], found["module"]) == ("other", "other_module")


def test_an_answer_is_data_and_never_a_template(demo):
    found = derived_defaults(demo, {"project_slug": "{{ 7 * 7 }}"})
    assert found["module"] == "{{ 7 * 7 }}_module"


def test_what_is_wrong_counts_as_open(demo):
    found = derived_defaults(
        demo, {"project_name": "x" * 501, "unknown": 1, "serviceName": "NOT A NAME"}
    )
    assert found["project_slug"] == "my_shop"


def test_a_default_that_cannot_be_computed_says_why(tmp_path):
    broken = scaffold(
        write_layer(tmp_path / "demo", {"a": "x"}, {"bad": "{{ cookiecutter.missing }}"})
    )
    with pytest.raises(TemplateError) as refused:
        derived_defaults(broken, {})
    assert str(refused.value) == (
        "demo/cookiecutter.json: 'bad' has a default that cannot be rendered: "
        "'dict object' has no attribute 'missing'"
    )


def test_nothing_is_rendered_where_nothing_is_derived(tmp_path, monkeypatch):
    plain = scaffold(write_layer(tmp_path / "demo", {"a": "x"}, {"title": "My Shop"}))
    monkeypatch.setattr("flagstone.scaffolding.engine.derived.render_layers", None)
    assert derived_defaults(plain, {}) == {}


def test_code_that_is_let_takes_part(tmp_path):
    folder = write_layer(
        tmp_path / "demo",
        {"a": "x"},
        {"_extensions": ["local_extensions.shout"], "loud": "{{ cookiecutter.name | shout }}"},
    )
    (folder / "local_extensions.py").write_text(
        "from cookiecutter.utils import simple_filter\n\n@simple_filter\n"
        "def shout(value):\n    return value.upper()\n"
    )
    assert derived_defaults(scaffold(folder, runs_code=True), {"name": "a"}) == {"loud": "A"}
