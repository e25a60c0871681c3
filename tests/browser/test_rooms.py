"""Organisations, the tabs of a person and the sheets of a list look as they should, to everybody who may see them."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Gallery, OpenBrowser, Tab
from tests.browser.furnished import Furnished
from tests.browser.looks import Look, look_at, nobody, press, unfold
from tests.browser.rooms import Rooms

pytestmark = pytest.mark.browser
STAFF, OWN, ONE = "/platform/organisations/{}", "/o/lindenfeld-research/", "/platform/people/{}"


def _of(wanted: Callable[[Rooms], Any]) -> Callable[[Furnished], Any]:
    return lambda all_: wanted(all_.rooms)


large, small = _of(lambda rooms: rooms.large.pk), _of(lambda rooms: rooms.small.pk)
owner, viewer = _of(lambda rooms: rooms.owner), _of(lambda rooms: rooms.viewer)


def somebody(all_: Furnished) -> Any:
    """The person with the longest name."""
    return all_.long_named.pk


def me(all_: Furnished) -> Any:
    """Who looks."""
    return all_.admin.pk


def _choose(tab: Tab) -> None:
    for place in (1, 2):
        tab.page.locator("[data-rows] [name='ids']").nth(place).check()
    expect(tab.page.locator("[data-count]")).to_have_text("2 selected")


def _ask(tab: Tab) -> None:
    _choose(tab)
    tab.page.get_by_role("button", name="Deactivate").click()
    expect(tab.page.get_by_role("dialog", name="Deactivate 2 people?")).to_be_visible()


def _erase(tab: Tab) -> None:
    unfold("More")(tab)
    tab.page.get_by_role("button", name="Erase for good").first.click()
    expect(tab.page.get_by_role("dialog", name="Erase Maximiliane")).to_be_visible()


def _view_as(tab: Tab) -> None:
    unfold("More")(tab)
    tab.page.get_by_role("button", name="View as this person").first.click()
    expect(tab.page.get_by_role("dialog", name="See the console as Maximiliane")).to_be_visible()


def _switch(tab: Tab) -> None:
    tab.page.locator(".orgs summary").click()
    expect(tab.page.locator(".orgs").get_by_role("link", name="Lindenfeld Research")).to_be_visible()


LOOKS = {
    "organisations": Look("/platform/organisations"),
    "organisations, filter": Look("/platform/organisations?state=closed", act=unfold("Filter"), again=True),
    "organisation, create": Look("/platform/organisations/new"),
    "organisation, edit": Look(STAFF + "/edit", large, again=True),
    "organisation": Look(STAFF, large),
    "organisation, close": Look(STAFF, small, act=press("Close", "Close Hohenberg"), again=True),
    "organisation, suspended": Look(STAFF, _of(lambda rooms: rooms.suspended.pk), again=True),
    "organisation, members": Look(STAFF + "?tab=members", large),
    "organisation, access": Look(STAFF + "?tab=access", large),
    "organisation, notes": Look(STAFF + "?tab=notes", large),
    "organisation, history": Look(STAFF + "?tab=history", large),
    "organisation, member": Look(
        "/platform/organisations/{0.large.pk}/members/{0.member_id}", lambda all_: all_.rooms, again=True
    ),
    "own, overview": Look(OWN, who=owner),
    "own, overview of a viewer": Look(OWN, who=viewer, again=True),
    "own, switch": Look(OWN, who=owner, act=_switch, again=True),
    "own, members": Look(OWN + "members", who=owner),
    "own, member": Look(OWN + "members/{}", _of(lambda rooms: rooms.member_id), who=owner),
    "own, change role": Look(
        OWN + "members/{}", _of(lambda rooms: rooms.member_id), owner, act=press("Change role", "role"), again=True
    ),
    "own, invitations": Look(OWN + "invitations", who=owner),
    "own, invitations of a viewer": Look(OWN + "invitations", who=viewer, status=403, again=True),
    "own, settings": Look(OWN + "settings", who=owner),
    "own, leave": Look(OWN + "settings", who=viewer, act=press("Leave organisation", "Leave"), again=True),
    "own, audit": Look(OWN + "audit", who=owner),
    "own, exports": Look(OWN + "audit/exports", who=owner, again=True),
    "own, suspended": Look("/o/quarry-lane-works/", who=owner, status=403, again=True),
    "own, of others": Look(OWN, who=lambda all_: all_.nobody, status=404, again=True),
    "my organisations": Look("/me/organisations", who=owner),
    "my organisations, none": Look("/me/organisations", who=lambda all_: all_.nobody, again=True),
    "invitation": Look("/invitations/{}", _of(lambda rooms: rooms.stranger_token), nobody),
    "invitation, known address": Look("/invitations/{}", _of(lambda rooms: rooms.known_token), nobody, again=True),
    "invitation, dead": Look("/invitations/nothing", who=nobody, status=404, again=True),
    "password link": Look("/password/{}", _of(lambda rooms: rooms.link_token), nobody),
    "password link, dead": Look("/password/nothing", who=nobody, status=410, again=True),
    "person, access": Look(ONE + "?tab=access", somebody),
    "person, sessions": Look(ONE + "?tab=sessions", me),
    "person, activity": Look(ONE + "?tab=activity", me),
    "person, notes": Look(ONE + "?tab=notes", somebody),
    "person, history": Look(ONE + "?tab=history", somebody, again=True),
    "person, member of organisations": Look(ONE, _of(lambda rooms: rooms.owner.pk), again=True),
    "person, security": Look(ONE + "?tab=security", _of(lambda rooms: rooms.locked.pk)),
    "person, view as": Look(ONE, somebody, act=_view_as, again=True),
    "security": Look("/platform/security"),
    "developer role": Look("/platform/developer-role", who=lambda all_: all_.last_super),
    "person, locked": Look(ONE, _of(lambda rooms: rooms.locked.pk), again=True),
    "person, erased": Look(ONE, _of(lambda rooms: rooms.erased.pk), again=True),
    "person, erase": Look(ONE, somebody, act=_erase, again=True),
    "list, selected": Look("/platform/people", act=_choose, again=True),
    "list, question": Look("/platform/people", act=_ask, again=True),
    "list, columns": Look("/platform/people", act=unfold("Columns"), again=True),
    "list, views": Look("/platform/people?view={}", _of(lambda rooms: rooms.view_id), act=unfold("Views"), again=True),
    "list, filter": Look("/platform/people?role=manager&seen=never", act=unfold("Filter"), again=True),
    "list, export": Look("/platform/people", act=unfold("Export"), again=True),
    "trail, by event": Look("/platform/audit?group=code", again=True),
    "trail, as a table": Look("/platform/audit/table"),
    "own, trail as a table": Look(OWN + "audit/table", who=owner, again=True),
    "activity": Look("/platform/activity"),
    "activity, refused": Look("/platform/activity?answer=4&channel=api", again=True),
    "activity, none": Look("/platform/activity?route=nowhere", again=True),
    "one request": Look("/platform/activity/{}", _of(lambda rooms: rooms.activity_id)),
    "own, activity": Look(OWN + "activity", who=owner, again=True),
    "exports": Look("/platform/audit/exports"),
    "export": Look("/platform/audit/exports/{}", _of(lambda rooms: rooms.export_ids[0])),
    "API reference": Look("/api/v1/docs", again=True),
    "API reference, a noun": Look("/api/v1/docs?noun=payments&call=get-payments"),
    "errors": Look("/docs/errors"),
    "errors, searched": Look("/docs/errors?q=backup", again=True),
    "errors, none": Look("/docs/errors?q=nothing+at+all", again=True),
    "admin, organisation": Look("/admin/accounts/organisation/{}/change/", large, again=True),
    "own, access": Look(OWN + "access?held=members", who=owner),
    "own, access to give": Look(OWN + "access", who=owner, act=press("Give a role", "Give a role")),
    "own, access of a person": Look(OWN + "access/people/{}", _of(lambda rooms: rooms.viewer.pk), who=owner),
    "own, what if": Look(OWN + "access/what-if", who=owner),
    "own, what if, a team": Look(OWN + "access/what-if?change=team", who=owner, again=True),
    "platform, what if": Look("/platform/roles/what-if", who=lambda all_: all_.last_super, again=True),
    "organisation, rights": Look("/platform/access/organisation/{}", large, who=lambda all_: all_.last_super),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_room_has_an_axe_finding(name: str, gallery: Gallery, open_browser: OpenBrowser) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []
