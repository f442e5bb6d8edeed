"""A verdict stands beside the commit and under the pull request, once, and follows what changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from flagstone.accounts.models import User
from flagstone.forge import pipeline
from flagstone.forge.errors import PermissionDenied, RateLimited
from flagstone.forge.hosts.base import PullRequestSpec
from flagstone.forge.models import CodeHost, PullRequest, Repository, RepositoryRole
from flagstone.forge.people import BOT_ACCOUNT
from flagstone.gate import tasks
from flagstone.gate.models import PullRequestVerdict
from flagstone.gate.pull_requests.telling import claim_untold_verdicts, tell_verdict
from tests.forge.remote.worlds import REPO, World, world
from tests.forge.repositories import make_repository, push_by_hand
from tests.gate.manifests import BARE_ROLLOUT
from tests.http_server import Fault, Reply


@pytest.fixture
def local(settings: Any, db: None, tmp_path: Path, member: User) -> Repository:
    root = Path(settings.FLAGSTONE_LOCAL_HOST_ROOT)
    make_repository(root, {"README.md": "hello\n"})
    host = CodeHost.objects.create(name="local", kind="local")
    return pipeline.register_existing(
        requested_by=member, host=host, full_name=REPO, role=RepositoryRole.GITOPS
    )


@pytest.fixture(params=["local", "gitea", "github"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Repository, Path, World | None]]:
    if request.param == "local":
        settings = request.getfixturevalue("settings")
        repository = request.getfixturevalue("local")
        yield repository, Path(settings.FLAGSTONE_LOCAL_HOST_ROOT) / f"{REPO}.git", None
        return
    request.getfixturevalue("db")
    with world(request.param, tmp_path / "far", monkeypatch) as far:
        far.repository.role = RepositoryRole.GITOPS
        far.repository.save()
        yield far.repository, far.bare, far


def open_pull(
    repository: Repository, bare: Path, scratch: Path, files: dict[str, str | None]
) -> PullRequest:
    from flagstone.forge.connections import connect

    push_by_hand(bare, scratch, files, branch="feature")
    found = connect(repository.host).create_pull_request(
        REPO, PullRequestSpec("By hand", "", "feature", "main", BOT_ACCOUNT)
    )
    return pipeline.record_pull_request(repository, found).pull_request


def written(pull: PullRequest) -> tuple[str, str, list[str]]:
    """Return state and words of the status, and every comment."""
    from flagstone.forge.connections import connect

    forge = connect(pull.repository.host)
    status = forge.commit_statuses(REPO, pull.head_commit)["flagstone/gate"]
    comments = forge.get_pull_request(REPO, pull.number).comments
    return status.state.value, status.description, [each.body for each in comments]


def test_a_good_one_gets_a_status_and_no_comment(
    place: tuple[Repository, Path, World | None], tmp_path: Path
) -> None:
    pull = open_pull(place[0], place[1], tmp_path, {"docs/x.md": "x\n"})
    tell_verdict(pull.pk)
    assert written(pull) == ("success", "Go: 1 line, under 200", [])


def test_a_bad_one_is_stopped_and_the_comment_is_edited_when_it_is_mended(
    place: tuple[Repository, Path, World | None], tmp_path: Path
) -> None:
    repository, bare, far = place
    pull = open_pull(repository, bare, tmp_path, {"services/checkout/rollout.yaml": BARE_ROLLOUT})
    tell_verdict(pull.pk)
    state, words, comments = written(pull)
    assert (state, words.partition(":")[0]) == ("failure", "Stop")
    if far is None:  # Flagstone's own page shows the verdict beside the pull request
        assert comments == []
    else:
        [comment] = comments
        assert "⛔ **Stop**" in comment
        assert "services/checkout/rollout.yaml" in comment.replace("\\", "")
        assert comment.endswith("\n\n<!-- flagstone:verdict -->")
    push_by_hand(
        bare, tmp_path, {"services/checkout/rollout.yaml": None, "docs/x.md": "x\n"},
        branch="feature", start="feature",
    )  # fmt: skip
    pull = pipeline.refresh_pull_request(pull)
    tell_verdict(pull.pk)
    state, words, comments = written(pull)
    assert (state, words) == ("success", "Go: 1 line, under 200")
    assert len(comments) == (0 if far is None else 1)
    assert all("Nothing holds it up any more." in comment for comment in comments)


def test_the_same_is_judged_and_written_once(tmp_path: Path, monkeypatch: Any, db: None) -> None:
    with world("gitea", tmp_path / "far", monkeypatch) as far:
        pull = open_pull(far.repository, far.bare, tmp_path, {"a": "x\n" * 250})
        tell_verdict(pull.pk)
        sent = len(far.server.sent("POST"))
        pull = pipeline.refresh_pull_request(pull)  # our own comment changed it
        tell_verdict(pull.pk)
        tell_verdict(pull.pk)
        assert len(far.server.sent("POST")) == sent
        assert written(pull)[:2] == ("success", "Slow: 250 lines changed")


def test_what_fails_now_is_told_later_without_a_second_comment(
    tmp_path: Path, monkeypatch: Any, db: None
) -> None:
    with world("gitea", tmp_path / "far", monkeypatch) as far:
        pull = open_pull(far.repository, far.bare, tmp_path, {"a": "x\n" * 450})
        far.server.faults.append(Fault("/comments", Reply(502), is_done=True))
        tasks.tell_verdict(pull.pk)
        row = PullRequestVerdict.objects.get()
        assert (row.told_at, row.attempts) == (None, 1)
        assert claim_untold_verdicts() == []
        PullRequestVerdict.objects.update(not_before=timezone.now())
        assert claim_untold_verdicts() == [pull.pk]
        assert claim_untold_verdicts() == []
        tasks.tell_verdict(pull.pk)
        row.refresh_from_db()
        assert row.told_at is not None
        assert len(written(pull)[2]) == 1


def test_a_limit_is_kept_and_a_refusal_is_kept_for_the_platform_team(
    local: Repository, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flagstone.forge.hosts.local import LocalForge

    bare = Path(settings.FLAGSTONE_LOCAL_HOST_ROOT) / f"{REPO}.git"
    pull = open_pull(local, bare, tmp_path, {"a": "1\n"})

    def answer(error: Exception) -> Callable[..., None]:
        def fail(*_: object, **__: object) -> None:
            raise error

        return fail

    monkeypatch.setattr(
        LocalForge, "set_commit_status", answer(RateLimited("slow", retry_after=100))
    )
    tasks.tell_verdict(pull.pk)
    row = PullRequestVerdict.objects.get()
    assert 99 < (row.not_before - timezone.now()).total_seconds() <= 100
    refusal = answer(PermissionDenied("no statuses: write"))
    monkeypatch.setattr(LocalForge, "set_commit_status", refusal)
    tasks.tell_verdict(pull.pk)
    row.refresh_from_db()
    assert row.error == "no statuses: write"
    assert row.told_at is not None


def test_one_that_nobody_judged_is_found_and_one_from_before_our_time_is_not(
    local: Repository, settings: Any, tmp_path: Path
) -> None:
    bare = Path(settings.FLAGSTONE_LOCAL_HOST_ROOT) / f"{REPO}.git"
    pull = open_pull(local, bare, tmp_path, {"a": "1\n"})
    assert claim_untold_verdicts() == [pull.pk]
    tell_verdict(pull.pk)
    assert claim_untold_verdicts() == []
    PullRequestVerdict.objects.all().delete()
    PullRequest.objects.update(updated_at=local.created_at - timedelta(days=1))
    assert claim_untold_verdicts() == []


def test_a_closed_one_is_left_alone(local: Repository, settings: Any, tmp_path: Path) -> None:
    from flagstone.forge.connections import connect

    bare = Path(settings.FLAGSTONE_LOCAL_HOST_ROOT) / f"{REPO}.git"
    pull = open_pull(local, bare, tmp_path, {"a": "1\n"})
    forge = connect(local.host)
    found = forge.close_pull_request(REPO, pull.number, by=BOT_ACCOUNT)
    pipeline.record_pull_request(local, found)
    tell_verdict(pull.pk)
    assert forge.commit_statuses(REPO, pull.head_commit) == {}
    assert not PullRequestVerdict.objects.exists()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("package-lock.json", '{"lockfileVersion": 3}\n'),
        (".github/workflows/ci.yaml", "on: push\njobs: {}\n"),
        ("services/a/values.yaml", "replicas: 2\n"),
    ],
)
def test_yaml_and_json_that_hold_no_kubernetes_object_hold_nobody_up(
    local: Repository, settings: Any, tmp_path: Path, path: str, text: str
) -> None:
    bare = Path(settings.FLAGSTONE_LOCAL_HOST_ROOT) / f"{REPO}.git"
    pull = open_pull(local, bare, tmp_path, {path: text, "README.md": "there\n"})
    tell_verdict(pull.pk)
    verdict = PullRequestVerdict.objects.get()
    assert verdict.decision == "go"
    assert [reason["code"] for reason in verdict.reasons] == ["pull_request.small"]


def test_the_template_of_a_chart_is_judged_where_it_is_rendered(
    local: Repository, settings: Any, tmp_path: Path
) -> None:
    bare = Path(settings.FLAGSTONE_LOCAL_HOST_ROOT) / f"{REPO}.git"
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Values.name }}\n"
    pull = open_pull(local, bare, tmp_path, {"charts/a/templates/map.yaml": template})
    tell_verdict(pull.pk)
    verdict = PullRequestVerdict.objects.get()
    assert verdict.decision == "go"
    assert verdict.reasons[1] == {
        "code": "policy.no_data",
        "state": "go",
        "title": "charts/a/templates/map.yaml is a chart's template",
        "detail": "The policies judge what is rendered of it.",
        "check_id": "",
        "required": False,
    }
