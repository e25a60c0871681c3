"""What one arranges in the console, over the API: notices, saved views, the dashboard that one begins with."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from portal.kit import context
from portal.kit.models import Notice, SavedView
from portal.kit.notices import tell
from portal.kit.services import writing
from rbac.models import Role
from tests.accounts.organisation_world import make_house
from tests.accounts.test_api_organisations import call
from tests.cases.api import NOWHERE
from tests.factories import World, signed_in

pytestmark = pytest.mark.django_db
NOTICES, VIEWS = "/api/v1/users/me/notices", "/api/v1/lists/accounts.people/views"


def _told(user: User, title: str, category: str = "job") -> Notice:
    with context.system("a test"), writing():
        tell([user.pk], category=category, title=title, text="", url="/")
    return Notice.objects.filter(person_id=user.pk).latest("pk")


def _titles(client: Client, query: str = "") -> list[str]:
    return [one["title"] for one in call(client, "GET", f"{NOTICES}{query}").json()["items"]]


def test_notices_are_read_by_their_person_alone(world: World) -> None:
    client = signed_in(world.clerk)
    first, second, third = (
        _told(world.clerk, title, category)
        for title, category in (("One", "job"), ("Two", "security"), ("Three", "job"))
    )
    theirs = _told(world.manager, "Theirs")
    assert _titles(client) == ["Three", "Two", "One"]
    assert _titles(client, "?category=security") == ["Two"]
    for wrong in ("?category=no-such", "?unread=perhaps"):
        assert call(client, "GET", f"{NOTICES}{wrong}").status_code == 400
    for _again in range(2):
        assert call(client, "POST", f"{NOTICES}/{first.pk}/read").status_code == 204
    assert call(client, "POST", f"{NOTICES}/{theirs.pk}/read").status_code == 404
    assert _titles(client, "?unread=true") == ["Three", "Two"]
    assert call(client, "POST", f"{NOTICES}/read", {"up_to": str(second.pk), "category": "job"}).json() == {"read": 0}
    assert call(client, "POST", f"{NOTICES}/read", {"up_to": str(third.pk), "category": "job"}).json() == {"read": 1}
    assert call(client, "POST", f"{NOTICES}/read", {"up_to": str(theirs.pk)}).json() == {"read": 1}
    assert call(client, "POST", f"{NOTICES}/read", {}).status_code == 422
    assert Notice.objects.get(pk=theirs.pk).read_at is None
    assert Client().get(NOTICES).status_code == 401


def _view(client: Client, **values: Any) -> Any:
    return call(client, "POST", VIEWS, {"name": "Inactive", "query": "state=inactive"} | values)


def test_a_view_is_kept_shared_changed_and_deleted(world: World) -> None:
    mine, other = signed_in(world.admin), signed_in(world.manager)
    made = _view(mine)
    assert made.status_code == 201, made.content
    where = str(made["Location"])
    assert call(mine, "GET", where).json() == made.json()
    assert call(other, "GET", where).status_code == 404
    assert call(other, "GET", VIEWS).json()["items"] == []
    tag = call(mine, "GET", where)["ETag"]
    assert call(mine, "PATCH", where, {"shared": True}, to=None, **{"If-Match": '"old"'}).status_code == 412
    assert call(mine, "PATCH", where, {"shared": True}, to=None, **{"If-Match": tag}).json()["shared"] is True
    assert [one["name"] for one in call(other, "GET", VIEWS).json()["items"]] == ["Inactive"]
    for method, body in (("PATCH", {"name": "Theirs"}), ("DELETE", None)):
        assert call(other, method, where, body).status_code == 404
    for body, status in (({"query": "no_such=1"}, 400), ({"name": " "}, 422), ({"owner_id": NOWHERE}, 422)):
        assert call(mine, "PATCH", where, body).status_code == status, body
    assert _view(mine).status_code == 422, "The name is taken."
    assert SavedView.objects.get().name == "Inactive"
    assert call(mine, "DELETE", where).status_code == 204
    assert not SavedView.objects.exists()
    codes = ["kit.view.saved", "kit.view.changed", "kit.view.deleted"]
    assert [Event.objects.filter(code=code).count() for code in codes] == [1, 1, 1]


def test_whoever_may_not_see_a_list_keeps_no_view_of_it(world: World) -> None:
    assert call(signed_in(world.stranger), "GET", VIEWS).status_code == 403
    assert _view(signed_in(world.stranger)).status_code == 403
    assert call(signed_in(world.admin), "GET", "/api/v1/lists/no.such/views").status_code == 404
    assert not SavedView.objects.exists()


def test_a_view_of_an_organisation_stays_in_it() -> None:
    house, other = make_house("Harbour"), make_house("Meadow")
    url = "/api/v1/lists/accounts.members/views"
    body = {"name": "Owners", "query": "", "shared": True}
    made = call(signed_in(house.owner), "POST", url, body, to=house)
    assert made.status_code == 201, made.content
    assert len(call(signed_in(house.admin), "GET", url, to=house).json()["items"]) == 1
    assert call(signed_in(other.owner), "GET", url, to=other).json()["items"] == []
    assert call(signed_in(other.owner), "GET", f"{url}/{made.json()['id']}", to=other).status_code == 404


def test_people_with_a_role_begin_with_a_view(world: World) -> None:
    view = _view(signed_in(world.root)).json()
    where, role = f"{VIEWS}/{view['id']}/role", Role.objects.get(catalogue="platform", code="manager")
    assert call(signed_in(world.manager), "PUT", where, {"role_id": str(role.pk)}).status_code == 403
    given = call(signed_in(world.root), "PUT", where, {"role_id": str(role.pk)}).json()
    assert (given["role_id"], given["shared"]) == (str(role.pk), True)
    assert [one["id"] for one in call(signed_in(world.manager), "GET", VIEWS).json()["items"]] == [view["id"]]
    assert call(signed_in(world.root), "PATCH", f"{VIEWS}/{view['id']}", {"shared": False}).status_code == 409
    assert call(signed_in(world.root), "PUT", where, {"role_id": None}).json()["role_id"] is None


def test_a_filter_of_the_timeline_is_kept_in_its_one_spelling(world: World) -> None:
    url = "/api/v1/lists/audit.timeline/views"
    client = signed_in(world.manager)
    made = call(client, "POST", url, {"name": "Refusals", "query": "outcome=denied&outcome=failed&cursor=x"})
    assert (made.status_code, made.json()["query"]) == (201, "outcome=denied%2Cfailed")
    assert call(client, "POST", url, {"name": "Bad", "query": "date_from=yesterday"}).status_code == 400
    assert SavedView.objects.count() == 1


def test_one_begins_with_a_dashboard_that_one_sees(world: World) -> None:
    client, home = signed_in(world.admin), "/api/v1/users/me/home"
    assert call(client, "GET", home).json() == {"dashboard_id": None}
    mine = call(client, "POST", "/api/v1/dashboards", {"name": "Mine", "layout": []}).json()["id"]
    theirs = call(signed_in(world.manager), "POST", "/api/v1/dashboards", {"name": "Theirs", "layout": []}).json()
    assert call(client, "PUT", home, {"dashboard_id": mine}).json() == {"dashboard_id": mine}
    for body, status in (({"dashboard_id": theirs["id"]}, 404), ({"dashboard_id": NOWHERE}, 404), ({}, 422)):
        assert call(client, "PUT", home, body).status_code == status
    assert call(client, "GET", home).json() == {"dashboard_id": mine}
    assert call(client, "PUT", home, {"dashboard_id": None}).json() == {"dashboard_id": None}
