"""A role for an hour, from asking for it over somebody else's yes to giving it back; and a rule that separates duties."""

import pytest
from django.conf import settings
from playwright.sync_api import expect

from accounts.models import User
from rbac.models import Binding, DutyRule, Elevation
from tests.accounts.organisation_world import House, make_house
from tests.browser.conftest import Console, OpenBrowser, Tab
from tests.browser.looks import CROSSWISE, findings, in_theme
from tests.factories import person, signed_in
from tests.rbac.govern_world import ask_platform, broken

pytestmark = pytest.mark.browser


def _token(user: User) -> str:
    return str(signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value)


def _sound(tab: Tab) -> None:
    """Nothing for axe to find on a desk and a phone, in light and dark, and nothing wider than a small phone."""
    assert findings(tab.page, CROSSWISE) == []
    tab.page.set_viewport_size({"width": 320, "height": 700})
    wide = tab.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{tab.page.url} is {wide} pixels too wide"
    tab.page.set_viewport_size({"width": 1280, "height": 800})
    in_theme(tab.page, "light")


def test_a_member_asks_another_one_approves_and_it_is_given_back(console: Console, open_browser: OpenBrowser) -> None:
    house = make_house("Harbour")
    viewer = open_browser(console.url, token=_token(house.viewer))
    _ask(viewer, house)
    owner = open_browser(console.url, token=_token(house.owner))
    _approve(owner, house)
    page = viewer.page
    viewer.open(house.url(""))
    banner = page.get_by_role("region", name="Notices of this installation")
    expect(banner).to_contain_text("You are Admin for a while.")
    expect(page.get_by_role("link", name="Invitations").first).to_be_visible()
    _sound(viewer)
    banner.get_by_role("button", name="Give back").click()
    expect(page.get_by_role("status").filter(has_text="It counts no more")).to_be_visible()
    expect(page.get_by_role("region", name="Notices of this installation")).to_have_count(0)
    assert not Binding.objects.filter(user=house.viewer, origin="elevation").exists()
    assert Elevation.objects.get().state == "ended"
    _sound(viewer)


def _ask(tab: Tab, house: House) -> None:
    page = tab.page
    tab.open(house.url("elevations"))
    _sound(tab)
    page.get_by_role("link", name="Ask for a role").click()
    page.get_by_label("Role", exact=True).select_option(label="Admin")
    page.get_by_label("Reason").fill("The crane stands still")
    _sound(tab)
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("main")).to_contain_text("Waits for approval")
    _sound(tab)


def _approve(tab: Tab, house: House) -> None:
    page = tab.page
    tab.open(house.url(""))
    expect(page.get_by_role("link", name="Elevation 1 open")).to_be_visible()
    tab.open(house.url("elevations"))
    page.get_by_role("link", name=house.viewer.name).click()
    page.locator("main").get_by_role("button", name="Approve").click()
    dialog = page.get_by_role("dialog", name=f"Give {house.viewer.name} the role Admin?")
    dialog.get_by_label("Words to the person").fill("Until the crane runs")
    _sound(tab)
    dialog.get_by_role("button", name="Approve").click()
    expect(page.get_by_role("status").filter(has_text="Approved")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Until the crane runs")
    expect(page.get_by_role("link", name="Elevation 1 open")).to_have_count(0)
    _sound(tab)


def test_an_owner_switches_a_rule_on_and_sees_who_breaks_it(console: Console, open_browser: OpenBrowser) -> None:
    house = make_house("Harbour")
    tab = open_browser(console.url, token=_token(house.owner))
    page = tab.page
    tab.open(house.url("duties"))
    _sound(tab)
    page.get_by_role("button", name="Switch on: Who edits roles may not approve elevation").click()
    expect(page.get_by_role("status").filter(has_text="The rule is on")).to_be_visible()
    expect(page.locator("main")).to_contain_text(house.admin.name)
    _sound(tab)
    page.get_by_role("link", name="Make a rule").click()
    page.get_by_label("Name", exact=True).fill("Hands apart")
    _sound(tab)
    rule = DutyRule.objects.get()
    tab.open(house.url(f"duties/{rule.pk}/edit"))
    _sound(tab)
    tab.open(house.url("duties"))
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("status").filter(has_text="The rule is off")).to_be_visible()
    tab.open(house.url("break-glass"))
    _sound(tab)


def test_a_super_administrator_breaks_the_glass_enters_and_accounts_for_it(
    console: Console, open_browser: OpenBrowser
) -> None:
    house = make_house("Harbour")
    root = person("Root", role="super_admin", is_root=True)
    other = person("Second", role="super_admin")
    ask_platform(person("Clerk", role="user"))
    tab = open_browser(console.url, token=_token(root))
    page = tab.page
    tab.open("/platform/break-glass/new")
    page.get_by_label("Organisation").select_option(label=house.organisation.name)
    page.get_by_label("Reason").fill("The owner lost every device")
    _sound(tab)
    page.get_by_role("button", name="Break the glass").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(house.organisation.name)
    page.get_by_role("link", name="Enter").click()
    banner = page.get_by_role("region", name="Notices of this installation")
    expect(banner).to_contain_text("You broke the glass.")
    for rest in ("members", "roles", "break-glass"):
        tab.open(house.url(rest))
    _sound(tab)
    tab.open(house.url(""))
    banner.get_by_role("button", name="End it").click()
    page.get_by_label("What you did").fill("Took the second factor of the owner away.")
    _sound(tab)
    page.get_by_role("button", name="Save note").click()
    expect(page.locator("main")).to_contain_text("Waits for somebody else.")
    _sound(tab)
    reviewer = open_browser(console.url, token=_token(other))
    reviewer.open("/platform/break-glass")
    _sound(reviewer)
    reviewer.page.get_by_role("link", name=house.organisation.name).click()
    reviewer.page.locator("main").get_by_role("button", name="Review").click()
    reviewer.page.get_by_role("dialog").get_by_role("button", name="Save review").click()
    expect(reviewer.page.locator("main")).to_contain_text("Justified")
    for path in ("/platform/elevations", "/platform/elevations/new", "/platform/duties", "/platform/duties/new"):
        reviewer.open(path)
        _sound(reviewer)
    assert broken(other, house).stage == "live"
