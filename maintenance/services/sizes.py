"""Sizes of tables, noted once a day."""

from django.utils import timezone

from maintenance.models import SizeSample
from maintenance.selectors.sizes import tables_now
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.decision import authorise
from portal.kit.services import writing


def sizes_sample(*, actor: Actor) -> int:
    """Note rows (the planner's estimate) and bytes of every table today, and of the database; how many tables. Idempotent."""
    authorise(actor, "cleanup:execute")
    day = timezone.localdate(clock.now())
    with writing():
        samples = [SizeSample(day=day, table=one.name, rows=one.rows, bytes=one.bytes) for one in tables_now()]
        SizeSample.objects.bulk_create(
            samples, update_conflicts=True, unique_fields=["day", "table"], update_fields=["rows", "bytes"]
        )
    return len(samples) - 1
