"""A run's lease while its worker lives, and the row that a claim hands over."""

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings

from maintenance import runner
from maintenance.models import JobRun
from maintenance.services import runs
from portal.kit import clock, context
from portal.kit.registry import Run
from tests.factories import World, actor_of
from tests.maintenance.conftest import Declare, fresh
from tests.waiting import wait_for

pytestmark = pytest.mark.usefixtures("own_database")


def test_a_step_longer_than_its_lease_keeps_it_and_a_process_needs_one_thread_for_that(
    world: World, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    leases: list[int] = []

    def slow(run: Run) -> Mapping[str, Any]:
        began = fresh(run.id).lease_until
        assert began is not None
        wait_for(lambda: (fresh(run.id).lease_until or began) > began, what="the lease to be extended")
        leases.append(sum(thread.name == "leases" for thread in threading.enumerate()))
        return {}

    name = declare(slow)
    actor = actor_of(world.admin)
    # The second lease is shorter: the thread that waits for a look at the first learns of it.
    for seconds in (3, 0.6):
        monkeypatch.setattr(settings, "JOB_LEASE", timedelta(seconds=seconds))
        with context.acting(actor):
            run_id = runs.run_enqueue(name, actor=actor)
        runner.execute(run_id)
        assert (fresh(run_id).state, fresh(run_id).lease_until) == ("succeeded", None)
    assert leases == [1, 1]


def test_a_claim_hands_over_the_row_as_the_database_has_it(world: World, declare: Declare) -> None:
    actor = actor_of(world.admin)
    with context.acting(actor):
        run_id = runs.run_enqueue(
            declare(lambda run: {}),
            actor=actor,
            args={"text": "Ünïcode “quoted”", "number": 2**60, "nothing": None, "list": [1.5, True]},
            schedule="maintenance.unknown",
            slot=clock.now(),
        )
        claim = runs.run_claim(run_id=run_id, worker="a test")
    assert claim is not None
    row = fresh(run_id)
    fields = [field.attname for field in JobRun._meta.concrete_fields]
    assert {name: getattr(claim.run, name) for name in fields} == {name: getattr(row, name) for name in fields}
    assert not claim.run._state.adding
