"""The shared components in a real browser: what they do, without a mouse, without scripts, and to who cannot see."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect

from portal.kit import context, notices
from tests.browser.conftest import Gallery, OpenBrowser, Tab
from tests.browser.looks import findings
from tests.conftest import looking_around

pytestmark = pytest.mark.browser
PAGES = (
    "/platform/components",
    "/platform/components?confirm=sample-word",
    "/me/notifications",
    "/admin/",
    "/admin/accounts/user/",
    "/admin/accounts/user/?q=nothing&is_active__exact=1",
    "/admin/audit/event/",
    "/admin/maintenance/jobrun/",
    "/admin/kit/announcement/",
    "/admin/kit/announcement/add/",
)


@pytest.fixture
def root(gallery: Gallery, open_browser: OpenBrowser) -> Tab:
    """The browser of who runs the installation."""
    return open_browser(gallery.url, token=gallery.token_of(gallery.furnished.admin))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_components_or_of_the_admin_has_no_axe_finding(path: str, root: Tab) -> None:
    root.open(path)
    root.page.wait_for_load_state("networkidle")
    assert findings(root.page) == []
    root.watch.narrow(root.page)


def test_a_row_of_the_admin_and_the_sheet_of_the_bell_have_no_axe_finding(root: Tab) -> None:
    root.open("/admin/maintenance/jobrun/")
    root.page.locator("tbody th a").first.click()
    expect(root.page.get_by_role("link", name="Audit trail").last).to_be_visible()
    root.page.locator(".bell summary").click()
    expect(root.page.locator(".bell .told, .bell .chart-none")).to_be_visible()
    assert findings(root.page) == []
    root.watch.narrow(root.page)


def test_the_bell_tells_and_a_notice_that_is_opened_is_read(gallery: Gallery, open_browser: OpenBrowser) -> None:
    person = gallery.furnished.manager
    with looking_around(gallery.name), context.system("a test"):
        notices.tell([person.pk], category="job", title="Your export is ready", url="/me/password", tone="ok")
    tab = open_browser(gallery.url, token=gallery.token_of(person))
    page = tab.page
    tab.open("/")
    bell = page.get_by_label("Notifications, 1 unread")
    bell.click()
    page.get_by_role("banner").get_by_role("link", name="Your export is ready").click()
    page.wait_for_url(re.compile("/me/password$"))
    tab.open("/me/notifications?state=unread")
    expect(page.get_by_role("heading", name="All read")).to_be_visible()
    expect(page.locator(".bell .n")).to_be_hidden()


def test_a_dialog_opens_closes_and_gives_the_focus_back_by_keyboard(root: Tab) -> None:
    root.open("/platform/components")
    button = root.page.get_by_role("button", name="Delete for good", expanded=None).and_(
        root.page.locator("[data-dialog]")
    )
    button.focus()
    root.page.keyboard.press("Space")
    dialog = root.page.get_by_role("dialog", name="Delete the organisation for good?")
    expect(dialog).to_be_visible()
    confirm = dialog.get_by_role("button", name="Delete for good")
    expect(confirm).to_be_disabled()
    dialog.get_by_label("Type acme to confirm").fill("acm")
    expect(confirm).to_be_disabled()
    dialog.get_by_label("Type acme to confirm").fill("acme")
    expect(confirm).to_be_enabled()
    root.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(button).to_be_focused()


def test_a_dialog_has_an_address_which_goes_when_it_is_closed(root: Tab) -> None:
    root.open("/platform/components?confirm=sample-ask")
    dialog = root.page.get_by_role("dialog", name="Deactivate Ada Lindqvist?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    assert root.page.url.endswith("/platform/components")


def test_without_scripts_a_dialog_is_reached_by_its_link_and_left_by_another(
    gallery: Gallery, chromium: Browser
) -> None:
    scriptless = chromium.new_context(base_url=gallery.url, java_script_enabled=False)
    token = gallery.token_of(gallery.furnished.admin)
    scriptless.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": token, "url": gallery.url}])
    page = scriptless.new_page()
    page.goto("/platform/components")
    page.locator("[data-dialog='sample-word']").click()
    dialog = page.locator("dialog#sample-word")
    expect(dialog).to_be_visible()
    expect(dialog.get_by_role("button", name="Delete for good")).to_be_enabled()
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_be_hidden()
    scriptless.close()


def test_a_toast_offers_to_undo_and_its_button_posts(root: Tab) -> None:
    root.open("/platform/components")
    root.page.get_by_role("button", name="With undo").click()
    toast = root.page.locator(".toast", has_text="Ada Lindqvist was deactivated.")
    expect(toast).to_be_visible()
    toast.get_by_role("button", name="Undo").click()
    expect(root.page.locator(".toast", has_text="This is how news of that sort look.")).to_be_visible()


def test_a_part_that_fails_says_so_in_its_place_and_asks_again(root: Tab) -> None:
    root.open("/platform/components")
    expect(root.page.get_by_text("This part was fetched.")).to_be_visible()
    expect(root.page.locator(".toast", has_text="The part arrived.")).to_be_visible()
    failed = root.page.locator("[data-event='fail']")
    with root.watch.expecting(503):
        failed.get_by_role("button", name="Try again").click()
        expect(failed.get_by_role("button", name="Try again")).to_be_visible()
        root.page.wait_for_load_state("networkidle")
    expect(failed.get_by_text("This part could not be loaded.")).to_be_visible()
    assert root.page.url.endswith("/platform/components")


def test_unsaved_changes_are_asked_about_in_our_own_dialog(root: Tab) -> None:
    page = root.page
    root.open("/admin/kit/announcement/add/")
    page.get_by_label("Title").fill("Planned work")
    page.get_by_role("link", name="Outbox").click()
    dialog = page.get_by_role("dialog", name="Leave without saving?")
    expect(dialog).to_be_visible()
    dialog.get_by_role("button", name="Keep editing").click()
    assert page.url.endswith("/admin/kit/announcement/add/")
    expect(page.get_by_label("Title")).to_have_value("Planned work")
    page.get_by_role("link", name="Outbox").click()
    dialog.get_by_role("button", name="Leave without saving").click()
    page.wait_for_url(re.compile("/platform/outbox$"))


def test_several_of_many_are_counted_and_narrowed_as_one_types(root: Tab) -> None:
    page = root.page
    root.open("/platform/components")
    multi = page.locator(".multi").first
    multi.locator("summary").click()
    multi.locator("[data-narrow]").fill("tag 11")
    expect(multi.locator(".item:visible")).to_have_count(1)
    multi.get_by_label("Tag 11").check()
    expect(multi.locator("[data-chosen]")).to_have_text("3 chosen")


def test_the_box_of_a_group_is_that_of_all_its_boxes(root: Tab) -> None:
    page = root.page
    root.open("/platform/components")
    form = page.locator("#id_good-events")
    group = form.get_by_role("group", name="Invoices", exact=True)
    whole = group.get_by_label("All of Invoices")
    whole.check()
    expect(group.get_by_label("An invoice was issued")).to_be_checked()
    expect(group.get_by_label("An invoice is paid")).to_be_checked()
    expect(form.get_by_label("A payment arrived")).not_to_be_checked()
    group.get_by_label("An invoice is paid").uncheck()
    assert whole.evaluate("box => [box.checked, box.indeterminate]") == [False, True]


def test_what_is_unfolded_in_the_navigation_stays_unfolded_on_the_next_page(root: Tab) -> None:
    page = root.page
    menu = page.get_by_role("navigation", name="Main")
    root.open("/platform/people")
    expect(menu.get_by_role("link", name="Journals")).to_be_hidden()
    menu.get_by_text("Books", exact=True).click()
    expect(menu.get_by_role("link", name="Journals")).to_be_visible()
    menu.get_by_role("link", name="Organisations", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Organisations")
    expect(menu.get_by_role("link", name="Journals")).to_be_visible()
    menu.get_by_text("Books", exact=True).press("Enter")
    root.open("/platform/people")
    expect(menu.get_by_role("link", name="Journals")).to_be_hidden()
