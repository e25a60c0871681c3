"""Events of upkeep."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

events.add(Event("maintenance.run.queued", _("The job “{target}” was queued"), "system"))
events.add(Event("maintenance.run.succeeded", _("The job “{target}” finished"), "system"))
events.add(Event("maintenance.run.failed", _("The job “{target}” failed"), "system", "warning"))
events.add(Event("maintenance.run.cancelled", _("The job “{target}” was cancelled"), "system", "notice"))
events.add(Event("maintenance.run.retried", _("The job “{target}” was queued again"), "system", "notice"))
events.add(Event("maintenance.cleanup.finished", _("A clean-up deleted what it had previewed"), "data", "notice"))
events.add(Event("maintenance.schedule.created", _("The schedule “{target}” was set up"), "system"))
events.add(
    Event("maintenance.schedule.switched", _("The schedule “{target}” was switched on or off"), "system", "notice")
)
fields.add(Field("maintenance.JobRun", "state", "public"))
fields.add(Field("maintenance.ScheduleState", "enabled", "public"))
