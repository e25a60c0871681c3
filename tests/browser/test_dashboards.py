"""Dashboards in a browser: how they look, arranged by the keyboard alone, and alive."""

import gzip
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Gallery, OpenBrowser, Tab
from tests.browser.furnished import Furnished
from tests.browser.looks import Look, look_at

pytestmark = pytest.mark.browser
TURNS_MS = 40_000  # Two turns of the board, with the longer wait after one that failed.
DASHBOARD_BYTES = 50_000  # All key figures, without the files that every page shares.


def arrived(tab: Tab) -> None:
    """Everything that comes after the page is there."""
    expect(tab.page.locator(".board .skeleton")).to_have_count(0)


def _settings(tab: Tab) -> None:
    tab.page.locator(".options summary").first.click()
    expect(tab.page.get_by_role("button", name="Apply").first).to_be_visible()


def _kept(tab: Tab) -> None:
    """Keep a dashboard and open what can be done with it."""
    tab.page.get_by_role("textbox", name="Name").fill("Kept")
    tab.page.get_by_role("button", name="Save as", exact=True).click()
    if tab.page.get_by_text("You have a dashboard of this name already.").is_visible():
        tab.open("/dashboards")
        tab.page.get_by_role("link", name="Manage").first.click()
    else:
        tab.page.get_by_role("link", name="Share and history").click()
    expect(tab.page.get_by_role("heading", name="Versions")).to_be_visible()


def _order(tab: Tab) -> list[str]:
    """The ids of the widgets that are being arranged, as they stand."""
    found: list[str] = tab.page.locator("[data-widget]").evaluate_all("all => all.map((one) => one.dataset.widget)")
    return found


def owner(all_: Furnished) -> Any:
    """Who owns the large organisation."""
    return all_.rooms.owner


LOOKS = {
    "home, all there": Look("/", act=arrived),
    "home of a manager": Look("/", who=lambda all_: all_.manager, act=arrived, again=True),
    "the business": Look("/dashboards/role/people", act=arrived, again=True),
    "all figures": Look("/dashboards/role/figures", act=arrived),
    "dashboards": Look("/dashboards"),
    "arrange": Look("/dashboards/arrange"),
    "arrange, settings": Look("/dashboards/arrange?role=figures", act=_settings, again=True),
    "manage": Look("/dashboards/arrange", act=_kept, again=True),
    "organisation": Look("/o/lindenfeld-research/", who=owner, act=arrived, again=True),
    "organisation, arrange": Look("/o/lindenfeld-research/dashboards/arrange", who=owner, again=True),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_dashboard_has_an_axe_finding(name: str, gallery: Gallery, open_browser: OpenBrowser) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []


def test_all_key_figures_are_light(gallery: Gallery, open_browser: OpenBrowser) -> None:
    tab = open_browser(gallery.url, token=gallery.token_of(gallery.furnished.admin))
    whole = tab.page.request.get("/dashboards/role/figures?all=1").body()
    assert whole.count(b'class="panel kpi"') > 40
    assert len(gzip.compress(whole)) <= DASHBOARD_BYTES


def test_a_dashboard_is_arranged_by_the_keyboard_alone(gallery: Gallery, open_browser: OpenBrowser) -> None:
    tab = open_browser(gallery.url, token=gallery.token_of(gallery.furnished.manager))
    tab.open("/dashboards/role/support")
    page = tab.page
    page.get_by_role("link", name="Arrange").press("Enter")
    items = page.locator("[data-widget]")
    expect(items.first).to_be_visible()
    names = _order(tab)
    items.nth(2).focus()
    page.keyboard.press("ArrowLeft")
    expect(items.nth(1)).to_be_focused()
    expect(items.nth(1)).to_have_attribute("data-widget", names[2])
    expect(page.locator("#live")).to_contain_text("place 2 of")
    page.keyboard.press("ArrowRight")
    expect(items.nth(2)).to_be_focused()
    page.keyboard.press("ArrowDown")
    moved = page.locator("[data-widget]:focus")
    expect(items.nth(2)).not_to_have_attribute("data-widget", names[2])
    expect(moved).to_have_attribute("data-widget", names[2])
    below = _order(tab).index(names[2])
    assert below > 2
    page.keyboard.press("ArrowUp")
    expect(items.nth(below)).not_to_have_attribute("data-widget", names[2])
    expect(moved).to_have_attribute("data-widget", names[2])
    assert _order(tab).index(names[2]) < below
    page.keyboard.press("+")
    expect(page.locator("#live")).to_contain_text("4 of 12 columns")
    page.keyboard.press("Delete")
    expect(page.locator(f"[data-widget='{names[2]}']")).to_have_count(0)
    expect(page.locator("#live")).to_contain_text("is taken away")
    page.locator("#add-homeannouncements").press("Enter")
    expect(items).to_have_count(len(names))
    page.locator("#save-name").fill("By keys")
    page.locator("#do-save-as").press("Enter")
    expect(page.get_by_role("heading", name="By keys", level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="Announcements")).to_be_visible()


def test_live_parts_change_by_themselves_pause_and_say_when_they_are_cut_off(
    gallery: Gallery, open_browser: OpenBrowser
) -> None:
    known = gallery.furnished
    tab = open_browser(gallery.url, token=gallery.token_of(known.admin))
    tab.open("/dashboards/role/people")
    word = tab.page.locator("#board-live")
    expect(word).to_have_text("Live")
    other = open_browser(gallery.url, token=gallery.token_of(known.manager))
    other.open("/dashboards/arrange?role=support")
    other.page.locator("#save-name").fill("Told elsewhere")
    other.page.locator("#do-save-as").click()
    expect(tab.page.locator(".board .events:not(.told)")).to_contain_text("Told elsewhere", timeout=TURNS_MS)
    tab.page.get_by_role("button", name="Pause").click()
    expect(word).to_have_text("Paused")
    tab.page.get_by_role("button", name="Resume").click()
    expect(word).to_have_text("Live")
    with tab.watch.expecting(503):
        tab.page.route("**/dashboards/live*", lambda route: route.fulfill(status=503))
        expect(word).to_have_text("Connection lost, trying again", timeout=TURNS_MS)
        tab.page.unroute("**/dashboards/live*")
        expect(word).to_have_text("Live", timeout=TURNS_MS)
