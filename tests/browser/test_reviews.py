"""Access reviews and roles as code: their pages to the eye of axe, and the way from a new review to its report."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from accounts.models import User
from portal.kit import clock
from rbac.models import Binding, Review, ReviewItem, Role
from tests.accounts.organisation_world import House, make_house
from tests.browser.conftest import Console, Gallery, OpenBrowser, Tab
from tests.browser.looks import AXE, EVERYTHING, RUN, Look, look_at, press
from tests.browser.test_teams import INSIDE, _grown, owner
from tests.factories import signed_in
from tests.rbac.roles_world import bind, make_role

pytestmark = pytest.mark.browser
FILE = """version: 1
roles:
  survey-lead:
    label: Survey lead
    rank: 20
    inherits: organisation/viewer
    allow: [member:create]
bindings:
  - {who: "team:field", role: custom/survey-lead, on: "workspace:coast", reason: Season in the field}
"""


def _root(all_: Any) -> Any:
    """Who administers the installation above all."""
    return all_.last_super


def _count(tab: Tab) -> None:
    """Fill in the form and see what the review would be about."""
    page = tab.page
    page.get_by_label("Name", exact=True).fill("Winter review")
    page.get_by_label("Due", exact=True).fill(f"{clock.now() + timedelta(days=9):%Y-%m-%dT%H:%M}")
    page.get_by_role("button", name="Count first").click()
    expect(page.get_by_role("status", name="What it would be about")).to_be_visible()


def _plan(tab: Tab) -> None:
    """Paste a file and see its plan."""
    tab.page.locator("textarea[name=yaml]").fill(FILE)
    tab.page.get_by_role("button", name="Show plan").click()
    expect(tab.page.get_by_role("heading", level=1)).to_have_text("What the file would do")


def _ask(tab: Tab) -> None:
    """The question before a file is applied."""
    _plan(tab)
    tab.page.get_by_role("button", name="Apply", exact=True).click()
    expect(tab.page.get_by_role("dialog", name="Apply this file?")).to_be_visible()


def _wrong(tab: Tab) -> None:
    """A file that cannot be taken."""
    tab.page.locator("textarea[name=yaml]").fill("version: 2\nrolls: {}\n")
    with tab.watch.expecting(422):
        tab.page.get_by_role("button", name="Show plan").click()
        expect(tab.page.get_by_role("alert").first).to_contain_text("Line 1")


MINE = INSIDE + "reviews/mine/{0.running_id}"
LOOKS = {
    "reviews": Look(INSIDE + "reviews", who=owner),
    "reviews of the installation, none": Look("/platform/reviews", who=_root, again=True),
    "review, new": Look(INSIDE + "reviews/new", who=owner),
    "review, counted": Look(INSIDE + "reviews/new", who=owner, act=_count, again=True),
    "review of the installation, new": Look("/platform/reviews/new", who=_root, again=True),
    "review, running": Look(INSIDE + "reviews/{0.running_id}", _grown, owner),
    "review, closed": Look(INSIDE + "reviews/{0.closed_id}", _grown, owner, again=True),
    "review, none revoked": Look(INSIDE + "reviews/{0.running_id}?decision=revoke", _grown, owner, again=True),
    "review, close": Look(
        INSIDE + "reviews/{0.running_id}", _grown, owner, act=press("Close now", "Close"), again=True
    ),
    "review, history": Look(INSIDE + "reviews/{0.closed_id}?tab=history", _grown, owner, again=True),
    "reviews, one's own": Look(INSIDE + "reviews/mine", who=owner, again=True),
    "reviews, none of one's own": Look("/platform/reviews/mine", who=_root, again=True),
    "review, to decide": Look(MINE, _grown, owner),
    "review, decided": Look(MINE + "?decision=keep", _grown, owner, again=True),
    "review, revoke": Look(MINE, _grown, owner, act=press("Revoke", "Revoke this access?"), again=True),
    "code": Look(INSIDE + "roles/code", who=owner),
    "code, refused": Look(INSIDE + "roles/code", who=owner, act=_wrong, again=True),
    "code, plan": Look(INSIDE + "roles/code", who=owner, act=_plan),
    "code, apply": Look(INSIDE + "roles/code", who=owner, act=_ask, again=True),
}


@pytest.mark.parametrize("name", LOOKS)
def test_no_page_of_reviews_and_code_has_an_axe_finding(name: str, gallery: Gallery, open_browser: OpenBrowser) -> None:
    assert look_at(LOOKS[name], gallery, open_browser) == []


def _token(user: User) -> str:
    return str(signed_in(user).cookies[settings.SESSION_COOKIE_NAME].value)


def _sound(page: Page) -> None:
    page.evaluate(AXE)
    assert page.evaluate(RUN, EVERYTHING) == []


def test_a_review_is_started_decided_closed_and_taken_out(console: Console, open_browser: OpenBrowser) -> None:
    house = make_house("Harbour")
    role = make_role(house, "audit:read")
    gone, kept = bind(house, house.viewer, role), bind(house, house.editor, role)
    tab = open_browser(console.url, token=_token(house.owner))
    _start(tab, house)
    review = Review.objects.get()
    tab.page.get_by_role("link", name="Decide yours").click()
    _revoke(tab.page, house.viewer, role)
    _keep(tab.page, house.editor, role)
    assert not Binding.objects.filter(pk=gone.pk).exists()
    assert Binding.objects.filter(pk=kept.pk).exists()
    assert ReviewItem.objects.get(source_id=gone.pk).words == "Project over"
    _close_and_report(tab, house, review)


def _start(tab: Tab, house: House) -> None:
    page = tab.page
    tab.open(house.url("reviews"))
    page.get_by_role("link", name="Start a review").click()
    _count(tab)
    page.get_by_role("button", name="Start review").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Winter review")


def _revoke(page: Page, who: User, role: Role) -> None:
    page.get_by_role("button", name=f"Revoke {role.label} of {who.name}").click()
    dialog = page.get_by_role("dialog", name="Revoke this access?")
    dialog.get_by_label("Why").fill("Project over")
    dialog.get_by_role("button", name="Revoke").click()
    expect(page.get_by_role("status").filter(has_text="1 item is revoked.")).to_be_visible()


def _keep(page: Page, who: User, role: Role) -> None:
    page.get_by_role("button", name=f"Keep {role.label} of {who.name}").click()
    row = page.locator(".review-item", has_text=role.label)
    expect(row.locator(".st")).to_have_text("Kept")
    expect(page.locator("#review-progress")).to_contain_text("Kept")
    _sound(page)


def _close_and_report(tab: Tab, house: House, review: Review) -> None:
    page = tab.page
    tab.open(house.url(f"reviews/{review.pk}"))
    page.get_by_role("button", name="Close now").click()
    page.get_by_role("dialog").get_by_role("button", name="Close review").click()
    expect(page.get_by_role("status").filter(has_text="The review is closed.")).to_be_visible()
    expect(page.locator("main .head .st")).to_have_text("Closed")
    _sound(page)
    for kind in ("PDF", "CSV"):
        with page.expect_download() as found:
            page.get_by_role("link", name=kind).click()
        assert found.value.suggested_filename.endswith(kind.lower())
    review.refresh_from_db()
    assert review.state == "closed"
    assert not review.items.filter(outcome="").exists()


def test_a_file_is_planned_confirmed_and_applied(console: Console, open_browser: OpenBrowser) -> None:
    house = make_house("Harbour")
    tab = open_browser(console.url, token=_token(house.owner))
    tab.open(house.url("roles"))
    tab.page.get_by_role("link", name="As code").click()
    tab.page.locator("textarea[name=yaml]").fill("version: 1\nroles:\n  watch: {label: Watch, allow: [member:read]}\n")
    tab.page.get_by_role("button", name="Show plan").click()
    expect(tab.page.locator("main")).to_contain_text("watch")
    assert not Role.objects.filter(organisation_id=house.id).exists(), "the plan made something"
    tab.page.get_by_role("button", name="Apply", exact=True).click()
    tab.page.get_by_role("dialog", name="Apply this file?").get_by_role("button", name="Apply file").click()
    expect(tab.page.get_by_role("status").filter(has_text="1 change is applied.")).to_be_visible()
    assert Role.objects.get(organisation_id=house.id).code == "watch"
