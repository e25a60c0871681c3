"""Runs and modules of host products: their pages to the eye of axe, and a run that is watched while it works."""

from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import expect

from portal.kit import context
from rbac.models import ModuleSwitch, Run
from rbac.services import runs as services
from rbac.services.runs import Line
from tests.accounts.organisation_world import make_house
from tests.browser.conftest import Console, Gallery, OpenBrowser
from tests.browser.furnished import Furnished
from tests.browser.grown import Grown
from tests.browser.looks import Look, look_at, press
from tests.factories import signed_in
from tests.rbac.run_house import run_of

pytestmark = pytest.mark.browser
INSIDE = "/o/lindenfeld-research/"
EMPTY = "/o/hohenberg-sonnenschein-and-partners-inte/"


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


LOOKS = {
    "runs": Look(INSIDE + "runs", who=owner),
    "runs, failed": Look(INSIDE + "runs?state=failed", who=viewer, again=True),
    "runs, none": Look(EMPTY + "runs", who=owner, again=True),
    "run, running": Look(INSIDE + "runs/{0.runs[in-2043]}", _grown, owner),
    "run, stop": Look(
        INSIDE + "runs/{0.runs[in-2043]}", _grown, owner, act=press("Ask to stop", "Ask the product"), again=True
    ),
    "run, asked to stop": Look(INSIDE + "runs/{0.runs[cl-89]}", _grown, owner, again=True),
    "run, queued": Look(INSIDE + "runs/{0.runs[sw-12]}", _grown, viewer, again=True),
    "run, failed": Look(INSIDE + "runs/{0.runs[in-2042]}", _grown, viewer),
    "run, succeeded": Look(INSIDE + "runs/{0.runs[in-2041]}", _grown, viewer, again=True),
    "run, cancelled": Look(INSIDE + "runs/{0.runs[cl-88]}", _grown, viewer, again=True),
    "run, lost": Look(INSIDE + "runs/{0.runs[ev-3]}", _grown, viewer, again=True),
    "resource, runs": Look(INSIDE + "resources/{0.pipeline_id}?tab=runs", _grown, owner),
    "resource, no runs": Look(INSIDE + "resources/{0.public_id}?tab=runs", _grown, viewer, again=True),
    "modules": Look(INSIDE + "modules", who=owner),
    "modules, to read": Look(INSIDE + "modules", who=viewer, again=True),
    "module, off": Look(
        INSIDE + "modules", who=owner, act=press("Switch Translations off", "Switch Translations off"), again=True
    ),
    "platform modules": Look("/platform/modules"),
    "platform module": Look("/platform/modules/{0.module_id}", _grown),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_runs_and_modules_has_an_axe_finding(name: str, gallery: Gallery, open_browser: OpenBrowser) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []


def _token(user: Any) -> str:
    return str(signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value)


def test_a_run_is_watched_while_it_works_asked_to_stop_and_seen_to_end(
    console: Console, open_browser: OpenBrowser
) -> None:
    house = make_house("Harbour")
    run, actor = run_of(house, name="Nightly intake", total=10), house.inside(house.editor)
    tab = open_browser(console.url, token=_token(house.editor))
    tab.open(house.url("runs"))
    page = tab.page
    page.get_by_role("link", name="Nightly intake").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Nightly intake")
    with context.acting(actor):
        services.run_report(actor=actor, run=run, values={"done": 4, "phase": "Reading stations"})
        services.run_lines_add(actor=actor, run=run, lines=[Line("Station 12 read.")])
    expect(page.locator(".log")).to_contain_text("Station 12 read.")
    expect(page.locator(".progress")).to_contain_text("4 of 10")
    page.get_by_role("button", name="Ask to stop").click()
    page.get_by_role("dialog").get_by_role("button", name="Ask to stop").click()
    expect(page.locator("main")).to_contain_text("It goes on until the product says that it has stopped.")
    assert Run.objects.get(pk=run.pk).cancel_asked_by == house.editor.pk
    with context.acting(actor):
        services.run_report(actor=actor, run=run, values={"state": "cancelled", "message": "Stopped at station 12."})
    expect(page.locator("main")).to_contain_text("Stopped at station 12.")


def test_a_module_is_switched_off_and_leaves_the_navigation(console: Console, open_browser: OpenBrowser) -> None:
    house = make_house("Harbour")
    tab = open_browser(console.url, token=_token(house.admin))
    tab.open(house.url("modules"))
    page = tab.page
    expect(page.locator("nav").get_by_role("link", name="Translations")).to_have_count(1)
    page.get_by_role("button", name="Switch Translations off").click()
    page.get_by_role("dialog").get_by_role("button", name="Switch off").click()
    expect(page.get_by_role("button", name="Switch Translations on")).to_be_visible()
    expect(page.locator("nav").get_by_role("link", name="Translations")).to_have_count(0)
    assert not ModuleSwitch.objects.get().is_on
