"""What the palette offers of upkeep, and which letters lead to it. What is dangerous is asked on its own page first."""

from django.utils.translation import gettext_lazy as _

from portal.kit.search import Command, Jump, commands, jumps

for command in (
    Command(
        "maintenance.night",
        "platform",
        _("Run tonight’s maintenance now"),
        "/platform/nights?confirm=run-night",
        "moon",
        "schedule:admin",
        words=_("nightly start"),
    ),
    Command(
        "maintenance.backup",
        "platform",
        _("Make a backup"),
        "/platform/backups",
        "database",
        "backup:execute",
        words=_("save dump"),
    ),
    Command(
        "maintenance.cleanup",
        "platform",
        _("Clean up everything that is old"),
        "/platform/cleanups/all",
        "broom",
        "cleanup:execute",
        words=_("delete clean-up expired preview"),
    ),
):
    commands.add(command)

for letter, entry in (("j", "jobs"), ("b", "backups"), ("w", "cleanups"), ("d", "schedules"), ("z", "system")):
    jumps.add(Jump(letter, entry))
