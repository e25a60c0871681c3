"""Coming in by mail: every page looks as it should; and an invitation, a registration and a forgotten password in full."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from accounts.models import AddressChange, Invitation, Membership, Session, User
from accounts.services.addresses import address_change_ask, verification_send
from accounts.services.registrations import registration_begin
from portal.kit import context
from portal.kit.context import Context
from portal.kit.models import OutboundMessage
from tests.browser.conftest import Console, Gallery, OpenBrowser, Tab
from tests.browser.furnished import Furnished
from tests.browser.looks import Look, look_at, nobody
from tests.browser.server import wait_for
from tests.conftest import looking_around
from tests.factories import actor_of, person

pytestmark = pytest.mark.browser
OWN = "/o/lindenfeld-research/"
NINA, SAM, JO = (f"{name}@harbour.example.com" for name in ("nina.okafor", "sam.adeyemi", "jo.lind"))
PASSWORD, LATER = "four grey herons waiting", "seven quiet lanterns drift"
LINK = re.compile(r"https?://[^/\s]+(/(?:invitations|register|password|email)/\S+)")


def _refused(button: str, /, **fields: str) -> Callable[[Tab], None]:
    def act(tab: Tab) -> None:
        for name, value in fields.items():
            tab.page.locator(f"main [name={name}]").fill(value)
        with tab.watch.expecting(422):
            tab.page.get_by_role("button", name=button).click()
            expect(tab.page.locator("main .err, main .summary").first).to_be_visible()

    return act


def _preview(tab: Tab) -> None:
    lines = ["jo.lind@example.com", "nobody", "maximiliane.alexandra.von.hohenberg@subsidiary.example.com", "x@x", ""]
    tab.page.get_by_label("E-mail addresses").fill("\n".join([*lines, "jo.lind@example.com"]))
    tab.page.get_by_label("Role").select_option(label="Viewer")
    tab.page.get_by_role("button", name="Check addresses").click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("Check addresses")


def _ask_for_change(tab: Tab) -> None:
    tab.open("/me/email/change")
    tab.page.get_by_label("New e-mail address").fill("another.address@example.com")
    tab.page.get_by_role("button", name="Send mails").click()
    expect(tab.page.get_by_role("heading", name="Change on its way")).to_be_visible()


def owner(all_: Furnished) -> User:
    """The owner of the large organisation."""
    return all_.rooms.owner


LOOKS = {
    "forgot": Look("/forgot", who=nobody),
    "forgot, refused": Look("/forgot", who=nobody, act=_refused("Send link", identifier=""), again=True),
    "forgot, sent": Look("/forgot/sent", who=nobody),
    "register": Look("/register", who=nobody),
    "register, refused": Look("/register", who=nobody, act=_refused("Send link", email="аda@example.com"), again=True),
    "register, sent": Look("/register/sent", who=nobody),
    "register, dead": Look("/register/nothing", who=nobody, status=410, again=True),
    "email, dead": Look("/email/nothing", who=nobody, status=410, again=True),
    "own address": Look("/me/email", who=owner),
    "own address, change": Look("/me/email/change", who=owner),
    "own address, waiting": Look("/me/email", who=lambda all_: all_.rooms.viewer, act=_ask_for_change),
    "invite many": Look(OWN + "invitations/many", who=owner),
    "invite many, preview": Look(OWN + "invitations/many", who=owner, act=_preview),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_has_an_axe_finding_in_any_theme_or_size(
    name: str, gallery: Gallery, open_browser: OpenBrowser
) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []


def link_to(address: str) -> str:
    """The link in the newest mail to an address, without its host."""
    found = LINK.search(OutboundMessage.objects.filter(address=address).order_by("-id")[0].text)
    assert found is not None
    return found[1]


def linked(gallery: Gallery) -> dict[str, str]:
    """A link of each kind in the gallery, by what it is for."""
    with looking_around(gallery.name):
        mistyped, changing = person("Ines Mistyped", email_verified_at=None), person("Karl Changing")
        with context.use(Context()):
            registration_begin(text="new.comer@example.com")
        with context.acting(actor_of(mistyped)):
            verification_send(actor=actor_of(mistyped))
        with context.acting(actor_of(changing)):
            address_change_ask(actor=actor_of(changing), email="karl.elsewhere@example.com")
        wanted = {
            "register": "new.comer@example.com",
            "verify": mistyped.email,
            "old": changing.email,
            "new": "karl.elsewhere@example.com",
        }
        return {kind: link_to(address) for kind, address in wanted.items()}


def test_no_page_behind_a_link_has_an_axe_finding(gallery: Gallery, open_browser: OpenBrowser) -> None:
    found = {}
    links = linked(gallery)
    for kind, link in links.items():
        found[kind] = look_at(Look(link, who=nobody), gallery, open_browser)
    form = Look(links["register"], who=nobody, act=_refused("Create account", name="N", new="short"), again=True)
    found["refused"] = look_at(form, gallery, open_browser)
    with looking_around(gallery.name):
        unverified = User.objects.get(name="Ines Mistyped")
    found["own"] = look_at(Look("/me/email", who=lambda _all: unverified, again=True), gallery, open_browser)
    for kind, button in (("verify", "Confirm"), ("new", "Confirm"), ("old", "That was not me")):
        found[button] = look_at(Look(links[kind], who=nobody, act=_answer(button), again=True), gallery, open_browser)
    assert {name: findings for name, findings in found.items() if findings} == {}


def _answer(button: str) -> Callable[[Tab], None]:
    def act(tab: Tab) -> None:
        tab.page.get_by_role("button", name=button).click()
        expect(tab.page.locator("main .glyph.big.ok")).to_be_visible()

    return act


# --- the whole way ---


def test_a_stranger_registers_invites_somebody_who_joins_and_forgets_the_password(
    console: Console, working: None, open_browser: OpenBrowser
) -> None:
    nina, sam = open_browser(console.url), open_browser(console.url)
    _register(nina)
    _invite_many(nina)
    _join(sam)
    _forget(sam, open_browser(console.url))
    roles = {row.user.username: row.organisation.slug for row in Membership.objects.select_related()}
    assert roles == {"nina": "harbour-works", "sam": "harbour-works"}
    _change_address(nina)


def _mailed(address: str, number: int) -> str:
    wait_for(lambda: OutboundMessage.objects.filter(address=address).count() >= number, what=f"a mail to {address}")
    return link_to(address)


def _account(page: Page, name: str, username: str) -> None:
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("User name").fill(username)
    page.get_by_label("New password", exact=True).fill(PASSWORD)
    page.get_by_label("New password again", exact=True).fill(PASSWORD)


def _register(tab: Tab) -> None:
    page = tab.page
    tab.open("/sign-in")
    page.get_by_role("link", name="Create one").click()
    page.get_by_label("E-mail address").fill(NINA)
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    link = _mailed(NINA, 1)
    assert not User.objects.exists(), "an account before its address was proved"
    tab.open(link)
    assert page.url.endswith("/register/account"), "the token stayed in the address"
    _account(page, "Nina Okafor", "nina")
    page.get_by_label("Name of your organisation").fill("Harbour Works")
    page.get_by_role("button", name="Create account").click()
    page.wait_for_url(re.compile("/o/harbour-works/$"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbour Works")
    with tab.watch.expecting(410):
        assert page.request.get(link).status == 410, "the link opened twice"


def _invite_many(tab: Tab) -> None:
    page = tab.page
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Invitations").click()
    page.get_by_role("link", name="Invite many").click()
    page.get_by_label("E-mail addresses").fill(f"{SAM}\nnobody\n{JO}\n{NINA}")
    page.get_by_label("Role").select_option(label="Editor")
    page.get_by_role("button", name="Check addresses").click()
    expect(page.locator("table tbody tr")).to_have_count(2)
    assert not Invitation.objects.exists(), "invited before anybody confirmed"
    page.get_by_role("button", name="Send 2 invitations").click()
    expect(page.get_by_role("status").filter(has_text="2 invitations are on their way.")).to_be_visible()


def _join(tab: Tab) -> None:
    page = tab.page
    tab.open(_mailed(SAM, 1))
    expect(page.get_by_role("heading", level=1)).to_have_text("Join Harbour Works")
    _account(page, "Sam Adeyemi", "sam")
    page.get_by_role("button", name="Create account and join").click()
    page.wait_for_url(re.compile("/o/harbour-works/$"))
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Members").click()
    expect(page.locator("[data-rows] tbody tr")).to_have_count(2)


def _forget(tab: Tab, elsewhere: Tab) -> None:
    page = elsewhere.page
    elsewhere.open("/sign-in")
    page.get_by_role("link", name="Forgot your password?").click()
    page.get_by_label("User name or e-mail address").fill("sam")
    page.get_by_role("button", name="Send link").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your inbox")
    elsewhere.open(_mailed(SAM, 2))
    page.get_by_label("New password", exact=True).fill(LATER)
    page.get_by_label("New password again", exact=True).fill(LATER)
    page.get_by_role("button", name="Save password").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    assert not Session.objects.filter(user__username="sam").exists(), "a session outlived the password"
    tab.open("/o/harbour-works/members")
    assert "/sign-in" in tab.page.url
    page.get_by_label("User name or e-mail address").fill(SAM)
    page.get_by_label("Password", exact=True).fill(LATER)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(re.compile(r"(?<!sign-in)$"))
    elsewhere.open("/o/harbour-works/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Harbour Works")


def _change_address(tab: Tab) -> None:
    page, wanted = tab.page, "nina@elsewhere.example.com"
    tab.open("/me/email")
    page.get_by_role("link", name="Change address").click()
    page.get_by_label("New e-mail address").fill(wanted)
    page.get_by_role("button", name="Send mails").click()
    expect(page.get_by_role("heading", name="Change on its way")).to_be_visible()
    for address in (wanted, NINA):
        tab.open(link_to(address))
        page.get_by_role("button", name="Confirm").click()
        expect(page.locator("main .glyph.big.ok")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your address is changed")
    tab.open("/me/email")
    expect(page.get_by_text(wanted)).to_be_visible()
    assert AddressChange.objects.filter(ended_at=None).count() == 0
