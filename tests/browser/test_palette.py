"""The palette and the page of the search: by keyboard, without scripts, and to who cannot see."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from accounts.models import User
from accounts.services.preferences import preference_set
from portal.kit import context
from tests.browser.conftest import Gallery, OpenBrowser, Tab
from tests.browser.looks import Look, findings, look_at
from tests.conftest import looking_around
from tests.factories import actor_of, person

pytestmark = pytest.mark.browser
OWN = "/o/lindenfeld-research/"


@pytest.fixture(scope="module")
def searcher(gallery: Gallery) -> User:
    """Somebody of the tests' own, whose searches nobody else sees."""
    with looking_around(gallery.name):
        return person("Sela Argent", role="super_admin")


@pytest.fixture
def tab(gallery: Gallery, open_browser: OpenBrowser, searcher: User) -> Tab:
    """The list of people in that one's browser."""
    opened = open_browser(gallery.url, token=gallery.token_of(searcher))
    opened.open("/platform/people")
    return opened


def opened(page: Page) -> None:
    """The palette, opened by its keys."""
    page.keyboard.press("Control+k")
    expect(page.locator("#palette input")).to_be_focused()


def chosen(page: Page) -> str:
    """What the keys stand on, as assistive technology is told."""
    told = page.locator("#palette input").get_attribute("aria-activedescendant")
    return page.locator(f"[id='{told}']").inner_text() if told else ""


def test_control_k_goes_somewhere_without_a_mouse(tab: Tab) -> None:
    page = tab.page
    opened(page)
    page.keyboard.type("back")
    expect(page.locator("#palette [role='option']:visible", has_text="Backups")).to_be_visible()
    assert "Backups" in chosen(page)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/platform/backups$"))


def test_it_finds_a_record_and_the_arrows_choose(tab: Tab, gallery: Gallery) -> None:
    page, known = tab.page, gallery.furnished
    opened(page)
    page.keyboard.type("maximiliane hohenberg")
    record = page.locator("#palette [data-found] [role='option']", has_text="Maximiliane")
    expect(record.first).to_be_visible()
    expect(page.locator("#palette [data-said]")).to_have_text(re.compile(r"^\d+ choices$"))
    first = chosen(page)
    page.keyboard.press("ArrowDown")
    assert chosen(page) != first
    page.keyboard.press("ArrowUp")
    assert chosen(page) == first
    page.keyboard.press("ArrowUp")
    assert "Search everything" in chosen(page), "before the first comes the last"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/platform/people/{known.long_named.pk}$"))


def test_it_traps_the_focus_closes_with_escape_and_gives_the_focus_back(tab: Tab) -> None:
    page = tab.page
    create = page.get_by_role("link", name="Create person")
    create.focus()
    opened(page)
    for _each in range(8):
        page.keyboard.press("Tab")
        inside = page.evaluate(
            "document.activeElement === document.body || !!document.activeElement.closest('#palette')"
        )
        assert inside
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    expect(create).to_be_focused()
    opened(page)
    page.keyboard.press("Control+k")
    expect(page.locator("#palette")).to_be_hidden()


def test_what_is_called_so_nowhere_is_said_and_the_page_is_offered(tab: Tab) -> None:
    page = tab.page
    opened(page)
    page.keyboard.type("zzzzqq")
    expect(page.locator("#palette [data-nothing]")).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/platform/search\?q=zzzzqq"))
    expect(page.get_by_role("heading", name="Nothing is called")).to_be_visible()


def test_it_leads_to_where_dangerous_things_are_asked_and_does_none_of_them(tab: Tab) -> None:
    page = tab.page
    opened(page)
    page.keyboard.type("tonight")
    expect(page.locator("#palette [role='option']:visible", has_text="Run tonight").first).to_be_visible()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/platform/nights"))
    expect(page.get_by_role("dialog", name="Run tonight’s maintenance now?")).to_be_visible()


def test_the_theme_changes_from_the_palette(tab: Tab) -> None:
    page = tab.page
    before = page.locator("html").get_attribute("data-theme")
    opened(page)
    page.keyboard.type("change theme")
    page.keyboard.press("Enter")
    expect(page.locator("html")).not_to_have_attribute("data-theme", str(before))


def test_slash_goes_to_the_search_of_the_list_and_to_the_palette_elsewhere(tab: Tab) -> None:
    page = tab.page
    page.keyboard.press("/")
    expect(page.locator("main [role='search'] input")).to_be_focused()
    page.keyboard.type("/?gp")
    expect(page.locator("main [role='search'] input")).to_have_value("/?gp")
    expect(page.locator("#palette")).to_have_count(0)
    tab.open("/platform/system")
    page.keyboard.press("/")
    expect(page.locator("#palette input")).to_be_focused()


def test_question_mark_shows_the_keys_and_g_with_a_letter_goes(tab: Tab) -> None:
    page = tab.page
    page.keyboard.press("?")
    sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
    expect(sheet).to_be_visible()
    expect(sheet.get_by_text("Customers")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.keyboard.press("a")
    page.wait_for_url(re.compile("/platform/audit$"))


def test_single_keys_that_are_switched_off_do_nothing_and_control_k_still_does(
    gallery: Gallery, open_browser: OpenBrowser
) -> None:
    with looking_around(gallery.name), context.system("a test"):
        quiet = person("Quiet Keys", role="admin")
        preference_set(actor=actor_of(quiet), values={"shortcuts": False})
    tab = open_browser(gallery.url, token=gallery.token_of(quiet))
    tab.open("/platform/system")
    for key in ("?", "/", "g", "p"):
        tab.page.keyboard.press(key)
    opened(tab.page)
    expect(tab.page.locator("#shortcuts")).to_be_hidden()
    assert tab.page.url.endswith("/platform/system")


def test_palette_sheet_and_pages_have_no_axe_finding(tab: Tab, gallery: Gallery, open_browser: OpenBrowser) -> None:
    page = tab.page
    opened(page)
    page.keyboard.type("ad")
    expect(page.locator("#palette [data-found] [role='option']").first).to_be_visible()
    assert findings(page) == []
    tab.watch.narrow(page)
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    assert findings(page) == []
    owner = gallery.furnished.rooms.owner
    found: list[str] = []
    for look in (
        Look("/platform/search", who=lambda all_: all_.admin),
        Look("/platform/search?q=ad&all=1"),
        Look("/platform/search?q=ad&kind=people", again=True),
        Look("/platform/search?q=zzzzqq", again=True),
        Look("/platform/search?q=x", status=422, again=True),
        Look(f"{OWN}search?q=in", who=lambda all_: owner),
    ):
        found += look_at(look, gallery, open_browser)
    assert found == []


def test_without_scripts_the_header_leads_to_the_page_which_searches_saves_and_clears(
    chromium: Browser, gallery: Gallery, searcher: User
) -> None:
    window = chromium.new_context(base_url=gallery.url, java_script_enabled=False)
    window.add_cookies(
        [{"name": settings.SESSION_COOKIE_NAME, "value": gallery.token_of(searcher), "url": gallery.url}]
    )
    page = window.new_page()
    page.goto("/platform/people")
    page.locator("header .finder").click()
    page.wait_for_url(re.compile("/platform/search$"))
    page.get_by_label("Search for").fill("lindqvist")
    page.get_by_role("button", name="Search", exact=True).click()
    expect(page.get_by_role("main").get_by_role("heading", name="People")).to_be_visible()
    page.locator("summary", has_text="Save this search").click()
    page.get_by_label("Name", exact=True).fill("The family")
    page.get_by_role("button", name="Save search").click()
    expect(page.get_by_role("heading", name="Saved searches")).to_be_visible()
    page.get_by_role("button", name="Delete the saved search The family").click()
    expect(page.get_by_role("link", name="The family")).to_have_count(0)
    page.get_by_role("button", name="Clear").click()
    expect(page.get_by_role("heading", name="Searched for last")).to_have_count(0)
    window.close()
