from __future__ import annotations

from flagstone.gate.pull_requests.words import comment, description
from flagstone.gate.verdict import Decision, Reason

HEAD = "a" * 40
URL = "https://flagstone.example/pulls/7"
SMALL = Reason("pull_request.small", Decision.GO, "12 lines, under 200", "")
LARGE = Reason("pull_request.large", Decision.SLOW, "250 lines changed", "Split it.")
VIOLATED = Reason("policy.violated", Decision.STOP, "Policy probes", "a.yaml: no readinessProbe")


def test_the_status_names_the_gravest_reason() -> None:
    assert description(Decision.GO, [SMALL]) == "Go: 12 lines, under 200"
    assert description(Decision.STOP, [SMALL, LARGE, VIOLATED]) == "Stop: Policy probes"
    assert description(Decision.STOP, [VIOLATED, VIOLATED]) == "Stop: Policy probes (and 1 more)"


def test_a_long_reason_is_cut_to_what_code_hosts_take() -> None:
    long = Reason("x", Decision.STOP, "é" * 300, "")
    told = description(Decision.STOP, [long, long, long])
    assert len(told) == 140
    assert told.endswith("… (and 2 more)")


def test_the_comment_says_what_to_do() -> None:
    assert comment(Decision.STOP, [SMALL, LARGE, VIOLATED], head=HEAD, url=URL) == (
        "⛔ **Stop** for aaaaaaaaaaaa\n"
        "\n"
        "| | What | What to do |\n"
        "| --- | --- | --- |\n"
        "| slow, required | 250 lines changed | Split it. |\n"
        "| stop, required | Policy probes | a.yaml: no readinessProbe |\n"
        "\n"
        "[Why, in Flagstone](https://flagstone.example/pulls/7). This comment is kept up to date."
    )


def test_a_verdict_that_became_good_says_so() -> None:
    told = comment(Decision.GO, [SMALL], head=HEAD, url=URL)
    assert told.startswith("✅ **Go** for aaaaaaaaaaaa\n\nNothing holds it up any more.\n")


def test_names_of_files_and_objects_are_plain_text() -> None:
    hostile = Reason("x", Decision.STOP, "@everyone | <img src=x>", "[a](http://b)\n# c `d`")
    row = comment(Decision.STOP, [hostile], head=HEAD, url=URL).splitlines()[4]
    assert row == (
        "| stop, required | \\@\u200beveryone \\| \\<img src=x\\> "
        "| \\[a\\]\\(http://b\\) \\# c \\`d\\` |"
    )


def test_very_many_reasons_are_counted() -> None:
    told = comment(Decision.STOP, [VIOLATED] * 60, head=HEAD, url=URL)
    assert told.count("Policy probes") == 50
    assert "| | 10 more | see Flagstone |" in told
