"""Activity over the API; the common rules are `tests.cases.test_api_collections.TestActivity`."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client

from accounts.models import User
from tests.accounts.organisation_world import make_house
from tests.audit.support import ago, plant_activity
from tests.factories import World

pytestmark = pytest.mark.django_db
BrowserOf = Callable[[User], Client]
URL = "/api/v1/admin/activity-logs"


def test_an_item_is_what_the_document_says(world: World, browser_of: BrowserOf) -> None:
    from tests.home.test_api_reference import DOCUMENT, fits

    activity_id = plant_activity(ago(minutes=1), actor_id=world.clerk.pk, object_id=world.clerk.pk, status=404)
    listed = browser_of(world.manager).get(URL).json()
    (item,) = listed["items"]
    assert (item["id"], item["actor_id"], item["status"]) == (str(activity_id), str(world.clerk.pk), 404)
    assert (item["address"], item["duration_ms"], item["route"]) == ("192.0.2.0/24", 12.5, "platform/people")
    assert item["occurred_at"].endswith("Z")
    assert "name" not in item, "Who it was is an id; names are looked up where they may be seen."
    reply = DOCUMENT["paths"][URL]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    fits(reply, listed)


def test_the_list_takes_the_filters_of_the_console(world: World, browser_of: BrowserOf) -> None:
    wanted = plant_activity(ago(minutes=1), channel="api", route="api/v1/users", status=500)
    plant_activity(ago(minutes=2), channel="api", route="api/v1/users")
    plant_activity(ago(minutes=3))
    caller = browser_of(world.manager)
    for query in (
        {"channel": "api", "answer": "5"},
        {"route": "api/v1/users", "answer": "4,5"},
        {"answer": ["4", "5"]},
    ):
        assert [item["id"] for item in caller.get(URL, query).json()["items"]] == [str(wanted)], query
    assert caller.get(URL, {"channel": "fax"}).status_code == 400


def test_the_activity_of_a_person_is_that_person_s_alone(world: World, browser_of: BrowserOf) -> None:
    wanted = plant_activity(ago(minutes=1), actor_id=world.clerk.pk)
    plant_activity(ago(minutes=2), actor_id=world.admin.pk)
    caller = browser_of(world.manager)
    of_clerk = caller.get(f"{URL}/{world.clerk.pk}").json()["items"]
    assert [item["id"] for item in of_clerk] == [str(wanted)]
    assert caller.get(f"{URL}/{world.stranger.pk}").json()["items"] == []
    assert caller.get(f"{URL}/{world.clerk.pk}", {"person": "x"}).status_code == 400
    assert caller.get(f"{URL}/{uuid4()}").status_code == 404


@pytest.mark.parametrize("whose", ["", "/{}"])
def test_it_asks_for_the_right_to_read_the_trail(world: World, browser_of: BrowserOf, whose: str) -> None:
    path = URL + whose.format(world.clerk.pk)
    assert Client().get(path).status_code == 401
    assert browser_of(world.stranger).get(path).status_code == 403
    elsewhere = browser_of(world.root).get(path, headers={"Steward-Organisation": str(uuid4())})
    assert elsewhere.status_code == 404
    assert browser_of(world.manager).get(path).status_code == 200


def test_inside_an_organisation_only_its_own_requests_are_listed(browser_of: BrowserOf) -> None:
    here, there = make_house("Here"), make_house("There")
    ours = plant_activity(ago(minutes=1), organisation_id=here.id, actor_id=there.owner.pk)
    plant_activity(ago(minutes=1), organisation_id=there.id, actor_id=there.owner.pk)
    plant_activity(ago(minutes=1), actor_id=there.owner.pk)
    caller, inside = browser_of(here.owner), {"Steward-Organisation": str(here.id)}
    for path in (URL, f"{URL}/{there.owner.pk}"):
        assert [item["id"] for item in caller.get(path, headers=inside).json()["items"]] == [str(ours)]
