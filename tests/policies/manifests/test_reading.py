"""From files to a snapshot."""

from __future__ import annotations

from pathlib import Path

import pytest

from flagstone.policies.manifests.limits import Limits
from flagstone.policies.manifests.reading import read_files, read_folder
from flagstone.policies.manifests.snapshot import Problem, Skipped, Unrendered


def service(name, namespace=""):
    inside = f", namespace: {namespace}" if namespace else ""
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}{inside}}}\nspec: {{}}\n"


def read(files, **options):
    options.setdefault("render", False)
    return read_files({path: text.encode() for path, text in files.items()}, **options)


def refs(snapshot):
    return [(m.ref, m.path) for m in snapshot.manifests]


def test_a_folder_and_the_same_files_give_the_same(tmp_path):
    files = {"a/b.yaml": service("a"), "c.json": "{}", "README.md": "# Hi"}
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    from_folder, from_files = read_folder(tmp_path), read(files)
    assert refs(from_folder) == refs(from_files) == [("Service/a", "a/b.yaml")]
    assert sorted(from_folder.files) == sorted(from_files.files) == sorted(files)
    assert from_folder.documents == from_files.documents == 1
    assert from_folder.manifests[0].line("spec") == from_files.manifests[0].line("spec") == 4


def test_files_without_a_manifest_are_files_all_the_same():
    snapshot = read({"values.yaml": "a: 1", "ci.yml": "on: push", "x.py": "print()"})
    assert snapshot.manifests == ()
    assert snapshot.skipped == ()
    assert snapshot.documents == 2
    assert snapshot.read_text("x.py") == "print()"


def test_a_file_over_five_megabytes():
    big = service("a") + "# " + "x" * (5 * 1024 * 1024)
    snapshot = read({"big.yaml": big, "a.yaml": service("a")})
    assert snapshot.skipped == (Skipped("big.yaml", "larger than 5 MB"),)
    assert refs(snapshot) == [("Service/a", "a.yaml")]


def test_a_large_file_that_is_not_yaml_is_no_concern():
    assert read({"movie.mp4": "x" * 100}, limits=Limits(file_bytes=10)).skipped == ()


def test_paths_that_lead_out_are_refused():
    snapshot = read({"../a.yaml": service("a"), "/b.yaml": service("b"), "c.yaml": service("c")})
    assert refs(snapshot) == [("Service/c", "c.yaml")]
    assert snapshot.skipped == (
        Skipped("../a.yaml", "its path leads out of the folder"),
        Skipped("/b.yaml", "its path leads out of the folder"),
    )


def test_too_many_files():
    files = {f"{i}.yaml": service(f"s{i}") for i in range(4)}
    snapshot = read(files, limits=Limits(files=2))
    assert refs(snapshot) == [("Service/s0", "0.yaml"), ("Service/s1", "1.yaml")]
    assert snapshot.skipped == (
        Skipped("2.yaml", "more than 2 files; from here on nothing was read"),
    )


def test_a_link_is_read_at_its_own_place_only(tmp_path):
    (tmp_path / "a.yaml").write_text(service("a"))
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    snapshot = read_folder(tmp_path)
    assert refs(snapshot) == [("Service/a", "a.yaml")]
    assert snapshot.skipped == (
        Skipped("b.yaml", "a link to another file here, which is read at its own place"),
    )
    assert snapshot.problems == ()


def test_an_unreadable_file_is_told(tmp_path, monkeypatch):
    (tmp_path / "a.yaml").write_text(service("a"))

    def vanish(*_args, **_kwargs):
        raise FileNotFoundError(2, "No such file or directory")

    monkeypatch.setattr(Path, "open", vanish)
    snapshot = read_folder(tmp_path)
    assert snapshot.skipped == (Skipped("a.yaml", "cannot be opened: No such file or directory"),)


def test_one_object_twice_in_a_folder():
    snapshot = read({"a.yaml": service("a"), "b.yaml": f"# b\n{service('a')}"})
    assert snapshot.problems == (
        Problem(
            "b.yaml",
            2,
            "duplicate-object",
            "Service/a stands in this folder twice, also in a.yaml on line 1; which one the cluster "
            "keeps depends on the order",
        ),
    )
    assert len(snapshot.manifests) == 2


@pytest.mark.parametrize(
    "files",
    [
        {"dev/a.yaml": service("a"), "prod/a.yaml": service("a")},
        {"a.yaml": service("a", "x") + "---\n" + service("a", "y")},
        {"a.yaml": service("a"), "b.yaml": service("a").replace("v1", "serving.knative.dev/v1")},
        {
            "a.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: m-}\n",
            "b.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {generateName: m-}\n",
        },
    ],
)
def test_what_is_no_duplicate(files):
    assert read(files).problems == ()


def test_two_generated_names_in_one_list_are_two_objects():
    items = "\n".join(
        ["- {apiVersion: batch/v1, kind: Job, metadata: {generateName: m-}}" for _ in range(2)]
    )
    assert read({"a.yaml": f"apiVersion: v1\nkind: List\nitems:\n{items}\n"}).problems == ()


class TestWithoutRendering:
    FILES = {
        "app/kustomization.yaml": "resources: [a.yaml]\npatches: [{path: patch.yaml}]\n",
        "app/a.yaml": service("a"),
        "app/patch.yaml": service("a"),
        "app/application.yaml": service("beside"),
        "chart/Chart.yaml": "apiVersion: v2\nname: x\n",
        "chart/values.yaml": "a: 1\n",
        "chart/templates/b.yaml": "{{ if .Values.a }}\n" + service("b"),
        "chart/templates/plain.yaml": service("plain"),
        "chart/crds/c.yaml": service("crd"),
        "chart/charts/sub/templates/d.yaml": "name: {{ .Release.Name }}\n",
        "other/e.yaml": service("e"),
    }
    WHY = "rendering was not asked for"

    def test_what_belongs_to_a_rendering_can_be_shown_but_not_judged(self):
        snapshot = read(self.FILES)
        reasons = {m.path: m.unrendered_reason for m in snapshot.manifests}
        assert reasons == {
            "app/a.yaml": f"kustomize could not render app: {self.WHY}",
            "app/patch.yaml": f"kustomize could not render app: {self.WHY}",
            "app/application.yaml": None,
            "chart/templates/plain.yaml": f"helm could not render chart: {self.WHY}",
            "other/e.yaml": None,
        }

    def test_folders_and_templates_are_named_with_the_reason(self):
        snapshot = read(self.FILES)
        assert snapshot.unrendered == (
            Unrendered("app", "kustomize", self.WHY),
            Unrendered("chart", "helm", self.WHY),
        )
        assert snapshot.skipped == (
            Skipped("chart/templates/b.yaml", f"helm could not render chart: {self.WHY}"),
            Skipped(
                "chart/charts/sub/templates/d.yaml", f"helm could not render chart: {self.WHY}"
            ),
        )

    def test_a_patch_is_no_duplicate_of_what_it_patches(self):
        assert read(self.FILES).problems == ()

    def test_a_template_outside_of_any_chart_cannot_be_judged_either(self):
        text = "apiVersion: v1\nkind: Service\nmetadata: {name: '{{ x }}'}\n"
        (manifest,) = read({"skeleton/a.yaml": text}).manifests
        assert manifest.unrendered_reason.startswith("a template, not YAML")


def test_a_kustomization_that_cannot_be_read_makes_its_folder_unknown():
    snapshot = read(
        {"app/kustomization.yaml": "resources: [", "app/a.yaml": service("a")}, render=True
    )
    assert snapshot.unrendered == (
        Unrendered("app", "kustomize", "its kustomization file cannot be read"),
    )
    assert snapshot.manifests[0].unrendered_reason == (
        "kustomize could not render app: its kustomization file cannot be read"
    )
    assert snapshot.skipped[0].path == "app/kustomization.yaml"


def test_a_flux_kustomization_is_an_object_even_if_its_file_is_named_so():
    text = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n"
    snapshot = read({"clusters/kustomization.yaml": text}, render=True)
    assert refs(snapshot) == [("Kustomization/a", "clusters/kustomization.yaml")]
    assert snapshot.unrendered == ()


@pytest.mark.parametrize("name", ["main.tf", "main.tf.json"])
def test_terraform_that_is_too_large_is_skipped_with_its_reason(name: str) -> None:
    found = read_files({name: b"#" * 2000}, limits=Limits(file_bytes=1000))

    assert found.skipped == (Skipped(name, "larger than 0.000953674 MB"),)


def test_documents_that_are_no_objects_are_kept_and_others_read_again():
    files = {
        "catalog-info.yaml": b"kind: Component\napiVersion: backstage.io/v1alpha1\n---\n---\na: 1\n",
        "mixed.yaml": b"apiVersion: v1\nkind: Service\nmetadata: {name: a}\n---\nb: 2\n",
        "broken.yaml": b"c: 3\n---\nd: [\n",
    }
    snapshot = read_files(files)
    assert list(snapshot.foreign) == ["catalog-info.yaml"]
    found = [(d.index, d.first_line, d.value) for d in snapshot.documents_of("catalog-info.yaml")]
    assert found[0][:2] == (0, 0)
    assert found[1:] == [(2, 3, {"a": 1})]
    assert [d.value for d in snapshot.documents_of("mixed.yaml")][1] == {"b": 2}
    first, broken = snapshot.documents_of("broken.yaml")
    assert (first.value, broken.line) == ({"c": 3}, 3)
    assert list(snapshot.documents_of("missing.yaml")) == []
