from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from flagstone.reviews.standing import MINIMUM_SERVICES
from flagstone.scorecards.models import ServiceScore
from tests.browser.conftest import NARROW
from tests.web import rows


@pytest.fixture
def fleet(member: Any) -> None:
    payments, cards = rows.squad("payments", "mia"), rows.squad("cards")
    results = {"PB-01": "pass", "VS-02": "fail", "RO-05": "no_data"}
    checkout = rows.service("checkout", payments, score=60, level="bronze", results=results)
    quote = rows.service("quote", payments, score=100, level="gold", results={"PB-01": "pass"})
    rows.relate(checkout, "dependsOn", quote, "dependencyOf")
    for number in range(MINIMUM_SERVICES):
        rows.service(f"pay-{number}", payments, score=70, level="bronze")
        rows.service(f"card-{number}", cards, score=90, level="silver")


def test_the_catalogue_searches_while_one_types(
    page: Page, member: Any, fleet: None, sign_in: Any
) -> None:
    sign_in(page, member).goto("/catalog")
    search = page.get_by_label("Search the catalogue")
    search.press_sequentially("check")
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url("/catalog?q=check")
    expect(search).to_be_focused()
    search.fill("")
    page.get_by_role("checkbox", name="Gold").check()
    expect(page.locator("tbody tr")).to_have_count(1)
    expect(page).to_have_url("/catalog?level=gold")
    page.get_by_role("link", name="Level Gold: take away").click()
    expect(page).to_have_url("/catalog")
    page.go_back()
    expect(page.get_by_role("checkbox", name="Gold")).to_be_checked()


def test_from_the_catalogue_to_what_is_to_be_mended(
    page: Page, member: Any, fleet: None, sign_in: Any
) -> None:
    sign_in(page, member).goto("/catalog")
    page.get_by_role("link", name="checkout").click()
    page.get_by_role("link", name="Scorecards").last.click()
    expect(page.get_by_text("Name of VS-02").first).to_be_visible()
    expect(page.get_by_text("Name of PB-01")).to_be_hidden()
    page.get_by_role("heading", name="Holds").click()
    expect(page.get_by_text("Name of PB-01")).to_be_visible()
    page.get_by_role("link", name="Name of VS-02").first.click()
    expect(page.get_by_role("heading", name="How to mend it")).to_be_visible()


def test_the_leaderboard_moves_by_itself(
    page: Page, member: Any, fleet: None, sign_in: Any
) -> None:
    sign_in(page, member).goto("/leaderboard")
    squads = page.locator("tbody tr a.name")
    expect(squads).to_have_text(["Cards", "Payments"])
    ServiceScore.objects.filter(entity__owner_ref="group:default/payments").update(
        score=100, level="gold", level_rank=3, changed_at=rows.NOW.replace(hour=13)
    )
    expect(squads).to_have_text(["Payments", "Cards"])


def test_home_tells_what_to_do_next(page: Page, member: Any, fleet: None, sign_in: Any) -> None:
    sign_in(page, member)
    expect(page.get_by_role("heading", name="Payments", exact=True)).to_be_visible()
    expect(page.get_by_text("Mend VS-02.")).to_be_visible()


def test_the_matrix_is_narrowed(page: Page, member: Any, fleet: None, sign_in: Any) -> None:
    sign_in(page, member).goto("/scorecards/production-readiness/matrix")
    expect(page.locator("tbody tr")).to_have_count(2 + 2 * MINIMUM_SERVICES)
    page.get_by_label("Squad").select_option("Cards")
    expect(page.locator("tbody tr")).to_have_count(MINIMUM_SERVICES)


PATHS = [
    "/",
    "/catalog",
    "/catalog?kind=all&q=a",
    "/catalog/component/default/checkout",
    "/catalog/component/default/checkout/scorecards",
    "/catalog/component/default/checkout/dependencies",
    "/catalog/component/default/checkout/history",
    "/catalog/group/default/payments",
    "/scorecards",
    "/scorecards/production-readiness",
    "/scorecards/production-readiness/matrix",
    "/scorecards/production-readiness/checks/VS-02",
    "/leaderboard",
]


def test_nothing_sticks_out_at_360_pixels(
    new_page: Callable[..., Page], member: Any, fleet: None, sign_in: Any
) -> None:
    page = sign_in(new_page(viewport=NARROW), member)
    sticking_out = []
    for path in PATHS:
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            sticking_out.append(path)
    assert sticking_out == []


@pytest.mark.parametrize(
    "path", ["/catalog?kind=User", "/catalog/component/default/checkout/history"]
)
def test_on_a_phone_the_current_tab_is_in_view(
    new_page: Callable[..., Page], member: Any, fleet: None, sign_in: Any, path: str
) -> None:
    page = sign_in(new_page(viewport=NARROW), member)
    page.goto(path)
    expect(page.locator("main .tabs [aria-current=page]")).to_be_in_viewport(
        ratio=0.95
    )  # 1 px is under the line


# the contrast of every text that is shown, by the formula of WCAG 2; large text needs less, none is exempt here
CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
  const rgba = (css) => {
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = css; canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => {
    const linear = (v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
    const [x, y, z] = [r, g, b].map((v) => linear(v / 255));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const behind = (element) => {
    const layers = [];
    for (let e = element; e; e = e.parentElement) {
      const colour = rgba(getComputedStyle(e).backgroundColor);
      if (colour[3]) layers.push(colour);
      if (colour[3] === 255) break;
    }
    return layers.reverse().reduce(
      (under, over) => [0, 1, 2].map((i) => over[i] * over[3] / 255 + under[i] * (1 - over[3] / 255)), [255, 255, 255],
    );
  };
  const poor = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const [element, words] = [walker.currentNode.parentElement, walker.currentNode.textContent.trim()];
    if (!words || !element.checkVisibility() || element.closest("svg, option")) continue;
    const [text, ground] = [light(rgba(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
    if (ratio < 4.5) poor.add(`${ratio.toFixed(2)} ${element.className || element.tagName}: ${words.slice(0, 30)}`);
  }
  return [...poor];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_can_be_read(
    new_page: Callable[..., Page], member: Any, fleet: None, sign_in: Any, scheme: str
) -> None:
    page = new_page(color_scheme=scheme)
    page.goto("/sign-in")
    poor = page.evaluate(CONTRAST)
    sign_in(page, member)
    for path in [*PATHS, "/account/tokens", "/nowhere"]:
        page.goto(path)
        poor += page.evaluate(CONTRAST)
    assert poor == []


UNNAMED = """() => [...document.querySelectorAll("input, select, textarea, button, a[href], summary")]
  .filter((e) => e.type !== "hidden" && e.checkVisibility())
  .filter((e) => !(e.labels?.length || e.ariaLabel || e.getAttribute("aria-labelledby") || e.textContent.trim()
    || e.querySelector("[aria-label]")))
  .map((e) => e.outerHTML.slice(0, 90))"""


def test_every_control_has_a_name(page: Page, member: Any, fleet: None, sign_in: Any) -> None:
    sign_in(page, member)
    nameless = []
    for path in [*PATHS, "/account/tokens", "/search"]:
        page.goto(path)
        nameless += page.evaluate(UNNAMED)
    assert nameless == []


def test_without_scripts_the_catalogue_filters_and_the_tabs_open(
    new_page: Callable[..., Page], member: Any, fleet: None, sign_in: Any
) -> None:
    page = sign_in(new_page(java_script_enabled=False), member)
    page.goto("/catalog")
    page.get_by_role("checkbox", name="Gold").check()
    page.get_by_role("button", name="Apply").click()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.get_by_role("link", name="quote").click()
    page.get_by_role("link", name="Dependencies").click()
    expect(page.get_by_role("heading", name="Relations")).to_be_visible()
