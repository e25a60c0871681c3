"""Rights of upkeep."""

from django.utils.translation import gettext_lazy as _

from portal.kit.registry import Permission, permissions

permissions.add(Permission("job:read", _("See jobs and their logs"), "system"))
permissions.add(Permission("job:admin", _("Cancel and retry jobs"), "system"))
permissions.add(Permission("cleanup:execute", _("Preview and run clean-ups"), "system"))
permissions.add(Permission("schedule:admin", _("See schedules and switch them"), "system"))
permissions.add(Permission("backup:execute", _("Make, verify and keep backups"), "system"))
permissions.add(Permission("backup:restore", _("Restore backups and run restore drills"), "system"))
