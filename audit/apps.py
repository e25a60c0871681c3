"""Application configuration."""

from portal.kit.apps import RoomConfig


class AuditConfig(RoomConfig):
    """The record."""

    name = "audit"
    default = True

    def ready(self) -> None:
        """Fill the record's port."""
        from audit import services
        from portal.kit.record import record, record_many

        record.fill(services.event_record)
        record_many.fill(services.events_record)
        super().ready()
