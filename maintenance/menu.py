"""Navigation of upkeep."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import MenuItem, menu

menu.add(MenuItem("jobs", _("Jobs"), "/platform/jobs", "jobs", "upkeep", "job:read", 10))
menu.add(MenuItem("cleanups", _("Clean-ups"), "/platform/cleanups", "broom", "upkeep", "cleanup:execute", 20))
menu.add(MenuItem("schedules", _("Schedules"), "/platform/schedules", "clock", "upkeep", "schedule:admin", 30))
