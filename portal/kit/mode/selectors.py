"""Reads of maintenance for who runs the installation."""

from uuid import UUID

from django.db.models import Q, QuerySet

from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import NotFound
from portal.kit.models import MaintenanceWindow

PERMISSION = "installation:admin"


def windows(actor: Actor) -> QuerySet[MaintenanceWindow]:
    """Every time of maintenance, newest first."""
    rows = MaintenanceWindow.objects.visible_to(actor, PERMISSION)
    return rows.select_related("entered_by").order_by("-id")


def window(actor: Actor, window_id: UUID) -> MaintenanceWindow:
    """One of them; `NotFound` when there is none that `actor` may see."""
    found = windows(actor).filter(pk=window_id).first()
    if found is None:
        raise NotFound
    return found


def open_windows(actor: Actor) -> list[MaintenanceWindow]:
    """What is in force or planned, the soonest first."""
    left = Q(ends_at=None) | Q(ends_at__gt=clock.now())
    return list(windows(actor).filter(left, ended_at=None).order_by("starts_at"))
