"""What the search finds of upkeep: jobs, schedules, clean-ups, backups and restores."""

from collections.abc import Sequence

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext_lazy

from maintenance.models import Backup, JobRun, Restore
from maintenance.presenters.runs import title_of
from maintenance.selectors import backups, restores, runs
from portal.kit import registry
from portal.kit.context import Actor
from portal.kit.search import Hit, Known, Records, kinds
from portal.kit.search.finding import folded
from portal.kit.templatetags.kit import exact_text


def _named(rows: QuerySet[JobRun], text: str) -> QuerySet[JobRun]:
    """The runs of the jobs that are called so."""
    wanted = folded(text).split()
    names = [job.name for job in registry.jobs if all(word in folded(f"{job.label} {job.name}") for word in wanted)]
    return rows.filter(name__in=names)


def _run(row: JobRun) -> Hit:
    note = f"{row.get_state_display()} · {exact_text(row.queued_at)}"
    return Hit(str(row.pk), title_of(row), note, reverse("maintenance:job", args=[row.pk]))


def _backup(row: Backup) -> Hit:
    note = f"{row.get_kind_display()} · {row.get_state_display()}"
    return Hit(str(row.pk), exact_text(row.started_at), note, reverse("maintenance:backup", args=[row.pk]))


def _restore(row: Restore) -> Hit:
    note = str(row.get_state_display())
    return Hit(str(row.pk), row.database, note, reverse("maintenance:restore", args=[row.pk]))


def _schedules(actor: Actor) -> Sequence[Hit]:
    return [
        Hit(one.name, str(one.label), one.name, reverse("maintenance:schedule", args=[one.name]))
        for one in registry.schedules
    ]


def _cleanups(actor: Actor) -> Sequence[Hit]:
    return [
        Hit(one.name, str(one.label), str(one.description), reverse("maintenance:cleanup", args=[one.name]))
        for one in registry.cleanups
    ]


for kind in (
    Records(
        "jobs",
        "platform",
        gettext_lazy("Jobs"),
        "jobs",
        "job:read",
        "/platform/jobs",
        place=60,
        somewhere=True,
        source=runs.runs,
        hit=_run,
        narrow=_named,
        order=("-id",),
    ),
    Known(
        "schedules",
        "platform",
        gettext_lazy("Schedules"),
        "clock",
        "schedule:admin",
        "/platform/schedules",
        place=62,
        hits=_schedules,
    ),
    Known(
        "cleanups",
        "platform",
        gettext_lazy("Clean-ups"),
        "broom",
        "cleanup:execute",
        "/platform/cleanups",
        place=64,
        hits=_cleanups,
    ),
    # By their own id alone: both are told from each other by their time.
    Records(
        "backups",
        "platform",
        gettext_lazy("Backups"),
        "database",
        "backup:execute",
        "/platform/backups",
        place=66,
        somewhere=True,
        source=backups.backups,
        hit=_backup,
        order=("-id",),
    ),
    Records(
        "restores",
        "platform",
        gettext_lazy("Restores"),
        "refresh",
        "backup:restore",
        "/platform/restores",
        place=68,
        source=restores.restores,
        hit=_restore,
        order=("-id",),
    ),
):
    kinds.add(kind)
