"""Ten journeys by the keyboard alone: no test here touches a mouse."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import Locator, expect

from accounts.models import Invitation, User
from maintenance.models import JobRun
from portal.kit import context
from rbac.models import Role
from tests.accounts.organisation_world import House, make_house
from tests.billing import document_world as documents
from tests.browser.conftest import Console, OpenBrowser, Tab
from tests.browser.furnished import expired_sessions
from tests.browser.test_ways import reach
from tests.factories import PASSWORD, person, signed_in

pytestmark = pytest.mark.browser


class Keys:
    """A person at a keyboard."""

    def __init__(self, tab: Tab) -> None:
        self.tab, self.page = tab, tab.page

    def press(self, *names: str) -> None:
        """Keys, one after another."""
        for name in names:
            self.page.keyboard.press(name)

    def to(self, wanted: Locator) -> None:
        """By Tab to a control."""
        reach(self.page, wanted)

    def write(self, label: str, text: str) -> None:
        """Into a field, over what is in it."""
        self.to(self.page.get_by_label(label, exact=True))
        self.press("Control+a")
        self.page.keyboard.type(text)

    def palette(self, text: str, wanted: str) -> None:
        """By the palette to what is called `wanted`, typing `text`."""
        self.press("Control+k")
        expect(self.page.locator("#palette input")).to_be_focused()
        self.page.keyboard.type(text)
        option = self.page.locator("#palette [role='option']:not([data-all]):visible", has_text=wanted).first
        expect(option).to_be_visible()
        for _each in range(20):
            if option.get_attribute("aria-selected") == "true":
                break
            self.press("ArrowDown")
        self.press("Enter")


@pytest.fixture
def house(console: Console) -> House:
    """An organisation of the test's own."""
    return make_house("Harbour")


@pytest.fixture
def root(console: Console) -> User:
    """Who runs the installation."""
    return person("Root Person", role="super_admin", username="rootperson")


def _at(console: Console, open_browser: OpenBrowser, user: User, path: str = "/") -> Keys:
    token = str(signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value)
    tab = open_browser(console.url, token=token)
    tab.open(path)
    return Keys(tab)


def test_signing_in_finding_a_person_changing_the_theme_and_signing_out(
    console: Console, open_browser: OpenBrowser, root: User
) -> None:
    ada = person("Ada Quill", email="ada.quill@example.org")
    keys = Keys(open_browser(console.url))
    keys.tab.open("/sign-in")
    page = keys.page
    keys.write("User name or e-mail address", root.username)
    keys.write("Password", PASSWORD)
    keys.press("Enter")
    page.wait_for_url(re.compile("/$"))

    keys.palette("ada.quill@example.org", "Ada Quill")
    page.wait_for_url(re.compile(f"/platform/people/{ada.pk}$"))

    before = page.locator("html").get_attribute("data-theme")
    keys.palette("change theme", "Change theme")
    expect(page.locator("html")).not_to_have_attribute("data-theme", str(before))

    keys.palette("sign out", "Sign out")
    page.wait_for_url(re.compile("/sign-in"))


def test_deactivating_a_person_and_taking_it_back(console: Console, open_browser: OpenBrowser, root: User) -> None:
    ada = person("Ada Quill", email="ada.quill@example.org")
    keys = _at(console, open_browser, root, "/platform/people?q=quill")
    page = keys.page
    keys.to(page.locator("[data-rows] tbody tr").first)
    keys.press("Space")
    keys.to(page.locator("#list-batch").get_by_role("button", name="Deactivate"))
    keys.press("Enter")
    dialog = page.get_by_role("dialog", name="Deactivate 1 person?")
    expect(dialog).to_be_visible()
    keys.to(dialog.get_by_role("button", name="Deactivate"))
    keys.press("Enter")
    undo = page.locator(".toast").get_by_role("button", name="Undo")
    expect(undo).to_be_visible()
    ada.refresh_from_db()
    assert not ada.is_active
    keys.to(undo)
    keys.press("Enter")
    expect(page.locator(".toast", has_text="Activated")).to_be_visible()
    ada.refresh_from_db()
    assert ada.is_active


def test_inviting_somebody_creating_a_role_and_opening_an_invoice(
    console: Console, open_browser: OpenBrowser, house: House
) -> None:
    invoice = documents.final(documents.buyer(where=house.organisation), 5_00)
    keys = _at(console, open_browser, house.owner, house.url())
    page = keys.page
    keys.palette("invite a", "Invite a person")
    page.wait_for_url(re.compile("/invitations$"))
    keys.write("E-mail addresses", "new.member@example.org")
    keys.to(page.get_by_role("button", name="Send invitations"))
    keys.press("Enter")
    expect(page.locator(".toast")).to_be_visible()
    with context.system("a test"):
        assert Invitation.objects.filter(email="new.member@example.org").exists()

    keys.palette("new role", "New role")
    page.wait_for_url(re.compile("/roles/new$"))
    keys.write("Name", "Harbour master")
    keys.to(page.locator("main form").get_by_role("button", name="Create role"))
    keys.press("Enter")
    page.wait_for_url(re.compile("/roles/[0-9a-f-]{36}"))
    assert Role.objects.filter(label="Harbour master", organisation_id=house.id).exists()

    keys.palette(str(invoice.number), str(invoice.number))
    page.wait_for_url(re.compile(f"/billing/invoices/{invoice.pk}$"))


def test_looking_at_what_a_clean_up_would_take_and_running_it(
    console: Console, working: None, open_browser: OpenBrowser, root: User
) -> None:
    expired_sessions(root, 12)
    keys = _at(console, open_browser, root)
    page = keys.page
    keys.palette("expired sessions", "Expired sessions")
    page.wait_for_url(re.compile("accounts.expired_sessions"))
    if "/schedules/" in page.url:
        keys.tab.open("/platform/cleanups/accounts.expired_sessions")
    keys.to(page.locator("main").get_by_role("button", name=re.compile("^Delete")).first)
    keys.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    word = dialog.locator("[data-word]")
    if word.count():
        keys.to(word)
        page.keyboard.type(str(word.get_attribute("data-word")))
    keys.to(dialog.get_by_role("button", name=re.compile("^Delete")))
    keys.press("Enter")
    page.wait_for_url(re.compile("/platform/jobs/"))
    expect(page.get_by_text("Succeeded").first).to_be_visible()


def test_starting_a_job_of_a_schedule(console: Console, open_browser: OpenBrowser, root: User) -> None:
    keys = _at(console, open_browser, root, "/platform/schedules/accounts.sign_in_counters")
    page = keys.page
    before = JobRun.objects.filter(schedule="accounts.sign_in_counters").count()
    keys.to(page.locator("main").get_by_role("button", name="Run now").first)
    keys.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_be_visible()
    keys.to(dialog.get_by_role("button", name=re.compile("^Run")))
    keys.press("Enter")
    page.wait_for_url(re.compile("/platform/(jobs|schedules)/"))
    expect(page.locator(".toast, [data-poll], .head").first).to_be_visible()
    assert JobRun.objects.filter(schedule="accounts.sign_in_counters").count() > before
    keys.press("g", "j")
    page.wait_for_url(re.compile("/platform/jobs$"))
