"""An organisation from its making to its second member, by mail; and one's own sessions and organisations."""

import re

import pytest
from django.conf import settings
from playwright.sync_api import expect

from accounts.models import Invitation, Membership, Organisation, Session, User
from audit.models import Event
from portal.kit.models import OutboundMessage
from tests.browser.conftest import Console, Gallery, OpenBrowser, Tab
from tests.conftest import looking_around
from tests.factories import person, signed_in

pytestmark = pytest.mark.browser
NAME, SLUG = "Harbour and Pine", "harbour-pine"
OWNER, VIEWER = "ines.duarte@harbour.example.com", "sam.adeyemi@harbour.example.com"
PASSWORD = "four grey herons waiting"


def _token(user: User) -> str:
    return str(signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value)


def _link(address: str) -> str:
    """The link in the one mail to an address, without its host."""
    mail = OutboundMessage.objects.get(address=address)
    found = re.search(r"https?://[^/\s]+(/invitations/\S+)", mail.text)
    assert found is not None, mail.text
    return found[1]


def test_staff_makes_an_organisation_its_owner_comes_by_mail_and_invites_a_viewer_who_sees_no_invitations(
    console: Console, open_browser: OpenBrowser
) -> None:
    staff = person("Mira Kovac", role="super_admin")
    stranger = person("Kaya Silva")
    _make(open_browser(console.url, token=_token(staff)))
    owner = open_browser(console.url)
    _join(owner, OWNER, "Ines Duarte", "ines")
    _invite_a_viewer(owner)
    viewer = open_browser(console.url)
    _join(viewer, VIEWER, "Sam Adeyemi", "sam")
    _may_only_look(viewer)
    outside = open_browser(console.url, token=_token(stranger))
    for path in ("", "members", "invitations", "settings", "audit"):
        outside.open(f"/o/{SLUG}/{path}", status=404)
    roles = {row.user.username: row.state for row in Membership.objects.select_related("user")}
    assert roles == {"ines": "active", "sam": "active"}
    assert list(Invitation.objects.filter(accepted_at=None)) == []


def _make(tab: Tab) -> None:
    page = tab.page
    tab.open("/platform/organisations")
    page.get_by_role("link", name="Create organisation").click()
    page.get_by_label("Name", exact=True).fill(NAME)
    page.get_by_label("Short name").fill("Harbour Pine")
    with tab.watch.expecting(422):
        page.get_by_role("button", name="Create organisation").click()
        expect(page.locator("main .err").first).to_be_visible()
    assert not Organisation.objects.exists(), "a refused form made an organisation"
    page.get_by_label("Short name").fill(SLUG)
    page.get_by_role("button", name="Create organisation").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    page.get_by_role("link", name="Members").click()
    page.get_by_label("E-mail addresses").fill(OWNER)
    page.get_by_label("Role").select_option(label="Owner")
    page.get_by_role("button", name="Send invitations").click()
    expect(page.get_by_role("status").filter(has_text="1 invitation is on its way.")).to_be_visible()


def _join(tab: Tab, address: str, name: str, username: str) -> None:
    page = tab.page
    link = _link(address)
    tab.open(link)
    assert page.url.endswith("/invitation"), "the token stayed in the address"
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Join {NAME}")
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("User name").fill(username)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Create account and join").click()
    page.wait_for_url(re.compile(f"/o/{SLUG}/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text(NAME)
    assert page.url.endswith(f"/o/{SLUG}/")
    with tab.watch.expecting(404):
        assert page.request.get(link).status == 404, "the link opened twice"


def _invite_a_viewer(tab: Tab) -> None:
    page = tab.page
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Invitations").click()
    page.get_by_label("E-mail addresses").fill(VIEWER)
    page.get_by_label("Role").select_option(label="Viewer")
    page.get_by_role("button", name="Send invitations").click()
    expect(page.get_by_role("status").filter(has_text="1 invitation is on its way.")).to_be_visible()
    expect(page.locator("main .rows li", has_text=VIEWER)).to_contain_text("Open")


def _may_only_look(tab: Tab) -> None:
    page = tab.page
    menu = page.get_by_role("navigation", name="Main")
    expect(menu.get_by_role("link", name="Members")).to_be_visible()
    expect(menu.get_by_role("link", name="Invitations")).to_have_count(0)
    expect(page.get_by_role("link", name="Invite people")).to_have_count(0)
    before = (Invitation.objects.count(), OutboundMessage.objects.count())
    tab.open(f"/o/{SLUG}/invitations", status=403)
    assert Event.objects.order_by("-id")[0].code == "kit.access.denied"
    assert (Invitation.objects.count(), OutboundMessage.objects.count()) == before
    tab.open(f"/o/{SLUG}/members")
    expect(page.locator("[data-rows] tbody tr")).to_have_count(2)
    tab.open("/platform/organisations", status=403)


def test_the_switch_leads_from_one_organisation_to_another_and_costs_nothing_until_it_is_opened(
    gallery: Gallery, open_browser: OpenBrowser
) -> None:
    rooms = gallery.furnished.rooms
    tab = open_browser(gallery.url, token=gallery.token_of(rooms.owner))
    page = tab.page
    tab.open(f"/o/{rooms.large.slug}/")
    page.wait_for_load_state("networkidle")
    asked = [request for request in tab.watch.requests if request.url.endswith("/me/organisations")]
    assert asked == []
    title = page.title()
    switch = page.locator(".orgs summary")
    expect(switch).to_contain_text(rooms.large.name)
    switch.press("Enter")
    links = page.locator(".orgs .own").get_by_role("link")
    expect(links).to_have_text([rooms.small.name, rooms.large.name])  # The suspended one lets nobody in.
    assert page.title() == title, "the page took the name of the one that the links came from"
    page.keyboard.press("Escape")
    expect(links.first).to_be_hidden()
    expect(switch).to_be_focused()
    switch.press("Enter")
    links.first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(rooms.small.name)
    expect(switch).to_contain_text(rooms.small.name)


def test_another_session_of_ones_own_is_ended_and_the_present_one_stays(
    gallery: Gallery, open_browser: OpenBrowser
) -> None:
    with looking_around(gallery.name):
        user = person("Pia Lorenz", role="admin")
        here, there = _token(user), _token(user)
    tab, other = (open_browser(gallery.url, token=token) for token in (here, there))
    for each in (other, tab):
        each.open(f"/platform/people/{user.pk}?tab=sessions")
    sessions = tab.page.locator("main .rows > li")
    expect(sessions).to_have_count(2)
    expect(sessions.filter(has_text="This browser")).to_have_count(1)
    tab.page.get_by_role("button", name="End session").click()
    expect(sessions).to_have_count(1)
    expect(sessions).to_contain_text("This browser")
    with looking_around(gallery.name):
        assert Session.objects.filter(user=user).count() == 1
    other.open("/platform/people")
    assert "/sign-in" in other.page.url
    tab.open("/platform/people")
    assert tab.page.url.endswith("/platform/people")
