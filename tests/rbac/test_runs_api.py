"""The endpoints of runs, modules and host products, beyond what their cases ask."""

import json
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from portal.kit import context
from rbac.models import Run, RunLine
from rbac.services import runs as services
from rbac.services.runs import Line
from tests.accounts.organisation_world import House, make_house
from tests.factories import World, signed_in
from tests.rbac.run_house import run_of
from tests.rbac.test_modules import module
from tests.rbac.tree_house import resource

RUNS = "/api/v1/runs"


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


def _client(house: House, user: User) -> Client:
    client = signed_in(user)
    client.defaults["HTTP_STEWARD_ORGANISATION"] = str(house.id)
    return client


def _send(client: Client, method: str, path: str, body: Any = None) -> Any:
    return client.generic(method, path, json.dumps(body or {}), content_type="application/json")


def test_a_product_tells_of_a_run_from_its_beginning_to_its_end(house: House) -> None:
    client, thing = _client(house, house.editor), resource(house, type_="platform_data/pipeline")
    body = {"type": "platform_data/pipeline", "resource_external_id": thing.external_id, "external_id": "run-7"}
    first = _send(client, "POST", RUNS, body | {"state": "queued", "name": "Intake", "total": 3})
    assert (first.status_code, first.json()["state"], first.json()["lines"]) == (201, "queued", 0)
    path = first["Location"]
    again = _send(client, "POST", RUNS, body | {"name": "Another"})
    assert (again.status_code, again.json()) == (200, first.json())
    assert _send(client, "PATCH", path, {"state": "running", "done": 1}).json()["done"] == 1
    lines = {"items": [{"text": "One."}, {"text": "  Two, indented.", "level": "warning"}]}
    assert _send(client, "POST", f"{path}/lines", lines).json()["lines"] == 2
    assert _send(client, "POST", f"{path}/cancel").json()["cancel_asked_at"] is not None
    assert _send(client, "PATCH", path, {"state": "succeeded", "message": "In time."}).json()["message"] == "In time."
    late = _send(client, "PATCH", path, {"state": "running"})
    assert (late.status_code, late.json()["code"]) == (409, "rbac.run_state_impossible")
    assert _send(client, "POST", f"{path}/cancel").json()["code"] == "rbac.run_ended"
    assert _send(client, "POST", f"{path}/lines", lines).json()["code"] == "rbac.run_ended"
    log = client.get(f"{path}/lines").json()["items"]
    assert [(line["number"], line["text"]) for line in log] == [(1, "One."), (2, "  Two, indented.")]


def test_a_log_is_read_page_by_page_from_its_beginning(house: House) -> None:
    run, actor = run_of(house), house.inside(house.editor)
    with context.acting(actor):
        services.run_lines_add(actor=actor, run=run, lines=[Line(f"Line {number}") for number in range(7)])
    client, found, cursor = _client(house, house.viewer), [], ""
    while True:
        page = client.get(f"{RUNS}/{run.pk}/lines", {"limit": "3"} | ({"cursor": cursor} if cursor else {})).json()
        found += [line["number"] for line in page["items"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert found == list(range(1, 8))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"external_id": "a b"}, "external_id"),
        ({"external_id": ""}, "external_id"),
        ({"state": "succeeded"}, "state"),
        ({"state": "exploded"}, "state"),
        ({"total": -1}, "total"),
        ({"done": 2**60}, "done"),
        ({"resource_external_id": "nothing"}, "resource_external_id"),
        ({"type": "product/nothing"}, "resource_external_id"),
        ({"name": "x" * 201}, "name"),
        ({"organisation_id": "01890000-0000-7000-8000-000000000000"}, "organisation_id"),
    ],
)
def test_a_run_that_cannot_be_is_named_and_not_kept(house: House, change: dict[str, Any], field: str) -> None:
    thing = resource(house)
    body = {"type": "product/project", "resource_external_id": thing.external_id, "external_id": "run-1"} | change
    reply = _send(_client(house, house.editor), "POST", RUNS, body)
    assert reply.status_code == 422, reply.content
    assert [error["field"] for error in reply.json()["errors"]] == [field]
    assert not Run.objects.exists()


def test_lines_that_cannot_be_are_named_and_none_is_kept(house: House) -> None:
    run, client = run_of(house), _client(house, house.editor)
    good = {"text": "ok"}
    wrong: list[list[dict[str, str]]] = [[], [good, {"text": "x" * 2001}], [good, {"text": "a", "level": "loud"}], [{}]]
    wrong += [[good | {"at": moment}] for moment in ("9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "yesterday")]
    for items in wrong:
        reply = _send(client, "POST", f"{RUNS}/{run.pk}/lines", {"items": items})
        assert reply.status_code == 422, items
    assert _send(client, "POST", f"{RUNS}/{run.pk}/lines", {"items": [{"text": "x"}] * 1_001}).status_code == 422
    # What no text of the database can hold is refused before anybody reads the body.
    assert _send(client, "POST", f"{RUNS}/{run.pk}/lines", {"items": [{"text": "a\0b"}]}).status_code == 400
    assert not RunLine.objects.exists()


def test_runs_of_others_and_of_what_one_may_not_see_are_not_there(house: House) -> None:
    other = make_house("Meadow")
    run = run_of(other)
    client = _client(house, house.owner)
    for method, path in (
        ("GET", f"{RUNS}/{run.pk}"),
        ("PATCH", f"{RUNS}/{run.pk}"),
        ("GET", f"{RUNS}/{run.pk}/lines"),
        ("POST", f"{RUNS}/{run.pk}/cancel"),
    ):
        assert _send(client, method, path).status_code == 404, path
    lines = {"items": [{"text": "x"}]}
    assert _send(client, "POST", f"{RUNS}/{run.pk}/lines", lines).status_code == 404
    assert client.get(RUNS).json()["items"] == []
    assert signed_in(house.owner).get(RUNS).status_code == 403, "no organisation is named"
    body = {"type": "platform_data/pipeline", "resource_external_id": run.resource.external_id, "external_id": "mine"}
    assert _send(client, "POST", RUNS, body).status_code == 422
    assert (Run.objects.count(), Run.objects.get().cancel_asked_at) == (1, None)


def test_runs_are_narrowed_by_state_and_type(house: House) -> None:
    run_of(house)
    waiting = run_of(house, resource(house), state="queued")
    client = _client(house, house.viewer)
    assert len(client.get(RUNS, {"state": "live"}).json()["items"]) == 2
    assert client.get(RUNS, {"state": "lost"}).json()["items"] == []
    (only,) = client.get(RUNS, {"type": "product/project"}).json()["items"]
    assert only["id"] == str(waiting.pk)
    assert client.get(RUNS, {"state": "exploded"}).status_code == 400


def test_nothing_of_a_module_that_is_off_is_told_of(house: House) -> None:
    thing, client = resource(house, type_="platform_data/pipeline"), _client(house, house.admin)
    path = f"/api/v1/organisations/{house.id}/modules/{module('pipelines', 'platform_data').pk}"
    assert _send(client, "PUT", path, {"is_on": False}).json()["is_on"] is False
    body = {"type": "platform_data/pipeline", "resource_external_id": thing.external_id, "external_id": "run-1"}
    reply = _send(client, "POST", RUNS, body)
    assert (reply.status_code, reply.json()["code"]) == (409, "rbac.module_is_off")
    assert not Run.objects.exists()
    assert _send(client, "PUT", path, {"is_on": True}).status_code == 200
    assert _send(client, "POST", RUNS, body).status_code == 201


def test_a_product_registers_itself_over_the_api(house: House, world: World) -> None:
    client = signed_in(world.root)
    base = "/api/v1/applications/shop"
    assert _send(client, "PUT", f"{base}/resource-types/order", {"label": "a", "label_plural": "b"}).status_code == 404
    first = _send(client, "PUT", base, {"label": "Shop"})
    assert (first.status_code, first.json()["label"]) == (201, "Shop")
    assert _send(client, "PUT", base, {"label": "Shop"}).status_code == 200
    kind = {"label": "Order", "label_plural": "Orders", "icon": "invoice", "actions": ["read", "execute"]}
    assert _send(client, "PUT", f"{base}/resource-types/order", kind).status_code == 201
    made = _send(client, "PUT", f"{base}/modules/orders", {"label": "Orders", "types": ["order"]})
    assert (made.status_code, made.json()["permissions"]) == (201, ["shop/order:execute", "shop/order:read"])
    assert _send(client, "PUT", f"{base}/resource-types/order", kind | {"icon": "bomb"}).status_code == 422
    plain = _send(client, "PUT", f"{base}/resource-types/basket", {"label": "Basket", "label_plural": "Baskets"})
    assert (plain.json()["icon"], plain.json()["in_navigation"]) == ("document", False)
    types = _client(house, house.viewer).get("/api/v1/resource-types").json()["items"]
    assert "shop/order" in {one["type"] for one in types}
    manager = signed_in(world.manager)
    assert manager.get(f"{base}/modules/orders").status_code == 200
    assert _send(manager, "PUT", base, {"label": "Mine"}).status_code == 403
    assert client.get(base).json()["label"] == "Shop"
