"""Application configuration."""

from django.utils.translation import gettext_lazy as _

from portal.kit.apps import RoomConfig


class MaintenanceConfig(RoomConfig):
    """Upkeep."""

    name = "maintenance"
    verbose_name = _("Upkeep")
    default = True

    def ready(self) -> None:
        """Fill the port of the queue."""
        from maintenance.services import runs
        from portal.kit.jobs import enqueue

        enqueue.fill(runs.run_enqueue)
        super().ready()
