"""Application configuration."""

from django.utils.translation import gettext_lazy as _

from portal.kit.apps import RoomConfig


class MaintenanceConfig(RoomConfig):
    """Upkeep."""

    name = "maintenance"
    verbose_name = _("Upkeep")
    default = True

    def ready(self) -> None:
        """Fill the ports of the queue and of the backups before migrations."""
        from maintenance.restore import before
        from maintenance.services import runs
        from portal.kit import safeguards
        from portal.kit.jobs import enqueue

        enqueue.fill(runs.run_enqueue)
        safeguards.backup_before.fill(before.backup_before)
        safeguards.backup_after.fill(before.backup_after)
        super().ready()
