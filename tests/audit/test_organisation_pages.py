"""An organisation's own trail: its rows and no others, whoever of its people asks and whatever is asked for."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import Organisation, User
from audit.models import Event, Export
from tests.audit.support import ago, in_organisation, plant
from tests.audit.test_exports import table
from tests.audit.test_pages import text_of
from tests.factories import World, person

pytestmark = pytest.mark.django_db
BrowserOf = Callable[[User], Client]


@dataclass(frozen=True)
class Tenants:
    """Two organisations, and one event in each, one in neither."""

    here: Organisation
    there: Organisation
    owner: User
    viewer: User
    stranger: User
    inside: UUID
    outside: UUID
    nobodys: UUID


@pytest.fixture
def tenants(world: World) -> Tenants:
    """`world` beside them: its people are staff, and members of neither."""
    owner, viewer, stranger = person("Owner"), person("Viewer"), person("Foreigner")
    here = in_organisation("quiet-harbour", (owner, "owner"), (viewer, "viewer"))
    there = in_organisation("loud-harbour", (stranger, "owner"))
    return Tenants(
        here,
        there,
        owner,
        viewer,
        stranger,
        inside=plant(ago(minutes=3), organisation_id=here.pk, target_type="x", target_label="ours", severity="warning"),
        outside=plant(
            ago(minutes=2), organisation_id=there.pk, target_type="x", target_label="theirs", severity="warning"
        ),
        nobodys=plant(ago(minutes=1), target_type="x", target_label="nobodys", severity="warning"),
    )


HERE = "/o/quiet-harbour/audit"
QUERIES = ["", "?severity=warning", "?code=accounts.user.updated", "?group=request", "?actor=system", "?days=3650"]


@pytest.mark.parametrize("query", QUERIES)
def test_a_member_sees_the_organisations_rows_alone(tenants: Tenants, browser_of: BrowserOf, query: str) -> None:
    page = text_of(browser_of(tenants.owner).get(f"{HERE}{query}"))
    assert str(tenants.inside) in page
    assert str(tenants.outside) not in page
    assert str(tenants.nobodys) not in page
    assert "/platform/" not in page


@pytest.mark.parametrize("by", ["actor", "code"])
def test_groups_count_the_organisations_rows_alone(tenants: Tenants, browser_of: BrowserOf, by: str) -> None:
    page = text_of(browser_of(tenants.owner).get(f"{HERE}?group={by}&severity=warning"))
    assert re.findall(r'class="tally">\s*(\d+)', page) == ["1"]


@pytest.mark.parametrize(
    "query", ["organisation={there}", "target=theirs", "target={outside}", "organisation={there}&severity=warning"]
)
def test_naming_another_tenant_finds_nothing(tenants: Tenants, browser_of: BrowserOf, query: str) -> None:
    asked = query.format(there=tenants.there.pk, outside=tenants.outside)
    page = text_of(browser_of(tenants.owner).get(f"{HERE}?{asked}"))
    assert f"{HERE}/{tenants.outside}" not in page
    assert "No event matches" in page or "No event in this window" in page


def test_an_event_of_another_tenant_is_not_there(tenants: Tenants, browser_of: BrowserOf) -> None:
    browser = browser_of(tenants.owner)
    own = browser.get(f"{HERE}/{tenants.inside}")
    assert own.status_code == 200
    assert "/platform/" not in text_of(own)
    for event_id in (tenants.outside, tenants.nobodys):
        assert browser.get(f"{HERE}/{event_id}").status_code == 404
    tail = browser.get(f"{HERE}/tail", {"after": str(UUID(int=1))})
    assert "1 new event" in text_of(tail) or re.search(r"\d+ new event", text_of(tail))


@pytest.mark.parametrize("path", ["", "/tail", "/exports", "/{inside}"])
def test_who_is_no_member_finds_no_organisation(
    tenants: Tenants, world: World, browser_of: BrowserOf, path: str
) -> None:
    where = HERE + path.format(inside=tenants.inside)
    for user in (tenants.stranger, world.stranger, world.root):
        assert browser_of(user).get(where).status_code == 404
    reply = Client().get(where)
    assert reply.status_code == 302
    assert reply["Location"].startswith("/sign-in")


@pytest.mark.parametrize("path", ["", "/tail", "/exports", "/{inside}"])
def test_a_member_without_the_right_is_refused(tenants: Tenants, browser_of: BrowserOf, path: str) -> None:
    reply = browser_of(tenants.viewer).get(HERE + path.format(inside=tenants.inside))
    assert reply.status_code == 403
    assert "ours" not in text_of(reply)


def test_the_trail_of_the_platform_is_not_for_owners(tenants: Tenants, browser_of: BrowserOf) -> None:
    browser = browser_of(tenants.owner)
    for path in ("/platform/audit", f"/platform/audit/{tenants.inside}", "/platform/audit/exports"):
        assert browser.get(path).status_code == 403


def test_the_staff_see_all_of_them_and_may_ask_for_one(tenants: Tenants, world: World, browser_of: BrowserOf) -> None:
    browser = browser_of(world.manager)
    page = text_of(browser.get("/platform/audit?severity=warning"))
    assert all(str(event_id) in page for event_id in (tenants.inside, tenants.outside, tenants.nobodys))
    page = text_of(browser.get(f"/platform/audit?organisation={tenants.there.pk}&severity=warning"))
    assert str(tenants.outside) in page
    assert str(tenants.inside) not in page


def test_the_trail_is_in_the_navigation_of_the_organisation(tenants: Tenants, browser_of: BrowserOf) -> None:
    assert f'href="{HERE}"' in text_of(browser_of(tenants.owner).get(HERE))


def test_an_export_of_an_organisation_holds_its_rows_and_stays_in_it(
    tenants: Tenants, browser_of: BrowserOf, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "STEWARD_VAR", tmp_path)
    browser = browser_of(tenants.owner)
    reply = browser.post(f"{HERE}/exports", {"format": "csv", "severity": "warning"})
    page = reply["Location"]
    assert page.startswith(f"{HERE}/exports/")
    content = browser.get(f"{page}/file").getvalue()
    assert [row["id"] for row in table(content)] == [str(tenants.inside)]
    assert Export.objects.get().organisation_id == tenants.here.pk
    told = Event.objects.filter(code__startswith="audit.export").values_list("organisation_id", flat=True)
    assert set(told) == {tenants.here.pk}
    foreign = page.replace("quiet-harbour", "loud-harbour")
    assert browser_of(tenants.stranger).get(foreign).status_code == 404


def test_a_recorded_change_carries_the_organisation_of_its_page(tenants: Tenants, browser_of: BrowserOf) -> None:
    browser_of(tenants.viewer).get(HERE)
    denied = Event.objects.filter(code="kit.access.denied").latest("id")
    assert denied.organisation_id == tenants.here.pk
    assert str(denied.pk) in text_of(browser_of(tenants.owner).get(f"{HERE}?outcome=denied"))
