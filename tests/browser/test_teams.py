"""Teams, workspaces and resources: their pages to the eye of axe, and the way from a new team to a resource."""

from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from audit.models import Event
from rbac.models import Resource, Team, TeamMember
from tests.accounts.organisation_world import House, make_house
from tests.browser.conftest import Console, Gallery, OpenBrowser, Tab
from tests.browser.furnished import Furnished
from tests.browser.grown import Grown
from tests.browser.looks import Look, look_at, press
from tests.factories import signed_in
from tests.rbac.tree_house import resource, workspace

pytestmark = pytest.mark.browser
INSIDE = "/o/lindenfeld-research/"


def _grown(all_: Furnished) -> Grown:
    found = all_.rooms.grown
    assert found is not None
    return found


def owner(all_: Furnished) -> Any:
    """Who owns the large organisation."""
    return all_.rooms.owner


def viewer(all_: Furnished) -> Any:
    """Who may only look."""
    return all_.rooms.viewer


def elsewhere(all_: Furnished) -> Any:
    """Who may look into an organisation without anything in it."""
    return all_.rooms.owner


EMPTY = "/o/hohenberg-sonnenschein-and-partners-inte/"
LOOKS = {
    "teams": Look(INSIDE + "teams", who=owner),
    "teams, none": Look(EMPTY + "teams", who=elsewhere, again=True),
    "team": Look(INSIDE + "teams/{0.team_id}", _grown, owner),
    "team, inner": Look(INSIDE + "teams/{0.inner_id}", _grown, viewer, again=True),
    "team, new": Look(INSIDE + "teams/new", who=owner, again=True),
    "team, edit": Look(INSIDE + "teams/{0.team_id}/edit", _grown, owner, again=True),
    "team, move": Look(INSIDE + "teams/{0.inner_id}", _grown, owner, act=press("Move", "Move"), again=True),
    "team, delete": Look(INSIDE + "teams/{0.inner_id}", _grown, owner, act=press("Delete", "Delete"), again=True),
    "team, take out": Look(INSIDE + "teams/{0.inner_id}", _grown, owner, act=press("Take", "Take"), again=True),
    "team, history": Look(INSIDE + "teams/{0.team_id}?tab=history", _grown, owner, again=True),
    "workspaces": Look(INSIDE + "workspaces", who=owner),
    "workspaces, none": Look(EMPTY + "workspaces", who=elsewhere, again=True),
    "workspace": Look(INSIDE + "workspaces/{0.workspace_id}", _grown, owner),
    "workspace, archived": Look(INSIDE + "workspaces/{0.archived_id}", _grown, owner, again=True),
    "workspace, access": Look(INSIDE + "workspaces/{0.workspace_id}?tab=access", _grown, owner, again=True),
    "workspace, new": Look(INSIDE + "workspaces/new", who=owner, again=True),
    "workspace, edit": Look(INSIDE + "workspaces/{0.workspace_id}/edit", _grown, owner, again=True),
    "resources": Look(INSIDE + "resources", who=owner),
    "resources, none": Look(EMPTY + "resources", who=elsewhere, again=True),
    "resources of a type": Look(INSIDE + "resources/product/project", who=viewer, again=True),
    "resource": Look(INSIDE + "resources/{0.resource_id}", _grown, owner),
    "resource, open to all": Look(INSIDE + "resources/{0.public_id}", _grown, viewer, again=True),
    "resource, move": Look(INSIDE + "resources/{0.public_id}", _grown, owner, act=press("Move", "Move"), again=True),
    "resource, access": Look(INSIDE + "resources/{0.resource_id}?tab=access", _grown, owner, again=True),
    "resource, history": Look(INSIDE + "resources/{0.resource_id}?tab=history", _grown, owner, again=True),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_the_tree_has_an_axe_finding(name: str, gallery: Gallery, open_browser: OpenBrowser) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []


def test_a_team_is_made_nested_and_filled_and_one_of_it_finds_a_resource(
    console: Console, open_browser: OpenBrowser
) -> None:
    house = make_house("Harbour")
    thing = resource(house, "River survey", below=workspace(house, "North").pk)
    tab = open_browser(console.url, token=_token(house.admin))
    _make(tab, house, "Research", "research")
    _make(tab, house, "Field research", "field", inside="Research")
    _fill(tab.page, house)
    _not_into_itself(tab, house)
    members = TeamMember.objects.filter(team__slug="field").values_list("user_id", flat=True)
    assert set(members) == {house.editor.pk, house.viewer.pk}
    seen = open_browser(console.url, token=_token(house.viewer))
    _find(seen, house, thing)


def _token(user: Any) -> str:
    return str(signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value)


def _make(tab: Tab, house: House, name: str, slug: str, *, inside: str = "") -> None:
    page = tab.page
    tab.open(house.url("teams"))
    page.get_by_role("link", name="Create team").first.click()
    page.get_by_label("Name", exact=True).fill(name)
    page.get_by_label("Short name").fill(slug)
    if inside:
        page.get_by_label("Inside").select_option(label=inside)
    page.get_by_role("button", name="Create team").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(name)


def _fill(page: Page, house: House) -> None:
    page.locator("form", has=page.get_by_role("button", name="Add to team")).locator("summary").click()
    for user in (house.editor, house.viewer, house.admin):
        page.get_by_role("checkbox", name=str(user)).check()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Add to team").click()
    expect(page.locator("main .rows li", has_text=str(house.viewer))).to_be_visible()
    page.get_by_role("button", name=f"Take {house.admin} out").click()
    page.get_by_role("dialog").get_by_role("button", name="Take out").click()
    expect(page.locator("main .rows li", has_text=str(house.admin))).to_have_count(0)


def _not_into_itself(tab: Tab, house: House) -> None:
    page = tab.page
    tab.open(house.url(f"teams/{Team.objects.get(slug='research').pk}"))
    expect(page.locator("main .rows li", has_text="Field research")).to_contain_text("2 members")
    page.get_by_role("button", name="Move").click()
    options = page.get_by_role("dialog").get_by_label("Inside").locator("option").all_inner_texts()
    assert options == ["No other team"], "neither itself nor what is inside it is offered"
    page.get_by_role("dialog").get_by_role("link", name="Cancel").or_(
        page.get_by_role("dialog").get_by_role("button", name="Cancel")
    ).first.click()


def _find(tab: Tab, house: House, thing: Resource) -> None:
    page = tab.page
    tab.open(house.url("workspaces"))
    page.get_by_role("link", name="North").click()
    page.locator(".tree").get_by_role("link", name="River survey").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("River survey")
    expect(page.locator("main")).to_contain_text(thing.external_id)
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Projects").click()
    expect(page.locator("[data-rows] tbody tr")).to_have_count(1)
    expect(page.get_by_role("link", name="Create team")).to_have_count(0)
    before = Event.objects.exclude(code="kit.access.denied").count()
    tab.open(house.url("teams/new"), status=403)
    assert Event.objects.exclude(code="kit.access.denied").count() == before
