"""Writing the trail; exports of it are in `audit.services.exports`, which reads what this package writes."""

from audit.services.record import (
    HIDDEN,
    SCHEMA,
    event_record,
    events_record,
    kept_denials_record,
    partitions_ensure,
)

__all__ = ["HIDDEN", "SCHEMA", "event_record", "events_record", "kept_denials_record", "partitions_ensure"]
