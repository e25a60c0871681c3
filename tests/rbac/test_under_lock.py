"""A right that is lost between the check and the commit: whoever waits for the lock meanwhile is refused.

Each act waits for what somebody else changes; when that one took the actor's right away, nothing of the act stays. The
control is the same wait without the loss.
"""

import os
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.db import connection, connections

from accounts.models import User
from accounts.services import invitations, memberships, organisations, roles, service_accounts
from portal.kit import clock, context, errors, tenancy
from portal.kit.context import Actor
from portal.kit.services import writing
from rbac import services as rbac
from rbac.holders import Holder
from rbac.models import INSTALLATION, Binding
from rbac.services import RoleDraft, keepers, teams
from tests.accounts.organisation_world import House, make_house, traces
from tests.factories import World, actor_of, person
from tests.rbac.roles_world import bind, make_resource, make_role, make_team, ready, scope_of
from tests.waiting import wait_for


@dataclass(frozen=True)
class Act:
    """What somebody is about to do: who, on which scope its right stands, and the call."""

    who: User
    scope_id: UUID
    call: Callable[[Actor], object]
    inside: bool = True


def _acts(house: House, name: str) -> Act:
    admin, owner, viewer = house.admin, house.owner, house.viewer
    scope, holder = scope_of(house), Holder(person_id=house.viewer.pk)
    role = make_role(house, "member:read")
    team, project, newcomer = make_team(house, house.editor), make_resource(house), person("Newcomer")
    given = bind(house, viewer, role)
    with context.acting(house.inside(owner)) as current:
        granted = rbac.grant_give(actor=current.actor, holder=holder, code="resource:read", target=project)
    day = clock.now() + timedelta(days=1)
    another = make_role(house, "member:read")
    draft = RoleDraft(label="Watch", rights={"member:read": "allow"})
    known = {
        "give": (admin, lambda actor: rbac.access_give(actor=actor, holder=holder, role=another, scope=scope)),
        "limit": (admin, lambda actor: rbac.access_limit(actor=actor, binding=given, expires_at=day)),
        "take": (admin, lambda actor: rbac.access_take(actor=actor, binding=given)),
        "grant": (
            admin,
            lambda actor: rbac.grant_give(actor=actor, holder=holder, code="resource:update", target=project),
        ),
        "grant limit": (admin, lambda actor: rbac.grant_limit(actor=actor, grant=granted, expires_at=day)),
        "grant take": (admin, lambda actor: rbac.grant_take(actor=actor, grant=granted)),
        "role": (admin, lambda actor: rbac.role_create(actor=actor, organisation_id=house.id, draft=draft)),
        "role edit": (admin, lambda actor: rbac.role_update(actor=actor, role=another, draft=draft)),
        "role delete": (admin, lambda actor: rbac.role_delete(actor=actor, role=another)),
        "team": (
            admin,
            lambda actor: teams.team_create(actor=actor, organisation_id=house.id, name="Watch", slug="watch"),
        ),
        "team rename": (admin, lambda actor: teams.team_update(actor=actor, team=team, values={"name": "Other"})),
        "team member": (admin, lambda actor: teams.team_member_add(actor=actor, team=team, person_id=viewer.pk)),
        "team leaves": (
            admin,
            lambda actor: teams.team_member_remove(actor=actor, team=team, person_id=house.editor.pk),
        ),
        "team delete": (admin, lambda actor: teams.team_delete(actor=actor, team=team)),
        "member": (
            admin,
            lambda actor: memberships.membership_add(
                actor=actor, organisation=house.organisation, user=newcomer, role=ready("viewer")
            ),
        ),
        "member role": (
            admin,
            lambda actor: memberships.membership_role_set(
                actor=actor, membership=house.membership(viewer), role=ready("editor")
            ),
        ),
        "member suspend": (
            admin,
            lambda actor: memberships.membership_suspend(actor=actor, membership=house.membership(viewer)),
        ),
        "member remove": (
            admin,
            lambda actor: memberships.membership_remove(actor=actor, membership=house.membership(viewer)),
        ),
        "invite": (
            admin,
            lambda actor: invitations.invitations_create(
                actor=actor, organisation=house.organisation, addresses=["new@example.org"], role=ready("viewer")
            ),
        ),
        "service account": (
            admin,
            lambda actor: service_accounts.service_account_create(
                actor=actor, organisation=house.organisation, name="Robot", handle="robot", role=ready("viewer")
            ),
        ),
        "transfer": (
            owner,
            lambda actor: organisations.ownership_transfer(
                actor=actor, organisation=house.organisation, to=house.membership(house.admin)
            ),
        ),
        "close": (owner, lambda actor: organisations.organisation_close(actor=actor, organisation=house.organisation)),
    }
    who, call = known[name]
    return Act(who, house.id, call)


NAMES = (
    *("give", "limit", "take", "grant", "grant limit", "grant take", "role", "role edit", "role delete"),
    *("team", "team rename", "team member", "team leaves", "team delete", "member", "member role", "member suspend"),
    *("member remove", "invite", "service account", "transfer", "close"),
)


@contextmanager
def _waiting_for(act: Act, actor: Actor) -> Any:
    """Hold the lock for the block, with `act` waiting for it at its end; yields what it raised, once it is over."""
    raised: list[Exception | None] = []

    def run() -> None:
        try:
            with context.acting(actor) as current:
                act.call(current.actor)
            raised.append(None)
        except Exception as error:  # noqa: BLE001 - each test says which it expects
            raised.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    with context.system("a test"), writing(), tenancy.within(act.scope_id) if act.inside else writing():
        keepers.scope_lock(scope_id=act.scope_id)
        thread.start()
        wait_for(lambda: bool(raised) or _somebody_waits(), what="the act at the lock")
        assert raised == [], "it has to wait"
        yield raised
    thread.join(timeout=60)
    assert not thread.is_alive()


def _somebody_waits() -> bool:
    with psycopg.connect(os.environ["STEWARD_TEST_ADMIN_URL"], dbname="postgres", autocommit=True) as server:
        row = server.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND wait_event_type = 'Lock'",
            [connection.settings_dict["NAME"]],
        ).fetchone()
    return row is not None and row[0] > 0


@pytest.mark.parametrize("name", NAMES)
def test_who_loses_the_right_while_it_waits_is_refused_and_leaves_nothing(
    own_database: dict[str, str], name: str
) -> None:
    house = make_house()
    act = _acts(house, name)
    with _waiting_for(act, house.inside(act.who)) as raised:
        Binding.objects.filter(user=act.who, scope_id=act.scope_id).delete()
        before = traces()
    assert isinstance(raised[0], errors.Forbidden), raised
    assert traces() == before


@pytest.mark.parametrize("name", NAMES)
def test_who_keeps_the_right_goes_on_after_the_wait(own_database: dict[str, str], name: str) -> None:
    house = make_house()
    act = _acts(house, name)
    before = traces()
    with _waiting_for(act, house.inside(act.who)) as raised:
        pass
    assert raised == [None]
    assert traces() != before


@pytest.mark.parametrize("lost", [True, False])
@pytest.mark.parametrize("giving", [True, False])
def test_roles_of_the_installation_are_given_and_taken_by_who_may_at_that_moment(
    own_database: dict[str, str], world: World, lost: bool, giving: bool
) -> None:
    role = ready("user", "platform")
    person_asked = world.stranger if giving else world.clerk
    change = roles.role_give if giving else roles.role_take
    act = Act(world.root, INSTALLATION, lambda actor: change(actor=actor, user=person_asked, role=role), inside=False)
    held = Binding.objects.filter(user=person_asked, role=role)
    with _waiting_for(act, actor_of(world.root)) as raised:
        if lost:
            Binding.objects.filter(user=world.root, scope_id=INSTALLATION).delete()
    if lost:
        assert isinstance(raised[0], errors.Forbidden)
    else:
        assert raised == [None]
    assert held.exists() is (giving is not lost)
