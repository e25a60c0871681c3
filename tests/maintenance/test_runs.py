"""The run row: one claim, a fence that holds, an end of exactly one kind."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from accounts.models import User
from audit.models import Event
from maintenance import runner
from maintenance.errors import JobUnknown, NotRetryable, NotRunning
from maintenance.models import JobRun
from maintenance.services import runs
from portal.kit import clock, context, errors, registry
from portal.kit.context import Actor
from portal.kit.decision import can
from portal.kit.registry import Run
from portal.kit.services import writing
from rbac.models import Binding
from rbac.services import stamp_bump
from tests.factories import World, actor_of, person, signed_in
from tests.maintenance.conftest import Declare, fresh

pytestmark = pytest.mark.usefixtures("own_database")


def _enqueue(name: str, actor: Actor, **values: Any) -> UUID:
    with context.acting(actor):
        return runs.run_enqueue(name, actor=actor, **values)


def _nothing(run: Run) -> Mapping[str, Any]:
    return {}


def test_a_run_is_done_once_and_its_events_tell_of_it(world: World, declare: Declare) -> None:
    run_id = _enqueue(declare(lambda run: {"answer": 42}), actor_of(world.admin), args={"a": 1})
    runner.execute(run_id)
    runner.execute(run_id)
    run = fresh(run_id)
    assert (run.state, run.result, run.attempts, run.fence) == ("succeeded", {"answer": 42}, 1, 1)
    codes = list(Event.objects.filter(target_id=run_id).order_by("id").values_list("code", flat=True))
    assert codes == ["maintenance.run.queued", "maintenance.run.succeeded"]


def test_a_run_whose_transaction_rolls_back_never_existed(world: World, declare: Declare) -> None:
    name = declare(_nothing)
    with pytest.raises(RuntimeError), transaction.atomic():
        _enqueue(name, actor_of(world.admin))
        raise RuntimeError
    assert not JobRun.objects.exists()
    assert not Event.objects.filter(code="maintenance.run.queued").exists()


def test_who_lacks_the_right_queues_nothing(world: World, declare: Declare) -> None:
    name = declare(_nothing)
    with pytest.raises(errors.Forbidden):
        _enqueue(name, actor_of(world.manager))
    assert not JobRun.objects.exists()


def test_a_right_lost_before_the_start_stops_the_run(world: World, declare: Declare) -> None:
    done: list[bool] = []

    def note(run: Run) -> Mapping[str, Any]:
        done.append(True)
        return {}

    run_id = _enqueue(declare(note), actor_of(world.admin))
    with context.system("a test"), writing():
        Binding.objects.filter(user=world.admin).delete()
        stamp_bump(key=world.admin.pk)
    runner.execute(run_id)
    assert fresh(run_id).state == "failed"
    assert done == []


@pytest.mark.parametrize("chosen", [True, False])
def test_a_run_may_no_more_than_the_key_that_started_it(world: World, declare: Declare, chosen: bool) -> None:
    asked: list[bool] = []

    def look(run: Run) -> Mapping[str, Any]:
        asked.extend(bool(can(context.actor(), code)) for code in (permission, "user:read"))
        return {}

    name = declare(look)
    permission = registry.jobs.get(name).permission
    scopes = frozenset({permission}) if chosen else None
    runner.execute(_enqueue(name, replace(actor_of(world.admin), scopes=scopes)))
    assert asked == [True, not chosen]


def test_the_same_key_gives_the_same_run_until_it_has_ended(world: World, declare: Declare) -> None:
    name = declare(_nothing)
    first = _enqueue(name, actor_of(world.admin), key="one")
    assert _enqueue(name, actor_of(world.admin), key="one") == first
    runner.execute(first)
    assert _enqueue(name, actor_of(world.admin), key="one") != first


def test_a_run_for_later_is_not_claimed_before_its_time(world: World, declare: Declare) -> None:
    later = clock.now() + timedelta(hours=1)
    run_id = _enqueue(declare(_nothing), actor_of(world.admin), run_at=later)
    runner.execute(run_id)
    assert fresh(run_id).state == "queued"
    with clock.at(later):
        runner.execute(run_id)
    assert fresh(run_id).state == "succeeded"


def test_a_silent_workers_run_is_claimed_by_another_and_the_first_cannot_write_any_more(
    world: World, declare: Declare
) -> None:
    run_id = _enqueue(declare(_nothing), actor_of(world.admin))
    with context.system("a test"):
        first = runs.run_claim(run_id=run_id, worker="first")
        assert first is not None
        assert runs.run_claim(run_id=run_id, worker="second") is None
        with writing():
            JobRun.objects.filter(pk=run_id).update(lease_until=clock.now() - timedelta(seconds=1))
        second = runs.run_claim(run_id=run_id, worker="second")
        assert second is not None
        with pytest.raises(runner.FenceLost), runner.Handle(first).batch():
            User.objects.filter(pk=world.clerk.pk).update(name="written by a ghost")
        assert not runs.run_finish(claim=first, state=JobRun.State.SUCCEEDED)
        assert not runs.lease_extend(run_id=run_id, fence=first.fence)
        assert runs.run_finish(claim=second, state=JobRun.State.SUCCEEDED)
    assert User.objects.get(pk=world.clerk.pk).name == world.clerk.name
    assert fresh(run_id).worker == "second"


def test_an_unknown_failure_is_tried_again_and_then_given_up_without_leaking(world: World, declare: Declare) -> None:
    def explode(run: Run) -> Mapping[str, Any]:
        raise RuntimeError("the password is hunter2")

    run_id = _enqueue(declare(explode), actor_of(world.admin))
    moment = clock.now()
    for attempt in (1, 2):
        with clock.at(moment):
            runner.execute(run_id)
        run = fresh(run_id)
        assert (run.state, run.attempts) == ("queued", attempt)
        moment = run.run_at
    with clock.at(moment):
        runner.execute(run_id)
    run = fresh(run_id)
    assert run.state == "failed"
    assert run.error_id
    assert "hunter2" not in run.error + str(run.log)


def test_a_typed_failure_is_final_and_says_what_to_do(world: World, declare: Declare) -> None:
    def refuse(run: Run) -> Mapping[str, Any]:
        raise errors.Conflict("Upload the file again.")

    run_id = _enqueue(declare(refuse), actor_of(world.admin))
    runner.execute(run_id)
    run = fresh(run_id)
    assert (run.state, run.attempts, run.error) == ("failed", 1, "Upload the file again.")
    assert Event.objects.get(target_id=run_id, code="maintenance.run.failed").outcome == "failed"


def test_a_job_that_this_version_does_not_know_gets_its_attempts_and_then_says_so(
    world: World, declare: Declare
) -> None:
    """In the middle of an update an older worker may meet a newer job: the next one may know it."""
    actor = actor_of(world.admin)
    run_id = _enqueue(declare(_nothing), actor)
    with context.system("a test"), writing():
        JobRun.objects.filter(pk=run_id).update(name="maintenance.of_another_version")
    for attempt in (1, 2, 3):
        assert fresh(run_id).state == "queued"
        with clock.at(clock.now() + timedelta(hours=attempt)):
            runner.execute(run_id)
    run = fresh(run_id)
    assert (run.state, run.attempts) == ("failed", 3)
    assert "knows no job maintenance.of_another_version" in run.error
    page = signed_in(world.admin).get(f"/platform/jobs/{run_id}")
    assert page.status_code == 200
    assert "maintenance.of_another_version" in page.content.decode()
    with context.acting(actor), pytest.raises(JobUnknown):
        runs.run_retry(actor=actor, run=run)
    assert fresh(run_id).state == "failed"


def test_a_run_whose_worker_dies_every_time_ends_as_failed(world: World, declare: Declare) -> None:
    run_id = _enqueue(declare(_nothing), actor_of(world.admin))
    with context.system("a test"):
        for _ in range(3):
            assert runs.run_claim(run_id=run_id, worker="dies") is not None
            with writing():
                JobRun.objects.filter(pk=run_id).update(lease_until=clock.now() - timedelta(seconds=1))
    runner.execute(run_id)
    run = fresh(run_id)
    assert run.state == "failed"
    assert "worker died" in run.error


def test_a_queued_run_is_cancelled_at_once_and_a_running_one_after_its_batch(world: World, declare: Declare) -> None:
    actor = actor_of(world.admin)
    steps: list[int] = []

    def three_batches(run: Run) -> Mapping[str, Any]:
        for step in range(3):
            with run.batch():
                steps.append(step)
                run.progress(step + 1, 3)
                if step == 1:
                    with context.acting(actor):
                        runs.run_cancel(actor=actor, run=fresh(run_id))
        return {}

    run_id = _enqueue(declare(three_batches), actor)
    runner.execute(run_id)
    run = fresh(run_id)
    assert (run.state, run.done, steps) == ("cancelled", 2, [0, 1])
    with pytest.raises(NotRunning), context.acting(actor):
        runs.run_cancel(actor=actor, run=run)

    waiting = _enqueue("maintenance.test_job", actor)
    with context.acting(actor):
        assert runs.run_cancel(actor=actor, run=fresh(waiting)).state == "cancelled"


def test_only_an_ended_run_is_retried_and_it_goes_on_from_its_cursor(world: World, declare: Declare) -> None:
    actor = actor_of(world.admin)
    seen: list[Any] = []

    def twice(run: Run) -> Mapping[str, Any]:
        seen.append(run.cursor)
        if run.cursor is None:
            with run.batch():
                run.cursor = {"at": 1}
            raise errors.Conflict("stop here")
        return {}

    run_id = _enqueue(declare(twice), actor)
    with pytest.raises(NotRetryable), context.acting(actor):
        runs.run_retry(actor=actor, run=fresh(run_id))
    runner.execute(run_id)
    with context.acting(actor):
        runs.run_retry(actor=actor, run=fresh(run_id))
    runner.execute(run_id)
    assert seen == [None, {"at": 1}]
    assert fresh(run_id).state == "succeeded"


def test_a_failed_batch_leaves_neither_its_rows_nor_its_cursor(world: World, declare: Declare) -> None:
    def half(run: Run) -> Mapping[str, Any]:
        with run.batch():
            run.cursor = {"at": 1}
        with run.batch():
            run.cursor = {"at": 2}
            User.objects.filter(pk=world.clerk.pk).update(name="half done")
            raise errors.Conflict("no")

    run_id = _enqueue(declare(half), actor_of(world.admin))
    runner.execute(run_id)
    assert fresh(run_id).cursor == {"at": 1}
    assert User.objects.get(pk=world.clerk.pk).name == world.clerk.name


def test_the_dispatcher_announces_what_was_forgotten_and_what_lost_its_worker_but_nothing_else(
    world: World, declare: Declare, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[UUID] = []
    monkeypatch.setattr("maintenance.publisher.announce", announced.append)
    actor, name = actor_of(world.admin), declare(_nothing)
    forgotten, orphan, held, recent = (_enqueue(name, actor) for _ in range(4))
    with context.system("a test"):
        for run_id in (orphan, held):
            runs.run_claim(run_id=run_id, worker="w")
        old = clock.now() - timedelta(seconds=60)
        with writing():
            JobRun.objects.filter(pk=forgotten).update(queued_at=old)
            JobRun.objects.filter(pk=orphan).update(lease_until=old)
        announced.clear()
        assert runs.runs_dispatch() == 2
    assert set(announced) == {forgotten, orphan}
    assert recent not in announced


def test_nobody_is_left_acting_after_a_run(world: World, declare: Declare) -> None:
    seen: list[Actor] = []

    def note(run: Run) -> Mapping[str, Any]:
        seen.append(context.actor())
        return {}

    run_id = _enqueue(declare(note), actor_of(world.admin))
    runner.execute(run_id)
    assert seen[0].id == world.admin.pk
    assert context.current() is None


def test_a_stranger_cannot_cancel_or_retry(world: World, declare: Declare) -> None:
    run_id = _enqueue(declare(_nothing), actor_of(world.admin))
    for who in (world.manager, person("Nobody")):
        for act in (runs.run_cancel, runs.run_retry):
            with pytest.raises(errors.Forbidden), context.acting(actor_of(who)):
                act(actor=actor_of(who), run=fresh(run_id))
    assert fresh(run_id).state == "queued"
