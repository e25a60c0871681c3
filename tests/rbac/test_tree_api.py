"""The endpoints of teams, workspaces and resources, beyond what their cases ask."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from portal.kit import context
from rbac.models import Resource, Scope, Team, Workspace
from rbac.services.workspaces import workspace_archive
from tests.accounts.organisation_world import House, make_house
from tests.factories import World, signed_in
from tests.rbac.tree_house import resource, team, workspace

BULK = "/api/v1/resources"
OF_TYPE = "/api/v1/resources/product/project"


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


def _client(house: House, user: User) -> Client:
    client = signed_in(user)
    client.defaults["HTTP_STEWARD_ORGANISATION"] = str(house.id)
    return client


def _send(client: Client, method: str, path: str, body: Any) -> Any:
    return client.generic(method, path, json.dumps(body), content_type="application/json")


def test_a_product_registers_reads_changes_and_deletes_its_thing(house: House) -> None:
    client, place = _client(house, house.editor), workspace(house)
    path = f"{OF_TYPE}/prj-204"
    body = {"name": "River survey", "attributes": {"region": "north"}, "parent": {"id": str(place.pk)}}
    first = _send(client, "PUT", path, body)
    assert (first.status_code, first.json()["parent_id"]) == (201, str(place.pk))
    again = _send(client, "PUT", path, body)
    assert (again.status_code, again.json()) == (200, first.json()), "sent again, nothing changes"
    assert client.get(path).json() == first.json()
    assert client.get(path, headers={"If-None-Match": again["ETag"]}).status_code == 304
    part = _send(
        client,
        "PUT",
        f"{OF_TYPE}/part-1",
        {"name": "Part", "parent": {"type": "product/project", "external_id": "prj-204"}},
    )
    assert part.json()["parent_id"] == first.json()["id"]
    assert client.delete(path).json()["code"] == "rbac.resource_not_empty"
    assert _send(client, "PUT", f"{OF_TYPE}/part-1", {"name": "Part", "parent": None}).json()["parent_id"] == str(
        house.id
    )
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.delete(path).status_code == 404
    assert list(Resource.objects.values_list("external_id", flat=True)) == ["part-1"]


@pytest.mark.parametrize(
    ("path", "body", "status", "field"),
    [
        (f"{OF_TYPE}/a", {}, 422, "name"),
        (f"{OF_TYPE}/a", {"name": "A", "parent": {}}, 422, "parent"),
        (f"{OF_TYPE}/a", {"name": "A", "parent": {"type": "product/project"}}, 422, "parent"),
        (f"{OF_TYPE}/a", {"name": "A", "parent": {"id": "01890000-0000-7000-8000-000000000000"}}, 422, "parent"),
        (f"{OF_TYPE}/a", {"name": "A", "attributes": [1]}, 422, "attributes"),
        (f"{OF_TYPE}/a%20b", {"name": "A"}, 422, "external_id"),
        ("/api/v1/resources/product/nothing/a", {"name": "A"}, 422, "type"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_kept(
    house: House, path: str, body: dict[str, Any], status: int, field: str
) -> None:
    before = Scope.objects.count()
    reply = _send(_client(house, house.editor), "PUT", path, body)
    assert reply.status_code == status, reply.content
    assert field in {error["field"].partition(".")[0] for error in reply.json()["errors"]}
    assert (Scope.objects.count(), Resource.objects.count()) == (before, 0)


def test_many_at_once_are_all_done_or_none_and_the_reason_names_its_row(house: House) -> None:
    client = _client(house, house.editor)
    item = {"type": "product/project", "name": "Survey"}
    child = {"type": "product/project", "external_id": "top"}
    items = [item | {"external_id": "top"}, item | {"external_id": "below", "parent": child}]
    done = _send(client, "POST", BULK, {"items": items})
    assert done.status_code == 200, done.content
    assert [one["created"] for one in done.json()["items"]] == [True, True]
    assert Scope.objects.get(pk=done.json()["items"][1]["id"]).parent_id == Resource.objects.get(external_id="top").pk
    for wrong, field in (
        (item | {"external_id": "x", "type": "product/nothing"}, "items.1.type"),
        (item | {"external_id": "x", "parent": {}}, "items.1.parent"),
        (item | {"external_id": "x y"}, "items.1.external_id"),
        (item | {"external_id": "fresh"}, "items.1.external_id"),
    ):
        reply = _send(client, "POST", BULK, {"items": [item | {"external_id": "fresh"}, wrong]})
        assert reply.status_code == 422, (wrong, reply.content)
        assert [error["field"] for error in reply.json()["errors"]] == [field]
        assert not Resource.objects.filter(external_id="fresh").exists()
    wrong_sizes: list[list[dict[str, str]]] = [[], [item | {"external_id": str(number)} for number in range(1_001)]]
    for wrong_size in wrong_sizes:
        assert _send(client, "POST", BULK, {"items": wrong_size}).status_code == 422
    viewer = _send(_client(house, house.viewer), "POST", BULK, {"items": [item | {"external_id": "mine"}]})
    assert viewer.status_code == 403
    assert not Resource.objects.filter(external_id="mine").exists()


def test_a_list_is_narrowed_searched_and_paged_as_the_page_is(house: House) -> None:
    client = _client(house, house.viewer)
    made = [resource(house, f"Survey {number}") for number in range(5)]
    resource(house, "Survey elsewhere", type_="product/translation")
    resource(make_house("Meadow"), "Survey of others")
    asked = {"q": "survey", "sort": "resource", "limit": "3"}
    page = client.get(OF_TYPE, asked).json()
    rest = client.get(OF_TYPE, asked | {"cursor": page["next_cursor"]}).json()
    names = [item["name"] for item in page["items"] + rest["items"]]
    assert names == [one.name for one in made]
    assert rest["next_cursor"] is None
    assert client.get(OF_TYPE, {"open": "all"}).json()["items"] == []
    assert client.get("/api/v1/resources/product/nothing").status_code == 404
    types = client.get("/api/v1/resource-types").json()["items"]
    assert {"type": "product/project", "name": "Project", "name_plural": "Projects"} in types
    assert len(types) == 21


def test_an_organisation_that_is_not_named_or_is_anothers_is_told_like_one_that_is_not_there(house: House) -> None:
    other = make_house("Meadow")
    made, place, thing = team(other), workspace(other), resource(other)
    client = _client(house, house.owner)
    base = f"/api/v1/organisations/{other.id}"
    mine = f"/api/v1/organisations/{house.id}"
    for path in (f"{base}/teams", f"{base}/teams/{made.pk}", f"{base}/workspaces", f"{mine}/teams/{made.pk}"):
        assert client.get(path).status_code == 404, path
    for path in (f"{mine}/workspaces/{place.pk}", f"{OF_TYPE}/{thing.external_id}", f"{mine}/teams/{made.pk}/members"):
        assert client.get(path).status_code == 404, path
    body = {"name": "Mine", "slug": "mine", "parent_id": str(made.pk)}
    assert _send(client, "POST", f"{mine}/teams", body).status_code == 404
    parent = {"name": "Mine", "parent": {"id": str(place.pk)}}
    assert _send(client, "PUT", f"{OF_TYPE}/mine", parent).status_code == 422
    assert signed_in(house.owner).get(OF_TYPE).status_code == 403, "no organisation is named"
    assert (Team.objects.count(), Workspace.objects.count(), Resource.objects.count()) == (1, 1, 1)


def test_a_team_is_nested_by_a_change_and_never_inside_itself(house: House) -> None:
    client, outer = _client(house, house.admin), team(house, "Outer")
    inner = team(house, "Inner", inside=outer)
    base = f"/api/v1/organisations/{house.id}/teams"
    reply = _send(client, "PATCH", f"{base}/{outer.pk}", {"parent_id": str(inner.pk), "name": "Renamed"})
    assert (reply.status_code, reply.json()["code"]) == (409, "rbac.team_cycle")
    assert Team.objects.get(pk=outer.pk).name == "Outer"
    assert client.delete(f"{base}/{outer.pk}").json()["code"] == "rbac.team_not_empty"
    assert _send(client, "PATCH", f"{base}/{inner.pk}", {"parent_id": None}).json()["parent_id"] is None
    outsider = {"user_id": str(make_house("Meadow").viewer.pk)}
    assert _send(client, "POST", f"{base}/{inner.pk}/members", outsider).json()["code"] == "rbac.not_a_member"


def test_an_archived_workspace_takes_nothing_over_the_api_either(house: House) -> None:
    place, actor = workspace(house), house.inside(house.owner)
    with context.acting(actor):
        workspace_archive(actor=actor, workspace=place)
    reply = _send(_client(house, house.editor), "PUT", f"{OF_TYPE}/a", {"name": "A", "parent": {"id": str(place.pk)}})
    assert (reply.status_code, reply.json()["code"]) == (409, "rbac.workspace_archived")
    assert not Resource.objects.exists()
