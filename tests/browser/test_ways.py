"""The same console with nothing but a keyboard, and with a finger on a phone."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Gallery, OpenBrowser
from tests.factories import PASSWORD

pytestmark = pytest.mark.browser
MANY_STEPS = 80


def test_the_keyboard_alone_signs_in_finds_a_person_looks_at_a_dialog_and_signs_out(
    gallery: Gallery, open_browser: OpenBrowser
) -> None:
    tab = open_browser(gallery.url)
    page, keys = tab.page, tab.page.keyboard
    tab.open("/sign-in")
    expect(page.get_by_label("User name or e-mail address")).to_be_focused()
    keys.type("mira.kovac@example.com")
    keys.press("Tab")
    keys.type(PASSWORD)
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mira")

    keys.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    keys.press("Enter")
    expect(page.locator("main")).to_be_focused()
    tab.open("/")
    reach(page, page.get_by_role("navigation", name="Main").get_by_role("link", name="People"))
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("People")

    reach(page, page.get_by_role("searchbox", name="Search"))
    keys.type("lena q")
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)
    reach(page, page.get_by_role("link", name="Lena Quinn"))
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Lena Quinn")

    button = page.get_by_role("button", name="Deactivate")
    reach(page, button)
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name="Deactivate Lena Quinn?")
    expect(dialog).to_be_visible()
    for _step in range(6):
        keys.press("Tab")
        assert page.evaluate("document.activeElement === document.body || !!document.activeElement.closest('dialog')")
    keys.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()

    reach(page, page.locator("summary[aria-label='Account of Mira Kovac']"), key="Shift+Tab")
    keys.press("Enter")
    keys.press("Escape")
    expect(page.get_by_role("button", name="Sign out")).to_be_hidden()
    keys.press("Enter")
    reach(page, page.get_by_role("button", name="Sign out"))
    keys.press("Enter")
    expect(page).to_have_url(re.compile("/sign-in$"))


def test_a_finger_on_a_phone_reaches_people_jobs_and_the_trail(gallery: Gallery, open_browser: OpenBrowser) -> None:
    tab = open_browser(gallery.url, width=390, height=844, touch=True)
    page = tab.page
    tab.open("/sign-in")
    page.get_by_label("User name or e-mail address").fill("mira")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").tap()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Mira")

    _tap_menu(page, "People")
    page.get_by_role("searchbox", name="Search").fill("maximiliane")
    rows = page.locator("[data-rows] tbody tr")
    expect(rows).to_have_count(1)
    _inside(page, rows.first)
    page.get_by_role("link", name="Maximiliane").tap()
    page.get_by_role("button", name="Deactivate").tap()
    dialog = page.get_by_role("dialog", name="Deactivate Maximiliane")
    _inside(page, dialog)
    dialog.get_by_role("button", name="Cancel").tap()
    expect(dialog).to_be_hidden()
    tab.watch.narrow(page)

    _tap_menu(page, "Jobs")
    page.get_by_role("link", name="Failed").tap()
    expect(page.locator("tbody tr")).to_have_count(1)
    page.locator("tbody tr a").first.tap()
    expect(page.get_by_role("heading", name="What went wrong")).to_be_visible()

    _tap_menu(page, "Audit trail")
    page.locator("summary", has_text="Filter").tap()
    page.get_by_role("group", name="Outcome").get_by_label("Refused").check()
    page.get_by_role("button", name="Apply filters").tap()
    expect(page.get_by_role("link", name="A sign-in failed").first).to_be_visible()
    tab.watch.narrow(page)

    page.get_by_label("Account of Mira Kovac").tap()
    page.get_by_role("button", name="Sign out").tap()
    expect(page).to_have_url(re.compile("/sign-in$"))


def reach(page: Page, wanted: Locator, key: str = "Tab") -> None:
    """Press Tab until `wanted` has the focus; nothing on the way may swallow it."""
    expect(wanted).to_have_count(1)
    for _step in range(MANY_STEPS):
        if wanted.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press(key)
    raise AssertionError(f"{wanted} cannot be reached with {key}")


def _tap_menu(page: Page, name: str) -> None:
    page.get_by_role("button", name="Open navigation").tap()
    page.get_by_role("navigation", name="Main").get_by_role("link", name=name, exact=True).tap()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def _inside(page: Page, part: Locator) -> None:
    expect(part).to_be_visible()
    box, size = part.bounding_box(), page.viewport_size
    assert box is not None
    assert size is not None
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size["width"]
