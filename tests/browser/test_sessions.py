"""The end of a session in a real browser: the question before it, the cover after it, and what others do from elsewhere."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.conf import settings
from playwright.sync_api import Locator, Page, expect

from accounts.models import Session, User
from portal.kit import clock, context, crypto
from portal.kit.services import writing
from tests.browser.conftest import OpenBrowser, Tab
from tests.browser.looks import findings
from tests.browser.server import Web, wait_for
from tests.factories import PASSWORD, make_world, signed_in

pytestmark = pytest.mark.browser
WARNING_SECONDS, IDLE = 8, timedelta(seconds=13)
COOKIE = settings.SESSION_COOKIE_NAME
SOON_MS = 30_000


@pytest.fixture
def web(own_database: dict[str, str]) -> Iterator[Web]:
    """A web server on an empty installation, which asks eight seconds before the idle end."""
    served = Web({**own_database, "STEWARD_SESSION_WARNING_SECONDS": str(WARNING_SECONDS)})
    try:
        yield served
    finally:
        served.stop()


def in_short(user: User, idle: timedelta = IDLE) -> str:
    """The cookie of a session that ends as soon as nothing is done for some seconds."""
    token = str(signed_in(user).cookies[COOKIE].value)
    with context.system("a test"), writing():
        now = clock.now()
        Session.objects.filter(digest=crypto.digest(token)).update(idle=idle, seen_at=now, expires_at=now + idle)
    return token


def warning(page: Page) -> Locator:
    """The question whether one stays."""
    return page.get_by_role("alertdialog", name="Are you still there?")


def _typed(tab: Tab) -> None:
    tab.open("/platform/people/new")
    for name, value in (("name", "Iris Falk"), ("username", "iris"), ("email", "iris@example.com")):
        tab.page.locator(f"main input[name={name}]").fill(value)


def test_the_question_comes_before_the_idle_end_in_every_tab_and_one_answer_counts_for_all(
    web: Web, open_browser: OpenBrowser
) -> None:
    world = make_world()
    token = in_short(world.root)
    tab = open_browser(web.url, token=token)
    _typed(tab)
    page, second = tab.page, tab.page.context.new_page()
    second.goto("/platform/people")
    for one in (page, second):
        expect(warning(one)).to_be_visible(timeout=SOON_MS)
    expect(page.locator("#idle-warning [data-left]")).to_have_text(re.compile(r"^0:0\d$"))
    expect(page.get_by_role("button", name="Stay signed in")).to_be_focused()
    with context.system("a test"), writing():
        # Time for the checks of the dialog.
        Session.objects.filter(digest=crypto.digest(token)).update(idle=timedelta(minutes=30))
    page.get_by_role("button", name="Stay signed in").click()
    for one in (page, second):
        expect(warning(one)).to_be_hidden()
    left = Session.objects.get(digest=crypto.digest(token)).expires_at - clock.now()
    assert left > timedelta(minutes=29)
    assert page.locator("main input[name=name]").input_value() == "Iris Falk"


def test_an_ended_session_covers_the_page_and_what_was_typed_is_sent_after_signing_in_again(
    web: Web, open_browser: OpenBrowser
) -> None:
    world = make_world()
    tab = open_browser(web.url, token=in_short(world.root))
    _typed(tab)
    page = tab.page
    cover = page.get_by_role("alertdialog", name="You are signed out")
    expect(cover).to_be_visible(timeout=SOON_MS)
    expect(cover).to_contain_text("What you typed is still there")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(cover).to_be_visible()
    behind = "getComputedStyle(document.querySelector('#idle-ended'), '::backdrop').backgroundColor"
    assert page.evaluate(f"{behind} === getComputedStyle(document.body).backgroundColor"), "the page shows through"
    assert findings(page) == []

    with page.context.expect_page() as opened:
        cover.get_by_role("link", name="Sign in").click()
    again = opened.value
    again.get_by_label("User name or e-mail address").fill(world.root.username)
    again.get_by_label("Password", exact=True).fill(PASSWORD)
    again.get_by_role("button", name="Sign in").click()
    expect(again).to_have_url(re.compile("/platform/people/new$"))
    expect(cover).to_be_hidden(timeout=SOON_MS)
    page.get_by_role("button", name="Create person").click()
    expect(page.locator("#issued-password")).to_be_visible()
    assert User.objects.filter(username="iris", name="Iris Falk").exists()


def test_a_page_that_refreshes_itself_ends_with_its_session(web: Web, open_browser: OpenBrowser) -> None:
    world = make_world()
    token = in_short(world.root)
    tab = open_browser(web.url, token=token)
    with tab.watch.expecting(401):
        tab.open("/platform/system")
        seen = Session.objects.get(digest=crypto.digest(token)).seen_at
        expect(tab.page.get_by_role("alertdialog", name="You are signed out")).to_be_visible(timeout=SOON_MS)
        assert any("/platform/system/live" in request.url for request in tab.watch.requests)
        assert Session.objects.get(digest=crypto.digest(token)).seen_at == seen
        link = tab.page.get_by_role("link", name="Sign in")
        assert link.get_attribute("href") == "/sign-in?next=%2Fplatform%2Fsystem"


def test_somebody_who_is_deactivated_while_signed_in_elsewhere_finds_the_door_shut(
    web: Web, open_browser: OpenBrowser
) -> None:
    world = make_world()
    theirs = open_browser(web.url, token=str(signed_in(world.clerk).cookies[COOKIE].value))
    theirs.open("/me/sessions")
    expect(theirs.page.get_by_text("This browser")).to_be_visible()
    ours = open_browser(web.url, token=str(signed_in(world.admin).cookies[COOKIE].value))
    ours.open(f"/platform/people/{world.clerk.pk}")
    ours.page.get_by_role("button", name="Deactivate").click()
    dialog = ours.page.get_by_role("dialog", name=f"Deactivate {world.clerk}?")
    dialog.get_by_label("Reason").fill("Left the company")
    dialog.get_by_role("button", name="Deactivate").click()
    expect(ours.page.locator(".head .st").first).to_have_text("Inactive")

    theirs.page.get_by_role("link", name="Password").first.click()
    expect(theirs.page).to_have_url(re.compile("/inactive$"))
    theirs.page.get_by_role("button", name="Sign out").click()
    expect(theirs.page).to_have_url(re.compile("/sign-in"))
    wait_for(lambda: not Session.objects.filter(user=world.clerk).exists(), what="the session to end")


def test_one_ends_the_other_browser_from_the_page_of_sessions(web: Web, open_browser: OpenBrowser) -> None:
    world = make_world()
    here = open_browser(web.url, token=str(signed_in(world.clerk).cookies[COOKIE].value))
    there = open_browser(web.url, token=str(signed_in(world.clerk).cookies[COOKIE].value))
    there.open("/me/password")
    here.open("/me/sessions")
    here.page.get_by_role("button", name="End all others").click()
    dialog = here.page.get_by_role("dialog", name="End 1 other session?")
    expect(dialog).to_be_visible()
    assert findings(here.page) == []
    dialog.get_by_role("button", name="End all others").click()
    expect(here.page.get_by_text("1 session ended.")).to_be_visible()
    expect(here.page.get_by_role("button", name="End session")).to_have_count(0)
    there.open("/me/sessions")
    assert "/sign-in?next=" in there.page.url
    here.watch.narrow(here.page)
