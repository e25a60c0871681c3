"""The whole way of an administrator, from the first visit to the trail that proves it."""

import re

import pytest
from django.conf import settings
from django.contrib.auth.hashers import check_password
from playwright.sync_api import Page, expect

from accounts.models import Session, User
from accounts.services import roots
from audit.models import Event
from portal.kit import context
from tests.browser.conftest import Console, OpenBrowser, Tab
from tests.browser.furnished import bad_csv, expired_sessions
from tests.browser.server import wait_for

pytestmark = pytest.mark.browser

NEW_PASSWORD = "seven quiet lanterns drift"
EXPIRED = 300
REASON = "Left the company"
SENTENCES = (
    "Root administrator signed in",
    "Root administrator changed the password",
    "An import of people was confirmed",
    "Mara Castell was created",
    "Noor Haddad was created",
    "Iris Falk was created",
    "Iris Falk was deactivated",
    "Iris Falk was activated",
)
CODES = (
    "accounts.session.started",
    "accounts.password.changed",
    "accounts.session.entered_platform",
    "maintenance.run.queued",
    "accounts.import.confirmed",
    *["accounts.user.created"] * 3,
    "maintenance.run.succeeded",
    "accounts.user.created",
    "accounts.user.deactivated",
    "accounts.user.activated",
    "maintenance.run.queued",
    "maintenance.cleanup.finished",
    "maintenance.run.succeeded",
)


def test_a_stranger_becomes_administrator_imports_people_cleans_up_and_finds_it_all_in_the_trail(
    console: Console, working: None, open_browser: OpenBrowser
) -> None:
    with context.system("a test") as current:
        root, one_time = roots.root_ensure(actor=current.actor, username="root", email="root@example.com")
    assert one_time is not None
    tab = open_browser(console.url)
    _sign_in_and_change_the_password(tab, one_time)
    _import(tab)
    _search(tab.page)
    _create_deactivate_activate(tab)
    expired_sessions(root, EXPIRED)
    _clean_up(tab)
    _read_the_trail(tab)
    _sign_out(tab)


def _sign_in_and_change_the_password(tab: Tab, one_time: str) -> None:
    page = tab.page
    tab.open("/")
    assert page.url.endswith("/sign-in")
    page.get_by_label("User name or e-mail address").fill("root")
    with tab.watch.expecting(422):
        page.get_by_label("Password", exact=True).fill("not the password at all")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("do not match")
    page.get_by_label("Password", exact=True).fill(one_time)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose your own password")
    for path in ("/", "/platform/people", "/platform/audit"):
        tab.open(path)
        assert page.url.split("?")[0].endswith("/me/password"), f"{path} answered before the password was changed"
    page.get_by_label("Current password", exact=True).fill(one_time)
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    expect(page.locator(".meter .word")).to_have_text("Strong")
    page.get_by_label("New password again", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_role("status").filter(has_text="Your password is changed")).to_be_visible()
    tab.open("/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Root")


def _import(tab: Tab) -> None:
    page = tab.page
    _menu(page, "People")
    page.get_by_role("link", name="Import people").click()
    page.get_by_label("CSV file").set_input_files(
        {"name": "new-starters.csv", "mimeType": "text/csv", "buffer": b"".join(bad_csv())}
    )
    expect(page.get_by_text("new-starters.csv")).to_be_visible()
    page.get_by_role("button", name="Check file").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check rows")
    refused = page.get_by_role("region", name="Refused rows").locator("tbody tr")
    # Rosa's formula, Sven's missing name, Olaf's user name, Petra's address, and Mara twice: user name and address.
    # Quentin's user name belongs to nobody in this empty installation, so his row is good.
    assert [row.split()[0] for row in refused.all_inner_texts()] == ["4", "5", "7", "8", "8", "9"]
    expect(refused.nth(2)).to_contain_text("formula")
    assert User.objects.count() == 1, "people were created before anybody confirmed"
    page.get_by_role("button", name="Import 3 people").click()
    _watched_to_its_end(tab, "3 people created")
    assert User.objects.count() == 4
    page.reload()
    page.get_by_label("Notifications, 1 unread").click()
    told = page.locator(".bell .sheet").get_by_role("link", name="“Import people” finished")
    expect(told).to_have_attribute("href", re.compile(r"^/platform/jobs/[0-9a-f-]{36}$"))
    page.keyboard.press("Escape")
    expect(told).to_be_hidden()


def _watched_to_its_end(tab: Tab, result: str) -> None:
    """The job page shows the end by itself: it is still the page that was loaded, not a newer one."""
    page = tab.page
    page.wait_for_url(re.compile(r"/platform/jobs/[0-9a-f-]{36}$"))
    page.evaluate("window.sameDocument = true")
    expect(page.get_by_text(result)).to_be_visible()
    expect(page.locator("main .st").first).to_have_text("Succeeded")
    assert page.evaluate("window.sameDocument") is True, "the page was loaded again"


def _search(page: Page) -> None:
    _menu(page, "People")
    rows = page.locator("[data-rows] tbody tr")
    expect(rows).to_have_count(4)
    page.evaluate("window.sameDocument = true")
    field = page.get_by_role("searchbox", name="Search")
    field.press_sequentially("had", delay=20)
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("Noor Haddad")
    expect(page).to_have_url(re.compile(r"\?q=had$"))
    expect(field).to_be_focused()
    field.fill("nobody of that name")
    expect(page.get_by_role("heading", name="No person matches")).to_be_visible()
    field.fill("")
    expect(rows).to_have_count(4)
    assert page.evaluate("window.sameDocument") is True, "the search loaded a page"


def _create_deactivate_activate(tab: Tab) -> None:
    page = tab.page
    page.get_by_role("link", name="Create person").click()
    page.get_by_label("Name", exact=True).fill("Iris Falk")
    page.get_by_label("User name").fill("Not A Name")
    page.get_by_label("E-mail address").fill("iris@example.com")
    with tab.watch.expecting(422):
        page.get_by_role("button", name="Create person").click()
        expect(page.get_by_role("alert")).to_be_visible()
        expect(page.get_by_label("User name")).to_be_focused()  # The one field that it is about.
    page.get_by_label("User name").fill("iris")
    page.get_by_role("button", name="Create person").click()
    secret = page.locator("#issued-password")
    expect(secret).to_be_focused()
    password = secret.inner_text()
    assert check_password(password, User.objects.get(username="iris").password)
    tab.open(f"/platform/people/{User.objects.get(username='iris').pk}")
    expect(secret).to_have_count(0)
    assert password not in page.content()
    page.get_by_role("button", name="Deactivate").click()
    dialog = page.get_by_role("dialog", name="Deactivate Iris Falk?")
    dialog.get_by_label("Reason").fill(REASON)
    dialog.get_by_role("button", name="Deactivate").click()
    expect(page.locator(".head .st")).to_have_text("Inactive")
    assert not User.objects.get(username="iris").is_active
    page.get_by_role("button", name="Activate").click()
    page.get_by_role("dialog", name="Activate Iris Falk?").get_by_role("button", name="Activate").click()
    expect(page.locator(".head .st")).to_have_text("Active")


def _clean_up(tab: Tab) -> None:
    page = tab.page
    _menu(page, "Clean-ups")
    page.get_by_role("main").get_by_role("link", name="Expired sessions", exact=True).click()
    expect(page.get_by_label("What would go")).to_contain_text(str(EXPIRED))
    page.get_by_role("button", name=f"Delete {EXPIRED} rows").click()
    dialog = page.get_by_role("dialog", name=f"Delete {EXPIRED} rows")
    expect(dialog).to_contain_text(f"Exactly {EXPIRED} rows")
    dialog.get_by_role("button", name=f"Delete {EXPIRED} rows").click()
    _watched_to_its_end(tab, f"{EXPIRED} rows deleted")
    assert Session.objects.count() == 1, "the clean-up took something else"


def _read_the_trail(tab: Tab) -> None:
    page = tab.page
    _menu(page, "Audit trail")
    shown = page.locator("#events .what").all_inner_texts()
    places = [shown.index(sentence) for sentence in SENTENCES]
    assert places == sorted(places, reverse=True), f"not the newest first: {shown}"
    written = list(Event.objects.order_by("id").values_list("code", flat=True))
    start = len(written) - 1 - written[::-1].index("accounts.session.started")
    assert tuple(written[start:]) == CODES
    page.get_by_role("link", name="Iris Falk was deactivated").click()
    expect(page.get_by_text(REASON, exact=True)).to_be_visible()
    change = page.get_by_role("region", name="Changes, before and after").locator("tbody tr")
    expect(change.locator("th")).to_have_text("Active")
    expect(change.locator("del")).to_have_text("yes")
    expect(change.locator("ins")).to_have_text("no")
    expect(page.get_by_role("link", name="Root administrator").first).to_be_visible()


def _sign_out(tab: Tab) -> None:
    page = tab.page
    page.get_by_label("Account of Root administrator").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in$"))
    wait_for(lambda: not Session.objects.exists(), what="the session to end")
    assert settings.SESSION_COOKIE_NAME not in {cookie["name"] for cookie in page.context.cookies()}
    tab.open("/platform/people")
    assert "/sign-in" in page.url
    assert Event.objects.order_by("-id")[0].code == "accounts.session.ended"


def _menu(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Main").get_by_role("link", name=name, exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)
