"""Reads about backups."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, QuerySet, Sum

from maintenance.models import Backup
from portal.kit import clock
from portal.kit.context import Actor
from portal.kit.errors import NotFound

RIGHT = "backup:execute"
State = Backup.State
STATES: Mapping[str, tuple[State, ...]] = {
    "kept": (State.RUNNING, *Backup.USABLE),
    "failed": (State.FAILED, State.MISSING),
    "deleted": (State.DELETED,),
}


def backups(actor: Actor, *, state: str = "") -> QuerySet[Backup]:
    """The backups that `actor` may see, newest first, without their manifests; `state` is kept, failed, deleted or ""."""
    rows = Backup.objects.visible_to(actor, RIGHT).defer("manifest")
    if state in STATES:
        rows = rows.filter(state__in=STATES[state])
    return rows.order_by("-id")


def backup(actor: Actor, backup_id: UUID) -> Backup:
    """One backup with its manifest; `NotFound` when there is none that `actor` may see."""
    found = Backup.objects.visible_to(actor, RIGHT).filter(pk=backup_id).first()
    if found is None:
        raise NotFound
    return found


def newest_verified(actor: Actor) -> Backup | None:
    """The newest backup whose every byte was read: what a disaster now would bring back."""
    return (
        backups(actor, state="kept")
        .filter(verified_at__isnull=False, damaged_at__isnull=True, state__in=Backup.USABLE)
        .order_by("-taken_at")
        .first()
    )


def recovery_point(actor: Actor) -> timedelta | None:
    """The age of the newest verified backup: what would be lost now; None without one."""
    newest = newest_verified(actor)
    return None if newest is None else newest.age(clock.now())


def newest_made(actor: Actor, count: int) -> list[Backup]:
    """The newest finished backups, oldest first, deleted ones included: for the charts."""
    rows = backups(actor).filter(taken_at__isnull=False).order_by("-taken_at")[:count]
    return list(rows)[::-1]


def unverified(actor: Actor) -> Backup | None:
    """The newest usable backup, when nobody has read it yet; None when it is verified (or there is none)."""
    newest = backups(actor, state="kept").filter(state__in=Backup.USABLE).order_by("-taken_at").first()
    return newest if newest is not None and newest.verified_at is None and newest.damaged_at is None else None


def kept_in_all(actor: Actor) -> tuple[int, int]:
    """How many backups can be restored, and their stored bytes at one target."""
    found = backups(actor).filter(state__in=Backup.USABLE).order_by().aggregate(n=Count("pk"), size=Sum("stored_bytes"))
    return int(found["n"]), int(found["size"] or 0)
