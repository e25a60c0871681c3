"""Cleanups: look first, delete just that, and say what was done."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.core import signing
from django.db import connection, transaction
from pytest_django.fixtures import Settings

from accounts.models import Session
from audit.models import Event
from maintenance import cleaning, runner
from maintenance.cleaning import previews, running
from maintenance.errors import PreviewStale
from maintenance.models import JobRun
from maintenance.services import runs
from portal.kit import clock, context, errors, registry
from portal.kit.context import Actor
from tests.factories import World, actor_of
from tests.maintenance.conftest import fresh
from tests.maintenance.test_kill import add_sessions

pytestmark = pytest.mark.usefixtures("own_database")
NAME = "accounts.expired_sessions"
OLD = -timedelta(days=2)


def _confirmed(actor: Actor) -> UUID:
    with context.acting(actor):
        token = cleaning.preview(actor=actor, name=NAME).token
        args = cleaning.confirmed(actor=actor, name=NAME, token=token)
        return runs.run_enqueue(cleaning.JOB, actor=actor, args=args)


def test_a_preview_counts_and_shows_but_changes_nothing(world: World) -> None:
    add_sessions(world.clerk, 12, expires_in=OLD)
    add_sessions(world.clerk, 3, expires_in=timedelta(days=1))
    actor = actor_of(world.admin)
    found = cleaning.preview(actor=actor, name=NAME)
    assert found.count == 12
    assert len(found.sample) == cleaning.SAMPLE_ROWS
    assert Session.objects.count() == 15
    assert not JobRun.objects.exists()


def test_a_cleanup_deletes_what_was_previewed_in_batches_and_proves_it(world: World, settings: Settings) -> None:
    settings.STEWARD_CLEANUP_BATCH = 100
    add_sessions(world.clerk, 250, expires_in=OLD)
    add_sessions(world.clerk, 4, expires_in=timedelta(days=1))
    run_id = _confirmed(actor_of(world.admin))
    add_sessions(world.clerk, 5, expires_in=-timedelta(milliseconds=1))
    runner.execute(run_id)
    run = fresh(run_id)
    assert run.state == "succeeded"
    assert run.result is not None
    assert (run.result["deleted"], run.result["batches"], run.result["left"]) == (250, 3, 0)
    assert (run.done, run.total) == (250, 250)
    assert len(run.result["keys_sha256"]) == 64
    assert Session.objects.count() == 9
    event = Event.objects.get(code="maintenance.cleanup.finished")
    assert event.data["keys_sha256"] == run.result["keys_sha256"]
    assert event.actor_id == world.admin.pk


def test_rows_that_somebody_holds_are_left_and_told(world: World) -> None:
    add_sessions(world.clerk, 20, expires_in=OLD)
    held = Session.objects.filter(expires_at__lt=clock.now()).first()
    assert held is not None
    run_id = _confirmed(actor_of(world.admin))
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            other.set_autocommit(False)
            cursor.execute("SELECT 1 FROM accounts_session WHERE id = %s FOR UPDATE", [held.pk])
            runner.execute(run_id)
            other.rollback()
    finally:
        other.close()
    run = fresh(run_id)
    assert run.result is not None
    assert (run.result["deleted"], run.result["left"]) == (19, 1)
    assert list(Session.objects.values_list("pk", flat=True)) == [held.pk]


def test_nothing_to_do_is_a_success_with_zero(world: World) -> None:
    run_id = _confirmed(actor_of(world.admin))
    runner.execute(run_id)
    run = fresh(run_id)
    assert run.state == "succeeded"
    assert run.result is not None
    assert run.result["deleted"] == 0


def test_a_cancelled_cleanup_keeps_what_it_did_and_touches_no_more(
    world: World, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.STEWARD_CLEANUP_BATCH = 100
    add_sessions(world.clerk, 300, expires_in=OLD)
    actor = actor_of(world.admin)
    run_id = _confirmed(actor)

    def pressed(seconds: float, *, waited: bool) -> None:
        with context.acting(actor):
            runs.run_cancel(actor=actor, run=fresh(run_id))

    monkeypatch.setattr(running, "_rest", pressed)
    runner.execute(run_id)
    run = fresh(run_id)
    assert run.state == "cancelled"
    assert run.cursor is not None
    # The batch that was under way when the button was pressed is the last one.
    assert run.cursor["deleted"] == 200
    assert Session.objects.count() == 100
    assert not Event.objects.filter(code="maintenance.cleanup.finished").exists()
    stopped = Event.objects.get(code="maintenance.cleanup.stopped")
    assert (stopped.data["deleted"], stopped.data["expected"]) == (200, 300)


@pytest.mark.parametrize("tampered", ["other_name", "other_person", "garbage", "expired"])
def test_a_confirmation_is_good_for_its_own_preview_only(
    world: World, tampered: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    actor = actor_of(world.admin)
    token, name, who = cleaning.preview(actor=actor, name=NAME).token, NAME, actor
    if tampered == "other_name":
        name = "accounts.sign_in_counters"
    elif tampered == "other_person":
        who = actor_of(world.root)
    elif tampered == "garbage":
        token = token[:-3] + "abc"
    else:
        monkeypatch.setattr(previews, "PREVIEW_VALID", timedelta(seconds=-1))
    with pytest.raises(PreviewStale):
        cleaning.confirmed(actor=who, name=name, token=token)
    assert not JobRun.objects.exists()


def test_a_confirmation_cannot_be_forged_with_another_salt(world: World) -> None:
    actor = actor_of(world.admin)
    forged = signing.dumps({"name": NAME, "cutoff": "2999-01-01", "actor": str(actor.id)}, salt="something else")
    with pytest.raises(PreviewStale):
        cleaning.confirmed(actor=actor, name=NAME, token=forged)


def test_who_lacks_the_right_sees_no_preview_and_starts_no_cleanup(world: World) -> None:
    for who in (world.manager, world.stranger):
        with pytest.raises(errors.Forbidden):
            cleaning.preview(actor=actor_of(who), name=NAME)
        with pytest.raises(errors.Forbidden), context.acting(actor_of(who)) as current:
            runs.run_enqueue(cleaning.JOB, actor=current.actor, args={"cleanup": NAME})
    assert not JobRun.objects.exists()


def test_every_declared_cleanup_runs_against_its_table(world: World) -> None:
    actor = actor_of(world.admin)
    for spec in registry.cleanups:
        assert cleaning.preview(actor=actor, name=spec.name).count >= 0
        with context.acting(actor):
            run_id = runs.run_enqueue(cleaning.JOB, actor=actor, args={"cleanup": spec.name})
        runner.execute(run_id)
        assert fresh(run_id).state == "succeeded", spec.name


def test_the_batch_grows_while_it_is_fast_and_shrinks_when_it_is_slow(settings: Settings) -> None:
    settings.STEWARD_CLEANUP_BATCH = 5000
    assert running._adapt(1000, 0.05) == 2000
    assert running._adapt(4000, 0.05) == 5000
    assert running._adapt(2000, 0.2) == 2000
    assert running._adapt(2000, 0.9) == 1000
    assert running._adapt(100, 0.9) == running.SMALLEST


def test_a_failing_batch_rolls_back_rows_and_cursor_together(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    add_sessions(world.clerk, 30, expires_in=OLD)
    run_id = _confirmed(actor_of(world.admin))

    def explode(*args: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(running, "_advance", explode)
    runner.execute(run_id)
    run = fresh(run_id)
    assert run.state == "queued"
    assert run.cursor is not None
    assert (run.cursor["tally"], run.cursor["deleted"]) == (None, 0)
    assert Session.objects.count() == 30
    with transaction.atomic():
        assert not Event.objects.filter(code="maintenance.cleanup.finished").exists()
