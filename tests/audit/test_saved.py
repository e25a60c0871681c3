"""Filters that are kept under a name: one's own, shared ones, and nobody else's."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from audit.personal import Reading
from audit.presenters import Told, placed
from portal.kit import context
from portal.kit.identity import OrganisationRef
from portal.kit.models import SavedView
from tests.audit.support import in_organisation, newest, told_of, unsaved
from tests.audit.test_pages import URL, text_of
from tests.factories import World, person

pytestmark = pytest.mark.django_db
SAVED = f"{URL}/saved"
BrowserOf = Callable[[User], Client]


def save(browser: Client, name: str, query: str, *, at: str = SAVED, **more: str) -> int:
    """Keep a filter; the status of the reply."""
    return browser.post(at, {"do": "save", "name": name, "query": query} | more).status_code


def offered(browser: Client, url: str = URL) -> list[str]:
    """The names of the filters that a timeline offers."""
    return re.findall(r'<a class="item"\s+href="[^"]*\?outcome=[^"]*"[^>]*>\s*([^<]+?)\s*<', text_of(browser.get(url)))


def test_a_filter_is_kept_and_opens_again(world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.manager)
    assert save(browser, "Refusals", "outcome=denied&outcome=failed&group=actor&cursor=x") == 302
    kept = SavedView.objects.get()
    assert (kept.name, kept.query, kept.shared) == ("Refusals", "group=actor&outcome=denied%2Cfailed", False)
    page = text_of(browser.get(URL))
    assert f'href="{URL}?group=actor&outcome=denied%2Cfailed"' in page
    opened = text_of(browser.get(f"{URL}?{kept.query}"))
    assert "Outcome: Refused" in opened
    assert Event.objects.filter(code="kit.view.saved").count() == 1


def test_a_kept_filter_is_seen_by_others_only_when_it_is_shared(world: World, browser_of: BrowserOf) -> None:
    save(browser_of(world.manager), "Mine alone", "outcome=denied")
    save(browser_of(world.manager), "For everybody", "outcome=failed", shared="1")
    assert offered(browser_of(world.admin)) == ["For everybody"]
    assert offered(browser_of(world.manager)) == ["For everybody", "Mine alone"]


def test_only_its_owner_deletes_a_kept_filter(world: World, browser_of: BrowserOf) -> None:
    save(browser_of(world.manager), "For everybody", "outcome=failed", shared="1")
    kept = SavedView.objects.get()
    body = {"do": "delete", "view": str(kept.pk), "query": ""}
    assert browser_of(world.admin).post(SAVED, body).status_code == 404
    assert browser_of(world.clerk).post(SAVED, body).status_code == 403
    assert SavedView.objects.count() == 1
    assert browser_of(world.manager).post(SAVED, body).status_code == 302
    assert SavedView.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"do": "save", "name": "x", "query": "severity=fatal"}, 400),
        ({"do": "save", "name": "", "query": ""}, 422),
        ({"do": "save", "name": "x" * 61, "query": ""}, 422),
        ({"do": "delete", "view": "x"}, 400),
        ({"do": "everything"}, 400),
        ({}, 400),
    ],
)
def test_a_hostile_order_keeps_nothing(world: World, browser_of: BrowserOf, body: dict[str, str], status: int) -> None:
    assert browser_of(world.manager).post(SAVED, body).status_code == status
    assert SavedView.objects.count() == 0


@pytest.mark.parametrize("name", ["clerk", "stranger"])
def test_without_the_right_nothing_is_kept(world: World, browser_of: BrowserOf, name: str) -> None:
    assert save(browser_of(getattr(world, name)), "x", "") == 403
    assert SavedView.objects.count() == 0


def test_an_organisations_filters_stay_in_it(world: World, browser_of: BrowserOf) -> None:
    owner, other = person("Owner"), person("Other")
    here = in_organisation("quiet-harbour", (owner, "owner"))
    in_organisation("loud-harbour", (other, "owner"))
    assert save(browser_of(owner), "Ours", "outcome=denied", at="/o/quiet-harbour/audit/saved", shared="1") == 302
    assert SavedView.objects.get().organisation_id == here.pk
    assert offered(browser_of(owner), "/o/quiet-harbour/audit") == ["Ours"]
    assert offered(browser_of(other), "/o/loud-harbour/audit") == []
    assert offered(browser_of(world.admin)) == []


def test_an_event_leads_to_pages_of_the_organisation_that_the_request_stands_in(world: World) -> None:
    told_of(unsaved("Nora Quist"))
    row = newest()
    assert Told(row, Reading()).url == f"{URL}/{row.pk}"
    with context.acting(context.ANONYMOUS) as now:
        now.cache["organisation"] = OrganisationRef(row.pk, "quiet-harbour", "Quiet harbour")
        inside = Told(row, Reading())
    assert inside.url == f"/o/quiet-harbour/audit/{row.pk}"
    assert inside.target_url == f"/o/quiet-harbour/audit?target={row.target_id}"
    (moved,) = placed([Told(row, Reading())], "loud-harbour")
    assert moved.url == f"/o/loud-harbour/audit/{row.pk}"
