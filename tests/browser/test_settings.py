"""Settings in a real browser: look at a colour, save it, see it, take it back; a dark page and one with more contrast."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Console, OpenBrowser
from tests.browser.looks import findings
from tests.factories import person, signed_in

pytestmark = pytest.mark.browser


def test_a_colour_is_looked_at_saved_worn_and_taken_back(console: Console, open_browser: OpenBrowser) -> None:
    root = person("Ada Lindqvist", role="super_admin")
    tab = open_browser(console.url, token=next(iter(signed_in(root).cookies.values())).value)
    page = tab.page
    tab.open("/platform/settings/brand.accent")
    field = page.get_by_label("Accent colour")
    field.fill("#ffee00")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("Choose a darker one.")
    field.fill("#7a1f5c")
    page.get_by_role("button", name="Preview").click()
    expect(page.locator("#preview")).to_contain_text("Nothing is saved yet.")
    primary = page.locator("#preview .sample .btn.primary").first
    expect(primary).to_have_css("background-color", "rgb(122, 31, 92)")
    assert page.locator('link[href="/brand/7a1f5c.css"]').count() == 0
    assert findings(page) == []
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Saved.")
    expect(page.get_by_role("button", name="Save")).to_have_css("background-color", "rgb(122, 31, 92)")
    assert findings(page) == []
    page.evaluate("document.documentElement.dataset.contrast = 'more'")
    assert findings(page) == []
    tab.watch.narrow(page)
    page.evaluate("delete document.documentElement.dataset.contrast")
    page.get_by_label("Accent colour").fill("#1d57a5")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Take up again").click()
    expect(page.locator("#preview")).to_contain_text("#7a1f5c")
    page.get_by_role("button", name="Take it up again").click()
    expect(page.locator(".toast")).to_contain_text("The earlier value holds again.")
    expect(page.locator("body")).to_contain_text("as in version 1")
    page.get_by_role("button", name="Back to the default").click()
    expect(page.locator(".toast")).to_contain_text("The default holds again.")
    expect(page.get_by_role("button", name="Save")).to_have_css("background-color", "rgb(11, 107, 93)")


def test_the_list_narrows_while_one_types(console: Console, open_browser: OpenBrowser) -> None:
    root = person("Ada Lindqvist", role="super_admin")
    tab = open_browser(console.url, token=next(iter(signed_in(root).cookies.values())).value)
    tab.open("/platform/settings")
    tab.page.get_by_label("Search settings").fill("idle staff")
    expect(tab.page.locator("#found")).not_to_contain_text("Product name")
    expect(tab.page.locator("#found")).to_contain_text("Idle end, staff")
    tab.page.get_by_role("link", name="Idle end, staff").click()
    expect(tab.page.get_by_role("heading", name="Idle end, staff")).to_be_visible()
