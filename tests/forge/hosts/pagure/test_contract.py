"""What the adapter relies on, and the stand-in imitates: the same tests on the stand-in and on a real Pagure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from flagstone.forge.errors import (
    AlreadyExists,
    AuthenticationFailed,
    EmptyChange,
    EmptyRepository,
    InvalidName,
    NotAllowed,
    NotYetConsistent,
    OutcomeUnknown,
    PermissionDenied,
    PolicyRejected,
    PullRequestNotFound,
    PullRequestNotOpen,
    RefNotFound,
    RepositoryExists,
    RepositoryGone,
)
from flagstone.forge.git.sizes import FileSize
from flagstone.forge.git.workspace import Commit, GitWorkspace
from flagstone.forge.hosts.base import (
    CommitStatus,
    PullRequestState,
    RepositoryEntry,
    StatusState,
    WebhookEntry,
)
from flagstone.forge.hosts.markers import change_marker, marked_change
from tests.forge.hosts.pagure.worlds import (
    ADA,
    BOT,
    BRANCH,
    CHANGE,
    FLAGSTONE,
    READER,
    TOKENS,
    World,
    adapter,
    meta,
    spec,
)
from tests.forge.repositories import change_set
from tests.http_server import Fault, Reply, serving

SOON = timedelta(minutes=5)


def test_a_repository_is_made_with_its_first_commit_described_and_listed(world: World) -> None:
    name = world.new_name()
    with pytest.raises(RepositoryGone):
        world.forge.get_repository(name)
    began = meta("Begin")
    files = change_set({"README.md": "hello\n", "run.sh": "#!/bin/sh\n"})
    info = world.forge.create_repository(name, description="Two  words", files=files, meta=began)
    assert (info.full_name, info.description, info.default_branch, info.may_write) == (
        name, "Two words", "main", True,
    )  # fmt: skip
    assert info.head == world.head(name)
    assert info.url.endswith(f"/{name}")
    assert world.forge.get_repository(name) == info
    assert world.as_user(READER).get_repository(name).may_write is False
    entry = RepositoryEntry(name, "Two words", "main")
    assert entry in list(world.forge.list_repositories(BOT))
    # again after a crash: the same commit
    again = world.forge.create_repository(name, description="x", files=files, meta=began)
    assert again.head == info.head
    with pytest.raises(RepositoryExists):
        world.forge.create_repository(
            name, description="x", files=change_set({"other": "1\n"}), meta=began
        )
    with pytest.raises(RepositoryGone, match="nobody of that name"):
        list(world.forge.list_repositories("nobody-here"))
    with pytest.raises(RepositoryGone):
        list(world.forge.list_repositories("!bot"))


def test_a_repository_that_is_empty_is_finished_if_it_is_new(world: World) -> None:
    name = world.new_name()
    world.do(BOT, "new", name=name, description="d", default_branch="main", wait=True)
    with pytest.raises(EmptyRepository):
        world.forge.get_repository(name)
    files = change_set({"README.md": "hello\n"})
    later = meta("Begin", at=datetime(2099, 1, 1, tzinfo=UTC))
    with pytest.raises(RepositoryExists):
        world.forge.create_repository(name, description="d", files=files, meta=later)
    long_ago = meta("Begin", at=datetime(2020, 1, 1, tzinfo=UTC))
    info = world.forge.create_repository(name, description="d", files=files, meta=long_ago)
    assert info.head == world.head(name)


def test_names_that_are_refused(world: World) -> None:
    files = change_set({"README.md": "hello\n"})
    for name in ("a b", "fork/x/y", "new"):
        with pytest.raises(InvalidName):
            world.forge.create_repository(name, description="d", files=files, meta=meta())
    with pytest.raises(PolicyRejected, match="namespace: Not a valid choice"):
        world.forge.create_repository("no-such-group/x", description="d", files=files, meta=meta())
    assert world.forge.find_pull_request(
        world.new_repository(), source="a", target="main"
    ) is None  # fmt: skip


def test_a_repository_is_deleted_by_hand(world: World) -> None:
    name = world.new_repository()
    head = world.head(name) or ""
    assert world.forge.delete_repository(name, expected_head="0" * 40) is False
    with pytest.raises(
        NotAllowed, match=f"Delete it by hand in its settings: http.*/{name}/settings"
    ):
        world.forge.delete_repository(name, expected_head=head)
    # the reason: it takes no token of a person
    with pytest.raises(AssertionError, match="EINVALIDTOK"):
        world.do(BOT, f"{name}/delete")
    with pytest.raises(RepositoryGone):
        world.forge.delete_repository(world.new_name(), expected_head=head)


def test_a_pull_request_from_its_opening_to_its_closing(world: World) -> None:
    repo, forge = world.new_repository(), world.forge
    with pytest.raises(NotYetConsistent):
        forge.create_pull_request(repo, spec())
    with pytest.raises(RefNotFound):
        forge.create_pull_request(repo, spec(target="nowhere"))
    head = world.put(repo, {"a.txt": "one\ntwo\n", "dünn/é.bin": "\0\1"})
    base = world.head(repo)
    opened = forge.create_pull_request(repo, spec(title=" Raise   the limit "))
    assert (opened.number, opened.title, opened.source, opened.target) == (
        1, "Raise the limit", BRANCH, "main",
    )  # fmt: skip
    assert opened.body == f"It is too low.\n\n{change_marker(CHANGE)}"
    assert (opened.author.login, opened.author.is_bot) == (BOT, True)
    assert (opened.state, opened.head, opened.base) == (PullRequestState.OPEN, head, base)
    assert (opened.is_draft, opened.labels, opened.merge, opened.closed_at) == (False, (), "", None)
    assert opened.began_at is not None
    assert opened.began_at <= opened.opened_at <= opened.updated_at
    assert opened.url.endswith(f"/{repo}/pull-request/1")
    assert forge.get_pull_request(repo, 1).body == opened.body
    assert set(forge.changed_files(repo, 1)) == {
        FileSize("a.txt", 1, 0),
        FileSize("dünn/é.bin", 0, 0),
    }
    with pytest.raises(AlreadyExists, match="#1"):
        forge.create_pull_request(repo, spec())
    with pytest.raises(NotAllowed):
        forge.create_pull_request(repo, spec(source="main"))
    for state in (None, PullRequestState.OPEN):
        found = forge.find_pull_request(repo, source=BRANCH, target="main", state=state)
        assert found is not None
        assert found.number == 1
    assert forge.find_pull_request(repo, source="main", target=BRANCH) is None

    changed = forge.update_pull_request(repo, 1, title="New  title")
    assert (changed.title, changed.body) == ("New title", opened.body)
    changed = forge.update_pull_request(repo, 1, body="Other words")
    assert (changed.title, changed.body) == ("New title", f"Other words\n\n{change_marker(CHANGE)}")
    assert changed.updated_at > opened.updated_at
    with pytest.raises(NotAllowed, match="no drafts"):
        forge.update_pull_request(repo, 1, is_draft=True)

    closed = forge.close_pull_request(repo, 1, by=ADA)
    assert (closed.state, closed.merged_at, closed.head) == (PullRequestState.CLOSED, None, head)
    assert closed.closed_by is not None
    assert closed.closed_by.login == BOT
    assert closed.closed_at is not None
    assert forge.close_pull_request(repo, 1, by=ADA) == closed
    assert (
        forge.find_pull_request(repo, source=BRANCH, target="main", state=PullRequestState.OPEN)
        is None
    )
    with pytest.raises(PullRequestNotOpen, match="closed already"):
        world.merge(repo, 1, head)
    with pytest.raises(PullRequestNotFound, match="#7"):
        forge.get_pull_request(repo, 7)


def test_pages_states_and_what_was_touched(world: World) -> None:
    repo, forge = world.new_repository(), world.forge
    world.put(repo, {"a.txt": "1\n"})
    first = forge.create_pull_request(repo, spec())
    forge.close_pull_request(repo, 1, by=ADA)
    second = forge.create_pull_request(repo, spec(title="Again"))
    found = forge.find_pull_request(repo, source=BRANCH, target="main")
    assert found is not None
    assert (first.number, second.number, found.number) == (1, 2, 2)
    closed = forge.find_pull_request(
        repo, source=BRANCH, target="main", state=PullRequestState.CLOSED
    )
    assert closed is not None
    assert closed.number == 1
    touched = forge.touched_pull_requests(repo)
    assert [touch.number for touch in touched] == [1, 2]
    assert forge.touched_pull_requests(repo, since=touched[-1].updated_at) == touched[1:]
    forge.upsert_comment(repo, 1, by=FLAGSTONE, body="hello")
    assert [touch.number for touch in forge.touched_pull_requests(repo)] == [2, 1]


def test_an_empty_pull_request_is_refused_though_pagure_takes_it(world: World) -> None:
    """Row 15: here the branch is the target's own commit; the pipeline does not even push it."""
    repo, forge = world.new_repository(), world.forge
    sha = world.head(repo) or ""
    with GitWorkspace(forge.git_remote(repo)) as workspace:
        workspace.fetch(sha)
        assert workspace.push(Commit(sha, ""), BRANCH, expected=None).result.value == "pushed"
    with pytest.raises(EmptyChange):
        forge.create_pull_request(repo, spec())
    assert forge.touched_pull_requests(repo) == []
    world.do(BOT, f"{repo}/pull-request/new", title="x", branch_from=BRANCH, branch_to="main")
    assert forge.changed_files(repo, 1) == ()
    assert forge.get_pull_request(repo, 1).head == sha


def test_a_branch_is_deleted_where_it_stands_as_expected(world: World) -> None:
    repo = world.new_repository()
    head = world.put(repo, {"a.txt": "1\n"})
    assert world.forge.delete_branch(repo, BRANCH, expected="0" * 40) is False
    assert world.head(repo, BRANCH) == head
    assert world.forge.delete_branch(repo, BRANCH, expected=head) is True
    assert world.head(repo, BRANCH) is None


def test_comments_come_anew_only_when_their_words_change(world: World) -> None:
    repo, forge = world.new_repository(), world.forge
    world.put(repo, {"a.txt": "1\n"})
    forge.create_pull_request(repo, spec())
    marker = "<!-- flagstone:note=1-1 -->"
    first = forge.upsert_comment(repo, 1, by=FLAGSTONE, body="C++11 is **+1**", marker=marker)
    assert first.body == f"C++11 is **+1**\n\n{marker}"
    assert first.by.login == BOT
    same = forge.upsert_comment(repo, 1, by=FLAGSTONE, body="C++11 is **+1**", marker=marker)
    assert same == first
    other = forge.upsert_comment(repo, 1, by=FLAGSTONE, body="Done", marker=marker)
    assert other.number > first.number
    assert forge.upsert_comment(repo, 1, by=FLAGSTONE, body="Done", marker=marker) == other
    world.do(READER, f"{repo}/pull-request/1/comment", comment=f"I quote\n\n{marker}")
    assert forge.upsert_comment(repo, 1, by=FLAGSTONE, body="Done", marker=marker) == other
    pull = forge.get_pull_request(repo, 1)
    assert [comment.by.login for comment in pull.comments] == [BOT, BOT, READER]
    assert pull.first_review_at == pull.comments[-1].at
    raw = world.do(BOT, f"{repo}/pull-request/1", title="x")["comments"]
    assert "+1" not in raw[0]["comment"], "our account does not vote"
    with pytest.raises(NotAllowed, match="no reviews"):
        forge.submit_review(repo, 1, by=ADA, verdict="approved")  # type: ignore[arg-type]
    with pytest.raises(NotAllowed, match="tags by hand: a on http"):
        forge.set_labels(repo, 1, ("a",))
    assert forge.set_labels(repo, 1, ()).number == 1


def test_a_status_of_the_same_context_is_replaced(world: World) -> None:
    repo, forge = world.new_repository(), world.forge
    head = world.head(repo) or ""
    assert forge.commit_statuses(repo, head) == {}
    at = datetime.now(UTC)
    pending = CommitStatus("flagstone/policies", StatusState.PENDING, "", at)
    done = CommitStatus(
        "flagstone/policies", StatusState.ERROR, "2 failed", at, "https://x.example/1"
    )
    other = CommitStatus("flagstone/tests", StatusState.SUCCESS, "fine", at)
    for status in (pending, other, done):
        forge.set_commit_status(repo, head, status)
    found = forge.commit_statuses(repo, head)
    assert {name: (s.state, s.description) for name, s in found.items()} == {
        "flagstone/policies": (StatusState.ERROR, "2 failed"),
        "flagstone/tests": (StatusState.SUCCESS, "fine"),
    }
    assert found["flagstone/policies"].url == "https://x.example/1"
    assert found["flagstone/tests"].url == f"{world.web_url}/{repo}/c/{head}"
    assert abs(found["flagstone/tests"].at - at) < SOON or not world.is_real
    with pytest.raises(RefNotFound):
        forge.commit_statuses(repo, "zz")


def test_webhooks_are_lines_of_a_setting(world: World) -> None:
    repo = world.new_repository()
    assert world.forge.list_webhooks(repo) == ()
    world.do(
        BOT, f"{repo}/options/update", **{"Web-hooks": "https://x.example/a\nhttps://x.example/b"}
    )
    assert world.forge.list_webhooks(repo) == (
        WebhookEntry("https://x.example/a", is_active=True),
        WebhookEntry("https://x.example/b", is_active=True),
    )
    with pytest.raises(PermissionDenied, match="lacks the right modify_project"):
        world.as_user(READER).list_webhooks(repo)


def test_a_fork_has_another_name_for_git_and_its_pull_requests_are_nobody_elses(
    world: World,
) -> None:
    repo, forge = world.new_repository(), world.forge
    world.do(BOT, "fork", repo=repo, wait=True)
    fork = f"fork/{BOT}/{repo}"
    assert forge.get_repository(fork).full_name == fork
    head = world.put(fork, {"a.txt": "forked\n"})
    world.do(
        BOT, f"{repo}/pull-request/new", title="From afar", branch_from=BRANCH, branch_to="main",
        repo_from=repo, repo_from_username=BOT,
    )  # fmt: skip
    assert forge.find_pull_request(repo, source=BRANCH, target="main") is None
    pull = forge.get_pull_request(repo, 1)
    assert (pull.source, pull.head, pull.base) == (BRANCH, head, world.head(repo))
    assert forge.changed_files(repo, 1) == (FileSize("a.txt", 1, 1),)
    entries = {entry.full_name: entry for entry in forge.list_repositories(BOT)}
    assert entries[fork].is_fork


@pytest.mark.parametrize("who", [BOT, READER])
def test_row_7_and_29_a_bad_token_or_one_without_the_right_is_permanent_and_shown_nowhere(
    world: World, who: str
) -> None:
    repo = world.new_repository()
    world.put(repo, {"a.txt": "1\n"})
    token = TOKENS[READER] if who == READER else "CANARYTOKEN" + "C" * 21
    forge = world.as_user(who, token)
    with GitWorkspace(forge.git_remote(repo)) as workspace:
        commit = workspace.build_commit(None, change_set({"b": "1\n"}), meta())
        with pytest.raises((AuthenticationFailed, PermissionDenied)) as pushed:
            workspace.push(commit, "other", expected=None)
    expected = PermissionDenied if who == READER else AuthenticationFailed
    with pytest.raises(expected) as opened:
        forge.create_pull_request(repo, spec())
    assert world.forge.touched_pull_requests(repo) == []
    for error in (pushed.value, opened.value):
        assert not error.retryable
        assert token not in f"{error} {error.params}"
    if who == READER:
        assert "lacks the right pull_request_create" in opened.value.message


def test_rows_9_and_10_our_own_commit_is_found_and_nobody_elses_is_overwritten(
    world: World,
) -> None:
    repo = world.new_repository()
    with GitWorkspace(world.forge.git_remote(repo)) as workspace:
        commit = workspace.build_commit(world.head(repo), change_set({"b": "1\n"}), meta())
        for result in ("pushed", "up-to-date"):
            assert workspace.push(commit, BRANCH, expected=None).result.value == result
        theirs = world.put(repo, {"c": "1\n"}, branch="theirs")
        assert workspace.push(commit, "theirs", expected=None).result.value == "stale-lease"
    assert (world.head(repo, BRANCH), world.head(repo, "theirs")) == (commit.sha, theirs)


@pytest.mark.parametrize("is_done", [True, False])
def test_row_16_an_opening_whose_answer_is_lost_is_found_by_branch_and_mark(
    world: World, is_done: bool
) -> None:
    repo = world.new_repository()
    world.put(repo, {"a.txt": "2\n"})
    with serving(world.forward) as between:
        forge = adapter(between.url, world.web_url)
        between.faults.append(Fault("POST", Reply(500), cuts=True, is_done=is_done))
        with pytest.raises(OutcomeUnknown):
            forge.create_pull_request(repo, spec())
        found = forge.find_pull_request(repo, source=BRANCH, target="main")
        assert (found is not None) is is_done
        if found is None:
            found = forge.create_pull_request(repo, spec())
        assert marked_change(found.body) == CHANGE
        assert len(between.sent("POST")) == (1 if is_done else 2)
    assert [touch.number for touch in world.forge.touched_pull_requests(repo)] == [1]


def test_row_8_a_push_that_a_rule_forbids_tells_the_rule(world: World) -> None:
    repo = world.new_repository()
    world.do(BOT, f"{repo}/options/update", pull_request_access_only=True)
    with GitWorkspace(world.forge.git_remote(repo)) as workspace:
        base = workspace.observe().head()
        commit = workspace.build_commit(base, change_set({"b": "1\n"}), meta())
        outcome = workspace.push(commit, BRANCH, expected=None)
    assert outcome.result.value == "rejected"
    assert "Pull request required" in outcome.message
    assert world.head(repo, BRANCH) is None


def test_row_23_what_is_missing_or_hidden_is_told_as_such(world: World) -> None:
    with pytest.raises(RepositoryGone, match="does not have it, or hides it from this credential"):
        world.forge.get_repository("nothing-here")
    with pytest.raises(RepositoryGone, match="nothing-here"):
        world.forge.find_pull_request("nothing-here", source=BRANCH, target="main")
    with (
        pytest.raises(RepositoryGone),
        GitWorkspace(world.forge.git_remote("nothing-here")) as workspace,
    ):
        workspace.observe()


def test_row_32_modes_names_empty_and_large_files_are_kept(world: World) -> None:
    from flagstone.forge.git.changes import FileContent

    large = b"0123456789abcdef" * 65_536
    repo = world.new_name()
    files = {
        "run.sh": FileContent(b"#!/bin/sh\n", executable=True),
        "leer": b"",
        "straße/日本.txt": "ü\n",
        "large.bin": large,
        **{f"many/{n:04}": f"{n}\n" for n in range(2000)},
    }
    world.forge.create_repository(repo, description="d", files=change_set(files), meta=meta())
    with GitWorkspace(world.forge.git_remote(repo)) as workspace:
        head = workspace.observe().head()
        workspace.fetch(head, blobs=True)
        listing = workspace.git.run("ls-tree", "-r", "-l", "-z", head).stdout.decode()
    rows = dict(reversed(row.split("\t")) for row in listing.split("\0") if row)
    assert len(rows) == 2004
    assert rows["run.sh"].split()[0] == "100755"
    assert rows["leer"].split()[-1] == "0"
    assert rows["straße/日本.txt"].split()[-1] == "3"
    assert rows["large.bin"].split()[-1] == str(len(large))
