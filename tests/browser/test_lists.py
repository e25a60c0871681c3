"""Lists as people use them: by keyboard, many rows at once, arranged for oneself, kept, shared and taken along."""

import csv
import re

import pytest
from playwright.sync_api import Page, expect

from accounts.models import User
from tests.browser.conftest import Gallery, OpenBrowser, Tab
from tests.browser.test_ways import reach
from tests.conftest import looking_around
from tests.factories import person

pytestmark = pytest.mark.browser
PEOPLE = "/platform/people"
ROWS = 50  # Of a page.


@pytest.fixture(scope="module")
def clerks(gallery: Gallery) -> tuple[User, User]:
    """Two administrators with arrangements of their own, so that what they set for themselves is seen by nobody else."""
    with looking_around(gallery.name):
        return person("Noa Adler", role="admin"), person("Otis Brandt", role="admin")


@pytest.fixture
def tab(gallery: Gallery, open_browser: OpenBrowser, clerks: tuple[User, User]) -> Tab:
    """The list of people in the browser of the first of them."""
    opened = open_browser(gallery.url, token=gallery.token_of(clerks[0]))
    opened.open(PEOPLE)
    return opened


def _count(page: Page) -> int:
    return page.locator("[data-rows] [name='ids']:checked").count()


def _inactive(gallery: Gallery) -> set[str]:
    with looking_around(gallery.name):
        return set(User.objects.filter(is_active=False).values_list("username", flat=True))


def test_the_arrows_space_control_a_escape_and_enter_work_a_list(tab: Tab) -> None:
    page, keys = tab.page, tab.page.keyboard
    rows = page.locator("[data-rows] tbody tr")
    batch = page.locator("#list-batch")
    expect(batch).to_be_hidden()
    reach(page, rows.first)
    keys.press("ArrowDown")
    expect(rows.nth(1)).to_be_focused()
    keys.press("Space")
    expect(page.locator("[data-count]")).to_have_text("1 selected")
    keys.press("ArrowUp")
    keys.press("ArrowUp")
    expect(rows.first).to_be_focused()
    keys.press("Control+a")
    assert _count(page) == ROWS
    expect(page.get_by_label(re.compile("Select all [0-9]+ that match"))).to_be_visible()
    keys.press("Escape")
    assert _count(page) == 0
    expect(batch).to_be_hidden()
    keys.press("End")
    expect(rows.last).to_be_focused()
    name = rows.last.locator("th a b").inner_text()
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def test_shift_selects_everything_between_two_rows(tab: Tab) -> None:
    boxes = tab.page.locator("[data-rows] [name='ids']")
    boxes.nth(2).click()
    boxes.nth(6).click(modifiers=["Shift"])
    expect(tab.page.locator("[data-count]")).to_have_text("5 selected")
    boxes.nth(3).click()
    boxes.nth(5).click(modifiers=["Shift"])
    expect(tab.page.locator("[data-count]")).to_have_text("2 selected")


def test_two_people_are_deactivated_by_keyboard_and_activated_again_by_undo(tab: Tab, gallery: Gallery) -> None:
    page, keys = tab.page, tab.page.keyboard
    before = _inactive(gallery)
    tab.open(f"{PEOPLE}?q=quinn&state=active")
    rows = page.locator("[data-rows] tbody tr")
    shown = rows.count()
    reach(page, rows.first)
    keys.press("Space")
    keys.press("ArrowDown")
    keys.press("Space")
    reach(page, page.get_by_role("button", name="Deactivate"), key="Shift+Tab")
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name="Deactivate 2 people?")
    expect(dialog).to_be_visible()
    dialog.get_by_label("Reason").fill("Left the company")
    keys.press("Enter")
    toast = page.locator(".toast", has_text="Deactivated: 2 people.")
    expect(toast).to_be_visible()
    expect(dialog).to_be_hidden()
    expect(rows).to_have_count(shown - 2)
    gone = _inactive(gallery) - before
    assert len(gone) == 2
    assert all("quinn" in username for username in gone)
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast", has_text="Activated: 2 people.")).to_be_visible()
    expect(rows).to_have_count(shown)
    assert _inactive(gallery) == before


def test_all_that_match_are_counted_again_asked_about_and_done_in_one_go(tab: Tab, gallery: Gallery) -> None:
    page = tab.page
    before = _inactive(gallery)
    with looking_around(gallery.name):
        matching = User.objects.count()
    page.get_by_label("Select all rows of this page").check()
    every = page.get_by_label(f"Select all {matching} that match")
    every.check()
    expect(page.locator("[data-count]")).to_have_text(f"All {matching} that match are selected")
    page.get_by_role("button", name="Deactivate").click()
    dialog = page.get_by_role("dialog", name=f"Deactivate {matching} people?")
    dialog.get_by_role("button", name=f"Deactivate: {matching} people").click()
    toast = page.locator(".toast", has_text="Deactivated: ")
    # Root, oneself, who ranks above, the only owners and who was inactive stay as they are, each told with the reason.
    expect(toast).to_contain_text("were left alone")
    gone = _inactive(gallery) - before
    assert ROWS < len(gone) < matching
    expect(toast).to_contain_text(f"Deactivated: {len(gone)} people.")
    toast.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast", has_text=f"Activated: {len(gone)} people.")).to_be_visible()
    assert _inactive(gallery) == before


def test_columns_stay_with_the_person_who_chose_them(
    tab: Tab, gallery: Gallery, open_browser: OpenBrowser, clerks: tuple[User, User]
) -> None:
    page = tab.page
    heads = page.locator("[data-rows] thead th:not(.c-pick)")
    declared = heads.all_inner_texts()
    assert "User name" in declared
    page.locator("summary", has_text="Columns").click()
    page.get_by_role("checkbox", name="User name").uncheck()
    page.get_by_role("checkbox", name="E-mail address").check()
    page.get_by_role("button", name="Move E-mail address up").press("Enter")
    page.get_by_role("button", name="Save arrangement").click()
    expect(heads.filter(has_text="E-mail address")).to_have_count(1)
    chosen = heads.all_inner_texts()
    assert set(chosen) == set(declared) - {"User name"} | {"E-mail address"}
    assert chosen.index("E-mail address") == len(chosen) - 2, "it was not moved up"
    for who, expected in ((clerks[0], chosen), (clerks[1], declared)):
        other = open_browser(gallery.url, token=gallery.token_of(who))
        other.open(PEOPLE)
        assert other.page.locator("[data-rows] thead th:not(.c-pick)").all_inner_texts() == expected
    page.locator("summary", has_text="Columns").click()
    page.get_by_role("button", name="Reset").click()
    expect(heads.filter(has_text="User name")).to_have_count(1)
    assert heads.all_inner_texts() == declared


def test_a_view_that_is_saved_and_shared_is_found_by_its_address(
    tab: Tab, gallery: Gallery, open_browser: OpenBrowser, clerks: tuple[User, User]
) -> None:
    page = tab.page
    tab.open(f"{PEOPLE}?role=manager&sort=-seen")
    names = page.locator("[data-rows] tbody th").all_inner_texts()
    assert names
    page.locator("summary", has_text="Views").click()
    page.get_by_label("Save this as a new view").fill("Board of managers")
    page.get_by_label("Show it to everybody who may see this list").check()
    page.get_by_role("button", name="Save view").click()
    page.wait_for_url(re.compile(r"\?view=[0-9a-f-]{36}$"))
    expect(page.get_by_role("link", name="Board of managers")).to_have_attribute("aria-current", "true")
    other = open_browser(gallery.url, token=gallery.token_of(clerks[1]))
    other.open(page.url.removeprefix(gallery.url))
    assert other.page.locator("[data-rows] tbody th").all_inner_texts() == names
    expect(other.page.get_by_role("link", name="Board of managers")).to_be_visible()
    other.page.locator("summary", has_text="Views").click()
    expect(other.page.get_by_role("button", name="Delete view")).to_have_count(0)
    page.locator("summary", has_text="Views").click()
    page.get_by_role("button", name="Delete view").click()
    expect(page.get_by_role("link", name="Board of managers")).to_have_count(0)


def test_what_is_searched_for_downloads_as_a_csv_file(tab: Tab) -> None:
    page = tab.page
    page.get_by_role("searchbox").press_sequentially("lindq", delay=10)
    page.wait_for_url(re.compile(r"\?q=lindq$"))
    rows = page.locator("[data-rows] tbody tr")
    expect(rows.first).to_contain_text("Lindqvist")
    names = page.locator("[data-rows] tbody th a b").all_inner_texts()
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as started:
        page.get_by_role("link", name="This view as CSV").click()
    file = started.value
    assert re.fullmatch(r".*people.*\.csv", file.suggested_filename)
    lines = list(csv.reader(file.path().read_text("utf-8-sig").splitlines()))
    assert lines[0][:3] == ["Person", "Status", "Roles"]
    assert [line[0] for line in lines[1:]] == names
