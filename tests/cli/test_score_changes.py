"""`flagstone score --changed-since` and `--baseline`: what a pull request is held against."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import DEPLOYMENT, OWNED, Run
from tests.cli.test_changed_files import commit, git

Command = Callable[..., Run]
CARD = """\
apiVersion: flagstone.dev/v1
kind: Scorecard
metadata: {name: mine, title: My card}
spec:
  levels: [bronze]
  checks: [{id: PB-01, level: bronze}, {id: PB-02, level: bronze}]
"""

NOTIFIED_APPLICATION = """\
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: checkout
  namespace: argocd
  annotations: {notifications.argoproj.io/subscribe.on-deployed.slack: c}
spec:
  source: {repoURL: "https://git.example.com/y", path: checkout, targetRevision: main}
  destination: {server: "https://kubernetes.default.svc", namespace: payments}
"""
NOTIFICATIONS = """\
apiVersion: v1
kind: ConfigMap
metadata: {name: argocd-notifications-cm, namespace: argocd}
data: {trigger.on-deployed: "[]", service.slack: "token: x"}
"""


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "card.yaml"
    path.write_text(CARD)
    return path


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """Two services without liveness probes, in a clone."""
    folder = tmp_path / "clone"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, checkout__all_yaml=DEPLOYMENT, quote__all_yaml=named("quote"))
    return folder


def named(name: str) -> str:
    return DEPLOYMENT.replace("checkout", name)


def found(run: Run) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(run.out)
    return data


def test_only_what_changed_is_shown_and_fails(run: Command, clone: Path, card: Path) -> None:
    (clone / "quote" / "all.yaml").write_text("# reviewed\n" + named("quote"))

    done = run(
        "score", clone, "--scorecard", card, "--changed-since", "HEAD", "-f", "json",
        "--fail-on", "H",
    )  # fmt: skip

    assert done.status == 1
    assert [service["name"] for service in found(done)["services"]] == ["quote"]
    assert found(done)["changed_since"] == {
        "revision": "HEAD",
        "files": 1,
        "left_out": 1,
        "gone": [],
    }
    assert found(done)["services"][0]["shown_because"] == ""


def test_services_that_are_gone_and_why_others_are_shown(
    run: Command, clone: Path, card: Path
) -> None:
    namespace = "apiVersion: v1\nkind: Namespace\nmetadata: {name: payments}\n"
    (clone / "ns.yaml").write_text(namespace)
    (clone / "quote" / "all.yaml").unlink()
    options = ("--scorecard", card, "--changed-since", "HEAD")

    data = found(run("score", clone, *options, "-f", "json"))
    assert data["changed_since"]["gone"] == ["Deployment/payments/quote"]
    assert data["services"][0]["shown_because"] == "ns.yaml"
    said = run("score", clone, *options).out
    assert "  gone        1 service: Deployment/payments/quote\n" in said
    assert "\nshown because ns.yaml changed\n" in said
    said = run("score", clone, *options, "-f", "markdown").out
    assert "Gone since then: `Deployment/payments/quote`." in said
    assert "\nShown because `ns.yaml` changed.\n" in said


def test_verdicts_that_differ_are_a_reason(run: Command, clone: Path, tmp_path: Path) -> None:
    card = tmp_path / "card.yaml"
    card.write_text(CARD.replace("PB-02", "AC-10"))
    options = ("--scorecard", card, "--changed-since", "HEAD", "-f")
    commit(
        clone,
        app_yaml=NOTIFIED_APPLICATION,
        platform__notifications_yaml=NOTIFICATIONS,
        quote__all_yaml=None,
    )
    assert found(run("score", clone, *options, "json"))["services"] == []
    (clone / "platform" / "notifications.yaml").unlink()

    service = found(run("score", clone, *options, "json"))["services"][0]
    assert (service["name"], service["shown_because"]) == ("checkout", "")
    assert service["verdicts_differ"] == ["AC-10"]
    said = run("score", clone, *options, "text").out
    assert "\nshown because its verdicts differ: AC-10\n" in said
    said = run("score", clone, *options, "markdown").out
    assert "\nShown because its verdicts differ: AC-10.\n" in said


def test_a_service_that_is_gone_alone(run: Command, clone: Path, card: Path) -> None:
    (clone / "quote" / "all.yaml").unlink()

    said = run("score", clone, "--scorecard", card, "--changed-since", "HEAD").out

    assert "1 file: nothing since HEAD touches a service that is there" in said
    assert "  gone        1 service: Deployment/payments/quote\n" in said


@pytest.mark.parametrize("place", ["card.yaml", "own/policy.yaml"])
def test_a_changed_scorecard_or_policy_shows_all(run: Command, clone: Path, place: str) -> None:
    (clone / "own").mkdir()
    (clone / "own" / "policy.yaml").write_text(OWNED)
    (clone / "card.yaml").write_text(CARD)
    commit(clone)
    (clone / place).open("a").write("\n# changed\n")

    data = found(
        run(
            "score", clone / "quote", "--scorecard", clone / "card.yaml", "--policies", clone / "own",
            "--changed-since", "HEAD", "-f", "json",
        )
    )  # fmt: skip

    assert [service["shown_because"] for service in data["services"]] == [place]


def test_nothing_changed_fails_nothing(run: Command, clone: Path, card: Path) -> None:
    done = run("score", clone, "--scorecard", card, "--changed-since", "HEAD", "--fail-on", "L")

    assert done.status == 0
    assert "nothing since HEAD touches a service" in done.out


def test_a_revision_that_is_none_is_wrong_usage(run: Command, clone: Path) -> None:
    done = run("score", clone, "--changed-since", "--nope")

    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("flagstone: --changed-since --nope: there is no such revision here")


def test_with_a_baseline_only_new_findings_fail(
    run: Command, clone: Path, card: Path, tmp_path: Path
) -> None:
    file = tmp_path / "known.json"
    wrote = run("score", clone, "--scorecard", card, "--write-baseline", file, "-f", "json")
    assert wrote.err == f"flagstone: known findings in {file} now: 2\n"
    assert found(wrote)["services"]
    options = ("--scorecard", card, "--baseline", file, "--fail-on", "L", "-f", "json")

    assert run("score", clone, *options).status == 0

    (clone / "new.yaml").write_text(named("invoice"))
    (clone / "quote" / "all.yaml").rename(clone / "quote" / "renamed.yaml")
    done = run("score", clone, *options)

    assert done.status == 1
    assert found(done)["baseline"] == {"known": 2, "new": 1, "undecided": 0, "gone": []}


@pytest.fixture
def overlays(tmp_path: Path) -> Callable[..., Path]:
    """One service of two overlays, each with an image of its own."""

    def write(**bad: bool) -> Path:
        folder = tmp_path / "overlays"
        put(folder / "base/all.yaml", DEPLOYMENT)
        put(folder / "base/kustomization.yaml", "resources: [all.yaml]\n")
        for name, is_bad in bad.items():
            version = {"newTag": "latest"} if is_bad else {"digest": f"sha256:{'1' * 64}"}
            image = {"name": "registry.example.com/checkout", **version}
            overlay = {"resources": ["../../base"], "images": [image]}
            put(folder / f"overlays/{name}/kustomization.yaml", json.dumps(overlay))
        return folder

    return write


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_what_another_overlay_breaks_is_new(
    run: Command, overlays: Callable[..., Path], tmp_path: Path
) -> None:
    file, card = tmp_path / "known.json", tmp_path / "card.yaml"
    card.write_text(CARD.replace("PB-01", "IM-01"))
    folder = overlays(prod=False, staging=True)
    run("score", folder, "--scorecard", card, "--write-baseline", file)
    options = ("--scorecard", card, "--baseline", file, "--fail-on", "L", "-f", "json")
    assert found(run("score", folder, *options))["baseline"]["new"] == 0

    done = run("score", overlays(prod=True, staging=False), *options)

    assert done.status == 1
    told = found(done)["baseline"]
    assert (told["new"], len(told["gone"])) == (1, 1)


def test_a_finding_names_the_overlay_that_makes_it_so(
    run: Command, overlays: Callable[..., Path], tmp_path: Path
) -> None:
    card = tmp_path / "card.yaml"
    card.write_text(CARD.replace("PB-01", "IM-01"))
    folder = overlays(prod=True, staging=True)

    services = found(run("score", folder, "--scorecard", card, "-f", "json"))["services"]
    checks = [check for service in services for check in service["checks"]]
    findings = [f for check in checks if check["id"] == "IM-01" for f in check["findings"]]
    text = " ".join(run("score", folder, "--scorecard", card).out.split())

    places = [(f["path"], f["line"], f["rendered_by"]) for f in findings]
    assert places == [
        ("base/all.yaml", None, "overlays/prod"),
        ("base/all.yaml", None, "overlays/staging"),
    ]
    assert len({f["fingerprint"] for f in findings}) == 2
    for name in ("prod", "staging"):
        assert f"base/all.yaml (as overlays/{name} renders it)" in text


def test_what_is_mended_is_told(run: Command, clone: Path, card: Path, tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    run("score", clone, "--scorecard", card, "--write-baseline", file)
    mended = named("quote").replace("readinessProbe", "livenessProbe", 1)
    (clone / "quote" / "all.yaml").write_text(mended)

    done = run("score", clone, "--scorecard", card, "--baseline", file)

    words = " ".join(done.out.split())
    assert "1 of the baseline is mended: write it again with --write-baseline" in words


def test_a_baseline_is_json_that_can_be_compared(
    run: Command, clone: Path, card: Path, tmp_path: Path
) -> None:
    file = tmp_path / "known.json"
    run("score", clone, "--scorecard", card, "--write-baseline", file)

    lines = file.read_text().splitlines()
    assert json.loads(file.read_text())["kind"] == "ScoreBaseline"
    assert json.loads(file.read_text())["flagstone"] == "0.1.0"
    assert [json.loads(line.rstrip(","))["path"] for line in lines[2:4]] == [
        "checkout/all.yaml",
        "quote/all.yaml",
    ]
    before = file.read_bytes()
    run("score", clone, "--scorecard", card, "--write-baseline", file)
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (b"[]", "is no baseline: name a file that"),
        (b'{"kind": "Deployment"}', "is no baseline: name a file that"),
        (b'{"kind": "ScoreBaseline", "format": 2, "flagstone": "9"}', "by Flagstone 9: this is"),
        (b'{"kind": "ScoreBaseline", "format": 1}', "damaged: it has no list of findings"),
        (
            b'{"kind": "ScoreBaseline", "format": 1, "findings": [{"path": 3}]}',
            "damaged: its finding number 1 has no text 'path'",
        ),
        (b'{"kind": \n<<<<<<< HEAD', "damaged: line 2 is no JSON"),
        (b"\xff\xfe\x00", "damaged: it is no JSON in UTF-8"),
        (b"[" * 300, "damaged: it is nested more than 200 levels deep"),
        (b"[" * 200_000, "damaged: "),
        (None, "cannot be read: No such file or directory; make one with --write-baseline"),
    ],
)
def test_a_baseline_that_cannot_be_used(
    run: Command, clone: Path, tmp_path: Path, text: bytes | None, words: str
) -> None:
    file = tmp_path / "known.json"
    if text is not None:
        file.write_bytes(text)

    done = run("score", clone, "--baseline", file)

    assert (done.status, done.out) == (2, "")
    assert words in done.err


def test_a_baseline_is_of_everything(run: Command, clone: Path, tmp_path: Path) -> None:
    done = run("score", clone, "--changed-since", "HEAD", "--write-baseline", tmp_path / "a.json")

    assert done.status == 2
    assert "a baseline is of everything" in done.err
