"""The stamps that say how fresh a decision is."""

from uuid import UUID

from django.db import connection

from portal.kit.services import writing
from rbac import decision


def stamp_bump(*, key: UUID) -> None:
    """Raise the epoch of a person or scope in the running transaction; call it with any change that alters decisions."""
    with writing(), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO rbac_stamp (key, epoch) VALUES (%s, 1) ON CONFLICT (key) DO UPDATE SET epoch = rbac_stamp.epoch + 1",
            [key],
        )
    decision.mark_changed()
