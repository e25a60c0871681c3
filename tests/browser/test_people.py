"""What administrators do with people, in a browser: unlock, see the console as somebody, leave it, deactivate."""

import pytest
from django.conf import settings
from playwright.sync_api import expect

from accounts.models import Session, User
from audit.models import Event
from tests.browser.conftest import Console, OpenBrowser, Tab
from tests.browser.looks import CROSSWISE, findings
from tests.factories import PASSWORD, person, signed_in

pytestmark = pytest.mark.browser


def _token(user: User) -> str:
    return str(signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value)


def _sign_in(tab: Tab, user: User, password: str, *, status: int = 200) -> None:
    page = tab.page
    tab.open("/sign-in")
    page.get_by_label("User name or e-mail address").fill(user.username)
    page.get_by_label("Password", exact=True).fill(password)
    with tab.watch.expecting(*([status] if status >= 400 else [])):
        page.get_by_role("button", name="Sign in", exact=True).click()
        page.wait_for_load_state("networkidle")


def _behind_more(tab: Tab, name: str) -> None:
    tab.page.locator("main summary", has_text="More").click()
    tab.page.get_by_role("button", name=name).first.click()


def test_who_locked_the_own_door_is_let_in_again_from_the_security_page(
    console: Console, open_browser: OpenBrowser
) -> None:
    staff, clerk = person("Mira Kovac", role="admin"), person("Tove Lund")
    theirs = open_browser(console.url)
    for _ in range(5):
        _sign_in(theirs, clerk, "not my password", status=422)
    _sign_in(theirs, clerk, PASSWORD, status=422)
    assert not Session.objects.filter(user=clerk).exists(), "a locked person got in"

    tab = open_browser(console.url, token=_token(staff))
    tab.open("/platform/security")
    panel = tab.page.locator("section", has=tab.page.get_by_role("heading", name="Locked now")).last
    panel.get_by_role("link", name="Tove Lund").click()
    tab.page.get_by_role("button", name="Unlock", exact=True).click()
    tab.page.get_by_role("dialog").get_by_role("button", name="Unlock sign-in").click()
    expect(tab.page.get_by_role("status").filter(has_text="Tove Lund can sign in again.")).to_be_visible()

    _sign_in(theirs, clerk, PASSWORD)
    expect(theirs.page.get_by_role("heading", level=1)).to_contain_text("Tove")


def test_an_administrator_sees_the_console_as_somebody_and_leaves_it_again(
    console: Console, open_browser: OpenBrowser
) -> None:
    staff, manager = person("Mira Kovac", role="admin"), person("Iris Vale", role="manager")
    tab = open_browser(console.url, token=_token(staff))
    page = tab.page
    tab.open(f"/platform/people/{manager.pk}")
    _behind_more(tab, "View as this person")
    dialog = page.get_by_role("dialog", name="See the console as Iris Vale?")
    expect(dialog.get_by_label("Let me change things, too")).to_have_count(0)
    dialog.get_by_label("Reason").fill("Ticket 4711")
    dialog.get_by_role("button", name="View as this person").click()

    told = page.get_by_role("region", name="Notices of this installation")
    expect(told).to_contain_text("You see the console as Iris Vale.")
    expect(told).to_contain_text("30 minutes left")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Iris")
    assert findings(page, CROSSWISE) == []
    tab.watch.narrow(page)
    tab.open("/platform/people")
    expect(told).to_contain_text("You see the console as Iris Vale.")
    tab.open("/me/password", status=403)
    expect(page.get_by_role("heading", level=1)).to_have_text("This belongs to the person alone")

    tab.open("/")
    page.get_by_role("button", name="Leave view").click()
    expect(page.get_by_role("status").filter(has_text="You are yourself again.")).to_be_visible()
    assert page.url.endswith(f"/platform/people/{manager.pk}")
    expect(page.get_by_text("You see the console as")).to_have_count(0)

    theirs = open_browser(console.url, token=_token(manager))
    theirs.open("/me/notifications")
    expect(theirs.page.get_by_text("An administrator saw the console as you").first).to_be_visible()
    codes = (
        Event.objects.filter(code__startswith="accounts.impersonation.").order_by("id").values_list("code", flat=True)
    )
    assert list(codes) == ["accounts.impersonation.started", "accounts.impersonation.ended"]
    assert list(Session.objects.exclude(impersonator=None)) == []


def test_who_is_deactivated_sees_the_inactive_page_with_the_very_next_click(
    console: Console, open_browser: OpenBrowser
) -> None:
    staff, clerk = person("Mira Kovac", role="admin"), person("Tove Lund", role="user")
    theirs = open_browser(console.url, token=_token(clerk))
    theirs.open("/")
    tab = open_browser(console.url, token=_token(staff))
    tab.open(f"/platform/people/{clerk.pk}")
    tab.page.get_by_role("button", name="Deactivate", exact=True).click()
    dialog = tab.page.get_by_role("dialog", name="Deactivate Tove Lund?")
    dialog.get_by_label("Reason").fill("Left the company")
    dialog.get_by_role("button", name="Deactivate").click()
    expect(tab.page.get_by_role("status").filter(has_text="inactive and locked out")).to_be_visible()

    theirs.page.goto("/platform/people")
    assert theirs.page.url.endswith("/inactive")
    expect(theirs.page.get_by_role("button", name="Sign out")).to_be_visible()
    (event,) = Event.objects.filter(code="accounts.user.deactivated")
    assert (event.target_id, event.reason) == (clerk.pk, "Left the company")
