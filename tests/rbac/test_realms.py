"""Emergencies, roles for a while, duties and reviews: what is an organisation's is nobody else's, nor the installation's."""

from collections.abc import Callable
from uuid import UUID

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from rbac.models import DutyRule, Elevation, GlassBreak, Review
from tests.accounts.organisation_world import House, make_house
from tests.factories import World
from tests.rbac.govern_world import ask, broken, rule_of
from tests.rbac.review_world import start

Browser = Callable[[User], Client]
COLLECTIONS = ("elevations", "duty-rules", "duty-conflicts", "glass-breaks", "reviews", "reviews/mine")
CHANGES = {"elevations": {"decision": "end"}}
pytestmark = pytest.mark.django_db


@pytest.fixture
def theirs(world: World) -> dict[str, UUID]:
    """One of each, of an organisation that nobody in the tests belongs to."""
    there = make_house("Elsewhere")
    return {
        "elevations": ask(there, there.viewer).pk,
        "duty-rules": rule_of(there.id).pk,
        "reviews": start(there).pk,
        "glass-breaks": broken(world.root, there).pk,
    }


def _rows() -> tuple[int, ...]:
    return tuple(model.objects.count() for model in (Elevation, DutyRule, Review, GlassBreak))


def _inside(browser_of: Browser, house: House) -> Client:
    client = browser_of(house.owner)
    client.defaults["HTTP_STEWARD_ORGANISATION"] = str(house.id)
    return client


@pytest.mark.parametrize("name", COLLECTIONS)
def test_the_installations_calls_do_not_answer_an_organisation(
    world: World, browser_of: Browser, theirs: dict[str, UUID], name: str
) -> None:
    client, path, before = _inside(browser_of, make_house("Harbour")), f"/api/v1/admin/{name}", _rows()
    assert client.get(path).status_code in {403, 404}
    assert client.post(path, {}, content_type="application/json").status_code in {403, 404, 405}
    assert _rows() == before
    # The control: the same call by staff, of the installation.
    assert browser_of(world.root).get(path).status_code == 200


@pytest.mark.parametrize("name", ["elevations", "duty-rules", "reviews", "glass-breaks"])
def test_what_is_another_organisations_is_found_by_no_id(
    browser_of: Browser, theirs: dict[str, UUID], name: str
) -> None:
    house = make_house("Harbour")
    client, before = _inside(browser_of, house), _rows()
    below = f"/api/v1/organisations/{house.id}/{name}/{theirs[name]}"
    for path in (below, f"/api/v1/admin/{name}/{theirs[name]}"):
        for reply in (
            client.get(path),
            client.delete(path),
            client.patch(path, CHANGES.get(name, {"name": "Taken"}), content_type="application/json"),
        ):
            assert reply.status_code in {403, 404, 405}, (path, reply.status_code)
    assert client.get(below).status_code in {404, 405}
    assert _rows() == before
    assert not Event.objects.filter(organisation_id=house.id, target_id=theirs[name]).exists()


@pytest.mark.parametrize("name", ["elevations", "duty-rules", "reviews"])
def test_an_organisations_own_are_not_the_installations(
    world: World, browser_of: Browser, theirs: dict[str, UUID], name: str
) -> None:
    client = browser_of(world.root)
    listed = client.get(f"/api/v1/admin/{name}").json()["items"]
    assert str(theirs[name]) not in {one["id"] for one in listed}
    assert client.get(f"/api/v1/admin/{name}/{theirs[name]}").status_code in {404, 405}
    before = _rows()
    assert client.delete(f"/api/v1/admin/{name}/{theirs[name]}").status_code in {404, 405}
    assert _rows() == before
