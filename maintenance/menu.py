"""Navigation of upkeep."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import MenuItem, menu

menu.add(MenuItem("system", _("System"), "/platform/system", "monitor", "upkeep", "system:read", 80))
menu.add(MenuItem("jobs", _("Jobs"), "/platform/jobs", "jobs", "upkeep", "job:read", 10, somewhere=True))
menu.add(MenuItem("cleanups", _("Clean-ups"), "/platform/cleanups", "broom", "upkeep", "cleanup:execute", 20))
menu.add(MenuItem("schedules", _("Schedules"), "/platform/schedules", "clock", "upkeep", "schedule:admin", 30))
menu.add(MenuItem("nights", _("Nights"), "/platform/nights", "moon", "upkeep", "schedule:admin", 35))
menu.add(
    MenuItem("backups", _("Backups"), "/platform/backups", "database", "upkeep", "backup:execute", 40, somewhere=True)
)
menu.add(MenuItem("restores", _("Restores"), "/platform/restores", "refresh", "upkeep", "backup:restore", 50))
