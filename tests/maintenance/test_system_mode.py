"""While the portal is closed, workers leave the queue alone, but for who gets through."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest

from accounts.models import User
from maintenance import cleaning, runner
from maintenance.services import runs
from portal.kit import clock, context
from portal.kit.context import Actor
from portal.kit.mode import services
from portal.kit.models import MaintenanceWindow
from rbac import services as rbac
from rbac.models import Role
from tests.factories import World, actor_of, person
from tests.maintenance.conftest import dispatch, fresh
from tests.waiting import wait_for

ARGS = {"cleanup": "accounts.expired_sessions"}


def begin(who: User, **values: Any) -> MaintenanceWindow:
    """Maintenance entered by a person."""
    actor = actor_of(who)
    with context.acting(actor):
        return services.window_create(actor=actor, **({"kind": "closed", "reason": "New disks"} | values))


def queued(actor: Actor, **more: Any) -> UUID:
    """A clean-up asked for by `actor`."""
    with context.acting(actor):
        return runs.run_enqueue(cleaning.JOB, actor=actor, args=ARGS, **more)


def by_schedule() -> UUID:
    """A clean-up of the night."""
    with context.system("beat") as current:
        return queued(current.actor, schedule="accounts.expired_sessions", slot=clock.now())


def states(*found: UUID) -> list[str]:
    """How far the runs are."""
    return [fresh(run_id).state for run_id in found]


@pytest.mark.kill
def test_a_worker_does_what_an_administrator_asked_for_and_the_rest_when_it_is_over(
    own_database: dict[str, str], world: World, start_worker: Callable[..., Any]
) -> None:
    window = begin(world.root)
    night, admins = by_schedule(), queued(actor_of(world.admin))
    start_worker()
    wait_for(lambda: fresh(admins).state == "succeeded", what="the administrator's run", tick=dispatch)
    assert fresh(night).state == "queued"
    assert fresh(night).attempts == 0
    with context.acting(actor_of(world.root)) as current:
        services.window_end(actor=current.actor, window=window)
    wait_for(lambda: fresh(night).state == "succeeded", what="the run of the night", tick=dispatch)


def test_who_gets_through_decides_whose_run_goes_on(own_database: dict[str, str], world: World) -> None:
    operator = person("Operator", role="admin")
    with context.system("restore") as current:
        command = queued(current.actor)
    listed, admins, night = queued(actor_of(operator)), queued(actor_of(world.root)), by_schedule()
    begin(world.root, people=[operator.pk])
    for run_id in (command, listed, admins, night):
        runner.execute(run_id)
    assert states(command, listed, admins, night) == ["succeeded", "succeeded", "succeeded", "queued"]


def test_a_run_whose_starter_lost_the_right_to_get_through_waits(own_database: dict[str, str], world: World) -> None:
    run_id = queued(actor_of(world.admin))
    begin(world.root)
    with context.system("a test") as current:
        role = Role.objects.get(catalogue="platform", code="admin")
        rbac.binding_revoke(actor=current.actor, person_id=world.admin.pk, role=role)
    runner.execute(run_id)
    assert states(run_id) == ["queued"]


def test_read_only_holds_no_job_up(own_database: dict[str, str], world: World) -> None:
    night = by_schedule()
    begin(world.root, kind="read_only")
    runner.execute(night)
    assert states(night) == ["succeeded"]
