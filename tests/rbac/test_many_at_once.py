"""One role for many people: from the list of members and over the API, with a look at it before."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from portal.kit import clock, context, errors
from portal.kit.models import OutboundMessage
from rbac import services
from rbac.errors import CannotDelegate
from rbac.models import Binding
from rbac.services.access_bulk import MOST
from tests.accounts.organisation_world import House, join, make_house, role_of, traces
from tests.rbac.roles_world import bind, make_role, make_workspace, ready, scope_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


def _text(reply: Any) -> str:
    return str(reply.content.decode())


def _ids(house: House, *users: User) -> list[str]:
    return [str(house.membership(user).pk) for user in users]


def _act(client: Client, house: House, do: str, users: list[User], **values: str) -> Any:
    sent = {"do": do, "action": "assign", "ids": _ids(house, *users), "number": str(len(users)), **values}
    return client.post(house.url("members"), sent)


def test_members_are_given_a_role_for_a_month_on_a_workspace(browser_of: Browser) -> None:
    house = make_house()
    client, role, place = browser_of(house.owner), make_role(house, "workspace:admin"), make_workspace(house)
    users = [house.viewer, house.editor]
    assert "Give 2 members a role?" in _text(_act(client, house, "act", users))
    values = {"role": str(role.pk), "place": str(place.pk), "days": "30", "reason": "Season"}
    before = traces()
    looked = _act(client, house, "run", users, look="1", **values)
    assert house.viewer.name in _text(looked)
    assert "gains" in _text(looked)
    assert traces() == before, "the look changed something"
    assert "Given the role: 2 members." in _text(_act(client, house, "run", users, **values))
    rows = list(Binding.objects.filter(role=role))
    assert {row.user_id for row in rows} == {house.viewer.pk, house.editor.pk}
    assert {(row.scope_id, row.reason) for row in rows} == {(place.pk, "Season")}
    assert all(row.expires_at is not None and (row.expires_at - clock.now()).days in {29, 30} for row in rows)
    assert Event.objects.filter(code="rbac.binding.granted", reason="Season").count() == 2
    assert OutboundMessage.objects.filter(person_id__in=[user.pk for user in users]).count() == 2
    again = _text(_act(client, house, "run", users, **values))
    assert "2 × They hold it already" in again
    assert Binding.objects.filter(role=role).count() == 2


def test_a_ready_made_role_for_good_takes_the_place_of_the_one_they_have(browser_of: Browser) -> None:
    house = make_house()
    client, others = browser_of(house.owner), [house.viewer, house.editor]
    reply = _act(client, house, "run", [*others, house.owner], role=str(ready("editor").pk))
    assert role_of(house.viewer, house.organisation) == ["editor"]
    assert role_of(house.owner, house.organisation) == ["owner"], "the last owner went"
    text = _text(reply)
    assert "Given the role: 1 member." in text
    assert "The last owner stays" in text
    assert "Holds this role already." in text


def test_whom_ranks_above_is_left_alone_and_it_is_on_record(browser_of: Browser) -> None:
    house = make_house()
    role = make_role(house, "member:read")
    reply = _act(browser_of(house.admin), house, "run", [house.viewer, house.owner], role=str(role.pk))
    assert "Somebody here ranks above you" in _text(reply)
    assert list(Binding.objects.filter(role=role).values_list("user_id", flat=True)) == [house.viewer.pk]
    denied = Event.objects.filter(code="kit.access.denied", target_id=house.owner.pk)
    assert denied.get().reason == "rbac.superior_touched"


@pytest.mark.parametrize("who", ["viewer", "editor"])
def test_who_gives_no_roles_has_no_such_action(browser_of: Browser, who: str) -> None:
    house = make_house()
    role, client = make_role(house, "member:read"), browser_of(getattr(house, who))
    before = traces()
    assert 'value="assign"' not in _text(client.get(house.url("members")))
    for do in ("act", "run"):
        assert _act(client, house, do, [house.viewer], role=str(role.pk)).status_code == 403
    assert _act(client, house, "run", [house.viewer], role=str(role.pk), look="1").status_code == 403
    assert traces() == before


def test_what_is_not_offered_is_refused_and_nothing_is_given(browser_of: Browser) -> None:
    house, other = make_house(), make_house("Other")
    client, role, theirs = browser_of(house.owner), make_role(house, "member:read"), make_role(other, "member:read")
    before = traces()
    for wrong in (
        {"role": str(theirs.pk)},
        {"role": ""},
        {"role": "nonsense"},
        {"role": str(role.pk), "days": "5"},
        {"role": str(role.pk), "place": str(make_workspace(other).pk)},
        {"role": str(role.pk), "reason": "x" * 301},
    ):
        for look in ({}, {"look": "1"}):
            assert _act(client, house, "run", [house.viewer], **wrong, **look).status_code == 422, wrong
    sent = {"do": "run", "action": "assign", "ids": [str(other.membership(other.viewer).pk)], "role": str(role.pk)}
    assert client.post(house.url("members"), sent).status_code == 404
    assert traces() == before


# --- the service and the API ---


def test_a_role_that_one_may_give_to_nobody_refuses_the_whole() -> None:
    house = make_house()
    role, before = make_role(house, "organisation:delete"), Binding.objects.count()
    with context.acting(house.inside(house.admin)) as current, pytest.raises(CannotDelegate):
        services.access_give_many(
            actor=current.actor, people=[house.viewer.pk, house.editor.pk], role=role, scope=scope_of(house)
        )
    assert Binding.objects.count() == before


def test_five_hundred_are_the_most() -> None:
    house = make_house()
    role = make_role(house, "member:read")
    with context.acting(house.inside(house.owner)) as current:
        for people in ([], [house.owner.pk.__class__(int=number) for number in range(MOST + 1)]):
            with pytest.raises(errors.Invalid):
                services.access_give_many(actor=current.actor, people=people, role=role, scope=scope_of(house))
    assert not Binding.objects.filter(role=role).exists()


def _batch(client: Client, house: House, body: dict[str, Any]) -> Any:
    path = f"/api/v1/organisations/{house.id}/bindings/batch"
    headers = {"Steward-Organisation": str(house.id)}
    return client.generic("POST", path, json.dumps(body), content_type="application/json", headers=headers)


def test_the_api_tells_what_became_of_each(browser_of: Browser) -> None:
    house, other = make_house(), make_house("Other")
    client, role = browser_of(house.owner), make_role(house, "member:create")
    bind(house, house.editor, role)
    users = [house.viewer, house.editor, other.viewer, house.viewer]
    body = {"user_ids": [str(user.pk) for user in users], "role_id": str(role.pk), "reason": "Season"}
    looked = _batch(client, house, body | {"preview": True}).json()
    assert [row["user_id"] for row in looked["differences"]] == [str(house.viewer.pk)]
    assert looked["differences"][0]["gains"] == ["member:create"]
    assert Binding.objects.filter(role=role).count() == 1, "the preview gave something"
    assert not OutboundMessage.objects.filter(person_id=house.viewer.pk).exists()
    told = _batch(client, house, body).json()
    assert [row["user_id"] for row in told["given"]] == [str(house.viewer.pk)]
    assert {(row["user_id"], row["code"]) for row in told["skipped"]} == {
        (str(house.editor.pk), "rbac.held_already"),
        (str(other.viewer.pk), "rbac.not_a_member"),
    }
    assert OutboundMessage.objects.filter(person_id=house.viewer.pk).count() == 1


def test_the_api_refuses_a_batch_that_cannot_be_and_gives_nothing(browser_of: Browser) -> None:
    house, other = make_house(), make_house("Other")
    client, role = browser_of(house.owner), make_role(house, "member:read")
    body = {"user_ids": [str(house.viewer.pk)], "role_id": str(role.pk)}
    before = traces()
    for wrong, status in (
        ({"user_ids": []}, 422),
        ({"user_ids": ["nonsense"]}, 422),
        ({"user_ids": [str(house.viewer.pk)] * (MOST + 1)}, 422),
        ({"role_id": str(ready("manager", "platform").pk)}, 422),
        ({"scope_id": str(other.id)}, 404),
        ({"expires_at": "2001-01-01T00:00:00Z"}, 422),
        ({"conditions": {"moon": "full"}}, 422),
        ({"everyone": True}, 422),
    ):
        assert _batch(client, house, body | wrong).status_code == status, wrong
    assert _batch(browser_of(house.editor), house, body).status_code == 403
    assert _batch(browser_of(other.owner), house, body).status_code == 404
    assert traces() == before


def test_many_are_told_apart_from_their_names(browser_of: Browser) -> None:
    house = make_house()
    joined = [join(house.organisation, "viewer") for _ in range(5)]
    role = make_role(house, "member:read")
    reply = _act(browser_of(house.owner), house, "run", joined, role=str(role.pk))
    assert "Given the role: 5 members." in _text(reply)
    assert Binding.objects.filter(role=role).count() == 5
