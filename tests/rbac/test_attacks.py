"""Attacks on the decision that no other test makes, each with a control that succeeds. `docs/attacks.md` has them all."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from portal.kit import clock, context, errors, tenancy
from portal.kit.context import Context
from portal.kit.decision import can, check_many, list_subjects
from portal.kit.services import writing
from rbac import decision
from rbac.delegation import content_of
from rbac.holders import Holder
from rbac.models import Resource, Scope
from rbac.services import access_give
from tests.accounts.organisation_world import House, make_house
from tests.factories import signed_in
from tests.rbac.roles_world import make_role
from tests.rbac.tree_house import resource, workspace
from tests.rbac.tree_world import Tree, bind, declare, plant

READ = "product/project:read"
SECRET = "Quicksilver"


@pytest.fixture(autouse=True)
def _declared(monkeypatch: pytest.MonkeyPatch) -> None:
    declare(monkeypatch)


def _api(house: House, user: User) -> Client:
    client = signed_in(user)
    client.defaults["HTTP_STEWARD_ORGANISATION"] = str(house.id)
    return client


# --- another tenant's ids ---

ROADS = (
    "resources",
    f"resources?q={SECRET}",
    "resources?sort=-updated",
    "resources?open=role",
    "resources/product/project",
    "resources?format=csv",
    f"resources?q={SECRET}&format=csv",
)


@pytest.mark.django_db
@pytest.mark.parametrize("road", ROADS)
def test_no_list_search_filter_order_count_or_file_tells_of_another_tenant(road: str) -> None:
    ours, theirs = make_house("Harbour"), make_house("Mallory")
    resource(ours, SECRET)
    resource(theirs, "Quartz")
    mine, others = signed_in(ours.owner), signed_in(theirs.owner)
    hidden = _read(others, theirs.url(road))
    assert SECRET not in hidden.replace(f'value="{SECRET}"', "").replace(f"q={SECRET}", "").replace(f"“{SECRET}”", "")
    assert "2 resources" not in hidden
    assert SECRET in _read(mine, ours.url(road)), "the control: its own organisation sees it on the same road"


def _read(client: Client, path: str) -> str:
    reply = client.get(path)
    assert reply.status_code == 200, path
    body = b"".join(reply.streaming_content) if reply.streaming else reply.content  # type: ignore[attr-defined]
    return bytes(body).decode()


@pytest.mark.django_db
def test_another_tenants_id_in_a_body_or_in_a_list_of_many_places_nothing() -> None:
    ours, theirs = make_house("Harbour"), make_house("Mallory")
    place, foreign = workspace(theirs), workspace(ours)
    client = _api(theirs, theirs.owner)

    def send(parent: Any) -> list[int]:
        row = {
            "type": "product/project",
            "external_id": f"p-{parent.pk}",
            "name": "Planted",
            "parent": {"id": str(parent.pk)},
        }
        one = {"name": "Planted", "parent": {"id": str(parent.pk)}}
        return [
            client.post("/api/v1/resources", {"items": [row]}, content_type="application/json").status_code,
            client.put(
                f"/api/v1/resources/product/project/q-{parent.pk}", one, content_type="application/json"
            ).status_code,
        ]

    assert send(foreign) == [422, 422]
    assert not Resource.objects.filter(name="Planted").exists()
    assert send(place) == [200, 201], "the control: a place of its own"
    assert {row.organisation_id for row in Resource.objects.filter(name="Planted")} == {theirs.id}


@pytest.mark.django_db
def test_an_actor_with_anothers_ids_is_told_like_one_with_none() -> None:
    ours, theirs = make_house("Harbour"), make_house("Mallory")
    role = make_role(theirs, "member:read")
    foreign = Scope.objects.get(pk=ours.id)
    with context.acting(theirs.inside(theirs.owner)) as current:
        for holder in (Holder(person_id=ours.viewer.pk), Holder(person_id=theirs.viewer.pk)):
            with pytest.raises(errors.NotFound):
                access_give(actor=current.actor, holder=holder, role=role, scope=foreign)
        own = Scope.objects.get(pk=theirs.id)
        assert access_give(actor=current.actor, holder=Holder(person_id=theirs.viewer.pk), role=role, scope=own)


# --- time and order ---


def _reading(**extra: Any) -> Tree:
    return plant(
        {
            "people": ["anna", "ben"],
            "teams": {"crew": {"members": ["anna"]}, "other": {"members": ["anna"]}},
            "resources": {"orders": {"public": extra.pop("public", False)}},
            "roles": {"reader": {"allow": [READ, "resource:read"]}},
            **extra,
        }
    )


@pytest.mark.django_db
def test_what_ends_during_a_request_is_over_for_its_next_check_and_list() -> None:
    tree = _reading(
        bindings=[
            {"who": "anna", "role": "reader", "where": "orders", "ends_in": 60},
            {"who": "ben", "role": "reader", "where": "orders"},
        ]
    )
    now = clock.now()
    for name, after in (("anna", False), ("ben", True)):
        actor, orders = tree.actor(name), tree.resources["orders"]
        with context.use(Context(actor=actor)):  # One request, whose stamps are read once.
            with clock.at(now):
                assert can(actor, READ, orders)
                assert list(Resource.objects.visible_to(actor, READ)) == [orders]
            with clock.at(now + timedelta(seconds=61)):
                assert can(actor, READ, orders).allowed is after
                assert list(Resource.objects.visible_to(actor, READ)) == ([orders] if after else [])


@pytest.mark.django_db
def test_a_denial_has_no_way_around_it_by_a_second_path() -> None:
    ways: tuple[dict[str, Any], ...] = (
        {"bindings": [{"who": "anna", "role": "reader", "where": "acme"}]},
        {"bindings": [{"who": "anna", "role": "reader", "where": "orders"}]},
        {"bindings": [{"who": "team:crew", "role": "reader", "where": "orders"}]},
        {"bindings": [{"who": "*", "role": "reader", "where": "acme"}]},
        {"grants": [{"who": "anna", "code": READ, "where": "orders"}]},
        {"grants": [{"who": "team:crew", "code": READ, "where": "orders"}]},
        {"public": True},
    )
    for way in ways:
        tree = _reading(**way)
        anna, orders = tree.actor("anna"), tree.resources["orders"]
        assert _answers(tree) == (True, True, True, True), way
        with context.system("a test"), writing(), tenancy.within(tree.organisation.pk):
            bind(tree, {"who": "team:other", "role": "reader", "where": "acme", "deny": True})
        assert _answers(tree) == (False, False, False, False), way
        assert can(anna, READ, orders).reason == "denied"


def _answers(tree: Tree) -> tuple[bool, bool, bool, bool]:
    """By check, by many checks, by list, and by who may."""
    anna, orders = tree.actor("anna"), tree.resources["orders"]
    with context.acting(anna):
        return (
            can(anna, READ, orders).allowed,
            check_many(anna, [(READ, orders)])[0].allowed,
            orders in Resource.objects.visible_to(anna, READ),
            anna.id in {one.person_id for one in list_subjects(READ, orders).items},
        )


@pytest.mark.django_db
def test_a_condition_without_its_context_gives_nothing_and_denies() -> None:
    asked = {"attributes": {"context": {"purpose": "audit"}}}
    allowing = _reading(bindings=[{"who": "anna", "role": "reader", "where": "acme", "conditions": asked}])
    denying = _reading(
        bindings=[
            {"who": "anna", "role": "reader", "where": "acme"},
            {"who": "anna", "role": "reader", "where": "orders", "deny": True, "conditions": asked},
        ]
    )
    for said, met in ((None, None), ({}, None), ({"purpose": ""}, False), ({"purpose": "audit"}, True)):
        for tree, expected in ((allowing, met is True), (denying, met is False)):
            answer = can(tree.actor("anna"), READ, tree.resources["orders"], context=said)
            assert answer.allowed is expected, (said, answer)


# --- depth and circles ---


@pytest.mark.django_db
def test_roles_that_were_tampered_into_a_circle_are_answered_and_give_what_they_say() -> None:
    tree = plant(
        {
            "people": ["anna"],
            "resources": {"orders": {}},
            "roles": {
                "first": {"allow": [READ]},
                "second": {"inherits": "first", "allow": ["resource:read"]},
                "third": {"inherits": "second", "allow": []},
            },
            "bindings": [{"who": "anna", "role": "third", "where": "acme"}],
        }
    )
    anna, orders = tree.actor("anna"), tree.resources["orders"]
    with context.system("a test"), writing(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = '20s'")
        cursor.execute(
            "UPDATE rbac_role SET inherits_id = %s WHERE id = %s", [tree.roles["third"].pk, tree.roles["first"].pk]
        )
    decision.forget_everything()
    assert can(anna, READ, orders)
    assert can(anna, "resource:read", orders)
    assert not can(anna, "product/project:update", orders)
    with context.acting(anna):
        assert list(Resource.objects.visible_to(anna, READ)) == [orders]
    assert [one.person_id for one in list_subjects(READ, orders).items] == [anna.id]
    assert content_of(tree.roles["first"]).allow == content_of(tree.roles["third"]).allow != 0


# --- an organisation on the connection of another ---


def test_a_connection_that_served_another_tenant_decides_and_lists_for_the_present_one(
    own_database: dict[str, str],
) -> None:
    ours, theirs = make_house("Harbour"), make_house("Mallory")
    river, quartz = resource(ours, "River"), resource(theirs, "Quartz")
    seen: list[tuple[int, set[str], bool]] = []
    for house, other in ((ours, quartz), (theirs, river), (ours, quartz)):
        actor = house.inside(house.owner)
        with context.acting(actor), tenancy.behind_the_wall():
            rows = {row.name for row in Resource.objects.visible_to(actor, "resource:read")}
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_backend_pid()")
                seen.append((cursor.fetchone()[0], rows, can(actor, "resource:read", other).allowed))
    assert len({process for process, _rows, _other in seen}) == 1, "one connection of the server served all of them"
    assert [(rows, other) for _process, rows, other in seen] == [
        ({"River"}, False),
        ({"Quartz"}, False),
        ({"River"}, False),
    ]
