"""A role from its making over the matrix with its preview to the person who holds it for a day."""

import re
from datetime import timedelta

import pytest
from django.conf import settings
from playwright.sync_api import expect

from accounts.models import User
from portal.kit import clock
from rbac.models import Binding, Role, RolePermission
from tests.accounts.organisation_world import House, make_house
from tests.browser.conftest import Console, OpenBrowser, Tab
from tests.browser.looks import AXE, EVERYTHING, RUN
from tests.factories import signed_in

pytestmark = pytest.mark.browser


def _token(user: User) -> str:
    return str(signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value)


def _sound(tab: Tab) -> None:
    """Nothing for axe to find, and nothing wider than a small phone."""
    tab.page.evaluate(AXE)
    assert tab.page.evaluate(RUN, EVERYTHING) == []
    tab.page.set_viewport_size({"width": 320, "height": 700})
    wide = tab.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0, f"{tab.page.url} is {wide} pixels too wide"
    tab.page.set_viewport_size({"width": 1280, "height": 800})


def test_an_owner_makes_a_role_sees_who_gains_and_gives_it_for_a_day(
    console: Console, open_browser: OpenBrowser
) -> None:
    house = make_house("Harbour")
    tab = open_browser(console.url, token=_token(house.owner))
    _make(tab, house)
    _give_for_a_day(tab, house)
    _edit_with_preview(tab, house)
    for path in ("roles", "roles/compare", "access", "access/compare", f"access/people/{house.viewer.pk}"):
        tab.open(house.url(path))
        _sound(tab)
    row = Binding.objects.get(user=house.viewer, role__label="Dock master")
    assert row.expires_at is not None
    role = Role.objects.get(label="Dock master")
    assert set(RolePermission.objects.filter(role=role).values_list("permission__code", flat=True)) == {"audit:read"}


def _make(tab: Tab, house: House) -> None:
    page = tab.page
    tab.open(house.url("roles"))
    page.get_by_role("link", name="Create role").click()
    page.get_by_label("Name", exact=True).fill("Dock master")
    page.get_by_label("Description").fill("Looks after the quay.")
    _sound(tab)
    page.get_by_role("button", name="Create role").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Dock master")
    _sound(tab)


def _give_for_a_day(tab: Tab, house: House) -> None:
    page = tab.page
    tab.open(house.url(f"access/people/{house.viewer.pk}"))
    page.get_by_role("button", name="Give a role").click()
    dialog = page.get_by_role("dialog", name="Give a role")
    dialog.get_by_label("Role", exact=True).select_option(label="Dock master")
    end = clock.now() + timedelta(days=1)
    dialog.get_by_label("Ends").fill(f"{end:%Y-%m-%dT%H:%M}")
    dialog.get_by_label("Reason").fill("Stands in for a day")
    dialog.get_by_role("button", name="Give a role").click()
    expect(page.get_by_role("status").filter(has_text="Dock master is given")).to_be_visible()
    expect(page.locator("main")).to_contain_text("Stands in for a day")


def _edit_with_preview(tab: Tab, house: House) -> None:
    page = tab.page
    tab.open(house.url("roles/matrix"))
    page.get_by_placeholder("Filter rights").fill("audit:read")
    expect(page.locator("tr[data-find]:visible")).to_have_count(1)
    page.get_by_label(re.compile("for Dock master")).and_(page.locator(":visible")).select_option(label="Allow")
    expect(page.get_by_text("1 right is changed and not saved.")).to_be_visible()
    _sound(tab)
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Who gains and who loses")
    expect(page.locator("main")).to_contain_text(house.viewer.name)
    assert not RolePermission.objects.filter(role__label="Dock master").exists(), "the preview saved something"
    _sound(tab)
    page.get_by_role("button", name="Save the roles").click()
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
