"""Reads about restores, drills, and what they say of a disaster now."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from maintenance.models import Backup, Drill, Restore
from maintenance.restore import databases, logins
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import NotFound

RIGHT = "backup:restore"
MEASURED = 30  # Drills that the recovery time is taken from.
GIGABYTE = 1_000_000_000


@dataclass(frozen=True)
class Recovery:
    """What a disaster now would cost, measured: `lost` by the newest verified backup, `takes` by the last drills."""

    lost: timedelta | None
    lost_late: bool
    takes: float | None
    takes_late: bool
    per_gigabyte: float | None
    drills: Sequence[Drill]


def restores(actor: Actor) -> QuerySet[Restore]:
    """The restores that `actor` may see, newest first."""
    return Restore.objects.visible_to(actor, RIGHT).order_by("-id")


def restore(actor: Actor, restore_id: UUID) -> Restore:
    """One restore; `NotFound` when there is none that `actor` may see."""
    found = restores(actor).filter(pk=restore_id).first()
    if found is None:
        raise NotFound
    return found


def drills(actor: Actor) -> QuerySet[Drill]:
    """The drills that `actor` may see, newest first."""
    return Drill.objects.visible_to(actor, RIGHT).order_by("-id")


def drill(actor: Actor, drill_id: UUID) -> Drill:
    """One drill; `NotFound` when there is none that `actor` may see."""
    found = drills(actor).filter(pk=drill_id).first()
    if found is None:
        raise NotFound
    return found


def backup(actor: Actor, backup_id: UUID) -> Backup:
    """A backup to restore; `NotFound` when there is none that `actor` may restore."""
    found = Backup.objects.visible_to(actor, RIGHT).filter(pk=backup_id).first()
    if found is None:
        raise NotFound
    return found


def recovery(actor: Actor) -> Recovery:
    """Recovery point and time as they are measured, against the policy; two queries.

    The time is the 95th percentile of the last 30 drills that passed; the bound grows with the size, 10 GB at least.
    """
    passed = list(drills(actor).filter(state=Drill.State.PASSED)[:MEASURED])
    newest = (
        Backup.objects.visible_to(actor, RIGHT)
        .filter(state__in=Backup.USABLE, verified_at__isnull=False, damaged_at__isnull=True)
        .order_by("-taken_at")
        .values_list("taken_at", flat=True)
        .first()
    )
    lost = None if newest is None else clock.now() - newest
    takes = _percentile([item.seconds or 0.0 for item in passed], 0.95)
    size = max((item.bytes for item in passed), default=0)
    bound = settings.STEWARD_RTO_PER_10_GB.total_seconds() * max(1.0, size / (10 * GIGABYTE))
    return Recovery(
        lost=lost,
        lost_late=lost is None or lost > settings.STEWARD_RPO,
        takes=takes,
        takes_late=takes is not None and takes > bound,
        per_gigabyte=None if takes is None or size < GIGABYTE else takes / (size / GIGABYTE),
        drills=passed[::-1],
    )


def beside() -> list[databases.Found]:
    """The databases that restores and drills left beside the live one, with their sizes; one query."""
    with connection.cursor() as cursor:
        return databases.listed(cursor, logins.live_name())


def _percentile(values: Sequence[float], share: float) -> float | None:
    """The nearest rank; None of nothing."""
    ordered = sorted(values)
    return ordered[math.ceil(share * len(ordered)) - 1] if ordered else None
