"""From the one-time password to a sign-in with two factors: the whole way in a browser."""

import re
from base64 import b32decode
from datetime import datetime, timedelta

import pytest
from playwright.sync_api import Page, expect

from accounts.models import Session
from accounts.models.factors import STEP_SECONDS
from accounts.services.users import user_create
from portal.kit import clock, context
from tests.accounts.factor_helpers import code_at
from tests.browser.conftest import Console, OpenBrowser, Tab
from tests.browser.looks import findings

pytestmark = pytest.mark.browser
NEW_PASSWORD = "seven quiet lanterns drift"
CODE = "Code of the authenticator app"


class App:
    """The authenticator app of a person: it has scanned a key, and shows each code once."""

    def __init__(self, key: str) -> None:
        self._seed = b32decode(key.replace(" ", ""))
        self._shown: datetime = clock.now() - timedelta(seconds=STEP_SECONDS)

    def shows(self) -> str:
        """The code of now, or the one that follows the last one that was shown: nobody waits for it."""
        self._shown = max(clock.now(), self._shown + timedelta(seconds=STEP_SECONDS))
        return code_at(self._seed, self._shown)


def test_a_newcomer_changes_the_password_sets_up_an_app_and_comes_back_with_it_and_with_a_recovery_code(
    console: Console, open_browser: OpenBrowser
) -> None:
    with context.system("a test") as current:
        _user, one_time = user_create(actor=current.actor, name="Iris Falk", username="iris", email="iris@example.com")
    tab = open_browser(console.url)
    _first_sign_in(tab, one_time)
    app, codes = _set_up(tab)
    _sign_out(tab.page)
    _with_the_app(tab, app)
    _sign_out(tab.page)
    _with_a_recovery_code(tab, codes[0])
    assert list(Session.objects.values_list("method", flat=True)) == ["password+recovery"]


def _first_sign_in(tab: Tab, one_time: str) -> None:
    page = tab.page
    tab.open("/sign-in")
    _password(page, one_time)
    expect(page.get_by_role("heading", level=1)).to_have_text("Choose your own password")
    page.get_by_label("Current password", exact=True).fill(one_time)
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("New password again", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Choose your own password")


def _set_up(tab: Tab) -> tuple[App, list[str]]:
    page = tab.page
    tab.open("/me/security")
    page.get_by_role("link", name="Set up").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Set up a second factor")
    assert findings(page) == []
    page.get_by_role("button", name="Set up an authenticator app").click()
    expect(page.get_by_role("img", name="QR code with the key of your account")).to_be_visible()
    page.get_by_text("The app cannot scan it").click()
    assert findings(page) == []
    tab.watch.narrow(page)
    app = App(page.locator("#seed-key").inner_text())
    with tab.watch.expecting(422):
        page.get_by_label(CODE).fill("12345")
        page.get_by_role("button", name="Take it into use").click()
        expect(page.get_by_role("alert")).to_contain_text("That is not the code that the app shows now")
    page.get_by_label(CODE).fill(app.shows())
    page.get_by_role("button", name="Take it into use").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your second factor works")
    codes = page.locator("#recovery-codes").inner_text().split()
    assert len(set(codes)) == 10
    assert findings(page) == []
    tab.watch.narrow(page)
    with page.expect_download() as download:
        page.get_by_role("link", name="Download").click()
    assert download.value.suggested_filename == "steward-recovery-codes.txt"
    kept = download.value.path().read_text("utf-8")
    assert kept.split()[-10:] == codes
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_text("10 of ten are left")).to_be_visible()
    assert findings(page) == []
    tab.watch.narrow(page)
    return app, codes


def _with_the_app(tab: Tab, app: App) -> None:
    page = tab.page
    tab.open("/me/organisations")
    _password(page, NEW_PASSWORD)
    expect(page.get_by_label(CODE)).to_be_focused()
    assert findings(page) == []
    tab.watch.narrow(page)
    tab.open("/me/security")
    assert "/sign-in" in page.url, "the password alone opened a page"
    tab.open("/sign-in/code")
    with tab.watch.expecting(422):
        page.get_by_label(CODE).fill("12345")
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("alert")).to_contain_text("That code is wrong")
    page.get_by_label(CODE).fill(app.shows())
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url(re.compile("/me/organisations$"))


def _with_a_recovery_code(tab: Tab, code: str) -> None:
    page = tab.page
    tab.open("/sign-in")
    _password(page, NEW_PASSWORD)
    page.get_by_role("link", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(code.upper())
    assert findings(page) == []
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("You used a recovery code; 9 are left.")).to_be_visible()
    tab.open("/me/security")
    expect(page.get_by_text("9 of ten are left")).to_be_visible()


def _password(page: Page, password: str) -> None:
    page.get_by_label("User name or e-mail address").fill("iris")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def _sign_out(page: Page) -> None:
    page.get_by_label("Account of Iris Falk").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/sign-in$"))
