"""The jobs of backups: thin, with their progress on the run's row. None continues where it was killed: it starts anew."""

import time
from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from maintenance.backup.errors import BackupError
from maintenance.models import Backup
from maintenance.selectors import backups as selectors
from maintenance.services import backup_keeping, backups
from portal.kit import context
from portal.kit.registry import Run

HELD = {
    "stale": gettext_lazy(
        "Nothing was deleted: the newest good backup is older than two days. Mend the nightly backup first."
    ),
    "future": gettext_lazy("Nothing was deleted: a backup is from the future. Look at the clock of this machine."),
    "share": gettext_lazy("More may go, but one run deletes a third at most; the rest follows."),
    "failed": gettext_lazy("Nothing was deleted: the newest backup failed. Mend that first."),
}
EVERY = 2.0  # Seconds between two looks at the run: whether it is cancelled, and how far it is.


def create_backup(run: Run) -> Mapping[str, Any]:
    """Make a backup. A run that lost its worker makes another; what the first left behind is swept."""
    kind = Backup.Kind(str(run.args.get("kind", Backup.Kind.NIGHTLY)))
    act = str(run.args.get("act", ""))
    backup = backups.backup_create(actor=context.actor(), kind=kind, act=act, run_id=_id_of(run), tick=_ticker(run))
    for target, why in backup.missed.items():
        run.log(_("No copy at %(target)s: %(why)s") % {"target": target, "why": why})
    return {
        "backup": str(backup.pk),
        "bytes": backup.stored_bytes,
        "plain_bytes": backup.plain_bytes,
        "rows": backup.rows,
        "seconds": backup.seconds,
        "targets": len(backup.targets),
        "missed": len(backup.missed),
    }


def verify_backup(run: Run) -> Mapping[str, Any]:
    """Read every byte of the named backup, or of the newest when it has not been read yet. A damaged one fails the run."""
    actor = context.actor()
    named = run.args.get("backup")
    with run.batch():
        backup = selectors.backup(actor, UUID(str(named))) if named else selectors.unverified(actor)
    if backup is None:
        run.log(_("The newest backup is verified already."))
        return {"verified": 0}
    good = backups.backup_verify(actor=actor, backup=backup, tick=_ticker(run))
    if not good:
        with run.batch():
            damage = selectors.backup(actor, backup.pk).damage
        raise BackupError(damage)
    return {
        "verified": len(good),
        "backup": str(backup.pk),
        "bytes": sum(report.stored_bytes for report in good),
        "seconds": round(sum(report.seconds for report in good), 1),
    }


def prune_backups(run: Run) -> Mapping[str, Any]:
    """Delete what no rule keeps. A target that does not answer is told, and tried again the next night."""
    pruned = backup_keeping.backups_prune(actor=context.actor())
    for problem in pruned.failed:
        run.log(problem)
    if pruned.held:
        run.log(str(HELD[pruned.held]))
    return {
        "kept": pruned.kept,
        "pruned": pruned.deleted,
        "bytes": pruned.bytes,
        "held": pruned.held,
        "failed": len(pruned.failed),
    }


def _ticker(run: Run) -> Callable[[str, int, int], None]:
    last = [0.0]

    def tick(step: str, done: int, total: int) -> None:
        if time.monotonic() - last[0] < EVERY:
            return
        last[0] = time.monotonic()
        run.phase(step)
        run.progress(done, total)
        with run.batch():  # Ends the work when the run was cancelled, or is another worker's by now.
            pass

    return tick


def _id_of(run: Run) -> UUID | None:
    return getattr(run, "run_id", None)
