"""Drills: the nightly proof that the newest backup can be restored, and in how long."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from maintenance.errors import RestoreRunning
from maintenance.models import Drill
from maintenance.restore import databases, logins, processes
from maintenance.restore.inspection import Inspection
from maintenance.restore.pipeline import Outcome
from maintenance.restore.steps import Step
from portal.kit import clock, ids, jobs
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.record import record
from portal.kit.services import writing

JOB = "maintenance.drill_restore"
KEY = "drill"
RIGHT = "backup:restore"
DIED = "Its process was killed, or the machine stopped. The next drill sweeps what it left."
State = Drill.State


def drill_request(*, actor: Actor) -> UUID:
    """Queue a drill now; the run's id. Who asks while one is queued or running gets that run."""
    authorise(actor, RIGHT)
    return jobs.enqueue(JOB, actor=actor, key=KEY)


def drill_begin(*, actor: Actor, run_id: UUID | None, process: str = "") -> Drill:
    """Write down that a drill begins, and off those whose process is gone. No event: its end has one."""
    authorise(actor, RIGHT)
    drills_settle(actor=actor, but=run_id)
    with writing():
        identifier = ids.uuid7()
        drill = Drill(id=identifier, database=databases.name_for("drill", identifier), run_id=run_id, process=process)
        try:
            with transaction.atomic():
                drill.save(force_insert=True)
        except IntegrityError as error:
            raise RestoreRunning(_("Another drill is running. Wait until it has finished.")) from error
    return drill


def drill_about(*, drill: Drill, found: Inspection) -> None:
    """Note which backup it proves. No event."""
    with writing():
        drill.backup_id, drill.taken_at = found.manifest.id, found.manifest.made_at
        drill.save(update_fields=["backup_id", "taken_at"])


def drill_passed(*, drill: Drill, outcome: Outcome, steps: Sequence[Step]) -> None:
    """Everything held. Event `maintenance.drill.passed`."""
    with writing():
        drill.state, drill.finished_at = State.PASSED, clock.now()
        drill.steps, drill.checks = list(steps), list(outcome.checks)
        drill.tables, drill.rows, drill.bytes = outcome.tables, outcome.rows, outcome.bytes
        drill.seconds = outcome.seconds
        drill.save()
        data: dict[str, Any] = {"backup": drill.backup_id, "rows": drill.rows, "seconds": drill.seconds}
        record("maintenance.drill.passed", target=drill, data=data)


def drill_failed(*, drill: Drill, error: str, cancelled: bool = False, steps: Sequence[Step] = ()) -> None:
    """It ended badly, and until a later one passes nobody can rely on the backups. Event `maintenance.drill.failed`."""
    with writing():
        drill.state = State.CANCELLED if cancelled else State.FAILED
        drill.finished_at, drill.error, drill.steps = clock.now(), error[:2000], list(steps)
        drill.save()
        outcome: Any = "ok" if cancelled else "failed"
        record("maintenance.drill.failed", target=drill, outcome=outcome, data={"why": error[:500]})


def drills_settle(*, actor: Actor, but: UUID | None = None) -> int:
    """Write off drills whose run has ended without them, or is `but`, which starts anew; how many."""
    authorise(actor, RIGHT)
    dead = 0
    for drill in Drill.objects.filter(state=State.RUNNING):
        if (drill.run_id is None or drill.run_id != but) and processes.alive(drill.run_id, drill.process):
            continue
        drill_failed(drill=drill, error=_(DIED))
        dead += 1
    return dead


def leftovers_sweep(*, actor: Actor, but: Drill) -> list[str]:
    """Drop the databases that killed drills left; their names. Event `maintenance.restore.dropped` for all of them."""
    authorise(actor, RIGHT)
    live, swept = logins.live_name(), []
    with logins.as_admin() as admin:
        for found in databases.listed(admin, live):
            if found.mark.kind == "drill" and found.mark.id != but.pk:
                databases.drop(admin, found.name, live=live)
                swept.append(found.name)
    if swept:
        with writing():
            record("maintenance.restore.dropped", data={"databases": swept, "kind": "drill"})
    return swept
