"""One question over HTTP: who may ask, what is answered, and what stays behind the wall."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from accounts.services.service_accounts import service_account_create
from audit.models import Event
from portal.kit import clock, context
from portal.kit.decision import can
from rbac import decision
from rbac.models import Resource, Role
from tests.accounts.organisation_world import House, join, make_house
from tests.factories import World, person
from tests.rbac.authz_world import READ, UPDATE, Caller, by_key, call_them, give, grant, inside, question, take, thing
from tests.rbac.tree_house import resource, workspace

NOBODY = "01890000-0000-7000-8000-00000000dead"


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


@pytest.fixture
def host(house: House) -> Caller:
    """A host product, which holds an administrator's key."""
    return by_key(house, house.admin, "member:read")


def test_a_role_is_seen_by_the_next_check_and_so_is_its_end(house: House, host: Caller) -> None:
    project = resource(house)
    asked = question(house.viewer, READ, project)
    assert host.told("check", asked)["reason"] == "no_role"
    held = give(house, house.viewer, "viewer", project)
    given = host.told("check", asked)
    assert (given["allowed"], given["reason"]) == (True, "role")
    assert host.told("check", asked) == given, "nothing changed, so neither does the version"
    take(house, held)
    taken = host.told("check", asked)
    assert (taken["allowed"], taken["reason"]) == (False, "no_role")
    assert taken["version"] != given["version"]


def test_the_answer_is_that_of_the_decision(house: House, host: Caller) -> None:
    place = workspace(house)
    project, other = resource(house, below=place.pk), resource(house)
    give(house, house.editor, "developer", place)
    grant(house, house.viewer, READ, other)
    for user in (house.owner, house.editor, house.viewer):
        for code in (READ, UPDATE, "product/project:admin", "resource:read", "resource:update", "audit:read"):
            for obj in (project, other, None):
                expected = can(house.inside(user), code, obj)
                told = host.told("check", question(user, code, obj))
                assert told == {"allowed": expected.allowed, "reason": expected.reason, "version": expected.version}


def test_things_and_people_are_named_either_way(house: House, host: Caller) -> None:
    place = workspace(house)
    project = resource(house, below=place.pk)
    give(house, house.viewer, "viewer", place)
    call_them(house, house.viewer, "u-17")
    named: list[dict[str, Any]] = [
        {"type": "user", "id": str(house.viewer.pk)},
        {"type": "user", "external_id": "u-17"},
        {"type": "user", "external_id": "u-17", "application": "product"},
    ]
    things: list[dict[str, Any]] = [
        thing(project),
        {"type": "product/project", "id": str(project.pk)},
        {"type": "workspace", "id": str(place.pk)},
    ]
    for subject in named:
        for what in things:
            assert host.told("check", {"subject": subject, "permission": READ, "resource": what})["allowed"]
    assert not host.told("check", {"subject": named[0], "permission": READ})["allowed"]
    whole = {"type": "organisation", "id": str(house.id)}
    assert host.told("check", {"subject": named[0], "permission": "resource:read", "resource": whole})["allowed"]


def test_what_is_not_there_is_refused_like_what_belongs_to_others(house: House, host: Caller) -> None:
    there = make_house("There")
    theirs, mine = resource(there), resource(house)
    give(there, there.viewer, "admin", theirs)
    call_them(there, there.owner, "u-1")
    outsider = person("Outsider")
    refused = {"allowed": False, "reason": "no_role"}
    bodies: list[dict[str, Any]] = [
        question(there.viewer, READ, mine),
        question(outsider, READ, mine),
        question(house.owner, READ, theirs),
        question(house.owner, READ, {"type": "product/project", "id": str(theirs.pk)}),
        question(house.owner, READ, {"type": "product/translation", "id": str(mine.pk)}),
        question(house.owner, READ, {"type": "workspace", "id": str(mine.pk)}),
        question(house.owner, READ, {"type": "workspace", "external_id": "nowhere"}),
        question(house.owner, READ, {"type": "organisation", "id": str(there.id)}),
        question(house.owner, READ, {"type": "product/project", "external_id": "nothing"}),
        {"permission": READ, "resource": thing(mine), "subject": {"type": "user", "external_id": "u-1"}},
        {
            "permission": READ,
            "resource": thing(mine),
            "subject": {"type": "service_account", "id": str(house.owner.pk)},
        },
        {"permission": READ, "resource": thing(mine), "subject": {"type": "user", "id": NOBODY}},
    ]
    for body in bodies:
        told = host.told("check", body)
        assert {name: told[name] for name in refused} == refused, body
    assert not host.allowed(there.viewer, READ, theirs)
    assert by_key(there, there.admin, "member:read").allowed(there.viewer, READ, theirs), "the control"


def test_a_member_of_two_organisations_has_in_each_what_it_has_there(house: House, host: Caller) -> None:
    there = make_house("There")
    both = join(there.organisation, "viewer", house.viewer)
    theirs, mine = resource(there), resource(house)
    give(there, both, "viewer")
    over_there = by_key(there, there.admin, "member:read")
    assert (host.allowed(both, READ, mine), over_there.allowed(both, READ, theirs)) == (False, True)
    assert (host.allowed(both, READ, theirs), over_there.allowed(both, READ, mine)) == (False, False)


def test_whoever_is_signed_in_asks_about_itself(house: House) -> None:
    project = resource(house)
    lonely = Role.objects.get(catalogue="product", code="viewer")
    newcomer = join(house.organisation, "viewer")
    give(house, newcomer, lonely.code, project)
    asks = inside(house, newcomer)
    assert asks.told("check", {"permission": READ, "resource": thing(project)})["allowed"]
    assert asks.told("check", {"permission": "resource:read"})["allowed"]
    assert not asks.told("check", {"permission": UPDATE, "resource": thing(project)})["allowed"]


def test_outside_of_organisations_it_is_about_the_installation(world: World, browser_of: Any) -> None:
    manager, stranger = Caller(browser_of(world.manager)), Caller(browser_of(world.stranger))
    assert manager.told("check", {"permission": "user:read"})["allowed"]
    assert not stranger.told("check", {"permission": "user:read"})["allowed"]
    assert manager.allowed(world.admin, "user:admin")
    assert not manager.allowed(world.stranger, "user:admin")
    assert stranger.post("check", question(world.admin, "user:admin")).status_code == 403
    house = make_house("Harbour")
    assert not manager.told("check", question(house.owner, READ, resource(house)))["allowed"], "nothing stands there"


def test_nobody_asks_and_who_may_not_see_people_asks_about_itself_only(house: House, world: World) -> None:
    body = question(house.owner, READ)
    assert Caller(Client()).post("check", body).status_code == 401
    for user in (world.stranger, make_house("There").owner):
        assert inside(house, user).post("check", body).status_code == 404, "no member of it"
    narrow = by_key(house, house.admin, "resource:read")
    before = Event.objects.filter(code="kit.access.denied").count()
    assert narrow.post("check", body).json()["code"] == "kit.forbidden"
    assert Event.objects.filter(code="kit.access.denied").count() == before + 1
    unknown = {"permission": READ, "subject": {"type": "user", "id": NOBODY}}
    assert narrow.post("check", unknown).status_code == 403, "whether somebody is there is not told either"
    assert narrow.told("check", question(house.admin, "resource:read"))["allowed"], "itself, by its id"


def test_a_key_is_told_no_more_of_its_owner_than_its_scopes(house: House) -> None:
    narrow = by_key(house, house.admin, "resource:read")
    for code, reason in (("resource:read", "role"), ("audit:read", "scope"), (READ, "scope")):
        for body in ({"permission": code}, question(house.admin, code)):
            told = narrow.told("check", body)
            assert (told["allowed"], told["reason"]) == (reason == "role", reason), code
    wide = by_key(house, house.admin, "member:read")
    assert wide.allowed(house.admin, "audit:read"), "who may ask about people may ask about the owner of the key"
    assert not wide.allowed(None, "audit:read"), "the key itself still may not"


def test_a_key_of_a_service_account_asks_and_is_asked_about(house: House) -> None:
    owner = house.inside(house.owner)
    editor = Role.objects.get(catalogue="organisation", code="editor")
    with context.acting(owner):
        made = service_account_create(
            actor=owner, organisation=house.organisation, name="Pump", handle="pump", role=editor
        )
    service = made.user
    asks = by_key(house, house.admin, "member:read")
    assert asks.allowed(service, "resource:create")
    body = question(service, "resource:create")
    body["subject"]["type"] = "user"
    assert not asks.told("check", body)["allowed"]


@pytest.mark.parametrize("code", ["product/project:nothing", "nobody:knows", "product/project", "*"])
def test_a_permission_that_does_not_exist_is_an_error_and_no_refusal(house: House, host: Caller, code: str) -> None:
    assert host.told("check", question(house.viewer, code), 422)["code"] == "rbac.code_unknown"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"permission": ""}, "permission"),
        ({"permission": ["a"]}, "permission"),
        ({"permission": "x" * 101}, "permission"),
        ({"subject": {"type": "user"}}, "subject"),
        ({"subject": {"type": "user", "id": NOBODY, "external_id": "u"}}, "subject"),
        ({"subject": {"type": "team", "id": NOBODY}}, "subject.type"),
        ({"subject": {"type": "user", "id": "17"}}, "subject.id"),
        ({"subject": {"id": NOBODY}}, "subject.type"),
        ({"subject": {"type": "user", "id": NOBODY, "is_root": "yes"}}, "subject.is_root"),
        ({"subject": "anna"}, "subject.non_field_errors"),
        ({"subject": {"type": "user", "external_id": "u-1"}, "permission": "audit:read"}, "subject.application"),
        ({"resource": {"type": "product/project"}}, "resource"),
        ({"resource": {"type": "product/nothing", "external_id": "x"}}, "resource.type"),
        ({"resource": {"type": "team", "id": NOBODY}}, "resource.type"),
        ({"resource": {"type": "product/project", "id": ["x"]}}, "resource.id"),
        ({"context": {"address": "here"}}, "context.address"),
        ({"context": {"time": "2026-01-31T08:30:00Z"}}, "context.time"),
        ({"context": {"second_factor_at": "2999-01-31T08:30:00Z"}}, "context.second_factor_at"),
        ({"context": {"attributes": {"a": [1]}}}, "context.attributes"),
        ({"context": {"attributes": {str(n): n for n in range(33)}}}, "context.attributes"),
        ({"now": "2026-01-31T08:30:00Z"}, "now"),
    ],
)
def test_what_cannot_be_understood_is_named(house: House, host: Caller, change: dict[str, Any], field: str) -> None:
    told = host.told("check", question(house.viewer, READ) | change, 422)
    assert any(one["field"].startswith(field.removesuffix(".non_field_errors")) for one in told["errors"]), told


# --- circumstances ---


def _conditional(house: House, conditions: dict[str, Any], **values: Any) -> Resource:
    project = resource(house)
    give(house, house.viewer, "viewer", project, conditions=conditions, **values)
    return project


@pytest.mark.parametrize(
    ("conditions", "met", "unmet"),
    [
        ({"addresses": ["10.0.0.0/8"]}, {"address": "10.1.2.3"}, {"address": "192.0.2.7"}),
        (
            {"attributes": {"context": {"channel": "web"}}},
            {"attributes": {"channel": "web"}},
            {"attributes": {"channel": "app"}},
        ),
        (
            {"attributes": {"context": {"time": "noon"}}},
            {"attributes": {"time": "noon"}},
            {"attributes": {"time": "2026-03-02T10:00:00Z"}},
        ),
    ],
)
def test_conditions_are_judged_by_what_the_product_tells(
    house: House, host: Caller, conditions: dict[str, Any], met: dict[str, Any], unmet: dict[str, Any]
) -> None:
    project = _conditional(house, conditions)
    asked = question(house.viewer, READ, project)
    assert host.told("check", asked | {"context": met})["allowed"]
    for body in (asked, asked | {"context": {}}, asked | {"context": unmet}):
        told = host.told("check", body)
        assert (told["allowed"], told["reason"]) == (False, "condition"), body


def test_a_second_factor_has_to_be_fresh(house: House, host: Caller) -> None:
    asked = question(house.viewer, READ, _conditional(house, {"second_factor": {"within_minutes": 5}}))
    for minutes, allowed in ((1, True), (10, False)):
        moment = (clock.now() - timedelta(minutes=minutes)).isoformat()
        assert host.told("check", asked | {"context": {"second_factor_at": moment}})["allowed"] is allowed


def test_the_address_of_the_product_is_not_that_of_the_person(house: House) -> None:
    project = resource(house)
    give(house, house.editor, "viewer", project, conditions={"addresses": ["127.0.0.0/8"]})
    own = by_key(house, house.editor, "member:read")
    assert own.told("check", question(house.editor, READ, project))["reason"] == "condition"
    assert inside(house, house.editor).told("check", {"permission": READ, "resource": thing(project)})["allowed"]


def test_what_denies_counts_where_the_context_does_not_say(house: House, host: Caller) -> None:
    project = resource(house)
    give(house, house.viewer, "viewer")
    give(house, house.viewer, "viewer", project, effect="deny", conditions={"addresses": ["10.0.0.0/8"]})
    asked = question(house.viewer, READ, project)
    assert host.told("check", asked)["reason"] == "denied"
    assert host.told("check", asked | {"context": {"address": "192.0.2.7"}})["allowed"]


# --- keeping ---


def test_what_may_be_kept_says_for_how_long(house: House, host: Caller) -> None:
    project, conditional = resource(house), _conditional(house, {"time": {"zone": "UTC"}})
    give(house, house.viewer, "viewer", project, expires_at=clock.now() + timedelta(seconds=30))
    give(house, house.editor, "viewer", project)

    def kept(user: User, code: str, what: Resource) -> str:
        return str(host.post("check", question(user, code, what))["Cache-Control"])

    assert kept(house.editor, READ, project) == "private, max-age=60"
    age = int(kept(house.viewer, READ, project).partition("max-age=")[2])
    assert 1 <= age <= 30, "never beyond the end of what gives it"
    assert kept(house.viewer, UPDATE, project) == "no-store"
    assert host.allowed(house.viewer, READ, conditional)
    assert kept(house.viewer, READ, conditional) == "no-store", "time may end it without a word"


def test_what_ends_is_over_at_its_moment(house: House, host: Caller) -> None:
    project = resource(house)
    give(house, house.viewer, "viewer", project, expires_at=clock.now() + timedelta(minutes=5))
    assert host.allowed(house.viewer, READ, project)
    with clock.at(clock.now() + timedelta(minutes=6)):
        assert not host.allowed(house.viewer, READ, project)


def test_an_id_that_comes_again_begins_without_rights(house: House, host: Caller) -> None:
    from rbac.services.resources import resource_delete, resource_put
    from tests.rbac.tree_house import row

    owner = house.inside(house.owner)
    with context.acting(owner):
        first, _new = resource_put(actor=owner, organisation_id=house.id, row=row("prj-1"))
    give(house, house.viewer, "viewer", first)
    asked = question(house.viewer, READ, first)
    assert host.told("check", asked)["allowed"]
    with context.acting(owner):
        resource_delete(actor=owner, resource=first)
    assert not host.told("check", asked)["allowed"]
    with context.acting(owner):
        resource_put(actor=owner, organisation_id=house.id, row=row("prj-1"))
    assert not host.told("check", asked)["allowed"]


# --- what it costs ---


def _queries(caller: Caller, body: dict[str, Any], call: str = "check") -> int:
    with CaptureQueriesContext(connection) as found:
        assert caller.post(call, body).status_code == 200
    return len([one for one in found.captured_queries if "set_config" not in one["sql"]])


def test_a_check_is_one_query_beside_that_of_its_key_cold_or_warm(house: House, host: Caller) -> None:
    project = resource(house)
    give(house, house.viewer, "viewer", project)
    decision.number_of(READ)
    asked = question(house.viewer, READ, project)
    cold, warm = _queries(host, asked), _queries(host, asked)
    assert (cold, warm) == (2, 2)
    assert _queries(host, question(house.editor, READ, project)) == 2
    assert _queries(host, {"permission": "member:read"}) == 2
