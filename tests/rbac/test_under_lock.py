"""A right that is lost between the check and the commit: whoever waits for the lock meanwhile is refused.

Each act waits for what somebody else changes; when that one took the actor's right away, nothing of the act stays. The
control is the same wait without the loss.
"""

import os
import threading
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from django.db import connection, connections

from accounts.services import roles
from portal.kit import context, errors, tenancy
from portal.kit.context import Actor
from portal.kit.services import writing
from rbac.models import INSTALLATION, Binding
from rbac.services import keepers
from tests.accounts.organisation_world import make_house, traces
from tests.factories import World, actor_of
from tests.rbac.lock_acts import NAMES, Act, act_of
from tests.rbac.roles_world import ready
from tests.waiting import wait_for


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
def test_who_loses_the_right_while_it_waits_is_refused_and_leaves_nothing_and_who_keeps_it_goes_on(
    own_database: dict[str, str], name: str
) -> None:
    house = make_house()
    act = act_of(house, name)
    actor = house.inside(act.who) if act.inside else actor_of(act.who)
    held = Binding.objects.filter(user=act.who, scope_id=act.scope_id)
    rights = list(held)
    with _waiting_for(act, actor) as raised:
        held.delete()
        before = traces()
    assert isinstance(raised[0], errors.Forbidden), raised
    assert traces() == before
    with context.system("a test"), writing(), tenancy.within(act.scope_id) if act.inside else writing():
        Binding.objects.bulk_create(rights)
    before = traces()
    with _waiting_for(act, actor) as raised:
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
