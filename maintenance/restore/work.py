"""The jobs of restores: the row followed from request to end, also across the swap of the database that holds it.

None continues where it was killed: it starts anew, unless the swap has happened; then it finishes what follows it.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _

from maintenance.errors import RestoreFailed, RestoreRefused
from maintenance.models import Drill, Restore
from maintenance.restore import databases, exchange, inspection, logins, pipeline
from maintenance.restore.databases import Mark
from maintenance.restore.steps import Steps
from maintenance.runner import Cancelled, FenceLost
from maintenance.services import backups, drills, restore_windows, restores
from portal.kit import clock, context, ids
from portal.kit.errors import StewardError
from portal.kit.registry import Run

EVERY = 2.0  # Seconds between two looks at the run: whether it is cancelled, and how far it is.
State, Mode = Restore.State, Restore.Mode


def restore_backup(run: Run) -> Mapping[str, Any]:
    """Restore, put in place or take back, as the row says. The run of it is carried into the new live database."""
    restore = Restore.objects.get(pk=UUID(str(run.args["restore"])))
    if run.args.get("back"):
        return take_back(run, restore)
    if restore.state != State.RUNNING:
        return _told(restore)
    steps = Steps(_ticker(run))
    with _Ending(
        lambda error, cancelled: restores.restore_failed(
            restore=restore, error=error, cancelled=cancelled, steps=steps.done
        )
    ):
        if not _in_place_already(restore):
            _load(restore, steps)
            if restore.mode == Mode.IN_PLACE:
                _put_in_place(run, restore, steps)
        if restore.mode == Mode.IN_PLACE:
            restore = _finish_swap(run, restore, steps)
    return _told(restore)


def _told(restore: Restore) -> dict[str, Any]:
    return {"restore": str(restore.pk), "state": restore.state, "rows": restore.rows, "seconds": restore.seconds}


def _in_place_already(restore: Restore) -> bool:
    with logins.as_admin() as admin:
        mark = databases.mark_of(admin, logins.live_name())
    return mark is not None and (mark.kind, mark.id) == ("restore", restore.pk)


def _load(restore: Restore, steps: Steps) -> None:
    """Make the restored database, unless it stands ready from an earlier run; another try's remains go first."""
    live = logins.live_name()
    with logins.as_admin() as admin:
        mine = [left for left in databases.listed(admin, live) if left.mark.id == restore.pk]
        if restore.checks and any(left.name == restore.database for left in mine):
            return
        for left in mine:
            databases.drop(admin, left.name, live=live)
    found = inspection.inspect(restore.backup_id)
    # A worker that was given up and wakes again must clear away its own database only, never its successor's.
    restores.restore_save(
        restore=restore, database=restore.kept.get("into") or databases.name_for("restore", ids.uuid7())
    )
    mark = databases.new_mark("restore", restore.pk, live)
    outcome = pipeline.restore(found, restore.database, mark, steps)
    if restore.mode == Mode.IN_PLACE:
        restores.restore_measured(restore=restore, outcome=outcome, steps=steps.done)
    else:
        restores.restore_ready(restore=restore, outcome=outcome, steps=steps.done)


def _put_in_place(run: Run, restore: Restore, steps: Steps) -> None:
    """Safety backup, order in the new database, and the swap, while the portal is read-only.

    Until the swap's commit the live database is as it was.
    """
    live, incoming = logins.live_name(), restore.database
    if not restore_windows.window_begin(restore=restore):
        run.log(_("Other maintenance is on or near, so that one holds, and none of this restore."))
    with steps.step(_("Gather statistics")):
        exchange.analyse(incoming)  # Meanwhile every process learns that changes are refused.
    with steps.step(_("Back up the live database")):
        act = _("restoring the backup %(id)s in place") % {"id": restore.backup_id}
        safety = backups.before_destructive(actor=context.actor(), act=act, tick=steps.tick)
        restores.restore_save(restore=restore, safety_backup_id=str(safety.pk) if safety else "")
    with steps.step(_("Swap the databases")):
        now = clock.now()
        outgoing = databases.old_name(live, now)
        kept = exchange.settle(incoming, live)
        with run.batch():  # The last moment to cancel.
            restores.restore_save(
                restore=restore,
                old_database=outgoing,
                keep_until=now + settings.STEWARD_RESTORE_KEEP,
                kept=kept,
                steps=list(steps.done),
            )
        _exchange(restore, live, incoming, outgoing, Mark("old", restore.pk, live, now))


def _exchange(restore: Restore, live: str, incoming: str, outgoing: str, mark: Mark) -> None:
    runs = [restore.run_id] if restore.run_id else []
    exchange.carry(incoming, live, runs)
    with logins.as_admin() as admin:
        exchange.swap(admin, incoming=incoming, live=live, outgoing=outgoing, mark=mark)
    exchange.forget()


def _finish_swap(run: Run, restore: Restore, steps: Steps) -> Restore:
    """What follows the swap, in the new live database; harmless when it is done again."""
    exchange.forget()
    restore = Restore.objects.get(pk=restore.pk)  # The carried row; its twin went away with the former database.
    exchange.uploads_swap(incoming=restore.database, outgoing=restore.old_database)
    for line in exchange.after(restore.kept):
        run.log(line)
    with suppress(Cancelled), run.batch():  # Too late to cancel: it has happened.
        restores.restore_swapped(restore=restore, steps=steps.done or restore.steps)
    return restore


def take_back(run: Run, restore: Restore) -> Mapping[str, Any]:
    """Give the replaced database its name again; the restored one stands beside it as before."""
    live = logins.live_name()
    with logins.as_admin() as admin:
        now_live, kept = databases.mark_of(admin, live), databases.mark_of(admin, restore.old_database)
    done = now_live is not None and (now_live.kind, now_live.id) == ("old", restore.pk)
    if not done:
        if kept is None or kept.id != restore.pk or not _in_place_already(restore):
            raise RestoreRefused(_("The replaced database of this restore is not there any more."))
        incoming = restore.old_database
        if exchange.pending(incoming):
            run.phase(_("Bring it to this version"))
            exchange.migrate(incoming)
        with run.batch():
            run.phase(_("Swap the databases"))
        exchange.settle(incoming, live)
        restores.restore_save(restore=restore, run_id=getattr(run, "run_id", restore.run_id))
        _exchange(restore, live, incoming, restore.database, databases.new_mark("restore", restore.pk, live))
    exchange.uploads_swap(incoming=restore.old_database, outgoing=restore.database)
    restore = Restore.objects.get(pk=restore.pk)
    with suppress(Cancelled), run.batch():
        restores.restore_swapped_back(restore=restore)
    return _told(restore)


def drill_restore(run: Run) -> Mapping[str, Any]:
    """The nightly drill: the newest backup into a scratch database, every check, the database dropped, all measured."""
    actor = context.actor()
    drill = drills.drill_begin(actor=actor, run_id=getattr(run, "run_id", None))
    for name in drills.leftovers_sweep(actor=actor, but=drill):
        run.log(_("Dropped %(name)s, which a killed drill had left.") % {"name": name})
    for name in restores.databases_expire(actor=actor):
        run.log(_("Dropped %(name)s: its time was over.") % {"name": name})
    drill_do(drill, _ticker(run))
    return {"drill": str(drill.pk), "rows": drill.rows, "seconds": drill.seconds, "checks": len(drill.checks)}


def drill_do(drill: Drill, tick: Callable[[str, int, int], None]) -> None:
    """Do a drill that has begun; raises what went wrong, after writing it down."""
    steps = Steps(tick)
    live = logins.live_name()
    with _Ending(
        lambda error, cancelled: drills.drill_failed(drill=drill, error=error, cancelled=cancelled, steps=steps.done)
    ):
        found = inspection.inspect(inspection.NEWEST)
        drills.drill_about(drill=drill, found=found)
        mark = databases.new_mark("drill", drill.pk, live)
        outcome = pipeline.restore(found, drill.database, mark, steps)
        with steps.step(_("Drop the database")):
            pipeline.discard(drill.database, live=live)
        drills.drill_passed(drill=drill, outcome=outcome, steps=steps.done)


class _Ending:
    """Writes down how a block ended badly, in one sentence; a lost fence or database is the runner's business."""

    def __init__(self, told: Callable[[str, bool], None]) -> None:
        self._told = told

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None or isinstance(error, FenceLost) or not isinstance(error, Exception):
            return
        if isinstance(error, DatabaseError) and not connection.is_usable():
            return  # The run starts anew when its lease has run out.
        connection.close_if_unusable_or_obsolete()
        if isinstance(error, Cancelled):
            self._told(_("It was cancelled."), True)
            return
        if isinstance(error, StewardError):
            self._told(str(error.detail), False)
            return
        sentence = _("%(kind)s: %(why)s The live database was not touched.") % {
            "kind": type(error).__name__,
            "why": str(error).strip().splitlines()[0][:300] if str(error).strip() else "",
        }
        self._told(sentence, False)
        raise RestoreFailed(sentence) from error


def _ticker(run: Run) -> Callable[[str, int, int], None]:
    last, step_now = [0.0], [""]

    def tick(step: str, done: int, total: int) -> None:
        if step == step_now[0] and time.monotonic() - last[0] < EVERY:
            return
        if step != step_now[0]:
            run.log(step)
        last[0], step_now[0] = time.monotonic(), step
        run.phase(step)
        run.progress(done, total or None)
        with run.batch():  # Ends the work when the run was cancelled, or is another worker's by now.
            pass

    return tick
