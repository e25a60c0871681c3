"""Conditions in dialogs and over the API: written, shown in words, refused at the field that is wrong."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from portal.kit import clock
from rbac.condition_words import conditions_text
from rbac.models import Binding, UserGrant
from tests.accounts.organisation_world import House, make_house, traces
from tests.rbac.roles_world import make_resource, make_role

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
OFFICE = {
    "only_days": ["1", "2", "3", "4", "5"],
    "only_from": "09:00",
    "only_to": "17:00",
    "only_zone": "Europe/Berlin",
    "only_addresses": "10.0.0.0/8",
}
STORED = {
    "time": {"zone": "Europe/Berlin", "weekdays": [1, 2, 3, 4, 5], "from": "09:00", "to": "17:00"},
    "addresses": ["10.0.0.0/8"],
}


def _text(reply: Any) -> str:
    return str(reply.content.decode())


def _give(client: Client, house: House, more: dict[str, Any], role: Any = None) -> Any:
    sent = {"do": "give", "holder": house.viewer.username, "effect": "allow"}
    sent["role"] = str((role or make_role(house, "member:create")).pk)
    return client.post(house.url("access"), sent | more)


def test_a_role_with_hours_and_addresses_is_shown_in_words(browser_of: Browser) -> None:
    house = make_house()
    client = browser_of(house.owner)
    assert _give(client, house, OFFICE).status_code == 302
    row = Binding.objects.get(role__catalogue="custom")
    assert row.conditions == STORED
    words = "weekdays 9–17 Europe/Berlin, from 10.0.0.0/8"
    assert words in _text(client.get(house.url("access")))
    assert words in _text(client.get(house.url(f"access/people/{house.viewer.pk}")))
    assert words in _text(client.get(house.url(f"roles/{row.role_id}?tab=holders")))


def test_a_right_on_an_object_takes_the_other_conditions(browser_of: Browser) -> None:
    house = make_house()
    client, target = browser_of(house.owner), make_resource(house)
    here = house.url(f"access/{target.pk}")
    sent = {"do": "give-right", "holder": house.viewer.username, "code": "product/project:update"}
    only = {"only_factor": "15", "only_attributes": 'region = eu\nlevel = 3\nopen = true\ncode = "7"'}
    assert client.post(here, sent | only).status_code == 302
    assert UserGrant.objects.get().conditions == {
        "second_factor": {"within_minutes": 15},
        "attributes": {"resource": {"region": "eu", "level": 3, "open": True, "code": "7"}},
    }
    told = _text(client.get(here))
    assert "second factor proved within 15 minutes, code = 7, level = 3, open = true, region = eu" in told


@pytest.mark.parametrize(
    ("only", "field"),
    [
        ({"only_days": ["1"], "only_zone": "Mars/Olympus"}, "only_zone"),
        ({"only_from": "9 o'clock", "only_zone": "UTC"}, "only_from"),
        ({"only_from": "10:00", "only_to": "10:00", "only_zone": "UTC"}, "only_zone"),
        ({"only_days": ["9"], "only_zone": "UTC"}, "only_days"),
        ({"only_addresses": "10.0.0.1/8"}, "only_addresses"),
        ({"only_addresses": "next door"}, "only_addresses"),
        ({"only_factor": "0"}, "only_factor"),
        ({"only_attributes": "no equals sign"}, "only_attributes"),
        ({"only_attributes": "Bad Name = 1"}, "only_attributes"),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_given(
    browser_of: Browser, only: dict[str, Any], field: str
) -> None:
    house = make_house()
    role = make_role(house, "member:create")
    client, before = browser_of(house.owner), traces()
    reply = _give(client, house, only, role)
    text = _text(reply)
    assert reply.status_code == 422
    assert f'id="give_{field}_error"' in text
    assert text.count('_error"><p class="err">') == 1, "more than the wrong field is marked"
    assert '<dialog class="dialog wide" id="give"' in " ".join(text.split())
    assert house.viewer.username in text, "what was typed is lost"
    assert traces() == before


def test_the_zone_alone_is_no_condition(browser_of: Browser) -> None:
    house = make_house()
    assert _give(browser_of(house.owner), house, {"only_zone": "Europe/Berlin"}).status_code == 302
    assert Binding.objects.get(role__catalogue="custom").conditions is None


def test_it_counts_in_its_hours_only(browser_of: Browser) -> None:
    house = make_house()
    _give(browser_of(house.owner), house, {**OFFICE, "only_addresses": ""})
    new = house.url("invitations")
    with clock.at(datetime(2031, 3, 5, 10, 0, tzinfo=UTC)):  # A Wednesday.
        assert browser_of(house.viewer).get(new).status_code == 200
    with clock.at(datetime(2031, 3, 8, 10, 0, tzinfo=UTC)):
        assert browser_of(house.viewer).get(new).status_code == 403


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        (None, ""),
        ({"time": {"zone": "UTC", "weekdays": [6, 7], "from": "00:00", "to": "24:00"}}, "weekends UTC"),
        (
            {"time": {"zone": "Asia/Ho_Chi_Minh", "weekdays": [1, 2, 3, 4, 5, 6, 7], "from": "22:30", "to": "06:00"}},
            "daily 22:30–6 Asia/Ho Chi Minh",
        ),
        ({"time": {"zone": "UTC", "weekdays": [1, 3], "from": "00:00", "to": "24:00"}}, "Monday and Wednesday UTC"),
        ({"addresses": ["10.0.0.0/8", "192.0.2.7/32"]}, "from 10.0.0.0/8 or 192.0.2.7/32"),
        (
            {"addresses": [f"10.0.{n}.0/24" for n in range(5)]},
            "from 10.0.0.0/24 or 10.0.1.0/24 or 10.0.2.0/24 or 2 more",
        ),
        ({"second_factor": {"within_minutes": 1}}, "second factor proved within 1 minute"),
        ({"attributes": {"resource": {"open": False}, "context": {"channel": "web"}}}, "open = false, channel = web"),
    ],
)
def test_conditions_in_words(conditions: dict[str, Any] | None, words: str) -> None:
    assert conditions_text(conditions) == words


# --- the API ---


def _post(client: Client, house: House, what: str, body: dict[str, Any]) -> Any:
    path = f"/api/v1/organisations/{house.id}/{what}"
    headers = {"Steward-Organisation": str(house.id)}
    return client.generic("POST", path, json.dumps(body), content_type="application/json", headers=headers)


def test_the_api_takes_and_tells_conditions(browser_of: Browser) -> None:
    house = make_house()
    client, role = browser_of(house.owner), make_role(house, "member:read")
    body = {"role_id": str(role.pk), "user_id": str(house.viewer.pk), "conditions": STORED}
    reply = _post(client, house, "bindings", body)
    assert (reply.status_code, reply.json()["conditions"]) == (201, STORED)
    grant = {"permission": "product/project:read", "object_id": str(make_resource(house).pk)}
    reply = _post(client, house, "grants", grant | {"user_id": str(house.viewer.pk), "conditions": STORED})
    assert (reply.status_code, reply.json()["conditions"]) == (201, STORED)


def test_the_api_names_the_wrong_part_and_gives_nothing(browser_of: Browser) -> None:
    house = make_house()
    client, role = browser_of(house.owner), make_role(house, "member:read")
    target, before = make_resource(house), traces()
    for wrong, part in (({"time": {"zone": "Mars"}}, "conditions.time"), ({"moon": "full"}, "conditions.moon")):
        body = {"user_id": str(house.viewer.pk), "conditions": wrong}
        for what, more in (
            ("bindings", {"role_id": str(role.pk)}),
            ("grants", {"permission": "product/project:read", "object_id": str(target.pk)}),
        ):
            reply = _post(client, house, what, body | more)
            assert reply.status_code == 422, what
            assert part in json.dumps(reply.json())
    assert traces() == before
    assert not UserGrant.objects.exists()
