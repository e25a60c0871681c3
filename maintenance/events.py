"""Events of upkeep."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Event, Field, events, fields

events.add(Event("maintenance.run.queued", _("Job {target} was queued"), "system"))
events.add(Event("maintenance.run.succeeded", _("Job {target} finished"), "system"))
events.add(Event("maintenance.run.failed", _("Job {target} failed"), "system", "warning"))
events.add(Event("maintenance.run.cancelled", _("Job {target} was cancelled"), "system", "notice"))
events.add(Event("maintenance.run.retried", _("Job {target} was queued again"), "system", "notice"))
events.add(Event("maintenance.cleanup.finished", _("Clean-up {target} deleted rows"), "data", "notice"))
events.add(Event("maintenance.schedule.created", _("Schedule {target} was set up"), "system"))
events.add(Event("maintenance.schedule.switched", _("Schedule {target} was switched on or off"), "system", "notice"))
fields.add(Field("maintenance.JobRun", "state", "public"))
fields.add(Field("maintenance.ScheduleState", "enabled", "public"))
