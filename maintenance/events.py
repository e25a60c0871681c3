"""Events of upkeep."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

events.add(Event("maintenance.run.queued", _("The job “{target}” was queued"), "system"))
events.add(Event("maintenance.run.succeeded", _("The job “{target}” finished"), "system"))
events.add(Event("maintenance.run.failed", _("The job “{target}” failed"), "system", "warning"))
events.add(Event("maintenance.run.cancelled", _("The job “{target}” was cancelled"), "system", "notice"))
events.add(Event("maintenance.run.retried", _("The job “{target}” was queued again"), "system", "notice"))
events.add(
    Event("maintenance.cleanup.finished", _("The clean-up “{cleanup}” deleted what it had previewed"), "data", "notice")
)
events.add(Event("maintenance.cleanup.stopped", _("A clean-up ended before it was through"), "data", "warning"))
events.add(Event("maintenance.cleanup.exported", _("A report of clean-ups was downloaded"), "data"))
events.add(Event("maintenance.schedule.created", _("The schedule “{target}” was set up"), "system"))
events.add(
    Event("maintenance.schedule.switched", _("The schedule “{target}” was switched on or off"), "system", "notice")
)
events.add(Event("maintenance.schedule.changed", _("The schedule “{target}” was changed"), "system", "notice"))
events.add(Event("maintenance.schedule.paused", _("The schedule “{target}” was paused"), "system", "notice"))
events.add(Event("maintenance.schedule.resumed", _("The schedule “{target}” was resumed"), "system", "notice"))
events.add(Event("maintenance.schedule.started", _("The schedule “{target}” was run by hand"), "system"))
events.add(Event("maintenance.schedule.faulted", _("The schedule “{target}” stands still"), "system", "warning"))
events.add(Event("maintenance.night.reported", _("The night was reported"), "system"))
events.add(Event("maintenance.backup.started", _("The backup of {target} was begun"), "system"))
events.add(Event("maintenance.backup.created", _("The backup of {target} was made"), "system"))
events.add(Event("maintenance.backup.failed", _("The backup of {target} failed"), "system", "warning"))
events.add(Event("maintenance.backup.verified", _("Every byte of the backup of {target} was read"), "system"))
events.add(Event("maintenance.backup.damaged", _("The backup of {target} is damaged"), "system", "critical"))
events.add(Event("maintenance.backup.vanished", _("The backup of {target} is gone"), "system", "critical"))
events.add(Event("maintenance.backup.found", _("The backup of {target} was found at a target"), "system", "notice"))
events.add(Event("maintenance.backup.pinned", _("The backup of {target} is kept by hand"), "system", "notice"))
events.add(
    Event("maintenance.backup.unpinned", _("The backup of {target} is no longer kept by hand"), "system", "notice")
)
events.add(Event("maintenance.backup.deleted", _("The backup of {target} was deleted"), "data", "notice"))
events.add(Event("maintenance.backup.skipped", _("No backup was made before data was destroyed"), "data", "warning"))
fields.add(Field("maintenance.Backup", "pinned_until", "public"))
fields.add(Field("maintenance.Backup", "pinned_why", "public"))
fields.add(Field("maintenance.Backup", "pinned_by", "masked"))
fields.add(Field("maintenance.JobRun", "state", "public"))
fields.add(Field("maintenance.ScheduleState", "enabled", "public"))
for name in (
    *("cron", "time_zone", "keep_hours", "overlap", "catch_up", "catch_up_minutes"),
    *("notify", "notify_people", "fault"),
):
    fields.add(Field("maintenance.ScheduleState", name, "public"))
events.add(
    Event(
        "maintenance.restore.started", _("A backup is being restored into the database “{target}”"), "system", "warning"
    )
)
events.add(
    Event("maintenance.restore.finished", _("A backup was restored into the database “{target}”"), "system", "notice")
)
events.add(
    Event("maintenance.restore.failed", _("The restore into the database “{target}” failed"), "system", "warning")
)
events.add(
    Event(
        "maintenance.restore.cancelled", _("The restore into the database “{target}” was cancelled"), "system", "notice"
    )
)
events.add(
    Event(
        "maintenance.restore.swapped",
        _("The live database was replaced by the restored “{target}”"),
        "system",
        "critical",
    )
)
events.add(
    Event("maintenance.restore.swapped_back", _("The replaced database took its place again"), "system", "critical")
)
events.add(
    Event("maintenance.restore.dropped", _("A database that a restore had left was dropped"), "system", "warning")
)
events.add(Event("maintenance.drill.passed", _("The restore drill passed"), "system", "info"))
events.add(Event("maintenance.drill.failed", _("The restore drill failed"), "system", "critical"))
