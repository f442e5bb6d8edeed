"""The last six weeks of the GitOps repository: who changed what, and how it was before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from flagstone.config.demo.histories import HISTORIES, History
from flagstone.config.demo.service_folder import Story
from flagstone.config.demo.stories import alerts, layouts, pods, releases, traffic
from flagstone.config.demo.vintages import BARE_2022, CANARY_PILOT_2024, DEPLOYMENT_2023


@dataclass(frozen=True, slots=True)
class Step:
    """One push to the default branch; no two are of the same day.

    Attributes:
        days_ago: When.
        author: The user name of whoever pushed.
        message: What they wrote.
        before: What each service was until then; None for one that was not there. What it became is what the
            next step says that it was, or what it is today.
    """

    days_ago: int
    author: str
    message: str
    before: Mapping[str, History | None]


def _had(name: str, *stories: Story) -> dict[str, History | None]:
    """As today, and these things had happened as well: somebody mended them."""
    today = HISTORIES.get(name, History())
    return {name: replace(today, stories=(*today.stories, *stories))}


def _had_not(name: str, *stories: Story) -> dict[str, History | None]:
    """As today, before these things happened."""
    today = HISTORIES[name]
    return {name: replace(today, stories=tuple(s for s in today.stories if s not in stories))}


# The repository began with what lay in the cluster. Drills are written down on game days, once a week.
BEGUN, FILLED = 60, 45
GAME_DAYS = (38, 31, 24, 17, 10, 3)
# A service that was not drilled yet on the day of a commit had its last drill this long before the next one.
DRILLED_EVERY = 56

STEPS = (
    Step(
        41,
        "kwame",
        "Move standing-orders onto the paved path",
        {"standing-orders": History(BARE_2022)},
    ),
    Step(
        40,
        "stefan",
        "reconciliation: nobody calls a worker, so its probes ask whether it works",
        {"reconciliation": History(BARE_2022)},
    ),
    Step(37, "noah", "fx-rates on the paved path", {"fx-rates": History(DEPLOYMENT_2023)}),
    Step(
        34,
        "kofi",
        "regulatory-reports: a deadline, and no second run beside the first",
        {"regulatory-reports": History(BARE_2022)},
    ),
    Step(
        33,
        "aiko",
        "checkout: readiness is back (finally)",
        _had("checkout", pods.readiness_dropped, pods.memory_limit_dropped),
    ),
    Step(
        32,
        "zofia",
        "Connection limits for merchant-onboarding, from the load test of September",
        _had("merchant-onboarding", traffic.limits_forgotten, pods.runs_as_root),
    ),
    Step(
        30,
        "oksana",
        "savings-pots: limits above the requests again",
        _had("savings-pots", pods.limit_below_request, traffic.timeout_dropped),
    ),
    Step(
        29,
        "ivan",
        "Move fx-settlement onto the paved path",
        {"fx-settlement": History(DEPLOYMENT_2023)},
    ),
    Step(
        27,
        "rahul",
        "identity does not need root\n\nThe profiler is long gone.",
        _had("identity", pods.runs_as_root, pods.latest_tag),
    ),
    Step(
        26,
        "lukas",
        "card-tokens: outlier detection, and time to look at a canary",
        _had("card-tokens", traffic.circuit_breaker_removed, releases.no_time_to_look),
    ),
    Step(
        25,
        "florian",
        "mobile-bff: pin the image, drop root",
        _had("mobile-bff", pods.latest_tag, pods.runs_as_root, pods.limit_below_request),
    ),
    Step(
        23,
        "tomasz",
        "payment-webhooks is a worker now, not half a web server",
        {"payment-webhooks": History(DEPLOYMENT_2023)},
    ),
    Step(22, "astrid", "Add service-index", {"service-index": None}),
    Step(
        20,
        "mei",
        "fee-schedule: base and overlay for the second region",
        _had_not("fee-schedule", layouts.moved_to_kustomize, layouts.patch_replaced_the_container),
    ),
    Step(
        19,
        "samuel",
        "partner-gateway: memory limit, measured this time",
        _had("partner-gateway", pods.memory_limit_dropped, pods.readiness_dropped),
    ),
    Step(
        18,
        "thandiwe",
        "A timeout for sessions",
        _had("sessions", traffic.timeout_dropped, pods.slow_start_forgotten),
    ),
    Step(
        16,
        "greta",
        "Move velocity-rules onto the paved path",
        {"velocity-rules": History(DEPLOYMENT_2023)},
    ),
    Step(
        15,
        "sanna",
        "event-relay: rename the port and the subset",
        _had_not("event-relay", traffic.canary_subset_renamed, pods.probe_port_renamed),
    ),
    Step(
        13,
        "beatriz",
        "push-gateway: probes and limits from the template of 2023",
        {"push-gateway": History(BARE_2022)},
    ),
    Step(
        12,
        "fatima",
        "The pilot is over: card-authorisation on the paved path",
        {"card-authorisation": History(CANARY_PILOT_2024)},
    ),
    Step(
        11,
        "bjorn",
        "quote: retry on 5xx, as the article says",
        _had_not("quote", traffic.retries_of_writes),
    ),
    Step(
        9,
        "caleb",
        "notifications: take the readiness probe out for tonight",
        _had_not("notifications", pods.readiness_dropped, pods.memory_limit_dropped),
    ),
    Step(
        8,
        "chloe",
        "Remove the generated runbook of fx-settlement\n\nI am writing a real one.",
        _had_not("fx-settlement", alerts.runbook_never_written),
    ),
    Step(
        6,
        "owen",
        "payouts: own retries instead of the mesh's, alerts on two windows",
        _had("payouts", traffic.retries_left_to_the_mesh, alerts.one_window_only),
    ),
    Step(
        5,
        "maria",
        "Move payment-links onto the paved path",
        {"payment-links": History(DEPLOYMENT_2023)},
    ),
    Step(
        4,
        "farid",
        "interest-accrual: sync by hand while the rates move",
        _had_not("interest-accrual", releases.synced_by_hand),
    ),
    Step(
        2,
        "yuna",
        "customer-profile: from the pilot to the paved path",
        {"customer-profile": History(CANARY_PILOT_2024)},
    ),
    Step(
        1,
        "ingrid",
        "consent: six replicas until the queue is empty",
        _had_not("consent", releases.replicas_in_git, pods.one_pod_is_enough),
    ),
)
