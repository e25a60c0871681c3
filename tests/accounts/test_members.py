"""Members: roles, suspension, leaving; ranks, the last owner, the wall, and races."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from accounts.errors import AlreadyMember, Deactivated, MemberInactive, Outranked
from accounts.models import Invitation, Membership, Organisation, User
from accounts.services import bulk, memberships, users
from accounts.services.invitations import invitations_create
from accounts.services.memberships import roles_by_code
from accounts.services.organisations import organisation_close
from portal.kit import context, errors, tenancy
from portal.kit.context import Actor, Context
from portal.kit.decision import can
from portal.kit.models import OutboundMessage
from portal.kit.services import walled_tables, writing
from rbac import services as rbac
from rbac.errors import CannotDelegate, LastOwner, RoleElsewhere
from rbac.models import Binding, Role
from tests.accounts.organisation_world import House, codes_of, join, make_house, role_of, traces
from tests.factories import World, actor_of, person

ALL = ("owner", "admin", "editor", "viewer")


@pytest.mark.django_db
def test_a_member_gets_another_role_in_place_of_the_old_one_and_the_next_check_knows() -> None:
    house = make_house()
    seen = house.inside(house.viewer)
    assert not can(seen, "member:create")
    with context.acting(house.inside(house.owner)) as current:
        membership = house.membership(house.viewer)
        assert memberships.membership_role_set(
            actor=current.actor, membership=membership, role=roles_by_code()["admin"], reason="promoted"
        )
        assert not memberships.membership_role_set(
            actor=current.actor, membership=membership, role=roles_by_code()["admin"]
        )

    assert can(seen, "member:create")
    assert role_of(house.viewer, house.organisation) == ["admin"]
    assert codes_of(house.viewer.pk)[-2:] == ["rbac.binding.granted", "rbac.binding.revoked"]
    mail = OutboundMessage.objects.get(person_id=house.viewer.pk)
    assert "Admin" in mail.text


@pytest.mark.django_db
@pytest.mark.parametrize("who", ["editor", "viewer"])
def test_lower_roles_do_nothing_to_members(who: str) -> None:
    house = make_house()
    inside = house.inside(getattr(house, who))
    target = house.membership(house.viewer if who == "editor" else house.editor)
    before = traces()
    acts: list[Callable[[], object]] = [
        lambda: memberships.membership_role_set(actor=inside, membership=target, role=roles_by_code()["viewer"]),
        lambda: memberships.membership_suspend(actor=inside, membership=target),
        lambda: memberships.membership_resume(actor=inside, membership=target),
        lambda: memberships.membership_remove(actor=inside, membership=target),
        lambda: memberships.membership_add(
            actor=inside, organisation=house.organisation, user=person(), role=roles_by_code()["viewer"]
        ),
    ]
    for act in acts:
        with pytest.raises(errors.Forbidden), context.acting(inside):
            act()
    assert traces() == before


@pytest.mark.django_db
def test_an_administrator_does_not_reach_above_the_own_rank() -> None:
    house = make_house()
    inside = house.inside(house.admin)
    owner = house.membership(house.owner)
    before = traces()
    for act in (memberships.membership_suspend, memberships.membership_remove):
        with pytest.raises(Outranked), context.acting(inside):
            act(actor=inside, membership=owner)
    with pytest.raises(Outranked), context.acting(inside):
        memberships.membership_role_set(actor=inside, membership=owner, role=roles_by_code()["viewer"])
    with pytest.raises(CannotDelegate), context.acting(inside):
        memberships.membership_role_set(
            actor=inside, membership=house.membership(house.viewer), role=roles_by_code()["owner"]
        )
    assert traces() == before


@pytest.mark.django_db
def test_roles_of_the_installation_and_of_organisations_do_not_mix(world: World) -> None:
    house = make_house()
    platform = Role.objects.get(catalogue="platform", code="super_admin")
    before = traces()
    with pytest.raises(RoleElsewhere), context.acting(house.inside(house.owner)) as current:
        memberships.membership_role_set(actor=current.actor, membership=house.membership(house.viewer), role=platform)
    with pytest.raises(RoleElsewhere), context.acting(actor_of(world.root)) as current:
        rbac.binding_grant(actor=current.actor, person_id=world.stranger.pk, role=roles_by_code()["owner"])
    assert traces() == before


@pytest.mark.django_db
def test_a_suspended_member_holds_nothing_until_resumed_and_keeps_the_role() -> None:
    house = make_house()
    seen = house.inside(house.editor)
    with context.acting(house.inside(house.admin)) as current:
        memberships.membership_suspend(actor=current.actor, membership=house.membership(house.editor), reason="away")
        assert not can(seen, "organisation:read")
        with pytest.raises(MemberInactive):
            memberships.membership_role_set(
                actor=current.actor, membership=house.membership(house.editor), role=roles_by_code()["viewer"]
            )
        memberships.membership_resume(actor=current.actor, membership=house.membership(house.editor))

    assert can(seen, "organisation:read")
    assert role_of(house.editor, house.organisation) == ["editor"]
    assert codes_of(house.membership(house.editor).pk) == [
        "accounts.membership.added",
        "accounts.membership.suspended",
        "accounts.membership.resumed",
    ]


@pytest.mark.django_db
def test_who_is_removed_loses_every_role_and_hears_of_it() -> None:
    house = make_house()
    key = house.membership(house.editor).pk
    with context.acting(house.inside(house.admin)) as current:
        memberships.membership_remove(actor=current.actor, membership=house.membership(house.editor))

    assert role_of(house.editor, house.organisation) == []
    assert not Membership.objects.filter(pk=key).exists()
    assert codes_of(key)[-1] == "accounts.membership.removed"
    assert OutboundMessage.objects.get(person_id=house.editor.pk).category == "organisation"


@pytest.mark.django_db
def test_leaving_is_everybodys_own_and_nobody_removes_or_suspends_themselves() -> None:
    house = make_house()
    key = house.membership(house.viewer).pk
    for act in (memberships.membership_suspend, memberships.membership_remove):
        with pytest.raises(errors.Forbidden), context.acting(house.inside(house.admin)) as current:
            act(actor=current.actor, membership=house.membership(house.admin))
    with context.acting(actor_of(house.viewer)) as current:
        memberships.membership_leave(actor=current.actor, organisation_id=house.id)
        with pytest.raises(errors.NotFound):
            memberships.membership_leave(actor=current.actor, organisation_id=house.id)
    assert codes_of(key)[-1] == "accounts.membership.left"
    assert role_of(house.viewer, house.organisation) == []


@pytest.mark.django_db
def test_the_last_owner_stays_in_every_way(world: World) -> None:
    house = make_house()
    staff = actor_of(world.admin)
    before = traces()
    acts: list[Callable[[], object]] = [
        lambda: memberships.membership_leave(actor=actor_of(house.owner), organisation_id=house.id),
        lambda: memberships.membership_remove(actor=staff, membership=house.membership(house.owner)),
        lambda: memberships.membership_suspend(actor=staff, membership=house.membership(house.owner)),
        lambda: rbac.binding_revoke(
            actor=staff, person_id=house.owner.pk, role=roles_by_code()["owner"], scope_id=house.id
        ),
        lambda: rbac.owners_guard_everywhere(people=[house.owner.pk]),
    ]
    for act in acts:
        with pytest.raises(LastOwner), context.acting(staff), transaction.atomic():
            act()
    with (
        pytest.raises(LastOwner),
        context.acting(house.inside(house.owner)) as current,
        transaction.atomic(),
    ):
        memberships.membership_role_set(
            actor=current.actor, membership=house.membership(house.owner), role=roles_by_code()["viewer"]
        )
    assert traces() == before


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["one", "many"])
def test_the_owner_of_a_closed_organisation_may_be_shut_out_but_not_of_an_open_one(world: World, way: str) -> None:
    def shut_out(owner: User) -> None:
        with context.acting(actor_of(world.root)) as current:
            if way == "one":
                users.user_deactivate(actor=current.actor, user=owner)
            else:
                outcome = bulk.users_deactivate_bulk(actor=current.actor, ids=[owner.pk])
                if outcome.skipped:
                    raise LastOwner

    house = make_house()
    with pytest.raises(LastOwner):
        shut_out(house.owner)
    house.owner.refresh_from_db()
    assert house.owner.is_active
    with context.acting(actor_of(world.root)) as current:
        organisation_close(actor=current.actor, organisation=house.organisation, reason="done")
    shut_out(house.owner)
    house.owner.refresh_from_db()
    assert not house.owner.is_active


@pytest.mark.django_db
def test_with_a_second_owner_the_first_may_go_but_not_with_one_who_is_inactive(world: World) -> None:
    house = make_house()
    second = join(house.organisation, "owner")
    with context.system("a test"), writing():
        User.objects.filter(pk=second.pk).update(is_active=False)
    with pytest.raises(LastOwner), context.acting(actor_of(house.owner)) as current:
        memberships.membership_leave(actor=current.actor, organisation_id=house.id)
    with context.system("a test"), writing():
        User.objects.filter(pk=second.pk).update(is_active=True)
    with context.acting(actor_of(house.owner)) as current:
        memberships.membership_leave(actor=current.actor, organisation_id=house.id)
    assert role_of(second, house.organisation) == ["owner"]


@pytest.mark.django_db
def test_nobody_becomes_a_member_twice_or_while_inactive(world: World) -> None:
    house = make_house()
    asleep = person(is_active=False)
    before = traces()
    with context.acting(actor_of(world.admin)) as current:
        with pytest.raises(AlreadyMember):
            memberships.membership_add(
                actor=current.actor, organisation=house.organisation, user=house.viewer, role=roles_by_code()["viewer"]
            )
        with pytest.raises(Deactivated):
            memberships.membership_add(
                actor=current.actor, organisation=house.organisation, user=asleep, role=roles_by_code()["viewer"]
            )
    assert traces() == before


# The wall


def _inside(house: House) -> Context:
    return Context(actor=Actor("person", house.owner.pk, "owner", house.id), source="request")


def _ask(sql: str, *values: UUID) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall()) if cursor.description else []


FILLED = {"accounts_membership", "accounts_invitation"}


def test_raw_sql_reaches_no_membership_or_invitation_of_another_organisation(own_database: dict[str, str]) -> None:
    here, there = make_house("Acme"), make_house("Other")
    for house in (here, there):
        with context.system("a test") as current:
            invitations_create(
                actor=current.actor,
                organisation=house.organisation,
                addresses=["a@example.com"],
                role=roles_by_code()["viewer"],
            )
    foreign = there.membership(there.viewer).pk

    with context.use(_inside(here)), writing():
        walled = {table for table in walled_tables() if table.startswith("accounts_")}
        assert walled >= FILLED
        for table in sorted(walled):
            seen = _ask(f"SELECT DISTINCT organisation_id FROM {table}")
            # Of tables that this story leaves empty nothing is seen at all.
            assert seen == [(here.id,)] or (seen == [] and table not in FILLED), table
            for change in (f"UPDATE {table} SET organisation_id = organisation_id", f"DELETE FROM {table}"):
                assert _ask(f"{change} WHERE organisation_id = %s RETURNING id", there.id) == [], change
        assert _ask("UPDATE accounts_membership SET state = 'suspended' WHERE id = %s RETURNING id", foreign) == []

    for sql in (
        "INSERT INTO accounts_membership (id, organisation_id, user_id, state, joined_at) "
        "VALUES (gen_random_uuid(), %s, %s, 'active', now())",
        "UPDATE accounts_membership SET organisation_id = %s WHERE user_id = %s",
    ):
        with context.use(_inside(here)), pytest.raises(ProgrammingError, match="row-level security"), writing():
            _ask(sql, there.id, here.owner.pk)
    assert Membership.objects.filter(organisation=there.organisation).count() == len(ALL)
    assert Invitation.objects.count() == 2


def test_with_no_organisation_nothing_is_seen_but_the_own_memberships(own_database: dict[str, str]) -> None:
    here, there = make_house("Acme"), make_house("Other")
    nowhere = Context(actor=Actor("person", here.owner.pk, "owner"), source="request")
    with context.use(nowhere), tenancy.behind_the_wall():
        assert _ask("SELECT count(*) FROM accounts_membership") == [(0,)]
        mine = _ask("SELECT organisation_id FROM accounts_memberships_of(%s)", here.owner.pk)
    assert mine == [(here.id,)]
    assert there.id != here.id


@pytest.mark.django_db
def test_the_functions_before_the_wall_are_the_owners_and_fixed() -> None:
    rows = _ask(
        "SELECT proname, prosecdef, proconfig, proacl::text FROM pg_proc WHERE proname IN "
        "('accounts_memberships_of', 'accounts_invitation_by', 'accounts_invitations_of')"
    )
    assert len(rows) == 3
    for name, definer, settings, rights in rows:
        assert definer, name
        assert settings == ["search_path=pg_catalog, public, pg_temp"], name
        assert "=X/" not in str(rights).replace("steward_app=X/", "").replace("steward_platform=X/", "").replace(
            "steward_owner=X/", ""
        ), name


# Races


def _both(acts: list[Callable[[], object]]) -> list[BaseException | None]:
    """Run the acts at once, each in a connection of its own; what each raised."""
    start = Barrier(len(acts))

    def run(act: Callable[[], object]) -> BaseException | None:
        try:
            start.wait(20)
            act()
        except Exception as error:  # noqa: BLE001 - the outcome is what is looked at
            return error
        finally:
            connection.close()
        return None

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def _leaves(user: User, organisation: Organisation) -> Callable[[], object]:
    def act() -> None:
        with context.use(Context(actor=actor_of(user), source="request")):
            memberships.membership_leave(actor=actor_of(user), organisation_id=organisation.pk)

    return act


def test_two_last_owners_who_leave_at_once_leave_one(own_database: dict[str, str]) -> None:
    house = make_house()
    second = join(house.organisation, "owner")
    outcomes = _both([_leaves(house.owner, house.organisation), _leaves(second, house.organisation)])

    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["LastOwner", "NoneType"]
    assert Binding.objects.filter(scope_id=house.id, role__code="owner").count() == 1


def test_two_owners_who_demote_each_other_at_once_leave_one(own_database: dict[str, str]) -> None:
    house = make_house()
    second = join(house.organisation, "owner")

    def demotes(who: User, whom: User) -> Callable[[], object]:
        membership = house.membership(whom)

        def act() -> None:
            inside = house.inside(who)
            with context.use(Context(actor=inside, source="request")):
                memberships.membership_role_set(actor=inside, membership=membership, role=roles_by_code()["viewer"])

        return act

    outcomes = _both([demotes(house.owner, second), demotes(second, house.owner)])

    assert [outcome for outcome in outcomes if outcome is None] == [None]
    assert Binding.objects.filter(scope_id=house.id, role__code="owner").count() == 1


def test_a_person_added_twice_at_once_is_a_member_once(own_database: dict[str, str]) -> None:
    house = make_house()
    newcomer = person()

    def adds() -> None:
        with context.system("a test") as current:
            memberships.membership_add(
                actor=current.actor, organisation=house.organisation, user=newcomer, role=roles_by_code()["viewer"]
            )

    outcomes = _both([adds, adds])
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["AlreadyMember", "NoneType"]
    assert role_of(newcomer, house.organisation) == ["viewer"]
