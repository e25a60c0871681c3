"""The stamps that say how fresh a decision is."""

from uuid import UUID

from django.db import connection

from portal.kit.services import writing
from rbac import decision
from rbac.models import INSTALLATION


def badge_changed(*, root: UUID) -> None:
    """What navigation shows of what waits is remembered under the stamp of the place, like what people hold there."""
    with writing(), connection.cursor() as cursor:
        cursor.execute("SELECT rbac_bump(ARRAY[%s]::uuid[])", [root])
    decision.mark_changed()


def stamp_bump(*, key: UUID) -> None:
    """Call it with any change that alters decisions about a person, an organisation or everything.

    Triggers have raised the stamps of people and organisations by then; what else is known at the epoch of the
    installation (`known_at_epoch`) has none, so that one is raised here.
    """
    if key == INSTALLATION:
        with writing(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO rbac_stamp (key, epoch) VALUES (%s, 1)"
                " ON CONFLICT (key) DO UPDATE SET epoch = rbac_stamp.epoch + 1",
                [key],
            )
    decision.mark_changed()
