"""A role for office hours, looked at before it is given; what if; and one role for many."""

import pytest
from playwright.sync_api import expect

from rbac.models import Binding, Role
from tests.accounts.organisation_world import House, make_house
from tests.browser.conftest import Console, OpenBrowser, Tab
from tests.browser.test_roles import _sound, _token
from tests.rbac.roles_world import make_role, make_workspace

pytestmark = pytest.mark.browser
WORDS = "weekdays 9–17 Europe/Berlin"


def test_an_owner_gives_a_role_for_office_hours_asks_what_if_and_gives_one_to_many(
    console: Console, open_browser: OpenBrowser
) -> None:
    house = make_house("Harbour")
    make_role(house, "member:create")
    make_workspace(house)
    tab = open_browser(console.url, token=_token(house.owner))
    _for_office_hours(tab, house)
    _what_if(tab, house)
    _many(tab, house)


def _for_office_hours(tab: Tab, house: House) -> None:
    page = tab.page
    tab.open(house.url("access"))
    page.get_by_role("button", name="Give a role").click()
    dialog = page.get_by_role("dialog", name="Give a role")
    dialog.get_by_label("Who").press_sequentially(house.viewer.name)
    option = page.locator("#holder-names option").first
    expect(option).to_have_attribute("value", f"{house.viewer.name} ({house.viewer.username})")
    expect(page.locator("#holder-names option")).to_have_count(1)
    dialog.get_by_label("Who").fill(str(option.get_attribute("value")))
    dialog.get_by_label("Role", exact=True).select_option(index=1)
    dialog.get_by_text("Only on conditions").click()
    dialog.get_by_text("Every day").click()
    for day in ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday"):
        dialog.get_by_label(day).check()
    dialog.get_by_label("From").fill("09:00")
    dialog.get_by_label("To", exact=True).fill("17:00")
    dialog.get_by_label("Time zone").fill("Europe/Berlin")
    _sound(tab)
    dialog.get_by_role("button", name="Preview").click()
    expect(dialog.locator(".effects")).to_contain_text("Invite people")
    _sound(tab)
    assert not Binding.objects.filter(role__catalogue="custom").exists(), "the preview gave it"
    dialog.get_by_role("button", name="Give a role").click()
    expect(page.locator("main")).to_contain_text(WORDS)
    _sound(tab)


def _what_if(tab: Tab, house: House) -> None:
    page = tab.page
    page.get_by_role("link", name="What if").click()
    page.get_by_role("navigation", name="Kind of change").get_by_role("link", name="Take a role").click()
    page.get_by_label("Which role of whom").select_option(index=1)
    page.get_by_role("button", name="Show what it would do").click()
    expect(page.locator(".effects")).to_contain_text(house.viewer.name)
    _sound(tab)
    assert Binding.objects.filter(role__catalogue="custom", user=house.viewer).exists(), "the question took it"
    page.get_by_role("button", name="Take the role").click()
    expect(page.get_by_role("status").filter(has_text="counts no more")).to_be_visible()
    assert not Binding.objects.filter(role__catalogue="custom").exists()


def _many(tab: Tab, house: House) -> None:
    page = tab.page
    tab.open(house.url("members"))
    for user in (house.viewer, house.editor):
        page.locator("[data-rows] tr", has_text=user.name).locator("[name='ids']").check()
    page.get_by_role("button", name="Give role").click()
    dialog = page.get_by_role("dialog", name="Give 2 members a role?")
    role = Role.objects.get(catalogue="custom")
    dialog.get_by_label("Role", exact=True).select_option(label=role.label)
    dialog.get_by_label("Ends").select_option(label="After 30 days")
    dialog.get_by_role("button", name="Preview").click()
    expect(dialog.locator(".effects")).to_contain_text("2 gain rights")
    _sound(tab)
    dialog.get_by_role("button", name="Give role: 2 members").click()
    expect(page.get_by_text("Given the role: 2 members.").first).to_be_visible()
    assert Binding.objects.filter(role=role, expires_at__isnull=False).count() == 2
