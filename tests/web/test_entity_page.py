from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from flagstone.accounts.models import User
from flagstone.core import audit
from flagstone.scorecards import selectors
from flagstone.scorecards.models import Evaluation
from tests.web import rows

CHECKOUT = "/catalog/component/default/checkout"


@pytest.fixture
def checkout(member: User) -> Any:
    payments = rows.squad("payments", "mia")
    made = rows.service(
        "checkout",
        payments,
        score=60,
        level="bronze",
        tier="1",
        description="Takes <b>orders</b>.",
        links=[{"url": "javascript:alert(1)", "title": "Bad"}, {"url": "https://ok.example/"}],
        results={"PB-01": "pass", "VS-02": "fail", "RO-05": "no_data", "HP-01": "not_applicable"},
    )
    quote = rows.service("quote", payments)
    rows.relate(made, "dependsOn", quote, "dependencyOf")
    rows.relate(made, "dependsOn", "component:default/ghost", "dependencyOf")
    rows.change(made, "VS-02", "pass", "fail", score_before=80, score_after=60)
    return made


def get(client: Client, user: User, path: str, **extra: Any) -> Any:
    client.force_login(user)
    return client.get(path, **extra)


def test_the_overview(client: Client, member: User, checkout: Any) -> None:
    text = get(client, member, CHECKOUT).text
    assert "score 60 of 100" in text
    assert "service · production · tier 1" in text
    assert 'href="/catalog/group/default/payments"' in text
    assert "2 checks to" in text
    assert "Takes &lt;b&gt;orders&lt;/b&gt;." in text
    assert "javascript:" not in text
    assert "https://ok.example/" in text
    assert "score 80 to 60" in text


def test_the_next_best_action_of_a_check_without_data_is_to_supply_them(
    client: Client, member: User, checkout: Any
) -> None:
    next_best = selectors.next_best(checkout)

    assert next_best is not None
    assert [action.advice for action in next_best.actions] == ["RO-05 is no_data", "Mend VS-02."]
    text = get(client, member, CHECKOUT).text
    assert "RO-05 is no_data" in text
    assert "Mend RO-05." not in text


def test_the_address_may_be_written_in_any_case(
    client: Client, member: User, checkout: Any
) -> None:
    assert get(client, member, "/catalog/Component/DEFAULT/Checkout").status_code == 200


def test_checks_stand_by_what_is_to_be_done(client: Client, member: User, checkout: Any) -> None:
    response = get(client, member, f"{CHECKOUT}/scorecards")
    assert [
        (section.title, [one.check_id for one in section.results], section.is_open)
        for section in response.context["sections"]
    ] == [
        ("To mend", ["VS-02"], True),
        ("No data", ["RO-05"], True),
        ("Holds", ["PB-01"], False),
        ("Does not concern it", ["HP-01"], False),
    ]
    assert "services/a/rollout.yaml:41" in response.text
    assert "Mend VS-02." in response.text


def test_a_finding_leads_to_its_line(client: Client, member: User, checkout: Any) -> None:
    from flagstone.forge.models import CodeHost, Repository
    from flagstone.scorecards.models import ServiceScore

    host = CodeHost.objects.create(name="local", kind="local")
    repository = Repository.objects.create(host=host, full_name="shop/gitops", role="gitops")
    ServiceScore.objects.update(repository=repository, commit="c" * 40)
    text = get(client, member, f"{CHECKOUT}/scorecards").text
    address = f"/files/shop/gitops/services/a/rollout.yaml?at={'c' * 40}&amp;line=41#L41"
    assert f'href="{address}"' in text


def test_dependencies_are_drawn_and_listed(client: Client, member: User, checkout: Any) -> None:
    response = get(client, member, f"{CHECKOUT}/dependencies")
    boxes = [(box.title, box.note, box.url) for box in response.context["drawing"].boxes]
    assert boxes == [
        ("checkout", "service", ""),
        ("ghost", "component, not in the catalogue", ""),
        ("quote", "service", "/catalog/component/default/quote"),
    ]
    assert "ghost (unknown)" in response.text


def test_history_tells_what_moved_and_to_whom_may_read_it_who_did_what(
    client: Client, member: User, admin_user: User, checkout: Any
) -> None:
    audit.record(actor=member, action="scorecards.check_requested", subject=checkout.ref)
    text = get(client, member, f"{CHECKOUT}/history").text
    assert "VS-02 moved" in text
    assert "scorecards.check_requested" not in text
    assert "scorecards.check_requested" in get(client, admin_user, f"{CHECKOUT}/history").text


def test_a_squad_shows_services_and_people(client: Client, member: User, checkout: Any) -> None:
    response = get(client, member, "/catalog/group/default/payments")
    overview = response.context["overview"]
    assert [line.entity.name for line in overview.services] == ["checkout", "quote"]
    assert [person.label for person in overview.members] == ["mia"]
    assert overview.standing.standing.score == 60
    assert [link.title for link in response.context["head"].tabs] == [
        "Overview",
        "Relations",
        "History",
    ]


def test_a_person_shows_their_squads(client: Client, member: User, checkout: Any) -> None:
    text = get(client, member, "/catalog/user/default/mia").text
    assert 'href="/catalog/group/default/payments"' in text


def test_a_system_shows_its_services(client: Client, member: User, db: None) -> None:
    system = rows.entity("System", "pay")
    rows.service("checkout", score=60, level="bronze", system_ref=system.ref)
    response = get(client, member, "/catalog/system/default/pay")
    assert [line.entity.name for line in response.context["overview"].services] == ["checkout"]


def test_an_api_shows_its_definition(client: Client, member: User, db: None) -> None:
    rows.entity("API", "orders", type="openapi", spec={"definition": "openapi: 3.1.0\n"})
    text = get(client, member, "/catalog/api/default/orders").text
    assert "Definition" in text
    assert 'id="L1"' in text


def test_the_last_good_version_of_a_broken_file_says_so(
    client: Client, member: User, db: None
) -> None:
    fault = {"level": "error", "message": "Not valid YAML.", "path": "a.yaml", "line": 26}
    rows.service("sessions", status_items=[fault])
    text = get(client, member, "/catalog/component/default/sessions").text
    assert "so this is the last good version" in text
    assert "a.yaml:26" in text


def test_an_orphan_says_so(client: Client, member: User, db: None) -> None:
    rows.service("old", orphaned_at=rows.NOW)
    assert "Its document is gone" in get(client, member, "/catalog/component/default/old").text


@pytest.mark.parametrize("path", ["/catalog/component/default/ghost", f"{CHECKOUT}/gossip"])
def test_what_is_not_there_is_told(client: Client, member: User, checkout: Any, path: str) -> None:
    assert get(client, member, path).status_code == 404


def test_a_page_follows_and_is_told_nothing_while_nothing_moves(
    client: Client, member: User, checkout: Any
) -> None:
    version = get(client, member, CHECKOUT).context["head"].version
    ask = {"path": f"{CHECKOUT}?version={version}", "headers": {"HX-Request": "true"}}
    assert client.get(**ask).status_code == 204
    checkout.scores.update(score=70, changed_at=rows.NOW.replace(hour=13))
    answer = client.get(**ask)
    assert "score 70 of 100" in answer.text
    assert "<html" not in answer.text


def test_a_fresh_look_can_be_asked_for(
    client: Client, member: User, stranger: User, checkout: Any
) -> None:
    from flagstone.forge.models import CodeHost, Repository

    host = CodeHost.objects.create(name="local", kind="local")
    Repository.objects.create(host=host, full_name="shop/gitops", role="gitops")
    client.force_login(stranger)
    assert client.post(f"{CHECKOUT}/check").status_code == 403
    assert Evaluation.objects.count() == 0
    client.force_login(member)
    response = client.post(f"{CHECKOUT}/check", follow=True)
    assert Evaluation.objects.get().reason == "mia asked"
    assert "checking…" in response.text


@pytest.mark.parametrize("tab", ["", "/scorecards", "/dependencies", "/pulls", "/history"])
def test_queries_are_few(
    client: Client, member: User, checkout: Any, tab: str, django_assert_max_num_queries: Any
) -> None:
    client.force_login(member)
    with django_assert_max_num_queries(18):
        assert client.get(f"{CHECKOUT}{tab}").status_code == 200
