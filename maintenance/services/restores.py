"""Restores: asked for, followed step by step, put in place, taken back, and what they leave dropped.

A restore takes minutes and works outside of any transaction; its row is written in short ones on the way.
"""

import shutil
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from maintenance.errors import ForeignDatabase, RestoreNotConfirmed, RestoreRefused, RestoreRunning
from maintenance.models import JobRun, Restore
from maintenance.restore import databases, exchange, inspection, logins, processes
from maintenance.restore.pipeline import Outcome
from maintenance.restore.steps import Step
from maintenance.services import restore_windows
from portal.kit import clock, ids, jobs
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing

JOB = "maintenance.restore_backup"
KEY = "restore"  # Of the job's run: one restore, swap or swap back at a time.
RIGHT = "backup:restore"
State, Mode = Restore.State, Restore.Mode
DIED = "Its process was killed, or the machine stopped. The live database was not touched; start again."


def restore_request(*, actor: Actor, backup_id: str, mode: Restore.Mode, confirm: str = "") -> Restore:
    """Queue a restore into a new database; in place, it takes the live one's afterwards. Event `maintenance.restore.started`.

    `confirm` must be the live database's name when it is to be replaced (`RestoreNotConfirmed`). `RestoreRefused` when the
    manifest says that it cannot work here, `RestoreRunning` while another one is not finished, and what reading the
    manifest raises.
    """
    authorise(actor, RIGHT)
    if mode == Mode.IN_PLACE:
        _confirm(confirm)
    with logins.as_admin():
        found = inspection.inspect(backup_id)  # Whoever may not create databases need not begin.
    inspection.require(found)
    restore = restore_begin(actor=actor, found=found, mode=mode)
    with writing():
        restore.run_id = _enqueue(actor, restore)
        restore.save(update_fields=["run_id"])
    return restore


def restore_begin(
    *, actor: Actor, found: inspection.Inspection, mode: Restore.Mode, database: str = "", process: str = ""
) -> Restore:
    """Write down that a restore begins. Event `maintenance.restore.started`; `RestoreRunning` while another one runs."""
    authorise(actor, RIGHT)
    restores_settle(actor=actor)
    with writing():
        identifier = ids.uuid7()
        restore = Restore(
            id=identifier,
            backup_id=found.manifest.id,
            taken_at=found.manifest.made_at,
            mode=mode,
            database=database or databases.name_for("restore", identifier),
            actor_label=actor.label,
            process=process,
            kept={"into": database} if database else {},
        )
        try:
            with transaction.atomic():
                restore.save(force_insert=True)
        except IntegrityError as error:
            raise RestoreRunning from error
        record("maintenance.restore.started", target=restore, data={"backup": restore.backup_id, "mode": mode})
    return restore


def restore_place_request(*, actor: Actor, restore: Restore, confirm: str) -> Restore:
    """Put a restored database that stands ready in the place of the live one. Event `maintenance.restore.started`."""
    authorise(actor, RIGHT, restore)
    _confirm(confirm)
    restores_settle(actor=actor)
    with writing():
        restore = Restore.objects.select_for_update().get(pk=restore.pk)
        if restore.state != State.READY:
            raise RestoreRefused(_("Only a restored database that stands ready can be put in place."))
        restore.state, restore.mode, restore.finished_at = State.RUNNING, Mode.IN_PLACE, None
        try:
            with transaction.atomic():
                restore.save()
        except IntegrityError as error:
            raise RestoreRunning from error
        restore.run_id = _enqueue(actor, restore)
        restore.save(update_fields=["run_id"])
        record("maintenance.restore.started", target=restore, data={"backup": restore.backup_id, "mode": restore.mode})
    return restore


def restore_back_request(*, actor: Actor, restore: Restore, confirm: str) -> UUID:
    """Queue giving the replaced database its place again; the run's id. Type-to-confirm as for the way there."""
    authorise(actor, RIGHT, restore)
    _confirm(confirm)
    with logins.as_admin() as admin:
        mark = databases.mark_of(admin, restore.old_database) if restore.old_database else None
    if restore.state != State.SWAPPED or mark is None or mark.id != restore.pk:
        raise RestoreRefused(_("The replaced database of this restore is not there any more."))
    with writing():
        return _enqueue(actor, restore, back=True)


def _confirm(typed: str) -> None:
    if typed.strip() != logins.live_name():
        raise RestoreNotConfirmed(
            _("Type %(name)s, the name of the live database, to replace it. Nothing was changed.")
            % {"name": logins.live_name()}
        )


def _enqueue(actor: Actor, restore: Restore, *, back: bool = False) -> UUID:
    args = {"restore": str(restore.pk), "back": back}
    run_id = jobs.enqueue(JOB, actor=actor, args=args, key=KEY)
    if JobRun.objects.values_list("args", flat=True).get(pk=run_id) != args:
        raise RestoreRunning
    return run_id


# --- On the way ---


def restore_save(*, restore: Restore, **values: Any) -> None:
    """Keep what is known so far. No event: the end has one."""
    with writing():
        for name, value in values.items():
            setattr(restore, name, value)
        restore.save(update_fields=list(values))


def restore_ready(*, restore: Restore, outcome: Outcome, steps: Sequence[Step]) -> None:
    """The new database stands beside the live one, proved. Event `maintenance.restore.finished`."""
    with writing():
        _measured(restore, outcome, steps)
        restore.state, restore.finished_at = State.READY, clock.now()
        restore.save()
        record("maintenance.restore.finished", target=restore, data=_facts(restore))


def restore_measured(*, restore: Restore, outcome: Outcome, steps: Sequence[Step]) -> None:
    """What the load of a restore in place measured, before the swap. No event: the swap has one."""
    with writing():
        _measured(restore, outcome, steps)
        restore.save()


def restore_swapped(*, restore: Restore, steps: Sequence[Step]) -> None:
    """The restored database is the live one; written into it. Event `maintenance.restore.swapped`."""
    with writing():
        restore.state, restore.finished_at, restore.steps = State.SWAPPED, clock.now(), list(steps)
        restore.save()
        record(
            "maintenance.restore.swapped",
            target=restore,
            data={**_facts(restore), "old": restore.old_database, "safety_backup": restore.safety_backup_id},
        )


def restore_swapped_back(*, restore: Restore) -> None:
    """The replaced database is the live one again; written into it. Event `maintenance.restore.swapped_back`."""
    with writing():
        if restore.state != State.SWAPPED_BACK:
            restore.state, restore.keep_until = State.SWAPPED_BACK, None
            restore.save()
            record("maintenance.restore.swapped_back", target=restore, data={"restored": restore.database})


def restore_failed(*, restore: Restore, error: str, cancelled: bool = False, steps: Sequence[Step] = ()) -> None:
    """It ended badly; the live database is as it was. Event `maintenance.restore.failed` or `.cancelled`.

    The maintenance that it began is over.
    """
    with writing():
        restore.state = State.CANCELLED if cancelled else State.FAILED
        restore.finished_at, restore.error = clock.now(), error[:2000]
        restore.steps = list(steps) or restore.steps
        restore.save()
        code = "maintenance.restore.cancelled" if cancelled else "maintenance.restore.failed"
        record(code, target=restore, outcome="ok" if cancelled else "failed", data={"why": error[:500]})
    if restore.mode == Mode.IN_PLACE:
        restore_windows.window_end(restore=restore)


def restores_settle(*, actor: Actor) -> int:
    """Write off restores whose run has ended without them (its worker was killed too often); how many.

    Event `maintenance.restore.failed` each. Their databases keep their mark and are listed by it.
    """
    authorise(actor, RIGHT)
    dead = 0
    for restore in Restore.objects.filter(state=State.RUNNING):
        if not processes.alive(restore.run_id, restore.process):
            restore_failed(restore=restore, error=_(DIED))
            dead += 1
    return dead


# --- What is left ---


def database_drop(*, actor: Actor, name: str, confirm: str) -> None:
    """Drop a database that a restore or drill of this installation left, with its uploads. Event `maintenance.restore.dropped`.

    `RestoreNotConfirmed` unless its name was typed, `ForeignDatabase` for any other, `RestoreRunning` for one that is
    being made.
    """
    authorise(actor, RIGHT)
    if confirm.strip() != name:
        raise RestoreNotConfirmed(_("Type the name of the database to drop it. Nothing was changed."))
    live = logins.live_name()
    with logins.as_admin() as admin:
        mark = databases.mark_of(admin, name)
        if name == live or mark is None or mark.live != live:
            raise ForeignDatabase
        restore = Restore.objects.filter(pk=mark.id).first()
        if restore is not None and restore.state == State.RUNNING and restore.database == name:
            raise RestoreRunning
        databases.drop(admin, name, live=live)
    shutil.rmtree(exchange.uploads_beside(name), ignore_errors=True)
    with writing():
        if restore is not None:
            if restore.state == State.READY:
                restore.state = State.DROPPED
            restore.keep_until = None
            restore.save(update_fields=["state", "keep_until"])
        record("maintenance.restore.dropped", target=restore, data={"database": name, "kind": mark.kind})


def databases_expire(*, actor: Actor) -> list[str]:
    """Drop replaced databases whose time is over; their names. Event `maintenance.restore.dropped` each."""
    authorise(actor, RIGHT)
    due = Restore.objects.filter(state=State.SWAPPED, keep_until__lt=clock.now()).values_list("pk", flat=True)
    with logins.as_admin() as admin:
        left = databases.listed(admin, logins.live_name())
    names = [found.name for found in left if found.mark.kind == "old" and found.mark.id in set(due)]
    for name in names:
        database_drop(actor=actor, name=name, confirm=name)
    return names


def _measured(restore: Restore, outcome: Outcome, steps: Sequence[Step]) -> None:
    restore.steps, restore.checks = list(steps), list(outcome.checks)
    restore.tables, restore.rows, restore.bytes = outcome.tables, outcome.rows, outcome.bytes
    restore.seconds = outcome.seconds


def _facts(restore: Restore) -> dict[str, Any]:
    return {
        "backup": restore.backup_id,
        "tables": restore.tables,
        "rows": restore.rows,
        "seconds": restore.seconds,
        "checks": len(restore.checks),
    }
