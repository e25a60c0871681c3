"""Application configuration."""

from django.utils.translation import gettext_lazy as _

from portal.kit.apps import RoomConfig


class AuditConfig(RoomConfig):
    """The record."""

    name = "audit"
    verbose_name = _("Audit trail")
    default = True

    def ready(self) -> None:
        """Fill the record's ports."""
        from audit import services
        from audit.services.activity import activity_write
        from portal.kit import activity
        from portal.kit.record import record, record_many

        record.fill(services.event_record)
        record_many.fill(services.events_record)
        activity.write.fill(activity_write)
        super().ready()
