"""Mail in a browser: the outbox and a mail as it arrives, what people choose to be told, and ending mails by a link."""

from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, expect

from portal.kit import context
from portal.kit.models import OutboundMessage
from portal.kit.notices.choices import unsubscribe_token
from portal.kit.services import writing
from tests import conftest as databases
from tests.browser.conftest import Gallery, OpenBrowser, Tab
from tests.browser.looks import ALL, SIZES, Look, findings, look_at, nobody, unfold

pytestmark = pytest.mark.browser


def _token(all_: Any) -> str:
    return unsubscribe_token(all_.manager.pk, "organisation")


def _ask(tab: Tab) -> None:
    tab.page.locator("[data-rows] [name='ids']").first.check()
    tab.page.get_by_role("button", name="Send again").click()
    expect(tab.page.get_by_role("dialog", name="Send 1 mail again?")).to_be_visible()


LOOKS = {
    "outbox, failed": Look("/platform/outbox?state=failed", again=True),
    "outbox, filter": Look("/platform/outbox?category=security", act=unfold("Filter"), again=True),
    "outbox, send again": Look("/platform/outbox", act=_ask, again=True),
    "addresses that take no mail": Look("/platform/outbox/suppressed"),
    "what one is told": Look("/me/notifications/settings"),
    "notifications of a kind": Look("/me/notifications?category=job", again=True),
    "end mails": Look("/unsubscribe/{}", _token, nobody),
    "end mails, not ours": Look("/unsubscribe/nothing", who=nobody, status=404, again=True),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_mail_has_an_axe_finding(name: str, gallery: Gallery, open_browser: OpenBrowser) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []


def test_a_mail_as_it_arrives_fits_every_screen_and_has_no_axe_finding(
    gallery: Gallery, open_browser: OpenBrowser
) -> None:
    tab = open_browser(gallery.url, token=gallery.token_of(gallery.furnished.admin))
    source = tab.page.request.get(f"{gallery.url}/platform/outbox/{gallery.furnished.mail_id}/html").text()
    # Shown without its sandbox, in which axe could not run either.
    page = tab.page.context.new_page()
    page.set_content(source)
    assert findings(page, ALL) == []
    for width in (320, 360, 600):
        page.set_viewport_size({"width": width, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.close()


def test_in_its_own_tab_a_mail_is_shown_and_nothing_in_it_runs(gallery: Gallery, chromium: Browser) -> None:
    # Without the watch: what it puts into every page is refused here, too, which is what this policy is for.
    known = gallery.furnished
    with databases.looking_around(gallery.name), context.system("a test"), writing():
        row = OutboundMessage.objects.get(pk=str(known.failed_mail_id))
        row.html = row.html.replace("</h1>", "</h1><script>document.title = 'ran'</script>")
        row.save(update_fields=["html"])
    opened = chromium.new_context(color_scheme="dark", base_url=gallery.url)
    cookie = {"name": settings.SESSION_COOKIE_NAME, "value": gallery.token_of(known.admin), "url": gallery.url}
    opened.add_cookies([cookie])  # type: ignore[list-item]
    page = opened.new_page()
    page.goto(f"/platform/outbox/{known.failed_mail_id}/html")
    expect(page.locator("h1")).to_be_visible()
    expect(page).to_have_title(row.subject)
    expect(page.locator(".card")).to_have_css("background-color", "rgb(20, 26, 34)")
    opened.close()


def test_a_person_chooses_what_to_be_told_with_the_keyboard(gallery: Gallery, open_browser: OpenBrowser) -> None:
    tab = open_browser(gallery.url, token=gallery.token_of(gallery.furnished.manager), **SIZES["phone"])
    tab.open("/me/notifications")
    tab.page.get_by_role("link", name="What you are told").click()
    switch = tab.page.get_by_role("checkbox", name="Jobs: Mail")
    expect(switch).to_be_checked()
    switch.focus()
    tab.page.keyboard.press("Space")
    tab.page.get_by_role("button", name="Save").press("Enter")
    expect(tab.page.locator(".toast")).to_contain_text("Your choice is saved.")
    expect(tab.page.get_by_role("checkbox", name="Jobs: Mail")).not_to_be_checked()


def test_a_link_ends_mails_without_signing_in(gallery: Gallery, open_browser: OpenBrowser) -> None:
    tab = open_browser(gallery.url)
    tab.open(f"/unsubscribe/{_token(gallery.furnished)}")
    tab.page.get_by_role("button", name="End these mails").click()
    expect(tab.page.get_by_role("heading", name="You get no more of these mails")).to_be_visible()
