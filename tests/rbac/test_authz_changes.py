"""The feed of changes: whatever can alter a decision is told, also while transactions end in another order than they begin."""

import threading
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, connections

from accounts.models import Membership, User
from accounts.services.memberships import membership_remove
from portal.kit import context, tenancy
from portal.kit.errors import NotFound
from portal.kit.services import writing
from rbac import changes
from rbac.changes import Position, position
from rbac.errors import ChangesForgotten
from rbac.models import Resource, Stamp
from rbac.services.external_people import external_person_delete, external_person_put
from rbac.services.teams import team_member_add
from tests.accounts.organisation_world import House, make_house
from tests.factories import World, person
from tests.rbac.authz_world import READ, Caller, by_key, call_them, give, inside, take
from tests.rbac.tree_house import resource, team
from tests.waiting import wait_for


@pytest.fixture
def house(world: World) -> House:
    return make_house("Harbour")


@pytest.fixture
def host(house: House) -> Caller:
    """A host product."""
    return by_key(house, house.admin, "member:read")


class Feed:
    """A reader of the feed that keeps its place."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.cursor: str = caller.changes().json()["next_cursor"]

    def read(self, **query: Any) -> list[tuple[str, str]]:
        """What is new: the part, and the subject's id."""
        found = []
        more = True
        while more:
            told = self.caller.changes(self.cursor, **query).json()
            self.cursor, more = told["next_cursor"], told["more"]
            found += [(one["part"], one["subject"]["id"] if one["subject"] else "") for one in told["items"]]
        return found


def test_nothing_is_told_before_something_changes(house: House, host: Caller) -> None:
    first = host.changes().json()
    assert (first["items"], first["more"]) == ([], False)
    assert host.changes(first["next_cursor"]).status_code == 200


def test_every_kind_of_change_is_told(house: House, host: Caller) -> None:
    project, members, user = resource(house), team(house), house.viewer
    feed = Feed(host)
    mine = ("subject", str(user.pk))
    whole = ("organisation", "")

    held = give(house, user, "viewer", project)
    assert mine in feed.read()
    take(house, held)
    assert mine in feed.read()
    owner = house.inside(house.owner)
    with context.acting(owner):
        team_member_add(actor=owner, team=members, person_id=user.pk)
    assert mine in feed.read()
    with context.system("a test"), writing(), tenancy.within(house.id):
        Resource.objects.filter(pk=project.pk).update(is_public=True)
    assert whole in feed.read()
    named = call_them(house, user, "u-1")
    assert whole in feed.read()
    with context.acting(owner):
        external_person_delete(actor=owner, row=named)
    assert whole in feed.read()
    with context.system("a test"), writing():
        User.objects.filter(pk=user.pk).update(is_active=False)
    assert mine in feed.read()
    with context.system("a test"), writing():
        Stamp.objects.filter(key=UUID(int=0)).update(epoch=1_000)
    assert ("installation", "") in feed.read()


def test_who_leaves_is_told_of_though_it_is_no_member_any_more(house: House, host: Caller) -> None:
    feed = Feed(host)
    owner = house.inside(house.owner)
    with context.acting(owner):
        membership_remove(actor=owner, membership=house.membership(house.viewer))
    assert not Membership.objects.filter(user=house.viewer).exists()
    assert ("organisation", "") in feed.read()


def test_what_is_told_leads_to_what_was_kept(house: House, host: Caller) -> None:
    call_them(house, house.viewer, "u-17")
    feed = Feed(host)
    give(house, house.viewer, "viewer")
    told = host.changes(feed.cursor).json()["items"]
    (mine,) = [one for one in told if one["subject"] and one["subject"]["id"] == str(house.viewer.pk)]
    assert mine["external_ids"] == {"product": "u-17"}
    assert mine["subject"] == {"type": "user", "id": str(house.viewer.pk)}
    version = host.told("check", {"permission": READ, "subject": mine["subject"]})["version"]
    assert version.split(".")[2] == str(mine["version"])


def test_pages_hold_everything(house: House, host: Caller) -> None:
    feed = Feed(host)
    for user in (house.owner, house.admin, house.editor, house.viewer):
        give(house, user, "viewer")
    told = {key for part, key in feed.read(limit=1) if part == "subject"}
    assert told == {str(user.pk) for user in (house.owner, house.admin, house.editor, house.viewer)}


def test_nothing_of_other_organisations_is_told(house: House, host: Caller) -> None:
    there = make_house("There")
    feed, theirs = Feed(host), Feed(by_key(there, there.admin, "member:read"))
    give(there, there.viewer, "viewer")
    with context.system("a test"), writing():
        User.objects.filter(pk=person("Nobody").pk).update(is_active=False)
    assert not {key for part, key in feed.read() if part == "subject"} & {str(there.viewer.pk)}
    assert ("subject", str(there.viewer.pk)) in theirs.read()


def test_the_feed_is_for_whom_sees_people(house: House, world: World, browser_of: Any) -> None:
    assert by_key(house, house.admin, "resource:read").changes().status_code == 403
    assert inside(house, house.viewer).changes().status_code == 200
    assert Caller(browser_of(world.stranger)).changes().status_code == 403
    staff = Feed(Caller(browser_of(world.manager)))
    give(house, house.viewer, "viewer")
    assert ("subject", str(house.viewer.pk)) in staff.read()


@pytest.mark.parametrize("cursor", ["x", "AAAA", "A" * 50, "!" * 50, "AQAAQAAAAAAAAAABAAAAAAAAAAEB"])
def test_a_cursor_that_we_did_not_make_is_refused(host: Caller, cursor: str) -> None:
    assert host.changes(cursor).status_code == 400


def test_a_cursor_of_a_database_that_was_replaced_says_to_begin_anew(house: House, host: Caller) -> None:
    here = position(host.changes().json()["next_cursor"])
    assert here is not None
    for stale in (
        Position(here.database + 1, here.floor, here.transaction, here.key),
        Position(here.database, here.floor + 10**9, here.transaction, here.key),
    ):
        reply = host.changes(str(stale))
        assert (reply.status_code, reply.json()["code"]) == (410, ChangesForgotten.code)


# --- with real transactions ---


@pytest.fixture
def own_house(own_database: dict[str, str]) -> House:
    return make_house("Harbour")


def _raise(user: User, began: threading.Event, go_on: threading.Event) -> threading.Thread:
    """Raise somebody's stamp in another thread: it begins, and commits when it is told to."""

    def work() -> None:
        try:
            with context.system("a test"), writing(), connection.cursor() as cursor:
                cursor.execute("UPDATE rbac_stamp SET epoch = epoch + 1 WHERE key = %s", [user.pk])
                began.set()
                assert go_on.wait(30)
        finally:
            connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    assert began.wait(30)
    return thread


def test_a_transaction_that_began_earlier_and_ends_later_is_not_skipped(own_house: House) -> None:
    """What was told already may be told again, for as long as a transaction from before it is open: perhaps one of
    another database. So it is versions that are compared."""
    actor = own_house.inside(own_house.admin)
    viewer, editor = own_house.viewer.pk, own_house.editor.pk

    def read(at: Position | None) -> tuple[dict[UUID, int], Position]:
        with context.acting(actor), tenancy.behind_the_wall():
            found = changes.changes(actor, at, 100)
        return {one.subject_id: one.version for one in found.items if one.subject_id}, found.following

    _none, at = read(None)
    began, go_on = threading.Event(), threading.Event()
    with context.system("a test"), writing():
        before = {user: Stamp.objects.get_or_create(key=user)[0].epoch for user in (viewer, editor)}
    slow = _raise(own_house.viewer, began, go_on)
    try:
        quick = threading.Event()
        quick.set()
        _raise(own_house.editor, threading.Event(), quick).join()
        told, at = read(at)
        assert told[editor] == before[editor] + 1
        seen, at = read(at)
        assert seen.get(viewer, before[viewer]) == before[viewer], "it has not happened yet"
    finally:
        go_on.set()
        slow.join()
    late, at = read(at)
    assert late[viewer] == before[viewer] + 1, "it began before what was told already"

    def quiet() -> bool:
        nonlocal at
        again, at = read(at)
        return again == {}

    wait_for(quiet, what="a feed without news")


def test_in_a_crowd_of_writers_every_last_state_is_told(own_house: House) -> None:
    users = [own_house.owner, own_house.admin, own_house.editor, own_house.viewer]
    actor = own_house.inside(own_house.admin)
    with context.system("a test"), writing():
        for user in users:
            Stamp.objects.get_or_create(key=user.pk)
    told: dict[UUID, int] = {}

    def read(at: Position | None, limit: int) -> tuple[Position, bool]:
        with context.acting(actor), tenancy.behind_the_wall():
            found = changes.changes(actor, at, limit)
        told.update({one.subject_id: one.version for one in found.items if one.subject_id})
        return found.following, found.more

    def write(user: User) -> None:
        try:
            for _ in range(40):
                with context.system("a test"), writing(), connection.cursor() as cursor:
                    cursor.execute("UPDATE rbac_stamp SET epoch = epoch + 1 WHERE key = %s", [user.pk])
        finally:
            connections.close_all()

    at, _more = read(None, 2)
    writers = [threading.Thread(target=write, args=(user,)) for user in users]
    for one in writers:
        one.start()
    while any(one.is_alive() for one in writers):
        at, _more = read(at, 2)
    for one in writers:
        one.join()
    more = True
    while more:
        at, more = read(at, 2)
    assert told == dict(Stamp.objects.filter(key__in=[user.pk for user in users]).values_list("key", "epoch"))


# --- what products call people ---


def test_a_product_names_people_again_and_forgets_them(house: House) -> None:
    asks = inside(house, house.owner)
    path = "/api/v1/people/product/u-17"

    def put(user_id: Any, where: str = path) -> Any:
        return asks.client.put(where, f'{{"user_id": "{user_id}"}}', content_type="application/json")

    first = put(house.viewer.pk)
    assert (first.status_code, first.json()["user_id"]) == (201, str(house.viewer.pk))
    assert put(house.viewer.pk).status_code == 200
    assert asks.client.get(path).json() == first.json()
    assert put(house.editor.pk).status_code == 200
    assert put(house.editor.pk, "/api/v1/people/product/u-18").json()["code"] == "rbac.person_known_otherwise"
    assert put(person("Outsider").pk, "/api/v1/people/product/u-19").json()["code"] == "rbac.not_a_member"
    assert put(house.admin.pk, "/api/v1/people/product/u%2018").status_code == 422
    assert put(house.admin.pk, "/api/v1/people/nothing/u-18").status_code == 404
    assert [one["external_id"] for one in asks.client.get("/api/v1/people/product").json()["items"]] == ["u-17"]
    assert asks.client.delete(path).status_code == 204
    assert asks.client.get(path).status_code == 404
    assert asks.client.delete(path).status_code == 404


def test_only_who_may_give_everything_says_who_somebody_is(house: House) -> None:
    """Whoever goes by the id of an owner is one in the product."""
    there = make_house("There")
    for user, status in ((house.admin, 403), (house.viewer, 403), (house.owner, 201)):
        reply = inside(house, user).client.put(
            "/api/v1/people/product/me", f'{{"user_id": "{house.owner.pk}"}}', content_type="application/json"
        )
        assert reply.status_code == status, user
    assert inside(house, house.admin).client.delete("/api/v1/people/product/me").status_code == 403
    assert inside(house, house.viewer).client.get("/api/v1/people/product/me").status_code == 200
    assert inside(there, there.owner).client.get("/api/v1/people/product/me").status_code == 404
    assert inside(there, there.owner).client.delete("/api/v1/people/product/me").status_code == 404
    actor = there.inside(there.owner)
    with context.acting(actor), pytest.raises(NotFound):
        external_person_put(
            actor=actor,
            organisation_id=house.id,
            application=resource(house).type.application,
            external_id="me",
            person_id=there.owner.pk,
        )
