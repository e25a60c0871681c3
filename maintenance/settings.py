"""Settings of upkeep: how clean-ups share the machine, and how many backups are kept."""

from collections.abc import Mapping

from django.utils.translation import gettext_lazy as _

from portal.kit.runtime.declare import Group, Setting, Words, fewer, setting
from portal.kit.runtime.kinds import Number

UPKEEP = Group("upkeep", _("Upkeep"), _("How clean-ups work, and how many backups stay."), 9)

BATCH = setting(
    Setting(
        "upkeep.cleanup_batch",
        UPKEEP,
        _("Largest batch of a clean-up"),
        _("Most rows that are deleted in one transaction."),
        Number(1, 50_000, _("rows")),
        attribute="STEWARD_CLEANUP_BATCH",
        variable="STEWARD_CLEANUP_BATCH",
    )
)
DUTY = setting(
    Setting(
        "upkeep.cleanup_duty",
        UPKEEP,
        _("Clean-ups work"),
        _("The rest of the time they leave disk and locks to others."),
        Number(1, 100, _("percent of the time")),
        attribute="STEWARD_CLEANUP_DUTY",
        variable="STEWARD_CLEANUP_DUTY",
    )
)


def _kept(rule: str, label: Words) -> Setting[int]:
    return setting(
        Setting(
            f"backups.{rule}",
            UPKEEP,
            label,
            _("The newest of each are kept; what no rule keeps goes with the next clean-up of backups."),
            _BACKUPS,
            attribute=f"STEWARD_BACKUP_KEEP.{rule}",
            variable=f"STEWARD_BACKUP_KEEP_{rule.upper()}",
            weaker=fewer,
            weakens=_("Less of the past can be restored."),
        )
    )


_BACKUPS = Number(0, 1000, _("backups"))
KEPT: Mapping[str, Setting[int]] = {
    rule: _kept(rule, label)
    for rule, label in (
        ("daily", _("Daily backups")),
        ("weekly", _("Weekly backups")),
        ("monthly", _("Monthly backups")),
        ("yearly", _("Yearly backups")),
    )
}
