"""Passkeys in a real browser with a virtual authenticator, and the way back of somebody who lost a device."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import CDPSession, expect

from accounts.models import Passkey, Recovery, Session, User
from portal.kit import clock, context
from portal.kit.models import OutboundMessage
from portal.kit.services import writing
from tests.accounts.recovery_world import REASON
from tests.browser.conftest import Console, OpenBrowser, Tab
from tests.browser.looks import ALL, CROSSWISE, findings
from tests.browser.server import wait_for
from tests.factories import PASSWORD, person, signed_in

pytestmark = pytest.mark.browser
NEW_PASSWORD = "seven quiet lanterns drift"


class Device:
    """A platform authenticator of the browser, as the protocol of its developer tools makes one."""

    def __init__(self, tab: Tab) -> None:
        self._tools: CDPSession = tab.page.context.new_cdp_session(tab.page)
        self._tools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2",
            "transport": "internal",
            "hasResidentKey": True,
            "hasUserVerification": True,
            "isUserVerified": True,
            "automaticPresenceSimulation": True,
        }
        self._id = self._tools.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]

    def present(self, here: bool) -> None:
        """Whether somebody touches it."""
        self._tools.send("WebAuthn.setAutomaticPresenceSimulation", {"authenticatorId": self._id, "enabled": here})

    def lose(self) -> None:
        """It is at the bottom of the sea, with its passkeys."""
        self._tools.send("WebAuthn.clearCredentials", {"authenticatorId": self._id})


def at_home(console: Console) -> str:
    """The console by the name for which passkeys are made."""
    return console.url.replace("127.0.0.1", "localhost")


def _sign_in(tab: Tab, user: User, password: str = PASSWORD) -> None:
    tab.open("/sign-in")
    tab.page.get_by_label("User name or e-mail address").fill(user.username)
    tab.page.get_by_label("Password", exact=True).fill(password)
    tab.page.get_by_role("button", name="Sign in", exact=True).click()


def _sign_out(tab: Tab, user: User) -> None:
    tab.page.get_by_label(f"Account of {user.name}").click()
    tab.page.get_by_role("button", name="Sign out").click()
    expect(tab.page).to_have_url(re.compile("/sign-in$"))


def _add(tab: Tab, name: str) -> None:
    tab.open("/me/passkeys")
    tab.page.locator("#passkey_name").fill(name)
    tab.page.get_by_role("button", name="Add passkey").click()


def test_a_passkey_is_added_and_signs_in_alone_after_the_password_and_to_confirm(
    console: Console, open_browser: OpenBrowser
) -> None:
    user = person("Vera Lindgren", role="user")
    tab = open_browser(at_home(console))
    page, device = tab.page, Device(tab)
    _sign_in(tab, user)
    _add(tab, "Notebook")
    expect(page.locator("#recovery-codes")).to_be_visible()
    page.get_by_role("link", name="I have kept them").click()
    expect(page.get_by_role("region", name="Passkeys and security keys")).to_contain_text("Notebook")
    tab.open("/me/passkeys")
    assert findings(page, CROSSWISE) == []
    tab.watch.narrow(page)
    # The same device makes no second one.
    _add(tab, "Again")
    expect(page.get_by_role("alert").filter(has_text="has a passkey of yours already")).to_be_visible()
    device.present(False)  # Or the page's offer would be taken before anything is pressed.
    _sign_out(tab, user)

    assert findings(page, CROSSWISE) == []
    tab.watch.narrow(page)
    # A question that reaches an absent device is never answered: the page has made its offer, then the device is there.
    page.wait_for_load_state("networkidle")
    device.present(True)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_label(f"Account of {user.name}")).to_be_visible()
    assert Session.objects.get(user=user).method == "passkey"
    device.present(False)
    _sign_out(tab, user)

    _sign_in(tab, user)
    expect(page.get_by_role("heading", level=1)).to_have_text("Now your second factor")
    assert not Session.objects.filter(user=user).exists()
    device.present(True)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_label(f"Account of {user.name}")).to_be_visible()
    session = Session.objects.get(user=user)
    assert (session.method, session.second_factor_at is None) == ("password+passkey", False)

    with context.system("a test"), writing():
        Session.objects.update(confirmed_at=clock.now() - clock.now().resolution * 3_600_000_000)
    _add(tab, "Spare")
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Passkeys")
    page.get_by_role("button", name="Rename Notebook").click()
    dialog = page.get_by_role("dialog", name="Rename Notebook")
    dialog.get_by_label("Name").fill("Old notebook")
    dialog.get_by_role("button", name="Save name").click()
    expect(page.get_by_role("region", name="Passkeys and security keys")).to_contain_text("Old notebook")
    assert Passkey.objects.get().name == "Old notebook"


def test_the_browser_offers_passkeys_below_the_user_name(console: Console, open_browser: OpenBrowser) -> None:
    user = person("Vera Lindgren", role="user")
    tab = open_browser(at_home(console))
    Device(tab)
    _sign_in(tab, user)
    _add(tab, "Notebook")
    expect(tab.page.locator("#recovery-codes")).to_be_visible()
    tab.open("/me/passkeys")
    tab.page.get_by_label(f"Account of {user.name}").click()
    tab.page.get_by_role("button", name="Sign out").click()
    # Nothing is pressed: the virtual device takes what the sign-in page offers.
    wait_for(lambda: Session.objects.filter(user=user, method="passkey").exists(), what="the offer to be taken")
    expect(tab.page.get_by_label(f"Account of {user.name}")).to_be_visible()


def test_who_cancels_or_has_none_is_told_so_and_signs_in_with_the_password(
    console: Console, open_browser: OpenBrowser
) -> None:
    user = person("Vera Lindgren")
    tab = open_browser(at_home(console))
    Device(tab)
    tab.open("/sign-in")
    tab.page.get_by_role("button", name="Sign in with a passkey").click()
    expect(tab.page.get_by_role("alert").filter(has_text="no passkey for this portal")).to_be_visible()
    assert not Session.objects.exists()
    _sign_in(tab, user)
    expect(tab.page.get_by_label(f"Account of {user.name}")).to_be_visible()


def test_without_scripts_the_password_signs_in_and_the_page_says_what_it_cannot(
    console: Console, open_browser: OpenBrowser
) -> None:
    user = person("Vera Lindgren", role="user")
    tab = open_browser(console.url)  # At an address that is a number, browsers know no passkeys either.
    tab.open("/sign-in")
    expect(tab.page.get_by_role("button", name="Sign in with a passkey")).to_be_hidden()
    _sign_in(tab, user)
    tab.open("/me/passkeys")
    expect(tab.page.get_by_text("No passkey can be made here")).to_be_visible()
    expect(tab.page.get_by_role("button", name="Add passkey")).to_be_hidden()


@contextmanager
def _as(console: Console, open_browser: OpenBrowser, user: User) -> Iterator[Tab]:
    token = str(next(iter(signed_in(user).cookies.values())).value)
    yield open_browser(at_home(console), token=token)


def test_who_lost_a_device_comes_back_by_two_administrators(console: Console, open_browser: OpenBrowser) -> None:
    first, second = person("Ada Novak", role="admin"), person("Ben Silva", role="admin")
    user = person("Vera Lindgren", role="user")
    tab = open_browser(at_home(console))
    device = Device(tab)
    _sign_in(tab, user)
    _add(tab, "Phone")
    expect(tab.page.locator("#recovery-codes")).to_be_visible()
    device.lose()
    _ask(console, open_browser, first, user)
    _approve(console, open_browser, second, user)
    _come_back(tab, user)
    assert {passkey.name for passkey in Passkey.objects.filter(user=user)} == {"New phone"}


def _ask(console: Console, open_browser: OpenBrowser, first: User, user: User) -> None:
    with _as(console, open_browser, first) as tab:
        page = tab.page
        tab.open(f"/platform/people/{user.pk}/recovery")
        page.get_by_label("Reason").fill(REASON)
        page.get_by_role("button", name="Ask for recovery").click()
        expect(page.get_by_role("heading", level=1)).to_have_text(f"Recovery of {user.name}")
        expect(page.locator(".notice")).to_contain_text("Another administrator has to approve it.")
        assert findings(page, ALL) == []
        tab.watch.narrow(page)
    assert Passkey.objects.filter(user=user).exists(), "one administrator alone changes nothing"


def _approve(console: Console, open_browser: OpenBrowser, second: User, user: User) -> None:
    with _as(console, open_browser, second) as tab:
        page = tab.page
        tab.open("/platform/recoveries")
        page.get_by_role("link", name=user.name).first.click()
        page.get_by_role("button", name="Approve").click()
        dialog = page.get_by_role("dialog", name=f"Approve the recovery of {user.name}?")
        dialog.get_by_role("button", name="Approve recovery").click()
        expect(page.locator(".head .st")).to_have_text("Approved")
    wait_for(lambda: Recovery.objects.get().state == "approved", what="the approval")


def _come_back(tab: Tab, user: User) -> None:
    page = tab.page
    tab.open("/me/passkeys")
    assert "/sign-in" in page.url, "every session ended"
    mail = OutboundMessage.objects.get(person_id=user.pk, subject="Choose a new password")
    link = re.search(r"/password/\S+", mail.text)
    assert link
    tab.open(link[0])
    page.get_by_label("New password", exact=True).fill(NEW_PASSWORD)
    page.get_by_label("New password again", exact=True).fill(NEW_PASSWORD)
    page.get_by_role("button", name="Save password").click()
    _sign_in(tab, user, NEW_PASSWORD)
    expect(page.get_by_label(f"Account of {user.name}")).to_be_visible()
    _add(tab, "New phone")
    expect(page.locator("#recovery-codes")).to_be_visible()
