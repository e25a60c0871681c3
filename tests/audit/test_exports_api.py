"""Exports of the trail over the API: one's own, with the filters of the list, and nobody else's."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from accounts.models import User
from audit.models import Event, Export
from audit.services import exports
from maintenance import publisher
from maintenance.models import JobRun
from portal.kit import clock
from tests.accounts.helpers import worked
from tests.accounts.organisation_world import make_house
from tests.accounts.test_api_organisations import call
from tests.audit.support import ago, plant
from tests.audit.test_exports import folder, large, table
from tests.cases.api import NOWHERE
from tests.factories import World, signed_in

pytestmark = pytest.mark.django_db
URL = "/api/v1/audit/exports"
BrowserOf = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "STEWARD_VAR", tmp_path)
    monkeypatch.setattr(publisher, "announce", lambda run_id: None)


def _file(client: Client, export_id: str, **named: Any) -> Any:
    reply = call(client, "GET", f"{URL}/{export_id}/file", **named)
    return reply, b"".join(reply.streaming_content) if reply.streaming else b""


def test_a_small_one_is_written_at_once_and_fetched(world: World) -> None:
    client = signed_in(world.admin)
    wanted = [str(plant(ago(hours=hour + 1), request_id="an-export")) for hour in range(3)]
    plant(ago(hours=1), request_id="another")
    made = call(client, "POST", URL, {"format": "csv", "query": {"request_id": "an-export"}})
    told = made.json()
    assert (made.status_code, told["state"], told["rows"], told["query"]) == (
        201,
        "ready",
        3,
        {"request_id": "an-export"},
    )
    assert call(client, "GET", str(made["Location"])).json() == told
    reply, content = _file(client, told["id"])
    assert reply["Content-Type"].startswith("text/csv")
    assert len(content) == told["size"]
    assert [row["id"] for row in table(content)] == wanted
    assert Event.objects.filter(code="audit.export.downloaded").count() == 1
    assert [one["id"] for one in call(client, "GET", URL).json()["items"]] == [told["id"]]
    lines = call(client, "POST", URL, {"format": "jsonl", "query": {"request_id": "an-export"}}).json()
    assert _file(client, lines["id"])[1].count(b"\n") == 3


def test_a_large_one_is_written_by_a_job_and_can_be_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    large(monkeypatch)
    client = signed_in(world.admin)
    for hour in range(8):
        plant(ago(hours=hour + 1), request_id="an-export")
    body = {"format": "csv", "query": {"request_id": "an-export"}}
    first, second = (call(client, "POST", URL, body).json() for _ in range(2))
    assert (first["state"], bool(first["run_id"]), first["size"]) == ("working", True, 0)
    assert _file(client, first["id"])[0].status_code == 410
    assert call(client, "POST", f"{URL}/{second['id']}/cancel").json()["state"] == "cancelled"
    worked(JobRun.objects.get(pk=first["run_id"]).pk)
    done = call(client, "GET", f"{URL}/{first['id']}").json()
    assert (done["state"], done["rows"]) == ("ready", 8)
    assert call(client, "POST", f"{URL}/{first['id']}/cancel").json()["state"] == "ready"
    assert _file(client, second["id"])[0].status_code == 410


def test_what_is_wrong_is_named_and_nothing_is_kept(world: World) -> None:
    client = signed_in(world.admin)
    for body, status in (
        ({"format": "pdf"}, 422),
        ({}, 422),
        ({"format": "csv", "query": {"no_such": "1"}}, 400),
        ({"format": "csv", "query": {"date_from": "yesterday"}}, 400),
        ({"format": "csv", "query": "outcome=ok"}, 422),
    ):
        assert call(client, "POST", URL, body).status_code == status, body
    assert not Export.objects.exists()
    assert folder() == []


def test_three_under_way_are_enough(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    large(monkeypatch)
    client = signed_in(world.admin)
    for hour in range(8):
        plant(ago(hours=hour + 1), request_id="an-export")
    body = {"format": "csv", "query": {"request_id": "an-export"}}
    answers = [call(client, "POST", URL, body).status_code for _ in range(exports.LIVE_LIMIT + 1)]
    assert answers == [201] * exports.LIVE_LIMIT + [409]


def test_everybody_sees_ones_own_alone_where_one_stands(world: World) -> None:
    made = call(signed_in(world.admin), "POST", URL, {"format": "csv"}).json()
    for who, status in ((Client(), 401), (signed_in(world.stranger), 403), (signed_in(world.root), 404)):
        for method, part in (("GET", ""), ("POST", "/cancel"), ("GET", "/file")):
            assert call(who, method, f"{URL}/{made['id']}{part}").status_code == status
    assert call(signed_in(world.root), "GET", URL).json()["items"] == []
    assert call(signed_in(world.admin), "GET", f"{URL}/{NOWHERE}").status_code == 404


def test_an_organisation_exports_its_own_trail(world: World) -> None:
    house, other = make_house("Harbour"), make_house("Meadow")
    owner = signed_in(house.owner)
    made = call(owner, "POST", URL, {"format": "csv"}, to=house)
    assert made.status_code == 201, made.content
    _reply, content = _file(owner, made.json()["id"], to=house)
    told = {row["id"] for row in table(content)}
    here = set(map(str, Event.objects.filter(organisation_id=house.id).values_list("pk", flat=True)))
    assert told
    assert told <= here
    assert call(owner, "GET", f"{URL}/{made.json()['id']}").status_code in {403, 404}, "The installation is not its."
    assert call(signed_in(other.owner), "GET", f"{URL}/{made.json()['id']}", to=other).status_code == 404
    assert call(signed_in(house.viewer), "POST", URL, {"format": "csv"}, to=house).status_code == 403
    with clock.at(clock.now() + exports.KEEP):
        assert _file(owner, made.json()["id"], to=house)[0].status_code in {401, 410}, "Gone after a day."
